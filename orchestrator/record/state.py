"""The state of a run: always the fold of its events, never anything else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.record.events import (
    ApprovalAsked,
    ApprovalGiven,
    AttemptFailed,
    ChangeStaged,
    ChangeUndone,
    Entry,
    OutputsWritten,
    PhaseFinished,
    PhaseStarted,
    ProcessStarted,
    RolledBack,
    RunFinished,
    RunPaused,
    RunStarted,
    TaskFinished,
    TaskStarted,
    Warned,
)

SATISFIED = frozenset({"succeeded", "unchanged", "skipped", "unverifiable", "would_change", "may_run"})
"""Statuses after which dependents may start."""


@dataclass(slots=True)
class TaskState:
    """What is known of one task. `status` is `running`, `retrying` or an outcome."""

    id: str
    status: str = "running"
    attempts: int = 0
    started: float = 0.0
    finished: float | None = None
    result: TaskFinished | None = None
    asked: ApprovalAsked | None = None


@dataclass(slots=True)
class RunState:
    """One run. Times are seconds since the epoch."""

    run_id: str = ""
    plan: str = ""
    started: float = 0.0
    finished: float | None = None
    exit_code: int | None = None
    seconds: float | None = None
    paused: str | None = None
    git: Mapping[str, Any] = field(default_factory=dict)
    tasks: dict[str, TaskState] = field(default_factory=dict)
    phases: dict[str, str] = field(default_factory=dict)
    staged: list[ChangeStaged] = field(default_factory=list)
    """Changes that reached the files, oldest first; those rolled back are not among them."""
    unfinished: dict[str, ChangeStaged] = field(default_factory=dict)
    """Changes that may have reached the files in part."""
    processes: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Children (pid, start time) of tasks that have not ended."""
    warnings: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """The next run goes on with this one."""
        return self.finished is None

    @property
    def interrupted(self) -> list[str]:
        """Return the tasks that were running when the run stopped."""
        return [task.id for task in self.tasks.values() if task.status in ("running", "retrying")]

    def counts(self) -> dict[str, int]:
        """Return how many tasks have each status."""
        found: dict[str, int] = {}
        for task in self.tasks.values():
            found[task.status] = found.get(task.status, 0) + 1
        return found

    def advance(self, entry: Entry) -> None:
        """Take one more event into account."""
        event = entry.event
        match event:
            case TaskFinished():
                self._finish(entry.at, event)
            case TaskStarted():
                task = self._task(event.task, entry.at)
                task.status, task.attempts = "running", event.attempt
            case ProcessStarted():
                self.processes.setdefault(event.task, []).append((event.pid, event.started))
            case ChangeStaged():
                self.unfinished[event.task] = event
            case OutputsWritten(task=task_id, edits=edits, directories=directories):
                self._settle_change(task_id)
                self.staged.append(ChangeStaged(task_id, edits=edits, directories=directories))
            case ChangeUndone():
                self.unfinished.pop(event.task, None)
            case AttemptFailed():
                self._task(event.task, entry.at).status = "retrying"
                self._settle_change(event.task)
            case ApprovalAsked():
                task = self._task(event.task, entry.at)
                task.status, task.asked = "waiting", event
                self._settle_change(event.task)
            case _:
                self._advance_whole(entry)

    def _advance_whole(self, entry: Entry) -> None:
        match entry.event:
            case RunStarted() as event:
                self.run_id, self.plan = entry.run_id, event.plan
                self.started = self.started or entry.at
                self.git = self.git or event.git
                self.paused = None
            case RunPaused(reason=reason, exit_code=code):
                self.paused, self.exit_code = reason, code
            case RunFinished(exit_code=code, seconds=seconds):
                self.finished, self.exit_code, self.seconds = entry.at, code, seconds
            case PhaseStarted(phase=phase):
                self.phases[phase] = "running"
            case PhaseFinished(phase=phase, status=status):
                self.phases[phase] = status
            case RolledBack() as event:
                self._roll_back(event)
            case Warned(task=task_id, message=message):
                self.warnings.append(f"{task_id}: {message}" if task_id else message)
            case _:
                pass

    def _task(self, task_id: str, at: float) -> TaskState:
        task = self.tasks.get(task_id)
        if task is None:
            task = self.tasks[task_id] = TaskState(task_id, started=at)
        return task

    def _finish(self, at: float, event: TaskFinished) -> None:
        task = self._task(event.task, at)
        task.status, task.result, task.finished, task.attempts = event.status, event, at, event.attempts
        if self.processes:
            self.processes.pop(event.task, None)
        if self.unfinished:
            self._settle_change(event.task)

    def _settle_change(self, task_id: str) -> None:
        staged = self.unfinished.pop(task_id, None)
        if staged is not None:
            self.staged.append(staged)

    def _roll_back(self, event: RolledBack) -> None:
        gone = set(event.tasks)
        self.staged = [staged for staged in self.staged if staged.task not in gone]
        for task_id in gone:
            self.unfinished.pop(task_id, None)
            self.tasks.pop(task_id, None)


def fold(entries: Iterable[Entry]) -> RunState:
    """Return the state that the events of one run add up to."""
    state = RunState()
    for entry in entries:
        state.advance(entry)
    return state


def approvals(entries: Iterable[Entry]) -> dict[tuple[str, str], ApprovalGiven]:
    """Return what people decided, by (task, digest); the last word counts."""
    return {
        (entry.event.task, entry.event.digest): entry.event
        for entry in entries
        if isinstance(entry.event, ApprovalGiven)
    }


def exit_code(state: RunState, about: Collection[str] | None = None, *, strict: bool = False) -> int:
    """Return 0 where all went well, 1 where something did not; `about` are the tasks that count, absent = all."""
    bad = {"failed", "blocked", "cancelled"} | ({"unverifiable"} if strict else set())
    results = [task.result for task in state.tasks.values() if task.result and (about is None or task.id in about)]
    return 1 if any(result.status in bad and not result.tolerated for result in results) else 0
