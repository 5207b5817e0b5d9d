"""What a run would do now. Changes no byte and adds no event."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.app.project import Project
from orchestrator.app.runners import preview_runner
from orchestrator.app.scope import settle
from orchestrator.change import Change
from orchestrator.engine.executor import Execution
from orchestrator.engine.frontier import Limits
from orchestrator.engine.order import critical_path, estimates
from orchestrator.known import Memory
from orchestrator.plan.graph import Graph
from orchestrator.plan.model import Plan, Task
from orchestrator.record.bus import Bus
from orchestrator.record.events import TaskFinished


@dataclass(frozen=True)
class Preview:
    """What a run would do now, task by task."""

    plan: Plan
    graph: Graph
    selected: set[str]
    results: dict[str, TaskFinished]
    changes: dict[str, Change]
    digests: dict[str, str]
    learned: Mapping[str, float]

    def critical_path(self) -> list[Task]:
        """Return the tasks on the longest way through what is selected."""
        seconds = [
            expected if task.id in self.selected else 0.0
            for task, expected in zip(self.graph.tasks, estimates(self.graph.tasks, self.learned), strict=True)
        ]
        path = critical_path(self.graph, seconds)
        return [self.graph.tasks[node] for node in path if self.graph.tasks[node].id in self.selected]

    def seconds(self) -> float | None:
        """Return how long the critical path takes, None unless all of it has been seen before."""
        path = self.critical_path()
        if not path or any(task.id not in self.learned for task in path):
            return None
        return sum(self.learned[task.id] for task in path)

    def has_changes(self) -> bool:
        """Say whether a run would do anything."""
        return any(result.status in ("would_change", "may_run") for result in self.results.values())


def foresee(project: Project) -> Preview:
    """Return what a run would do now.

    :raises OrchestratorError: when it could not start.
    """
    with project.store.reading() as journal:
        known = project.known(journal)
    project.check_problems()
    done = settle(project, known)
    runner, memory = preview_runner(project, known), Memory()
    frontier = project.frontier(known, done, Limits(len(project.plan.tasks)))
    asyncio.run(Execution(project.plan, frontier, runner, memory, Bus(), project.ports.clock).run())
    results = {event.task: event for event in memory.events if isinstance(event, TaskFinished)}
    return Preview(
        project.plan, project.graph, project.selected, results, runner.changes, runner.digests, known.durations
    )
