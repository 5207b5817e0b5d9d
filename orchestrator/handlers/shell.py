"""`shell`: runs a command, unless its declared results are already there."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec.structs import replace

from orchestrator import globs
from orchestrator.change import Change, digest
from orchestrator.errors import TaskError, raise_os_error
from orchestrator.handler import WHOLE_PROJECT, Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.plan.fields import Flag, ProjectPath, ProjectPaths, Text, Texts
from orchestrator.plan.model import Task
from orchestrator.workspace import FileView

_UP_TO_DATE: Final = Change("up to date")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellTask(Task):
    """A command."""

    type: Literal["shell"]
    run: Text | Texts
    """Text goes through `sh -c`; a list is executed directly."""
    cwd: ProjectPath = "."
    """Where it runs."""
    inputs: ProjectPaths = ()
    """Patterns of the files it reads: unchanged inputs and present outputs mean up to date."""
    outputs: ProjectPaths = ()
    """Patterns of the files it writes."""
    creates: ProjectPath | None = None
    """A path; the command does not run where it exists."""
    unless: Text | None = None
    """A shell command; the task is satisfied where it succeeds."""
    parallel_safe: Flag = False
    """It may run beside anything, although it does not say what it writes."""


class Shell(FileHandler):
    """Runs commands; knows by fingerprints when that is not needed."""

    type = "shell"
    model = ShellTask
    runs_project_code = True

    def claims(self, task: ShellTask) -> Claims:
        writes = [*map(_claimed, task.outputs)]
        if task.creates is not None:
            writes.append(task.creates)
        if not writes and not task.parallel_safe:
            writes = [WHOLE_PROJECT]
        return Claims(tuple(map(_claimed, task.inputs)), tuple(writes))

    def plan(self, task: ShellTask, context: PlanContext) -> Change:
        if task.creates is not None and _exists(context.files, task.creates):
            return Change(f"`{task.creates}` exists")
        up_to_date = _is_up_to_date(task, context)
        if up_to_date is not None:
            return up_to_date
        command = _shown(task)
        return Change(f"runs `{_short(command)}`", actions=(f"run: {command}",), exact=False)

    async def apply(self, task: ShellTask, _change: Change, context: ApplyContext) -> Applied:
        cwd = context.root if task.cwd == "." else context.root / task.cwd
        if task.unless is not None:
            code = await context.command(["sh", "-c", task.unless], cwd=cwd, env=context.environ)
            if code == 0:
                return Applied(f"`{_short(task.unless)}` succeeded", status="unchanged")
        _make_directories(task.outputs, context)
        read = _fingerprint(context.files, _matches(context.files, task.inputs)) if task.inputs else ""
        argv = ["sh", "-c", task.run] if isinstance(task.run, str) else list(task.run)
        tail = _Tail()
        code = await context.command(argv, cwd=cwd, env=context.environ, output=tail.add)
        if code != 0:
            how = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
            raise TaskError("task/command", f"`{_short(_shown(task))}` {how}{tail.last_line()}")
        for pattern in (*task.outputs, *((task.creates,) if task.creates else ())):
            if not context.files.match(pattern) and not _exists(context.files, pattern):
                raise TaskError("task/failed", f"the command succeeded, but `{pattern}` is not there")
        evidence = _evidence(task, context.files) if task.inputs or task.outputs else {}
        if (
            evidence and task.inputs and evidence["inputs"] != read
        ):  # they changed meanwhile: what was built is what was read
            evidence = {"inputs": read, "outputs": evidence["outputs"]}
        return Applied(evidence=evidence)


def _is_up_to_date(task: ShellTask, context: PlanContext) -> Change | None:
    """Return an empty change if nothing has changed since the last success."""
    previous = context.previous
    if not context.is_same_work or "inputs" not in previous:
        return None
    declared = (*task.inputs, *task.outputs)
    if globs.is_pattern("\0".join(declared)):
        files = _files(task, context.files)
        if files is None:
            return None
        declared = tuple(files)
    stamp = context.files.stamp(declared)
    if stamp is not None and stamp == previous.get("stamp"):
        return _UP_TO_DATE
    if _files(task, context.files) is None:
        return None
    evidence = _evidence(task, context.files)
    same = all(evidence.get(name) == previous.get(name) for name in ("inputs", "outputs"))
    return replace(_UP_TO_DATE, evidence=evidence) if same else None


def _evidence(task: ShellTask, files: FileView) -> dict[str, Any]:
    """Return fingerprints: of content, and of what the file system says, which is quicker to compare."""
    inputs, outputs = _matches(files, task.inputs), _matches(files, task.outputs)
    evidence = {"inputs": _fingerprint(files, inputs), "outputs": _fingerprint(files, outputs)}
    stamp = files.stamp([*inputs, *outputs])
    if stamp is not None:
        evidence["stamp"] = stamp
    return evidence


def _files(task: ShellTask, files: FileView) -> list[str] | None:
    """Return all declared files, None if a declared output is missing."""
    found = _matches(files, task.inputs)
    for pattern in task.outputs:
        matches = _match(files, pattern)
        if not matches and not _exists(files, pattern):
            return None
        found += matches
    return found


def _matches(files: FileView, patterns: Iterable[str]) -> list[str]:
    return [path for pattern in patterns for path in _match(files, pattern)]


def _match(files: FileView, pattern: str) -> list[str]:
    """Return the files that match; a directory stands for all below it."""
    found = files.match(pattern)
    if not found and not globs.is_pattern(pattern) and files.is_directory(pattern):
        return files.match(posixpath.normpath(f"{pattern}/**"))
    return found


def _fingerprint(files: FileView, paths: Iterable[str]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path}\0{digest(files.read(path))}\0".encode())
    return total.hexdigest()[:32]


def _make_directories(outputs: Iterable[str], context: ApplyContext) -> None:
    """Make the directories that outputs go to: saying where they go is enough."""
    for pattern in outputs:
        try:
            (context.root / _directory_of(pattern)).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise_os_error(error, pattern)


class _Tail:
    """The end of what a command prints: its last line most often says what was wrong."""

    def __init__(self) -> None:
        self._kept = b""

    def add(self, chunk: bytes) -> None:
        self._kept = (self._kept + chunk)[-2000:]

    def last_line(self) -> str:
        lines = [line for line in self._kept.decode("utf-8", "replace").splitlines() if line.strip()]
        return f": {lines[-1].strip()[:200]}" if lines else ""


def _exists(files: FileView, path: str) -> bool:
    return files.mode(path) is not None


def _directory_of(pattern: str) -> str:
    return globs.base_of(pattern) if globs.is_pattern(pattern) else posixpath.dirname(posixpath.normpath(pattern))


def _claimed(pattern: str) -> str:
    return globs.base_of(pattern) if globs.is_pattern(pattern) else pattern


def _shown(task: ShellTask) -> str:
    return task.run if isinstance(task.run, str) else " ".join(task.run)


def _short(command: str) -> str:
    first = command.strip().partition("\n")[0]
    return first if len(first) <= 60 and first == command.strip() else first[:57] + "..."
