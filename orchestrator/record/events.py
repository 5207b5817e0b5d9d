"""The events of a run, in the past tense. What the journal holds is these and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct, json
from msgspec.structs import replace


class Event(Struct, frozen=True, omit_defaults=True, gc=False):
    """Something that happened. `task` is empty for what concerns no single task."""

    task: str = ""


class RunStarted(Event, frozen=True):
    """A run began, or went on after an interruption (`resumed`)."""

    plan: str = ""
    plan_digest: str = ""
    plan_file: str = ""
    selected: int = 0
    resumed: bool = False
    pid: int = 0
    git: dict[str, Any] = {}


class PhaseStarted(Event, frozen=True):
    phase: str = ""


class GroupStarted(Event, frozen=True):
    group: str = ""


class TaskStarted(Event, frozen=True):
    attempt: int = 1


class ProcessStarted(Event, frozen=True):
    """A child of a task runs; `started` is the kernel's start time, so that a reused pid is not mistaken for it."""

    pid: int = 0
    started: int = 0


class ChangeStaged(Event, frozen=True):
    """The pre-images are stored and the files are about to be replaced."""

    attempt: int = 1
    suffix: str = ""
    """Of the temporary files."""
    edits: tuple[tuple[str, str | None, str | None, int | None], ...] = ()
    """Path, digest before (the name of the pre-image), digest after, mode before."""
    directories: tuple[str, ...] = ()
    """Those that did not exist before."""


class OutputsWritten(Event, frozen=True):
    """What a task's action did to the files it had announced; fields as in `ChangeStaged`."""

    edits: tuple[tuple[str, str | None, str | None, int | None], ...] = ()
    directories: tuple[str, ...] = ()


class ChangeUndone(Event, frozen=True):
    """A half-applied change of a killed run was taken back; `left` are files that somebody else changed since."""

    left: tuple[str, ...] = ()


class AttemptFailed(Event, frozen=True):
    """A task will be tried again `delay` seconds later."""

    attempt: int = 1
    code: str = ""
    message: str = ""
    delay: float = 0.0


class TaskOutput(Event, frozen=True):
    """What a task prints. Published, never journaled: the log has it."""

    text: str = ""


class ApprovalAsked(Event, frozen=True):
    """A person is needed."""

    instructions: str = ""
    digest: str = ""
    files: dict[str, str | None] = {}
    """Digests of the files it wrote before it asked."""


class ApprovalGiven(Event, frozen=True):
    """A person decided; it holds for the task with this digest."""

    decision: str = "approved"
    digest: str = ""
    by: str = ""
    comment: str = ""


class TaskFinished(Event, frozen=True):
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


class GroupFinished(Event, frozen=True):
    group: str = ""
    status: str = "succeeded"


class PhaseFinished(Event, frozen=True):
    phase: str = ""
    status: str = "succeeded"


class Prepared(Event, frozen=True):
    """A preparation step ran well; `task` is its command."""

    fingerprint: str = ""


class Committed(Event, frozen=True):
    """A git commit holds what was applied."""

    commit: str = ""
    paths: tuple[str, ...] = ()


class Warned(Event, frozen=True):
    """Something that does not fail a task, but that a person should know, or went wrong beside the work."""

    message: str = ""


class RunPaused(Event, frozen=True):
    """The run stopped and can go on: it waits for people, or somebody interrupted it."""

    reason: str = "waiting"
    exit_code: int = 4


class RunFinished(Event, frozen=True):
    exit_code: int = 0
    seconds: float = 0.0


class RolledBack(Event, frozen=True):
    """What the run `of` wrote was taken back, as far as nobody had touched it since."""

    of: str = ""
    tasks: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Entry(Struct, frozen=True, gc=False):
    """An event with its place in the journal: `seq` counts from 1, `at` is in seconds since the epoch."""

    seq: int
    run_id: str
    at: float
    event: Event


KINDS: Final[dict[str, type[Event]]] = {kind.__name__: kind for kind in Event.__subclasses__()}
DURABLE: Final = frozenset({ChangeStaged, ApprovalGiven, RunFinished, RolledBack})
"""These must survive a power cut, not only a killed process."""


def to_text(event: Event) -> str:
    """Return an event as JSON: the fields that are not at their defaults."""
    return _encode(event).decode()


def from_text(kind: str, task: str, text: str) -> Event | None:
    """Return the event, or None for one this version does not know; fields it does not know are left out.

    :raises MsgspecError: when it is no such text.
    """
    if kind not in KINDS:
        return None
    event = _decoder(kind).decode(text)
    return event if event.task == task else replace(event, task=task)  # older journals leave the task out


def masked(event: Event, mask: Callable[[object], object]) -> Event:
    """Return the event with `mask` applied to each field."""
    data = {name: getattr(event, name) for name in event.__struct_fields__}
    changed = {name: mask(value) for name, value in data.items() if name != "task"}
    return event if all(changed[name] == data[name] for name in changed) else replace(event, **changed)


_encode: Final = json.Encoder().encode


@lru_cache
def _decoder(kind: str) -> json.Decoder[Event]:
    return json.Decoder(KINDS[kind])
