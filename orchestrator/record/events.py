"""The events of a run, in the past tense. What the journal holds is these and nothing else."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `task` is empty for what concerns no single task."""

    durable: ClassVar[bool] = False
    """It must survive a power cut, not only a killed process."""
    task: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A run began, or went on after an interruption (`resumed`)."""

    plan: str = ""
    plan_digest: str = ""
    plan_file: str = ""
    selected: int = 0
    resumed: bool = False
    pid: int = 0
    git: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhaseStarted(Event):
    phase: str = ""


@dataclass(frozen=True, slots=True)
class GroupStarted(Event):
    group: str = ""


@dataclass(frozen=True, slots=True)
class TaskStarted(Event):
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class ProcessStarted(Event):
    """A child of a task runs; `started` is the kernel's start time, so that a reused pid is not mistaken for it."""

    pid: int = 0
    started: int = 0


@dataclass(frozen=True, slots=True)
class ChangeStaged(Event):
    """The pre-images are stored and the files are about to be replaced."""

    durable: ClassVar[bool] = True
    attempt: int = 1
    suffix: str = ""
    """Of the temporary files."""
    edits: tuple[tuple[str, str | None, str | None, int | None], ...] = ()
    """Path, digest before (the name of the pre-image), digest after, mode before."""
    directories: tuple[str, ...] = ()
    """Those that did not exist before."""


@dataclass(frozen=True, slots=True)
class OutputsWritten(Event):
    """What a task's action did to the files it had announced; fields as in `ChangeStaged`."""

    edits: tuple[tuple[str, str | None, str | None, int | None], ...] = ()
    directories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeUndone(Event):
    """A half-applied change of a killed run was taken back; `left` are files that somebody else changed since."""

    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptFailed(Event):
    """A task will be tried again `delay` seconds later."""

    attempt: int = 1
    code: str = ""
    message: str = ""
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class TaskOutput(Event):
    """What a task prints. Published, never journaled: the log has it."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Event):
    """A person is needed."""

    instructions: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalGiven(Event):
    """A person decided; it holds for the task with this digest."""

    durable: ClassVar[bool] = True
    decision: str = "approved"
    digest: str = ""
    by: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class TaskFinished(Event):
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
    files: dict[str, str | None] = field(default_factory=dict)
    """Digests of the files it wrote."""
    evidence: dict[str, Any] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    """What it did beside files, for a person: none of it can be taken back."""
    cause: str = ""
    """For a blocked task: what it waits for in vain."""


@dataclass(frozen=True, slots=True)
class GroupFinished(Event):
    group: str = ""
    status: str = "succeeded"


@dataclass(frozen=True, slots=True)
class PhaseFinished(Event):
    phase: str = ""
    status: str = "succeeded"


@dataclass(frozen=True, slots=True)
class Prepared(Event):
    """A preparation step ran well; `task` is its command."""

    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Committed(Event):
    """A git commit holds what was applied."""

    commit: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something beside the work went wrong, such as a notification that nobody took."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class RunPaused(Event):
    """The run stopped and can go on: it waits for people, or somebody interrupted it."""

    reason: str = "waiting"
    exit_code: int = 4


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    durable: ClassVar[bool] = True
    exit_code: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RolledBack(Event):
    """What the run `of` wrote was taken back, as far as nobody had touched it since."""

    durable: ClassVar[bool] = True
    of: str = ""
    tasks: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Entry(NamedTuple):
    """An event with its place in the journal: `seq` counts from 1, `at` is in seconds since the epoch."""

    seq: int
    run_id: str
    at: float
    event: Event


KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in Event.__subclasses__()}


def to_data(event: Event) -> dict[str, Any]:
    """Return the fields of an event that are not at their defaults, `task` left out."""
    names, defaults = _FIELDS[type(event)]
    found = {}
    for name, default in zip(names, defaults, strict=True):
        value = getattr(event, name)
        if value is not default and value != default:
            found[name] = value
    return found


def from_data(kind: str, task: str, data: dict[str, Any]) -> Event | None:
    """Return the event, or None for one this version does not know; fields it does not know are left out."""
    model = KINDS.get(kind)
    if model is None:
        return None
    known = _NAMES[model]
    return model(task, **{name: value for name, value in data.items() if name in known})


def _fields_of(model: type[Event]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    own = [f for f in fields(model) if f.name != "task"]
    defaults = [f.default_factory() if f.default_factory is not MISSING else f.default for f in own]
    return tuple(f.name for f in own), tuple(defaults)


_FIELDS = {kind: _fields_of(kind) for kind in KINDS.values()}
_NAMES = {kind: frozenset(names) for kind, (names, _) in _FIELDS.items()}
