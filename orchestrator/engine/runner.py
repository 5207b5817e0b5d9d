"""How an attempt is made in earnest: planned, written so that it can be taken back, and acted out."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestrator.alarms import Alarms
from orchestrator.change import Change, FileEdit, TaskFailure, TaskResult, digest
from orchestrator.engine.claims import ROOT, normalise
from orchestrator.engine.command import Command, TaskLog, file_name
from orchestrator.engine.executor import Attempt
from orchestrator.engine.outputs import Outputs, undo
from orchestrator.engine.planning import Planning, check_claims, failure_of
from orchestrator.engine.tools import check_tools
from orchestrator.errors import OrchestratorError, TaskError
from orchestrator.handler import Applied, ApplyContext, Handler
from orchestrator.masking import Masker
from orchestrator.plan.model import PrepareStep, Task
from orchestrator.process import Children
from orchestrator.record.events import ChangeStaged, ChangeUndone, Event, OutputsWritten, TaskOutput
from orchestrator.record.objects import ObjectStore
from orchestrator.workspace import Workspace


@dataclass(kw_only=True)
class ApplyRunner(Planning):
    """Plans a task, applies its edits so that they can be taken back, and lets the handler do the rest."""

    workspace: Workspace
    objects: ObjectStore
    children: Children
    masker: Masker
    run_directory: Path
    run_id: str
    is_prepared: Callable[[PrepareStep], bool]
    prepared: Callable[[PrepareStep], None]
    strict: bool = False
    announced: Mapping[str, Sequence[Sequence[str | None]]] = field(default_factory=dict)
    """By task id: path, digest before and digest after of each edit that a saved plan allows."""

    def __post_init__(self) -> None:
        self.record: Callable[[Event], None] = _ignore
        """Makes an event durable before it returns."""
        self.record_soon: Callable[[Event], None] = _ignore
        """Makes an event durable in a moment."""
        self.publish: Callable[[Event], None] = _ignore
        """Shows an event that is not journaled."""
        self._preparing: asyncio.Task[None] | None = None
        self._lasting = itertools.count(1)

    def attempt(self, task: Task, number: int) -> Attempt:
        if skipped := self.skipped(task):
            return skipped
        started = self.clock.monotonic()
        looks_afar = getattr(self.handlers.handler(task.type), "looks_afar", None)
        if looks_afar is not None and looks_afar(task):
            return self._attempt_afar(task, number, started)
        return self._follow(task, number, started, self._planned(task))

    async def _attempt_afar(self, task: Task, number: int, started: float) -> TaskResult:
        """Plan beside the loop: it must not wait until another machine answers."""
        planned = await asyncio.to_thread(self._planned, task)
        attempt = self._follow(task, number, started, planned)
        return attempt if isinstance(attempt, TaskResult) else await attempt

    def _planned(self, task: Task) -> tuple[str, Change] | TaskResult:
        try:
            self.check_problems(task)
            work = self.digest(task)
            return work, self.change(task, work, self.workspace)
        except Exception as error:  # noqa: BLE001  # boundary: see `failure_of`
            return TaskResult(task.id, "failed", error=failure_of(error))

    def _follow(self, task: Task, number: int, started: float, planned: tuple[str, Change] | TaskResult) -> Attempt:
        """Return what a plan comes to, or an awaitable of that where something is to be done."""
        if isinstance(planned, TaskResult):
            return planned
        work, change = planned
        if change.asks is not None and not change.edits:
            return TaskResult(task.id, "waiting", change=change, digest=work)
        if change.is_empty:
            return TaskResult(
                task.id,
                "succeeded" if task.type == "milestone" or task.id in self.answers else "unchanged",
                seconds=round(self.clock.monotonic() - started, 2),
                change=change,
                summary=change.summary,
                digest=work,
                evidence=change.evidence,
            )
        return self._apply(task, number, change, work, started)

    async def _apply(self, task: Task, number: int, change: Change, work: str, started: float) -> TaskResult:
        log = self._log(task.id, number)
        applied, error = Applied(), None
        effects: tuple[str, ...] = ()
        try:
            applied, effects = await self._do(task, number, change, log)
        except Exception as problem:  # noqa: BLE001  # boundary: see `failure_of`
            error = self._with_retry(task, failure_of(problem, log))
        finally:
            log.close()
        seconds = self.clock.monotonic() - started
        if error is not None:
            return TaskResult(task.id, "failed", seconds=seconds, change=change, error=error, log=log.name, digest=work)
        return TaskResult(
            task.id,
            "waiting" if change.asks is not None else applied.status,
            seconds=seconds,
            change=change,
            summary=applied.summary or change.summary,
            log=log.name,
            artifacts=applied.artifacts,
            evidence={**change.evidence, **applied.evidence},
            files={edit.path: digest(edit.after) for edit in change.edits},
            digest=work,
            effects=effects,
        )

    async def _do(self, task: Task, number: int, change: Change, log: TaskLog) -> tuple[Applied, tuple[str, ...]]:
        """Write the edits and act; return what the handler says, and what of it cannot be taken back."""
        handler = self.handlers.handler(task.type)
        check_tools(task.requires, self.environ)
        self._check_announced(task, change)
        if change.edits:
            check_claims(change.edits, normalise(handler.claims(task)))
            await self._write(task, number, change.edits)
        outputs = self._announced_outputs(task, handler) if change.actions else None
        try:
            applied = await self._act(task, handler, change, log)
        finally:
            if outputs is not None:
                self._record_outputs(task, outputs)
        beside = outputs is None or change.exact  # what it did is not in the files, which can be put back
        lasting = beside and applied.status == "succeeded" and not getattr(handler, "only_looks", False)
        return applied, change.actions if lasting else ()

    def _check_announced(self, task: Task, change: Change) -> None:
        if task.id not in self.announced or not change.exact:
            return
        if [[e.path, digest(e.before), digest(e.after)] for e in change.edits] != list(self.announced[task.id]):
            hint = "make a new one with `orchestrate plan --out`"
            raise TaskError("usage/plan-moved", "the saved plan announced another change", hint=hint)

    def _with_retry(self, task: Task, error: TaskFailure | None) -> TaskFailure | None:
        if error is not None and error.code == "task/command" and task.retry is not None:
            return TaskFailure(error.code, error.message, error.hint, retryable=True)
        return error

    async def _act(self, task: Task, handler: Handler[Any], change: Change, log: TaskLog) -> Applied:
        limit = task.timeout or self.plan.settings.timeout_minutes * 60
        if not change.actions:
            return await handler.apply(task, change, self._context(task, log))
        current, is_late = asyncio.current_task(), False

        def end() -> None:
            nonlocal is_late
            is_late = True
            assert current is not None
            current.cancel()

        alarm = self.alarms.set(limit, end)
        try:
            if self.plan.settings.prepare and getattr(handler, "runs_project_code", False):
                await self._prepare()
            return await handler.apply(task, change, self._context(task, log))
        except asyncio.CancelledError:
            if not is_late or current is None or current.uncancel():
                raise
            message = f"it took longer than {limit:g} s"
            raise TaskError("task/timeout", message, hint="raise its `timeout`", retryable=True) from None
        finally:
            self.alarms.clear(alarm)

    def _context(self, task: Task, log: TaskLog) -> ApplyContext:
        def artifacts() -> Path:
            directory = self.run_directory / "artifacts" / file_name(task.id)
            directory.mkdir(parents=True, exist_ok=True)
            return directory

        return ApplyContext(
            root=self.workspace.root,
            files=self.workspace,
            environ=self.environ_of(task),
            command=Command(self.children, task.id, log, self.record_soon),
            lasting=self._run_lasting,
            log=lambda line: log.write(f"{line}\n".encode()),
            artifacts=artifacts,
            tasks=self.plan.tasks,
            strict=self.strict,
            marks=lambda: self.children.mark(),
        )

    async def _run_lasting(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: Callable[[bytes], None] | None = None
    ) -> int:
        """Run a command that no task owns, with a log of its own."""
        log = self._log("", next(self._lasting), "shared")
        try:
            return await Command(self.children, "", log, self.record_soon)(argv, cwd=cwd, env=env, output=output)
        finally:
            log.close()

    @cached_property
    def alarms(self) -> Alarms:
        """For timeouts."""
        return Alarms()

    # --- files --------------------------------------------------------------------------------------------------

    async def _write(self, task: Task, number: int, edits: Sequence[FileEdit]) -> None:
        suffix = f".{self.run_id}.tmp"
        for edit in edits:
            if edit.before is not None:
                self.objects.put(edit.before)
        directories = dict.fromkeys(name for edit in edits for name in self.workspace.missing_directories(edit.path))
        staged = ChangeStaged(
            task.id,
            number,
            suffix,
            tuple((e.path, digest(e.before), digest(e.after), self.workspace.mode(e.path)) for e in edits),
            tuple(directories),
        )
        self.record(staged)
        writing = asyncio.ensure_future(asyncio.to_thread(self.workspace.apply, edits, suffix))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise
        except OrchestratorError:
            left = undo(staged, self.workspace, self.objects)
            self.record(ChangeUndone(task.id, tuple(left)))
            raise

    def _announced_outputs(self, task: Task, handler: Handler[Any]) -> Outputs | None:
        """Keep what stands where an action will write; None if that is not known, or too much to keep."""
        announced = handler.claims(task)
        writes = normalise(announced).writes if announced.writes else ()
        if not writes or ROOT in writes:
            return None
        return Outputs.keep(self.workspace, self.objects, writes)

    def _record_outputs(self, task: Task, outputs: Outputs) -> None:
        edits = outputs.changes(self.workspace)
        directories = outputs.new_directories(self.workspace)
        if edits or directories:
            self.record(OutputsWritten(task.id, tuple(edits), tuple(directories)))

    # --- preparing ----------------------------------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Bring the project's own tools up to date, once for all tasks that need them."""
        if self._preparing is None or (self._preparing.done() and self._preparing.exception()):
            self._preparing = asyncio.ensure_future(self._run_steps())
            # Whoever waited may be gone by the time it fails; asyncio complains of failures that nobody looks at.
            self._preparing.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(self._preparing)

    async def _run_steps(self) -> None:
        log = self._log("", 1)  # it may outlive the task that first needs it
        try:
            for step in self.plan.settings.prepare:
                if not self.is_prepared(step):
                    await self._run_step(step, log)
                    self.prepared(step)
        finally:
            log.close()

    async def _run_step(self, step: PrepareStep, log: TaskLog) -> None:
        argv = ["sh", "-c", step.run] if isinstance(step.run, str) else list(step.run)
        shown = step.run if isinstance(step.run, str) else " ".join(step.run)
        log.write(f"$ {shown}\n".encode())
        code = await Command(self.children, "", log, self.record_soon)(
            argv, cwd=self.workspace.root / step.cwd, env=self.environ
        )
        if code != 0:
            hint = f"its output is in `{log.name}`; `settings.prepare` names it"
            raise TaskError("task/command", f"the preparation `{shown}` ended with {code}", hint=hint)

    def _log(self, task_id: str, number: int, name: str = "prepare") -> TaskLog:
        def show(text: str) -> None:
            self.publish(TaskOutput(task_id, text))

        return TaskLog(self.run_directory, task_id or name, number, self.masker, show)


def _ignore(_event: Event) -> None:
    pass
