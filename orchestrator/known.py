"""What the record of earlier runs tells about tasks, and what other processes add to it while a run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.handler import Answer
from orchestrator.plan.model import Plan, Task
from orchestrator.record.events import ApprovalGiven, Entry, Event, TaskFinished
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.state import approvals


@dataclass
class Known:
    """What earlier runs tell about tasks."""

    finished: dict[str, TaskFinished] = field(default_factory=dict)
    """Read only where the selection is a part of the plan."""
    previous: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    approvals: dict[tuple[str, str], ApprovalGiven] = field(default_factory=dict)

    @classmethod
    def read(cls, journal: SqliteJournal | None, *, finished: bool) -> Known:
        if journal is None:
            return cls()
        ended = (entry.event for entry in journal.latest_finished()) if finished else ()
        return cls(
            finished={event.task: event for event in ended if isinstance(event, TaskFinished)},
            previous=journal.evidence(),
            durations=journal.durations(),
            approvals=approvals(journal.entries(kinds=[ApprovalGiven])),
        )


class Memory:
    """The journal of a preview: forgotten with it."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, events: Sequence[Event]) -> list[Entry]:
        self.events.extend(events)
        return []


class OtherAnswers:
    """What other processes record while a run is going on."""

    def __init__(self, journal: SqliteJournal, plan: Plan) -> None:
        self._journal = journal
        self._plan = plan
        self._seen: int | None = None  # the first look is for what came before there was anybody to notice

    def __call__(self) -> list[tuple[Task, Answer]]:
        if not self._journal.changed_elsewhere() and self._seen is not None:
            return []
        found: dict[str, tuple[Task, Answer]] = {}
        after, self._seen = self._seen or 0, self._seen or 0
        for entry in self._journal.entries(kinds=[ApprovalGiven], after=after):
            self._seen = entry.seq
            given = entry.event
            task = self._plan.tasks.get(given.task)
            if isinstance(given, ApprovalGiven) and task is not None and given.digest == task.digest:
                found[task.id] = (task, Answer(given.decision, given.by, given.comment))
        return list(found.values())
