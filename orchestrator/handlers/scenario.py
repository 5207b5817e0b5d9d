"""`scenario`: a terminal program is driven and watched; what its screen must show decides."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.change import Change
from orchestrator.errors import TaskError, raise_os_error
from orchestrator.handler import Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.plan.fields import Flag, ProjectPath
from orchestrator.plan.model import Task
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.stage import Stage
from orchestrator.workspace import FileView

if TYPE_CHECKING:
    from orchestrator.scenarios.loader import Loaded
    from orchestrator.scenarios.plugin_set import Plugins

REPORT = "report.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTask(Task):
    """A terminal program, driven from a file."""

    type: Literal["scenario"]
    target: ProjectPath
    """The scenario file."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Values for `{{ name }}` in it."""
    record: Flag = False
    """Keep the recording also when all goes well."""
    compat: Flag = False
    """Keys that mean nothing are warnings."""
    snapshot: Literal["verify", "record", "update"] = "verify"
    """Whether snapshots are compared, made where they are missing, or all made anew."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What whoever asked for a run brings along; no plan can say it."""

    plugins: Plugins | None = None
    """Absent = those of this machine and user."""
    cwd: Path | None = None
    """Where programs start unless their scenario says so."""
    workspace: Path | None = None
    """A directory that programs get for their home and data."""
    snapshots: Path | None = None
    """Where snapshots are kept, if not beside the scenarios."""
    cast: Literal[2, 3] = 2
    """Which version of asciicast recordings are."""
    proposes: bool = False
    """What differs from snapshots fails nothing: a person is asked about it afterwards."""


class Scenario(FileHandler):
    """Plays scenarios, each in directories of its own."""

    type = "scenario"
    model = ScenarioTask
    runs_project_code = True

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        """By task id, what each scenario that was played came to."""
        self.caller = Caller()
        self._loaded: dict[tuple[str, ...], tuple[bytes, Loaded]] = {}
        """By file and how it is read: its content when a play of it was planned last, and what it says."""

    def claims(self, task: ScenarioTask) -> Claims:
        return Claims(reads=(task.target,))

    def plan(self, task: ScenarioTask, context: PlanContext) -> Change:
        scenario, notices = self._load(task, context.files)
        command = scenario.command if isinstance(scenario.command, str) else " ".join(scenario.command)
        count = len(scenario.steps)
        summary = f"plays `{task.target}`: {count} step{'s' if count != 1 else ''}"
        return Change(
            summary, actions=(f"drive: {command}",), exact=False, warnings=tuple(notice.message for notice in notices)
        )

    async def apply(self, task: ScenarioTask, _change: Change, context: ApplyContext) -> Applied:
        from orchestrator.scenarios.play import play

        _, loaded = self._loaded[_reading(task)]  # it was planned a moment ago
        directory = Path(tempfile.mkdtemp(prefix="scenario-"))
        try:
            stage = Stage(
                directory=directory,
                root=context.root,
                artifacts=context.artifacts(),
                environ={**context.environ, **context.marks()},
                variables={name: str(value) for name, value in task.variables.items()},
                snapshot_mode="propose" if self.caller.proposes else task.snapshot,
                record=task.record,
                cast=self.caller.cast,
                strict=context.strict,
                log=context.log,
                cwd=self.caller.cwd,
                workspace=self.caller.workspace,
                snapshots=self.caller.snapshots,
            )
            result = self.results[task.id] = await play(loaded.scenario, stage, self._plugins.hooks())
        finally:
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
        return _applied(result, stage, context)

    @cached_property
    def _plugins(self) -> Plugins:
        from orchestrator.scenarios.plugin_set import open_plugins

        return self.caller.plugins or open_plugins()

    def _load(self, task: ScenarioTask, files: FileView) -> Loaded:
        from orchestrator.scenarios.loader import parse

        content = files.read(task.target)
        if content is None:
            raise TaskError("task/failed", f"the scenario `{task.target}` is not there")
        known = self._loaded.get(_reading(task))
        if known is None or known[0] != content:
            text = content.decode("utf-8", "replace")
            loaded = parse(
                task.target, text, compat=task.compat, extensions=self._plugins, variables=task.variables.keys()
            )
            known = self._loaded[_reading(task)] = content, loaded
        return known[1]


def _reading(task: ScenarioTask) -> tuple[str, ...]:
    """Return all that decides what reading a file comes to, beside its content."""
    return (task.target, "compat" if task.compat else "", *sorted(task.variables))


def _applied(result: Result, stage: Stage, context: ApplyContext) -> Applied:
    for notice in result.notices:
        context.log(str(notice))
    if result.has_passed and not (context.strict and result.is_flaky):
        return Applied(result.summary(), artifacts=tuple(result.artifacts))
    context.log(result.report)
    path = stage.artifacts / REPORT
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{result.report}\n", encoding="utf-8")
    except OSError as error:
        raise_os_error(error, path)
    raise TaskError(
        "task/failed", result.summary(), hint=result.hint or f"see {min(os.path.relpath(path), str(path), key=len)}"
    )
