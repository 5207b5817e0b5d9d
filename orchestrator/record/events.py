"""The events of a run, in the past tense. What the journal holds is these and nothing else."""

from __future__ import annotations

from itertools import compress
from operator import is_not
from typing import Any, Final, NamedTuple, get_args


class RunStarted(NamedTuple):
    """A run began, or went on after an interruption (`resumed`)."""

    task: str = ""
    plan: str = ""
    plan_digest: str = ""
    plan_file: str = ""
    selected: int = 0
    resumed: bool = False
    pid: int = 0
    git: dict[str, Any] = {}


class PhaseStarted(NamedTuple):
    task: str = ""
    phase: str = ""


class GroupStarted(NamedTuple):
    task: str = ""
    group: str = ""


class TaskStarted(NamedTuple):
    task: str = ""
    attempt: int = 1


class ProcessStarted(NamedTuple):
    """A child of a task runs; `started` is the kernel's start time, so that a reused pid is not mistaken for it."""

    task: str = ""
    pid: int = 0
    started: int = 0


class ChangeStaged(NamedTuple):
    """The pre-images are stored and the files are about to be replaced."""

    task: str = ""
    attempt: int = 1
    suffix: str = ""
    """Of the temporary files."""
    edits: tuple[tuple[str, str | None, str | None, int | None], ...] = ()
    """Path, digest before (the name of the pre-image), digest after, mode before."""
    directories: tuple[str, ...] = ()
    """Those that did not exist before."""


class OutputsWritten(NamedTuple):
    """What a task's action did to the files it had announced; fields as in `ChangeStaged`."""

    task: str = ""
    edits: tuple[tuple[str, str | None, str | None, int | None], ...] = ()
    directories: tuple[str, ...] = ()


class ChangeUndone(NamedTuple):
    """A half-applied change of a killed run was taken back; `left` are files that somebody else changed since."""

    task: str = ""
    left: tuple[str, ...] = ()


class AttemptFailed(NamedTuple):
    """A task will be tried again `delay` seconds later."""

    task: str = ""
    attempt: int = 1
    code: str = ""
    message: str = ""
    delay: float = 0.0


class TaskOutput(NamedTuple):
    """What a task prints. Published, never journaled: the log has it."""

    task: str = ""
    text: str = ""


class ApprovalAsked(NamedTuple):
    """A person is needed."""

    task: str = ""
    instructions: str = ""
    digest: str = ""
    files: dict[str, str | None] = {}
    """Digests of the files it wrote before it asked."""


class ApprovalGiven(NamedTuple):
    """A person decided; it holds for the task with this digest."""

    task: str = ""
    decision: str = "approved"
    digest: str = ""
    by: str = ""
    comment: str = ""


class TaskFinished(NamedTuple):
    task: str = ""
    status: str = "succeeded"
    code: str = ""
    message: str = ""
    hint: str = ""
    summary: str = ""
    digest: str = ""
    """Of the task and its sources: the same digest means the same work."""
    attempts: int = 1
    seconds: float = 0.0
    added: int = 0
    removed: int = 0
    log: str = ""
    tolerated: bool = False
    """It failed, and the plan says that this does not matter."""
    files: dict[str, str | None] = {}
    """Digests of the files it wrote."""
    evidence: dict[str, Any] = {}
    artifacts: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    """What it did beside files, for a person: none of it can be taken back."""
    cause: str = ""
    """For a blocked task: what it waits for in vain."""


class GroupFinished(NamedTuple):
    task: str = ""
    group: str = ""
    status: str = "succeeded"


class PhaseFinished(NamedTuple):
    task: str = ""
    phase: str = ""
    status: str = "succeeded"


class Prepared(NamedTuple):
    """A preparation step ran well; `task` is its command."""

    task: str = ""
    fingerprint: str = ""


class Committed(NamedTuple):
    """A git commit holds what was applied."""

    task: str = ""
    commit: str = ""
    paths: tuple[str, ...] = ()


class Warned(NamedTuple):
    """Something that does not fail a task, but that a person should know, or went wrong beside the work."""

    task: str = ""
    message: str = ""


class RunPaused(NamedTuple):
    """The run stopped and can go on: it waits for people, or somebody interrupted it."""

    task: str = ""
    reason: str = "waiting"
    exit_code: int = 4


class RunFinished(NamedTuple):
    task: str = ""
    exit_code: int = 0
    seconds: float = 0.0


class RolledBack(NamedTuple):
    """What the run `of` wrote was taken back, as far as nobody had touched it since."""

    task: str = ""
    of: str = ""
    tasks: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


Event = (
    RunStarted
    | PhaseStarted
    | GroupStarted
    | TaskStarted
    | ProcessStarted
    | ChangeStaged
    | OutputsWritten
    | ChangeUndone
    | AttemptFailed
    | TaskOutput
    | ApprovalAsked
    | ApprovalGiven
    | TaskFinished
    | GroupFinished
    | PhaseFinished
    | Prepared
    | Committed
    | Warned
    | RunPaused
    | RunFinished
    | RolledBack
)
"""Something that happened. `task` is empty for what concerns no single task."""


class Entry(NamedTuple):
    """An event with its place in the journal: `seq` counts from 1, `at` is in seconds since the epoch."""

    seq: int
    run_id: str
    at: float
    event: Event


KINDS: Final[dict[str, type[Event]]] = {kind.__name__: kind for kind in get_args(Event)}
DURABLE: Final = frozenset({ChangeStaged, ApprovalGiven, RunFinished, RolledBack})
"""These must survive a power cut, not only a killed process."""


def to_data(event: Event) -> dict[str, Any]:
    """Return the fields of an event that are not at their defaults, `task` left out."""
    names, defaults = _FIELDS[type(event)]
    values = event[1:]
    others = compress(zip(names, values, defaults, strict=True), map(is_not, values, defaults))
    return {name: value for name, value, default in others if value != default}


def from_data(kind: str, task: str, data: dict[str, Any]) -> Event | None:
    """Return the event, or None for one this version does not know; fields it does not know are left out."""
    model: Any = KINDS.get(kind)
    if model is None:
        return None
    names = _FIELDS[model][0]
    made: Event = model(task, **{name: value for name, value in data.items() if name in names})
    return made


_FIELDS: Final[dict[Any, tuple[tuple[str, ...], tuple[Any, ...]]]] = {
    kind: (kind._fields[1:], tuple(kind._field_defaults[name] for name in kind._fields[1:])) for kind in KINDS.values()
}
"""By kind: the names of the fields behind `task`, and their defaults."""
