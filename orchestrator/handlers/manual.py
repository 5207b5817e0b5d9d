"""`manual`: a person does it and says so. The answer is bound to the task as it was when they gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.change import Change
from orchestrator.errors import TaskError
from orchestrator.handler import Claims, FileHandler, PlanContext
from orchestrator.plan.fields import Text
from orchestrator.plan.model import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualTask(Task):
    """Work for a person."""

    type: Literal["manual"]
    instructions: Text = ""
    """What to do, if `description` does not say it all."""


class Manual(FileHandler):
    """Asks until somebody has answered."""

    type = "manual"
    model = ManualTask

    def claims(self, _task: ManualTask) -> Claims:
        return Claims()

    def may_ask(self, _task: ManualTask) -> bool:
        return True

    def plan(self, task: ManualTask, context: PlanContext) -> Change:
        answer = context.answer
        if answer is None:
            return Change("waits for a person", asks=task.instructions or task.description or task.name)
        if answer.decision == "rejected":
            comment = f": {answer.comment}" if answer.comment else ""
            raise TaskError("task/rejected", f"rejected by {answer.by}{comment}")
        comment = f": {answer.comment}" if answer.comment else ""
        return Change(f"approved by {answer.by}{comment}")
