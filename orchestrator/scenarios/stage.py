"""Where a scenario is played: its directories, its environment, and what the caller wants of the play."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from orchestrator.masking import Masker
from orchestrator.scenarios.model import Scenario, Step
from orchestrator.scenarios.shells import integrate, shell_of

MAILBOX: Final = ".vyb_orchestro"
"""The directory, below the one for temporary files, in which a program and its scenario leave messages."""


SENTINELS: Final = ("[PROMPT]", "[WIDGET]")
"""What makes of an expected text one that the program writes into its mailbox."""


def is_sentinel(text: str) -> bool:
    """Say whether an expected text is a sentinel."""
    return any(word in text for word in SENTINELS)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a play needs beside the scenario."""

    directory: Path
    """Where a play makes its directories; one of its own for each scenario."""
    artifacts: Path
    """Where screenshots and recordings go."""
    root: Path = Path()
    """What the scenario's file is relative to."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values for `{{ name }}`, such as one combination of a matrix."""
    cwd: Path | None = None
    """Where the program starts unless the scenario says so; absent = an empty directory."""
    workspace: Path | None = None
    """A directory that the program gets for its home and data."""
    snapshots: Path | None = None
    """Where snapshots are kept; absent = `.snapshots` beside the scenario."""
    snapshot_mode: str = "verify"
    """`verify`, `record` what is missing, `update` all, or `propose` what differs to a person."""
    record: bool = False
    """Write the recording also when all goes well."""
    cast: Literal[2, 3] = 2
    """Which version of asciicast it is."""
    strict: bool = False
    """What passes with a warning fails."""
    log: Callable[[str], None] = lambda _line: None

    def masker(self, scenario: Scenario) -> Masker:
        """Return what takes the scenario's secrets out."""
        return Masker(known.get(name, "") for name in scenario.secrets for known in (self.environ, self.variables))

    def values(self, scenario: Scenario) -> dict[str, str]:
        """Return the variables that a play begins with: a secret is one, too."""
        return {name: self.environ[name] for name in scenario.secrets if name in self.environ} | dict(self.variables)


@dataclass(frozen=True)
class Place:
    """The directories and the environment of one attempt."""

    cwd: Path
    work: Path
    """What validations mean by a relative path."""
    temporary: Path
    """Where the program makes temporary files. Its own, but around `work`: a disk takes its time for each directory."""
    environ: Mapping[str, str]

    def sentinels(self) -> list[str]:
        """Return the lines by which the program says what it has reached."""
        try:
            return (self.temporary / MAILBOX / "sentinels").read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []

    @property
    def triggers(self) -> Path:
        """The directory in which the program is asked for a screenshot."""
        return self.temporary / MAILBOX / "screenshot_triggers"


def prepare(scenario: Scenario, stage: Stage, attempt: int) -> Place:
    """Make the directories of an attempt and return what they are."""
    base = stage.directory if attempt == 1 else stage.directory / str(attempt)
    work = stage.workspace or base / "work"
    os.makedirs(work, exist_ok=True)
    for name in ("home", "data") if stage.workspace is not None else ():
        os.makedirs(work / name, exist_ok=True)
    if _exchanges(scenario):
        os.makedirs(base / MAILBOX / "screenshot_triggers", exist_ok=True)
    elif stage.workspace is not None:
        os.makedirs(base, exist_ok=True)
    cwd = stage.cwd or work
    if scenario.cwd is not None:
        cwd = (stage.root / scenario.file).absolute().parent / scenario.cwd
    return Place(cwd, work, base, {**_environ(scenario, stage, base), "PWD": str(cwd)})


def _exchanges(scenario: Scenario) -> bool:
    """Say whether a scenario and its program leave messages for each other."""
    steps = [step for step in scenario.steps if isinstance(step, Step)]
    return any(step.screenshot is not None or is_sentinel(step.awaited or "") for step in steps)


def _environ(scenario: Scenario, stage: Stage, base: Path) -> dict[str, str]:
    size = scenario.terminal
    environ = {
        **stage.environ,
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(base),
        "VYB_AUTO_SCREENSHOT": "1",
    }
    environ.pop("NO_COLOR", None)
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)
    if not any(isinstance(step, Step) and step.resize for step in scenario.steps):  # they would hide another size
        environ |= {"COLUMNS": str(size.columns), "LINES": str(size.rows)}
    if stage.workspace is not None:
        environ |= {"HOME": str(stage.workspace / "home"), "VYB_DATA_ROOT": str(stage.workspace / "data")}
    if shell := shell_of(scenario.argv):
        environ |= integrate(shell, environ, base)
    return environ | scenario.env
