"""What a task type must provide. `plan` says what would change; `apply` does what is not a file edit."""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from orchestrator.change import Change, Outcome
from orchestrator.plan.model import Task
from orchestrator.templates import Templates
from orchestrator.workspace import FileView

T = TypeVar("T", bound=Task, contravariant=True)
WHOLE_PROJECT = "."


class Claims(Struct, frozen=True):
    """The paths a task may read and write, relative to the root; a directory stands for all below it."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said about a task."""

    decision: str
    """`approved`, `rejected` or `skipped`."""
    by: str
    comment: str = ""


class PlanContext(Struct, frozen=True):
    """All that `plan` may know. Nothing here can write."""

    files: FileView
    templates: Templates
    variables: Mapping[str, Any] = {}
    answer: Answer | None = None
    previous: Mapping[str, Any] = {}
    """The evidence of this task's last success."""
    is_same_work: bool = False
    """The task and its sources are still what they were then."""
    facts: Callable[[], Mapping[str, Any]] = dict
    """What is known of the project; read when first asked."""
    environ: Mapping[str, str] = {}
    """The caller's environment with the task's `env` laid over it."""


class RunCommand(Protocol):
    """Runs a command of the task, its output going to the task's log."""

    def __call__(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: Callable[[bytes], None] | None = None
    ) -> Awaitable[int]:
        """Return the exit code; a command that a signal ended has the negative number of that signal.

        :raises TaskError: when it cannot be started.
        """


class ApplyContext(Struct, frozen=True):
    """All that `apply` may use."""

    root: Path
    files: FileView
    environ: Mapping[str, str]
    """The caller's environment with the task's `env` laid over it."""
    command: RunCommand
    lasting: RunCommand
    """The same for processes that several tasks use, one after the other: they may run until the run ends."""
    log: Callable[[str], None]
    """Adds a line to the task's log."""
    artifacts: Callable[[], Path]
    """Makes and returns a directory for what the task leaves beside the project."""
    tasks: Mapping[str, Task] = {}
    """All tasks of the plan."""
    strict: bool = False
    """What cannot be verified fails."""
    marks: Callable[[], Mapping[str, str]] = dict
    """The environment that a process must have which is not started with `command`, so that it ends with the run."""


class Applied(Struct, frozen=True):
    """What `apply` has to say beside that it worked."""

    summary: str | None = None
    status: Outcome = "succeeded"
    """`unverifiable` where success cannot be told, `unchanged` where there was nothing to do."""
    evidence: dict[str, Any] = {}
    artifacts: tuple[str, ...] = ()


class Handler(Protocol, Generic[T]):
    """One task type."""

    @property
    def type(self) -> str:
        """What plans call it."""

    @property
    def model(self) -> builtins.type[Task]:
        """The fields a task of this type may have."""

    def claims(self, task: T) -> Claims:
        """Return the paths the task may touch, before it starts."""

    def sources(self, task: T, templates: Templates) -> Sequence[str]:
        """Return texts outside the plan, such as templates, that a changed task is told by."""

    def plan(self, task: T, context: PlanContext) -> Change:
        """Return what the task would do; an empty change means that it is already satisfied.

        :raises TaskError: when it would do nothing good.
        """

    async def apply(self, task: T, change: Change, context: ApplyContext) -> Applied:
        """Do what the change's actions say; its edits are already on disk.

        :raises TaskError: when it did not work.
        """


class FileHandler:
    """The part of a handler that only writes files: the engine applies the edits."""

    def sources(self, _task: Any, _templates: Templates) -> Sequence[str]:
        return ()

    def may_ask(self, _task: Any) -> bool:
        """Say whether a person may have to answer."""
        return False

    def looks_afar(self, _task: Any) -> bool:
        """Say whether `plan` asks other machines, so that nothing else should wait for it."""
        return False

    async def apply(self, _task: Any, _change: Change, _context: ApplyContext) -> Applied:
        return Applied()
