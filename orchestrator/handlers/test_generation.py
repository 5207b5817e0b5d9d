"""`test_generation`: tests that would be missed if they were deleted. Plans with it load; it cannot run yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.change import Change
from orchestrator.errors import TaskError
from orchestrator.handler import Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.plan.fields import Count, ProjectPath
from orchestrator.plan.model import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TestGenerationTask(Task):
    """Tests for a file or a directory."""

    type: Literal["test_generation"]
    target: ProjectPath
    """What is tested."""
    test_file: ProjectPath
    """Where the tests go."""
    language: Literal["typescript", "javascript", "python"] = "typescript"
    test_type: Literal["unit", "route", "config", "graphql", "e2e"] = "unit"
    estimated_cases: Count | None = None
    """A hint; never a number to reach."""


class TestGeneration(FileHandler):
    """Shown in plans; fails in runs, because a success would be a lie."""

    type = "test_generation"
    model = TestGenerationTask

    def claims(self, task: TestGenerationTask) -> Claims:
        return Claims(reads=(task.target,), writes=(task.test_file,))

    def plan(self, task: TestGenerationTask, _context: PlanContext) -> Change:
        return Change("cannot run in this version", actions=(f"test `{task.target}`",), exact=False)

    async def apply(self, _task: TestGenerationTask, _change: Change, _context: ApplyContext) -> Applied:
        raise TaskError("task/not-built", "`test_generation` cannot run in this version")
