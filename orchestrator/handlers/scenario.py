"""`scenario`: a terminal program driven and watched. Plans with it load; it cannot run yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.change import Change
from orchestrator.errors import TaskError
from orchestrator.handler import Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.plan.fields import ProjectPath
from orchestrator.plan.model import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTask(Task):
    """A terminal program, driven from a file."""

    type: Literal["scenario"]
    target: ProjectPath
    """The scenario file."""
    variables: dict[str, Any] | None = None


class Scenario(FileHandler):
    """Shown in plans; fails in runs, because a success would be a lie."""

    type = "scenario"
    model = ScenarioTask

    def claims(self, task: ScenarioTask) -> Claims:
        return Claims(reads=(task.target,))

    def plan(self, task: ScenarioTask, _context: PlanContext) -> Change:
        return Change("cannot run in this version", actions=(f"drive `{task.target}`",), exact=False)

    async def apply(self, _task: ScenarioTask, _change: Change, _context: ApplyContext) -> Applied:
        raise TaskError("task/not-built", "`scenario` cannot run in this version")
