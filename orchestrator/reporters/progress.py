"""How far a run is: counters that events move, so that who draws it need not look at every task."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from orchestrator.plan.model import Plan, Task
from orchestrator.record.events import (
    ApprovalAsked,
    AttemptFailed,
    Entry,
    Event,
    RunFinished,
    RunPaused,
    RunStarted,
    TaskFinished,
    TaskOutput,
    TaskStarted,
)
from orchestrator.record.state import SATISFIED, RunState
from orchestrator.reporters.summary import status_of

TAIL: Final = 400
"""Characters of output that are kept of a running task, to find its last line in."""
FAILURES: Final = 20
"""Failed tasks that are kept in view."""
GOOD: Final = (*SATISFIED, "tolerated")
BAD: Final = ("failed", "blocked", "cancelled")
_MOVES: Final = frozenset({TaskStarted, TaskFinished, AttemptFailed, ApprovalAsked})
"""What gives a task another status."""


@dataclass(slots=True)
class Tally:
    """How far a phase, a group or the whole run is. Times are readings of a monotonic clock."""

    total: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    began: float | None = None
    ended: float | None = None

    def number(self, *statuses: str) -> int:
        """Return how many tasks have one of these statuses."""
        return sum(self.by_status.get(status, 0) for status in statuses)

    @property
    def done(self) -> int:
        return self.number(*GOOD)

    @property
    def is_over(self) -> bool:
        """Say whether nothing is left to happen."""
        return self.number(*GOOD, *BAD) >= self.total

    def add(self, status: str) -> None:
        self.by_status[status] = self.by_status.get(status, 0) + 1

    def move(self, old: str | None, new: str, now: float) -> None:
        """Count a task that changed its status."""
        if old is not None:
            self.by_status[old] -= 1
        self.add(new)
        if self.began is None:
            self.began = now
        self.ended = now


@dataclass(slots=True)
class Running:
    """A task between its start and its end."""

    task: Task
    since: float
    tail: str = ""
    """The end of what it printed."""
    trouble: str = ""
    """Why it has to be tried again."""
    retry_at: float | None = None


class Progress:
    """Counts what happens."""

    def __init__(self, plan: Plan, selected: Callable[[], Collection[str]]) -> None:
        self.plan = plan
        self.state = RunState()
        """What the events add up to; set by who is told of them."""
        self.interrupted: list[str] = []
        """What an earlier part of this run left unfinished."""
        self.run = Tally()
        self.phases: dict[str, Tally] = {}
        """By key; those the run is about."""
        self.groups: dict[str, Tally] = {}
        """By reference, such as `phase_1/group_a`."""
        self.running: dict[str, Running] = {}
        self.failures: dict[str, TaskFinished] = {}
        self.waiting: dict[str, ApprovalAsked] = {}
        self._selected = selected
        self._statuses: dict[str, str] = {}
        """By task, as counted so far."""
        self._tallies: dict[str, tuple[Tally, ...]] = {}
        """By task: the run, its phase and its group."""

    @property
    def seconds(self) -> float | None:
        """How long the run took, as far as it was watched."""
        return None if self.run.began is None or self.run.ended is None else self.run.ended - self.run.began

    def note(self, entry: Entry, now: float) -> None:
        """Take one more event into account."""
        event = entry.event
        if isinstance(event, TaskOutput):
            self._note_output(event)
        elif type(event) in _MOVES:
            self._count(event.task, now)
            self._note_task(event, now)
        elif isinstance(event, RunStarted):
            self._start(now)
        elif isinstance(event, (RunFinished, RunPaused)):
            self.run.ended = now

    def _start(self, now: float) -> None:
        self.interrupted = self.state.interrupted
        self.run.began = now
        for task_id in self._selected():
            self._expect(task_id)
        for task in self.state.tasks.values():
            status = self._statuses[task.id] = status_of(task)
            for tally in self._tallies.get(task.id, ()):
                tally.add(status)

    def _expect(self, task_id: str) -> tuple[Tally, ...]:
        """Count a task among those that the run is about; return what it belongs to."""
        tallies = [self.run]
        task = self.plan.tasks.get(task_id)
        if task is not None:
            tallies.append(self.phases.setdefault(task.phase, Tally()))
            if task.group:
                tallies.append(self.groups.setdefault(f"{task.phase}/{task.group}", Tally()))
        for tally in tallies:
            tally.total += 1
        self._tallies[task_id] = found = tuple(tallies)
        return found

    def _count(self, task_id: str, now: float) -> None:
        tallies, old = self._tallies.get(task_id), self._statuses.get(task_id)
        if tallies is None:
            tallies, old = self._expect(task_id), None
        new = self._statuses[task_id] = status_of(self.state.tasks[task_id])
        for tally in tallies:
            tally.move(old, new, now)

    def _note_task(self, event: Event, now: float) -> None:
        task_id = event.task
        match event:
            case TaskStarted():
                self.waiting.pop(task_id, None)
                if task_id in self.plan.tasks:
                    self.running[task_id] = Running(self.plan.tasks[task_id], now)
            case TaskFinished():
                self.running.pop(task_id, None)
                self.waiting.pop(task_id, None)
                if event.status == "failed" and len(self.failures) < FAILURES:
                    self.failures[task_id] = event
            case AttemptFailed() if task_id in self.running:
                running = self.running[task_id]
                running.trouble, running.retry_at = event.message, now + event.delay
            case ApprovalAsked():
                self.running.pop(task_id, None)
                self.waiting[task_id] = event
            case _:
                pass

    def _note_output(self, event: TaskOutput) -> None:
        running = self.running.get(event.task)
        if running is not None:
            running.tail = (running.tail + event.text)[-TAIL:]
