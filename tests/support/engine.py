"""The parts of a run that tests replace: a runner that does as it is told, a journal in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.change import Change, Outcome, TaskFailure, TaskResult
from orchestrator.engine.executor import Attempt, Execution
from orchestrator.engine.frontier import Frontier, Limits
from orchestrator.engine.order import ranks
from orchestrator.handler import Answer
from orchestrator.plan.graph import build_graph
from orchestrator.plan.model import Plan, SchedulerName, Task
from orchestrator.record.bus import Bus, Observer
from orchestrator.record.events import Entry, Event, TaskFinished
from tests.support.virtual_time import EPOCH, LoopClock, run_virtually


@dataclass(frozen=True)
class End:
    """How an attempt ends. `seconds` None = at once, without ever giving up control."""

    status: Outcome = "succeeded"
    seconds: float | None = None
    code: str = "task/failed"
    retryable: bool = False
    raises: BaseException | None = None


OK = End()
FAILED = End("failed")
BUSY = End("failed", code="task/timeout", retryable=True)
SLOW = End(seconds=10.0)


@dataclass
class FakeRunner:
    """Ends each attempt as `ends` says, the last one of a task for all further ones; others end well at once."""

    ends: Mapping[str, Sequence[End]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    manual: frozenset[str] = frozenset()
    on_attempt: Callable[[Task, int], None] = lambda _task, _number: None

    def __post_init__(self) -> None:
        self.attempts: list[tuple[str, int, float]] = []
        self.running: set[str] = set()
        self.most_running = 0
        self.cancelled: list[str] = []

    @property
    def order(self) -> list[str]:
        return [task_id for task_id, _, _ in self.attempts]

    def times(self, task_id: str) -> list[float]:
        return [at for one, _, at in self.attempts if one == task_id]

    def attempt(self, task: Task, number: int) -> Attempt:
        self.attempts.append((task.id, number, asyncio.get_running_loop().time()))
        self.on_attempt(task, number)
        if task.id in self.manual:
            return self._ask(task)
        ends = self.ends.get(task.id, [OK])
        end = ends[min(number, len(ends)) - 1]
        if end.seconds is not None or end.raises is not None:
            return self._take_time(task, end)
        return _result(task, end)

    def _ask(self, task: Task) -> TaskResult:
        answer = self.answers.get(task.id)
        if answer is None:
            return TaskResult(task.id, "waiting", change=Change("waits", asks=f"do {task.id}"))
        if answer.decision == "rejected":
            return _result(task, End("failed", code="task/rejected"))
        return TaskResult(task.id, "skipped" if answer.decision == "skipped" else "succeeded")

    async def _take_time(self, task: Task, end: End) -> TaskResult:
        self.running.add(task.id)
        self.most_running = max(self.most_running, len(self.running))
        try:
            await asyncio.sleep(end.seconds or 0)
        except asyncio.CancelledError:
            self.cancelled.append(task.id)
            raise
        finally:
            self.running.remove(task.id)
        if end.raises is not None:
            raise end.raises
        return _result(task, end)


class FakeJournal:
    """Keeps events in memory, each batch by itself."""

    def __init__(self, on_append: Callable[[Sequence[Event]], None] = lambda _events: None) -> None:
        self.batches: list[list[Entry]] = []
        self._on_append = on_append
        self._count = 0

    def append(self, events: Sequence[Event]) -> list[Entry]:
        self._on_append(events)
        batch = []
        for event in events:
            self._count += 1
            batch.append(Entry(self._count, "run", EPOCH, event))
        self.batches.append(batch)
        return batch

    @property
    def events(self) -> list[Event]:
        return [entry.event for batch in self.batches for entry in batch]


@dataclass
class Played:
    """A run that is over."""

    execution: Execution
    runner: FakeRunner
    journal: FakeJournal
    seconds: float = 0.0

    @property
    def events(self) -> list[Event]:
        return self.journal.events

    @property
    def finished(self) -> dict[str, TaskFinished]:
        return {event.task: event for event in self.events if isinstance(event, TaskFinished)}

    @property
    def statuses(self) -> dict[str, str]:
        return {task_id: event.status for task_id, event in self.finished.items()}

    def of_kind(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if type(event) is kind]


def play(
    plan: Plan,
    runner: FakeRunner | None = None,
    *,
    meanwhile: Callable[[Execution], Coroutine[Any, Any, None]] | None = None,
    journal: FakeJournal | None = None,
    observers: Iterable[Observer] = (),
    done: Iterable[str] = (),
    limits: Limits | None = None,
    scheduler: SchedulerName = "fifo",
    learned: Mapping[str, float] | None = None,
    **fields: Any,
) -> Played:
    """Run `plan` in virtual time; `meanwhile` goes on beside it."""
    graph = build_graph(plan)
    runner, journal = runner or FakeRunner(), journal or FakeJournal()
    limits = limits or Limits(plan.settings.max_parallel_tasks, resources=plan.settings.resources)
    frontier = Frontier(
        graph, ranks(scheduler, graph, learned or {}), limits, done={graph.index[task_id]: True for task_id in done}
    )
    bus = Bus(list(observers))

    async def main() -> Played:
        given = {"answers": runner.answers, "jitter": lambda: 0.5, **fields}
        execution = Execution(plan, frontier, runner, journal, bus, LoopClock(), **given)
        beside = asyncio.ensure_future(meanwhile(execution)) if meanwhile else None
        try:
            await execution.run()
        finally:
            if beside is not None:
                beside.cancel()
                await asyncio.gather(beside, return_exceptions=True)
        return Played(execution, runner, journal, asyncio.get_running_loop().time())

    return run_virtually(main())


def _result(task: Task, end: End) -> TaskResult:
    if end.status != "failed":
        return TaskResult(task.id, end.status)
    failure = TaskFailure(end.code, f"{task.id} did not work", retryable=end.retryable)
    return TaskResult(task.id, "failed", error=failure)
