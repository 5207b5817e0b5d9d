"""The loop: start what can start, wait for what happens first, write it down, show it, go on.

Journal before bus before anything that follows from an event: nobody is shown what could be lost, and no task starts on
the strength of something that is not recorded.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

from orchestrator.bell import Bell
from orchestrator.change import TaskFailure, TaskResult
from orchestrator.clock import Clock
from orchestrator.engine.frontier import Frontier
from orchestrator.engine.progress import Progress
from orchestrator.engine.steering import EVERY, Steering
from orchestrator.handler import Answer
from orchestrator.plan.model import Plan, Task
from orchestrator.record.bus import Bus
from orchestrator.record.events import (
    ApprovalAsked,
    ApprovalGiven,
    AttemptFailed,
    Event,
    TaskFinished,
    TaskStarted,
    Warned,
)
from orchestrator.record.journal import Journal
from orchestrator.record.state import SATISFIED

BATCH = 1000
"""How many events may gather before they are written down."""
POLL_SECONDS = 0.25
"""How often the journal is asked for answers that another process recorded."""

_NO_FAILURE = TaskFailure("", "")

Attempt = TaskResult | Coroutine[Any, Any, TaskResult]


class Runner(Protocol):
    """Tries tasks. The loop never knows whether it applies, previews or runs them elsewhere."""

    def attempt(self, task: Task, number: int) -> Attempt:
        """Return how the attempt ended, or an awaitable of that when it takes time."""


class Prompter(Protocol):
    """Asks a person at this terminal."""

    def ask(self, task: Task, instructions: str) -> Awaitable[Answer | None]:
        """Return what the person said, None when the answer is to come later."""


class _Running(NamedTuple):
    """An attempt that takes time, and the task of the event loop that sees it through."""

    task: asyncio.Task[None]
    attempt: Coroutine[Any, Any, TaskResult]

    def cancel(self, ended: Callable[[], None] = lambda: None) -> None:
        """Cancel it; `ended` is told also if it never began, of which the task itself would say nothing."""

        def end(_done: object) -> None:
            self.attempt.close()
            ended()

        self.task.cancel()
        self.task.add_done_callback(end)


@dataclass
class Execution:
    """One run of the loop over one frontier."""

    plan: Plan
    frontier: Frontier
    runner: Runner
    journal: Journal
    bus: Bus
    clock: Clock
    answers: dict[str, Answer] = field(default_factory=dict)
    """By task id; the runner reads it."""
    new_answers: Callable[[], Iterable[tuple[Task, Answer]]] = tuple
    """Returns what other processes recorded since it was last asked."""
    prompter: Prompter | None = None
    kill: Callable[[], None] = lambda: None
    """Ends every child at once."""
    steering: Steering | None = None
    """Says how many tasks may run at once; absent = as many as the frontier was made for."""
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self.stopped: str | None = None
        """Why the loop ended early: `interrupted`, `aborted` or `failed`."""
        self._began = 0.0
        self._attempts: dict[int, int] = {}
        self._tasks: dict[int, _Running] = {}
        self._prompts: dict[int, asyncio.Task[Answer | None]] = {}
        self._begun: dict[int, Coroutine[Any, Any, TaskResult]] = {}
        self._results: deque[tuple[int, TaskResult | Exception]] = deque()
        self._replies: deque[tuple[int, asyncio.Task[Answer | None]]] = deque()
        self._events: list[Event] = []
        self._news = Bell()
        self._progress = Progress(self.plan, [self.frontier.graph.tasks[node] for node in self.frontier.open_tasks()])

    async def run(self) -> None:
        """Work until nothing is left that could be done now."""
        self._began = self.clock.monotonic()
        try:
            while True:
                self._steer()
                self._take_results()
                self._start_ready()
                self._flush()
                self._begin()
                if not self._news.has_rung and not self._is_busy():
                    break
                await self._wait()
            self._finish_cancelled()
            self._flush()
        finally:
            await self._end_everything()

    def interrupt(self) -> None:
        """Ctrl-C: the first lets running tasks end and starts no more, the second ends them."""
        if self.stopped is None:
            self.stopped = "interrupted"
        else:
            self._cancel_running()
        self._news.ring()

    def note(self, *events: Event) -> None:
        """Record events that happen beside the loop, such as a staged change, before returning."""
        self.bus.publish(self.journal.append(events))

    def note_soon(self, event: Event) -> None:
        """Record an event with the next turn of the loop."""
        if not self._events:
            asyncio.get_running_loop().call_soon(self._flush)
        self._events.append(event)

    # --- one turn of the loop -----------------------------------------------------------------------------------

    def _is_busy(self) -> bool:
        if self._tasks:
            return True
        if self.stopped:
            return False
        return self.frontier.wake_at() is not None or bool(self._prompts)

    def _steer(self) -> None:
        if self.steering is not None:
            self.frontier.allow(self.steering.adjust(self.clock.monotonic(), self.frontier.running))

    def _start_ready(self) -> None:
        """Start what can start. An attempt that takes no time had no effect either and ends right here; one that
        takes time begins when its start is on record."""
        if self.stopped:
            return
        for node in self.frontier.ready(self.clock.monotonic()):
            self._attempts[node] = number = self._attempts.get(node, 0) + 1
            task = self.frontier.graph.tasks[node]
            self._progress.started(task, self._events)
            attempt = self.runner.attempt(task, number)
            if isinstance(attempt, TaskResult):
                self._take(node, attempt)
            else:
                self.frontier.start(node)
                self._events.append(TaskStarted(task.id, number))
                self._begun[node] = attempt
            if self.stopped:
                break
            if len(self._events) >= BATCH:
                self._news.ring()
                break

    def _begin(self) -> None:
        for node, attempt in self._begun.items():
            self._tasks[node] = _Running(asyncio.create_task(self._see_through(node, attempt)), attempt)
        self._begun.clear()

    async def _see_through(self, node: int, attempt: Coroutine[Any, Any, TaskResult]) -> None:
        """Tell how an attempt ends, in the turn of the event loop in which it does."""
        try:
            self._ended(node, await attempt)
        except asyncio.CancelledError:
            self._ended(node, self._cancelled(node))
        except Exception as bug:  # noqa: BLE001  # the loop raises it
            self._ended(node, bug)

    def _ended(self, node: int, how: TaskResult | Exception) -> None:
        if self._tasks.pop(node, None):
            self._results.append((node, how))
            self._news.ring()

    async def _wait(self) -> None:
        due = self.frontier.wake_at()
        patience = None if due is None or self.stopped else max(due - self.clock.monotonic(), 0.0)
        if self.frontier.asking and not self.stopped:
            patience = POLL_SECONDS if patience is None else min(patience, POLL_SECONDS)
        if self.steering is not None and not self.stopped:
            patience = EVERY if patience is None else min(patience, EVERY)
        if not self._news.has_rung:
            timer = None
            if patience is not None:
                timer = asyncio.get_running_loop().call_later(patience, self._news.ring)
            await self._news.wait()
            if timer is not None:
                timer.cancel()
        self._news.silence()
        self._look_for_answers()

    def _take_results(self) -> None:
        while self._results:
            node, ended = self._results.popleft()
            if isinstance(ended, Exception):
                raise ended
            self._take(node, ended)
        while self._replies:
            node, reply = self._replies.popleft()
            self._hear(node, reply.result())

    def _take(self, node: int, result: TaskResult) -> None:
        if result.status == "waiting":
            self._ask(node, result)
        elif result.status != "failed" or not self._retry(node, result):
            self._finish(node, result)

    # --- how attempts end ---------------------------------------------------------------------------------------

    def _finish(self, node: int, result: TaskResult) -> None:
        task = self.frontier.graph.tasks[node]
        failed = result.status not in SATISFIED
        tolerated = failed and task.continue_on_error and result.status == "failed"
        self._events.append(_finished(task, result, self._attempts.get(node, 0), tolerated=tolerated))
        if result.change is not None and result.change.warnings:
            self._events += [Warned(task.id, message) for message in result.change.warnings]
        if task.deadline is not None and (late := self.clock.monotonic() - self._began - task.deadline) > 0:
            self._events.append(Warned(task.id, f"it missed its deadline of {task.deadline:g} s by {late:.1f} s"))
        self.frontier.finish(node, good=not failed or tolerated)
        if self._prompts and (prompt := self._prompts.pop(node, None)):
            prompt.cancel()
        self._progress.finished(task, result.status, self._events, tolerated=tolerated)
        if not failed or tolerated:
            return
        for blocked, cause in self.frontier.newly_blocked():
            self._block(blocked, cause)
        if result.status == "failed":
            self._fail_fast(task)

    def _block(self, node: int, cause: int) -> None:
        task = self.frontier.graph.tasks[node]
        why = self.frontier.graph.tasks[cause].id
        self._events.append(TaskFinished(task.id, "blocked", summary=f"`{why}` did not succeed", cause=why, attempts=0))
        self._progress.finished(task, "blocked", self._events, tolerated=False)

    def _retry(self, node: int, result: TaskResult) -> bool:
        task, number = self.frontier.graph.tasks[node], self._attempts[node]
        error = result.error
        if error is None or not error.retryable or self.stopped:
            return False
        if number >= task.attempts(self.plan.settings):
            return False
        delay = task.delay(self.plan.settings) * 2 ** (number - 1) * (0.75 + self.jitter() / 2)
        self._events.append(AttemptFailed(task.id, number, error.code, error.message, delay))
        self.frontier.retry(node, self.clock.monotonic() + delay)
        return True

    def _fail_fast(self, task: Task) -> None:
        if self.plan.settings.fail_fast:
            self.stopped = self.stopped or "failed"
            self._cancel_running()
            return
        group = self._progress.group_of(task)
        if group is None or not group.fail_fast:
            return
        index = self.frontier.graph.index
        for task_id in group.tasks:
            node = index[task_id]
            if self.frontier.is_open(node):
                self._finish(node, TaskResult(task_id, "cancelled", summary=f"`{task.id}` failed"))
            else:
                self._cancel(node)

    def _cancel_running(self) -> None:
        for node in (*self._tasks, *self._begun):
            self._cancel(node)
        self.kill()

    def _cancel(self, node: int) -> None:
        if running := self._tasks.get(node):
            running.cancel(lambda: self._ended(node, self._cancelled(node)))
        elif begun := self._begun.pop(node, None):
            begun.close()
            self._results.append((node, self._cancelled(node)))
            self._news.ring()

    def _cancelled(self, node: int) -> TaskResult:
        return TaskResult(self.frontier.graph.tasks[node].id, "cancelled")

    def _finish_cancelled(self) -> None:
        """A run that failed fast has no future: what never started is cancelled."""
        if self.stopped != "failed":
            return
        for node in self.frontier.open_tasks():
            task = self.frontier.graph.tasks[node]
            self._events.append(TaskFinished(task.id, "cancelled", summary="an earlier failure", attempts=0))
            self._progress.finished(task, "cancelled", self._events, tolerated=False)

    # --- people -------------------------------------------------------------------------------------------------

    def _ask(self, node: int, result: TaskResult) -> None:
        task = self.frontier.graph.tasks[node]
        instructions = (result.change.asks if result.change else None) or ""
        self._events.append(ApprovalAsked(task.id, instructions, task.digest, result.files))
        self.frontier.ask(node)
        if self.prompter is not None and not self.stopped:
            prompt = asyncio.ensure_future(self.prompter.ask(task, instructions))
            self._prompts[node] = prompt
            prompt.add_done_callback(partial(self._answered, node))

    def _answered(self, node: int, done: asyncio.Task[Answer | None]) -> None:
        self._prompts.pop(node, None)
        if not done.cancelled():
            self._replies.append((node, done))
            self._news.ring()

    def _hear(self, node: int, answer: Answer | None) -> None:
        task = self.frontier.graph.tasks[node]
        if answer is None or node not in self.frontier.asking:  # somebody else may have answered meanwhile
            return
        if answer.decision == "aborted":
            self.stopped = self.stopped or "aborted"
            return
        self.note(ApprovalGiven(task.id, answer.decision, task.digest, answer.by, answer.comment))
        self._go_on(node, answer)

    def _look_for_answers(self) -> None:
        if not self.frontier.asking:
            return
        for task, answer in self.new_answers():
            node = self.frontier.graph.index.get(task.id)
            if node is not None and node in self.frontier.asking:
                if prompt := self._prompts.pop(node, None):
                    prompt.cancel()
                self._go_on(node, answer)

    def _go_on(self, node: int, answer: Answer) -> None:
        self.answers[self.frontier.graph.tasks[node].id] = answer
        self._attempts[node] -= 1  # asking was no attempt
        self.frontier.answered(node)

    # --- endings ------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._events:
            self.bus.publish(self.journal.append(self._events))
            self._events = []

    async def _end_everything(self) -> None:
        for attempt in self._begun.values():
            attempt.close()
        pending = [*(running.task for running in self._tasks.values()), *self._prompts.values()]
        for running in self._tasks.values():
            running.cancel()
        for prompt in self._prompts.values():
            prompt.cancel()
        if pending:
            await asyncio.gather(*pending, return_exceptions=True)


def _finished(task: Task, result: TaskResult, attempts: int, *, tolerated: bool) -> TaskFinished:
    change, error = result.change, result.error or _NO_FAILURE
    wrote = change is not None and change.edits and result.status in ("succeeded", "would_change", "may_run")
    added, removed = change.line_counts() if change and wrote else (0, 0)
    return TaskFinished(
        task.id,
        result.status,
        code=error.code,
        message=error.message,
        hint=error.hint or "",
        summary=result.summary,
        digest=result.digest or task.digest,
        attempts=attempts,
        seconds=result.seconds,
        added=added,
        removed=removed,
        log=result.log or "",
        tolerated=tolerated,
        files=result.files,
        evidence=result.evidence,
        artifacts=result.artifacts,
        effects=result.effects,
    )
