"""What a benchmark's command runs, and in which form it tells its result. Reads; runs nothing."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from orchestrator.edits.programs import invoked
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Command, Script
from orchestrator.errors import Location, TaskError, did_you_mean
from orchestrator.workspace import FileView

MANAGERS: Final = ("npm", "yarn", "pnpm", "bun")

_NAMES: Final = ("benchmark", "bench", "perf", "benchmark:ci", "bench:ci", "test:perf", "test:bench", "performance")
_FORMS: Final = (
    ("go", r"\bgo test\b.*-bench"),
    ("cargo", r"\bcargo (?:\+\S+ )?bench\b"),
    ("pytest", r"\bpytest\b.*bench|\bpytest-benchmark\b"),
)
_SOURCE: Final = re.compile(r"[\w./-]+\.[cm]?[jt]s\b")
_BENCHMARK_JS: Final = re.compile(r"""(?:from|require\()\s*['"]benchmark['"]""")
_FIELDS: Final = (r"JSON\.stringify", r"\bname\b", r"\bunit\b", r"\bvalue\b")
_FASTER: Final = re.compile(r"""\bunit['"]?\s*:\s*['"`](?:ops|req|rps|\w+\s*/\s*s|\w+ per s)""", re.IGNORECASE)


@dataclass(frozen=True)
class Benchmark:
    """A command, in a directory of the project."""

    text: str
    directory: str
    files: FileView

    @cached_property
    def commands(self) -> Sequence[Command]:
        return Script(self.text).commands

    @property
    def program(self) -> str:
        """What runs the benchmark itself, which comes last."""
        return self.commands[-1].program if self.commands else ""

    @property
    def words(self) -> tuple[str, ...]:
        """The benchmark itself, options left out."""
        last = self.commands[-1].words if self.commands else ()
        return tuple(word.text for word in last if not word.text.startswith("-"))

    def refuse_unknown(self, place: Location) -> None:
        """Refuse scripts that the package does not have.

        :raises Refusal: naming the script.
        """
        for command in self.commands:
            name = _script_of(command)
            scripts = scripts_of(self.directory, self.files)
            if name is not None and name not in scripts:
                message = f"`{posixpath.join(self.directory, 'package.json')}` has no script `{name}`"
                hint = did_you_mean(name, list(scripts)) or "`command` must be one that the project has"
                raise Refusal("edit/no-match", message, hint=hint, location=place)

    def form(self) -> str | None:
        """Return the form of its result, as github-action-benchmark names it; None where nothing tells."""
        text = self._run_in_the_end()
        for form, pattern in _FORMS:
            if re.search(pattern, text):
                return form
        for source in self._sources():
            if _BENCHMARK_JS.search(source):
                return "benchmarkjs"
            if all(re.search(field, source) for field in _FIELDS):
                return "customBiggerIsBetter" if _FASTER.search(source) else "customSmallerIsBetter"
        return None

    @property
    def needs_build(self) -> bool:
        """Say whether what it runs takes what a build leaves behind."""
        return any(re.search(r"(?<![\w-])(?:dist|build)/", text) for text in (self._run_in_the_end(), *self._sources()))

    def _run_in_the_end(self) -> str:
        name = _script_of(self.commands[-1]) if self.commands else None
        return scripts_of(self.directory, self.files).get(name or "", self.text)

    def _sources(self) -> Iterator[str]:
        for path in _SOURCE.findall(self._run_in_the_end()):
            yield _read(posixpath.normpath(posixpath.join(self.directory, path)), self.files)


def find_command(manager: str, directory: str, files: FileView) -> str | None:
    """Return the command of the script that is called a benchmark, behind a build where it takes what that makes."""
    scripts = scripts_of(directory, files)
    name = next((name for name in _NAMES if name in scripts), None)
    if name is None:
        return None
    command = f"{manager} run {name}"
    needs_build = "build" in scripts and Benchmark(command, directory, files).needs_build
    return f"{manager} run build && {command}" if needs_build else command


def scripts_of(directory: str, files: FileView) -> Mapping[str, str]:
    """Return the scripts of a package."""
    try:
        package = json.loads(_read(posixpath.join(directory, "package.json"), files) or "{}")
    except ValueError:
        return {}
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return {name: str(text) for name, text in scripts.items()} if isinstance(scripts, dict) else {}


def _script_of(command: Command) -> str | None:
    """Return which script of the package a command runs, None for other commands."""
    if command.program not in MANAGERS:
        return None
    words = [word.text for word in command.words[1:] if not word.text.startswith("-")]
    return (*invoked(command), None)[0] if words[:1] in (["run"], ["run-script"]) else None


def _read(path: str, files: FileView) -> str:
    try:
        return (files.read(path) or b"").decode(errors="replace")
    except TaskError:  # out of the project, or no file
        return ""
