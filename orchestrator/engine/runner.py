"""How one attempt is made: planned and applied, or only planned. Both decide by the same handler."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from orchestrator.change import Change, FileEdit, TaskFailure, TaskResult, digest
from orchestrator.clock import Clock
from orchestrator.engine.claims import ROOT, ancestry, covers, normalise
from orchestrator.engine.executor import Attempt
from orchestrator.errors import OrchestratorError, TaskError
from orchestrator.handler import Answer, Applied, ApplyContext, Claims, Handler, PlanContext
from orchestrator.masking import Masker
from orchestrator.plan.interpolate import expand_environment
from orchestrator.plan.model import Plan, PrepareStep, Task, digest_of
from orchestrator.process import Children, ProcessId
from orchestrator.record.events import (
    ChangeStaged,
    ChangeUndone,
    Event,
    OutputsWritten,
    ProcessStarted,
    TaskOutput,
)
from orchestrator.record.objects import ObjectStore
from orchestrator.templates import Templates
from orchestrator.workspace import FileView, Overlay, Workspace

MOST_OUTPUTS = 2000
"""Files of one task that are kept for a rollback; an action that writes more is listed as not restorable."""
BRIEF = 0.05
"""Seconds a child lives before the journal hears of it; one that a kill leaves behind sooner is found by its marks."""


class Handlers(Protocol):
    """Finds the handler of a task."""

    def handler(self, type_name: str) -> Handler[Any]:
        """Return the handler of a type the loader accepted."""


@dataclass(kw_only=True)
class _Planning:
    """What both runners know."""

    plan: Plan
    handlers: Handlers
    templates: Templates
    clock: Clock
    answers: Mapping[str, Answer]
    previous: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """By task id: the digest and evidence of its last success."""
    facts: Callable[[], Mapping[str, Any]] = dict
    _base: PlanContext | None = field(default=None, init=False)

    def digest(self, task: Task) -> str:
        """Return what stands for the task and everything it is made from."""
        sources = self.handlers.handler(task.type).sources(task, self.templates)
        return digest_of([task.digest, *sources]) if sources else task.digest

    def change(self, task: Task, work: str, files: FileView) -> Change:
        """Ask the handler what it would do."""
        if self._base is None or self._base.files is not files:
            self._base = PlanContext(
                files=files, templates=self.templates, variables=self.plan.variables, facts=self.facts
            )
        context = self._base
        if task.id in self.previous or task.id in self.answers:
            last, evidence = self.previous.get(task.id, ("", {}))
            answer = self.answers.get(task.id)
            context = PlanContext(
                files=files,
                templates=self.templates,
                variables=self.plan.variables,
                answer=answer,
                previous=evidence,
                is_same_work=last == work,
                facts=self.facts,
            )
        return self.handlers.handler(task.type).plan(task, context)

    def skipped(self, task: Task) -> TaskResult | None:
        """Return the result of a task that its `when` or a person rules out."""
        if task.when is False:
            return TaskResult(task.id, "skipped", summary="`when` is false")
        answer = self.answers.get(task.id)
        if answer is not None and answer.decision == "skipped":
            return TaskResult(task.id, "skipped", summary=f"skipped by {answer.by}: {answer.comment}".rstrip(": "))
        return None


@dataclass(kw_only=True)
class PreviewRunner(_Planning):
    """Plans every task over what the tasks before it would leave. Writes nothing, runs nothing."""

    files: Overlay
    changes: dict[str, Change] = field(default_factory=dict)
    """What each task would do, for who shows it."""
    digests: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._open_at: dict[str, str] = {}  # path -> the task whose effect on it is not known
        self._open_below: dict[str, str] = {}  # the same for every directory above

    def attempt(self, task: Task, number: int) -> Attempt:  # noqa: ARG002  # a preview has one attempt
        if skipped := self.skipped(task):
            return skipped
        with _as_result(task, None) as failed:
            if problems := self.plan.problems.get(task.id):
                raise problems[0]
            work = self.digests[task.id] = self.digest(task)
            change = self.changes[task.id] = self.change(task, work, self.files)
            claims = normalise(self.handlers.handler(task.type).claims(task))
            return self._foresee(task, change, claims)
        return failed[0]

    def _foresee(self, task: Task, change: Change, claims: Claims) -> TaskResult:
        why = self._depends_on_open(claims) if not change.asks else None
        if change.asks is not None:
            return TaskResult(task.id, "may_run", change=change, summary="waits for a person")
        if change.is_empty and why is None:
            return TaskResult(task.id, "unchanged", change=change, summary=change.summary)
        _check_claims(change.edits, claims)
        self.files.lay(change.edits)
        if change.exact and not change.actions and why is None:
            return TaskResult(task.id, "would_change", change=change, summary=change.summary)
        for path in claims.writes:
            self._open_at[path] = task.id
            self._open_below.update(dict.fromkeys(ancestry(path)[1:], task.id))
        summary = f"{change.summary}; depends on what `{why}` does" if why else change.summary
        return TaskResult(task.id, "may_run", change=change, summary=summary)

    def _depends_on_open(self, claims: Claims) -> str | None:
        """Return the task whose unknown outcome this one reads or writes, if there is one."""
        for path in (*claims.reads, *claims.writes):
            for up in ancestry(path):
                if up in self._open_at:
                    return self._open_at[up]
            if path in self._open_below:
                return self._open_below[path]
        return None


@dataclass(kw_only=True)
class ApplyRunner(_Planning):
    """Plans a task, applies its edits so that they can be taken back, and lets the handler do the rest."""

    workspace: Workspace
    objects: ObjectStore
    children: Children
    masker: Masker
    environ: Mapping[str, str]
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

    def attempt(self, task: Task, number: int) -> Attempt:
        if skipped := self.skipped(task):
            return skipped
        started = self.clock.monotonic()
        with _as_result(task, None) as failed:
            if problems := self.plan.problems.get(task.id):
                raise problems[0]
            work = self.digest(task)
            change = self.change(task, work, self.workspace)
            if change.asks is not None:
                return TaskResult(task.id, "waiting", change=change, digest=work)
            if change.is_empty:
                seconds = self.clock.monotonic() - started
                status = "succeeded" if task.type in ("manual", "milestone") else "unchanged"
                return TaskResult(
                    task.id,
                    status,  # type: ignore[arg-type]  # both are outcomes
                    seconds=seconds,
                    change=change,
                    summary=change.summary,
                    digest=work,
                    evidence=change.evidence,
                )
            return self._apply(task, number, change, work, started)
        return failed[0]

    async def _apply(self, task: Task, number: int, change: Change, work: str, started: float) -> TaskResult:
        log = self._log(task.id, number)
        limit = task.timeout or self.plan.settings.timeout_minutes * 60
        handler = self.handlers.handler(task.type)
        try:
            with _as_result(task, log) as failed:
                check_tools(task.requires, self.environ)
                self._check_announced(task, change)
                if change.edits:
                    _check_claims(change.edits, normalise(handler.claims(task)))
                    await self._write(task, number, change.edits)
                outputs = self._announced_outputs(task, handler) if change.actions else None
                try:
                    applied = await self._act(task, handler, change, log, limit)
                finally:
                    if outputs is not None:
                        self._record_outputs(task, outputs)
                lasting = change.actions if outputs is None and not getattr(handler, "only_looks", False) else ()
                seconds = self.clock.monotonic() - started
                return TaskResult(
                    task.id,
                    applied.status or "succeeded",  # type: ignore[arg-type]  # handlers name outcomes
                    seconds=seconds,
                    change=change,
                    summary=applied.summary or change.summary,
                    log=log.name,
                    artifacts=applied.artifacts,
                    evidence={**change.evidence, **applied.evidence},
                    files={edit.path: digest(edit.after) for edit in change.edits},
                    digest=work,
                    effects=lasting if applied.status is None else (),
                )
        finally:
            log.close()
        result = failed[0]
        return TaskResult(
            task.id,
            result.status,
            seconds=self.clock.monotonic() - started,
            change=change,
            error=self._with_retry(task, result.error),
            log=log.name,
            digest=work,
        )

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

    async def _act(self, task: Task, handler: Handler[Any], change: Change, log: TaskLog, limit: float) -> Applied:
        if not change.actions:
            return await handler.apply(task, change, self._context(task, log))
        try:
            async with asyncio.timeout(limit):
                if self.plan.settings.prepare and getattr(handler, "runs_project_code", False):
                    await self._prepare()
                return await handler.apply(task, change, self._context(task, log))
        except TimeoutError:
            raise TaskError(
                "task/timeout", f"it took longer than {limit:g} s", hint="raise its `timeout`", retryable=True
            ) from None

    def _context(self, task: Task, log: TaskLog) -> ApplyContext:
        environ = self.environ
        if task.env:
            environ = {**environ, **{name: expand_environment(v, environ) for name, v in task.env.items()}}

        def artifacts() -> Path:
            directory = self.run_directory / "artifacts" / _file_name(task.id)
            directory.mkdir(parents=True, exist_ok=True)
            return directory

        return ApplyContext(
            root=self.workspace.root,
            files=self.workspace,
            environ=environ,
            command=_Command(self, task.id, log),
            log=lambda line: log.write(f"{line}\n".encode()),
            artifacts=artifacts,
            tasks=self.plan.tasks,
            strict=self.strict,
        )

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
        writes = normalise(handler.claims(task)).writes
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
        code = await _Command(self, "", log)(argv, cwd=self.workspace.root / step.cwd, env=self.environ)
        if code != 0:
            hint = f"its output is in `{log.name}`; `settings.prepare` names it"
            raise TaskError("task/command", f"the preparation `{shown}` ended with {code}", hint=hint)

    def _log(self, task_id: str, number: int) -> TaskLog:
        def show(text: str) -> None:
            self.publish(TaskOutput(task_id, text))

        return TaskLog(self.run_directory, task_id or "prepare", number, self.masker, show)


@dataclass(frozen=True)
class Outputs:
    """The files an action may write, as they were before it."""

    paths: tuple[str, ...]
    before: dict[str, tuple[str | None, int | None]]
    """Digest and mode of each file."""
    absent: tuple[str, ...]
    """Directories and paths that did not exist."""

    @classmethod
    def keep(cls, workspace: Workspace, objects: ObjectStore, paths: Sequence[str]) -> Outputs | None:
        """Store the files at and below `paths`; None if they are more than is worth keeping."""
        files = workspace.files_below(paths, MOST_OUTPUTS)
        if files is None:
            return None
        before: dict[str, tuple[str | None, int | None]] = {}
        for path in files:
            content = workspace.read(path)
            if content is not None:
                before[path] = (objects.put(content), workspace.mode(path))
        absent = dict.fromkeys(name for path in paths for name in (*workspace.missing_directories(path), path))
        return cls(tuple(paths), before, tuple(name for name in absent if workspace.mode(name) is None))

    def changes(self, workspace: Workspace) -> list[tuple[str, str | None, str | None, int | None]]:
        """Return path, digest before, digest after and mode before of each file that is not what it was."""
        found = workspace.files_below(self.paths, MOST_OUTPUTS)
        paths = dict.fromkeys([*self.before, *(found or ())])
        edits = []
        for path in paths:
            old, mode = self.before.get(path, (None, None))
            new = digest(workspace.read(path))
            if new != old:
                edits.append((path, old, new, mode))
        return edits

    def new_directories(self, workspace: Workspace) -> list[str]:
        """Return the directories that were made, outermost first."""
        return [path for path in self.absent if workspace.is_directory(path)]


class TaskLog:
    """The output of one attempt; the file is made with the first line of it."""

    def __init__(
        self, run_directory: Path, task_id: str, number: int, masker: Masker, show: Callable[[str], None]
    ) -> None:
        self._place = (run_directory, task_id, number)
        self._path: Path | None = None
        self._file: Any = None
        self._stream = masker.stream(self._put)
        self._show = show
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def name(self) -> str | None:
        """The file's path, None while there is no output."""
        return str(self._path) if self._path is not None else None

    def write(self, data: bytes) -> None:
        """Add output."""
        self._stream.feed(data)

    def close(self) -> None:
        """Write what is left and close the file."""
        self._stream.close()
        if self._file is not None:
            self._file.close()

    def _put(self, data: bytes) -> None:
        with suppress(OSError):  # a full disk costs the log, not the task
            if self._file is None:
                self._open()
            self._file.write(data)
        self._show(self._decoder.decode(data))

    def _open(self) -> None:
        directory, task_id, number = self._place
        path = directory / "logs" / f"{_file_name(task_id)}.{number}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)
        self._path = path


class _Command:
    """Runs commands for one task."""

    def __init__(self, runner: ApplyRunner, task_id: str, log: TaskLog) -> None:
        self._runner = runner
        self._task_id = task_id
        self._log = log

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        output: Callable[[bytes], None] | None = None,
    ) -> int:
        def take(chunk: bytes) -> None:
            self._log.write(chunk)
            if output is not None:
                output(chunk)

        loop, notes = asyncio.get_running_loop(), []

        def started(child: ProcessId) -> None:
            event = ProcessStarted(self._task_id, child.pid, child.started)
            notes.append(loop.call_later(BRIEF, self._runner.record_soon, event))

        try:
            ended = await self._runner.children.run(argv, cwd=cwd, env=env, output=take, on_start=started)
        except FileNotFoundError:
            missing = argv[0] if os.path.isdir(cwd) else str(cwd)  # noqa: ASYNC240  # after a failure, once
            raise TaskError("task/command", f"`{missing}` was not found", hint="is it on PATH?") from None
        except OSError as error:
            raise TaskError("task/command", f"`{argv[0]}` cannot be run: {error.strerror}") from None
        finally:
            for note in notes:
                note.cancel()
        return ended.code if ended.code is not None else -(ended.signal or 0)


def undo(staged: ChangeStaged, workspace: Workspace, objects: ObjectStore) -> list[str]:
    """Take back a change that may have been applied in part; return the files that somebody else changed since.

    :raises EnvironmentProblem: when the machine refuses.
    """
    left = []
    for path, before, after, mode in reversed(staged.edits):
        try:
            workspace.remove_temporary(path, staged.suffix)
            current = workspace.read(path)
        except TaskError:
            left.append(path)
            continue
        if digest(current) == before:
            continue
        content = None if before is None else objects.get(before)
        if digest(current) != after or (before is not None and content is None):
            left.append(path)
            continue
        workspace.write(FileEdit(path, current, content, mode), staged.suffix)
    workspace.remove_empty(staged.directories)
    return left


def check_tools(requires: Sequence[str], environ: Mapping[str, str]) -> None:
    """Check that programs such as `node>=18` are on PATH.

    :raises TaskError: `environment/missing-tool`.
    """
    for requirement in requires:
        name, _, least = (part.strip() for part in requirement.partition(">="))
        program = shutil.which(name, path=environ.get("PATH"))
        if program is None:
            raise TaskError("environment/missing-tool", f"`{name}` is not on PATH", hint="install it")
        if least and (found := _version(program)) < _numbers(least):
            shown = ".".join(map(str, found)) or "an unknown version"
            raise TaskError("environment/missing-tool", f"`{name}` is {shown}, but must be at least {least}")


def _version(program: str) -> tuple[int, ...]:
    import subprocess

    try:
        ended = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return _numbers(ended.stdout or ended.stderr)


def _numbers(text: str) -> tuple[int, ...]:
    match = re.search(r"\d+(?:\.\d+)+", text) or re.search(r"\d+", text)  # `k6 v0.47.0` is not 6
    return tuple(map(int, match[0].split("."))) if match else ()


def _check_claims(edits: Sequence[FileEdit], claims: Claims) -> None:
    for edit in edits:
        if not covers([path or "." for path in claims.writes], os.path.normpath(edit.path)):
            raise TaskError("task/outside-claim", f"it would write `{edit.path}`, which it did not announce")


@contextmanager
def _as_result(task: Task, log: TaskLog | None) -> Iterator[list[TaskResult]]:
    """Turn what an attempt raises into a failed result: a failing task is no exception."""
    failed: list[TaskResult] = []
    try:
        yield failed
    except OrchestratorError as error:
        retryable = isinstance(error, TaskError) and error.retryable
        failure = TaskFailure(error.code, error.message, error.hint, retryable)
        failed.append(TaskResult(task.id, "failed", error=failure))
    except Exception as error:  # noqa: BLE001  # boundary: a handler's bug fails its task, not the run
        if log is not None:
            log.write(traceback.format_exc().encode())
        failure = TaskFailure("task/crashed", f"{type(error).__name__}: {error}", "this is a bug in the task type")
        failed.append(TaskResult(task.id, "failed", error=failure))


def _ignore(_event: Event) -> None:
    pass


def _file_name(task_id: str) -> str:
    return re.sub(r"[^\w.\[\]-]", "_", task_id)
