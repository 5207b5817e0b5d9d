"""`milestone`: does nothing; a point that others depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.change import Change
from orchestrator.handler import Claims, FileHandler, PlanContext
from orchestrator.plan.model import Task

_NOTHING = Change("reached")


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneTask(Task):
    """A point that others depend on."""

    type: Literal["milestone"]


class Milestone(FileHandler):
    """Reached when everything before it has ended well."""

    type = "milestone"
    model = MilestoneTask

    def claims(self, _task: MilestoneTask) -> Claims:
        return Claims()

    def plan(self, _task: MilestoneTask, _context: PlanContext) -> Change:
        return _NOTHING
