"""The durable record: an append-only table of events in SQLite.

Events of one tick are one transaction. Write-ahead logging makes a commit survive the death of the process; an event
that must also survive a power cut (`DURABLE`) is flushed to disk.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from msgspec import MsgspecError, Struct
from msgspec.json import decode

from orchestrator.clock import Clock, SystemClock
from orchestrator.errors import EnvironmentProblem, StateError
from orchestrator.record.events import DURABLE, Entry, Event, TaskFinished, TaskStarted, from_text, masked, to_text

VERSION: Final = 4
"""Raised with each new index too: an older journal gets it when it is next written to."""
_MANY: Final = "TasksUnchanged"
"""A row of this kind holds the ends of many tasks that found nothing to do, so that looking leaves little behind."""
_RARE: Final = "kind NOT IN ('TaskStarted', 'TaskFinished')"
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, run TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL,
    task TEXT NOT NULL, status TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ends_by_task ON events (task, status, seq) WHERE kind = 'TaskFinished';
CREATE INDEX IF NOT EXISTS evidence_of_tasks ON events (task, seq)
    WHERE kind = 'TaskFinished' AND instr(data, '"evidence":');
CREATE INDEX IF NOT EXISTS rare_events ON events (kind, run) WHERE {_RARE};
DROP INDEX IF EXISTS ends_of_tasks;
DROP INDEX IF EXISTS successes_of_tasks;
"""
_INSERT: Final = "INSERT INTO events (seq, run, at, kind, task, status, data) VALUES (?, ?, ?, ?, ?, ?, ?)"


class Journal(Protocol):
    """What the engine needs of a journal."""

    def append(self, events: Sequence[Event]) -> list[Entry]:
        """Make events durable, all or none; return them with their places, as they may be shown."""


class SqliteJournal:
    """The journal of one project, as seen by one run."""

    def __init__(
        self,
        path: Path,
        run_id: str = "",
        *,
        clock: Clock | None = None,
        mask: Callable[[object], object] | None = None,
        read_only: bool = False,
    ) -> None:
        """Open the journal, making it if need be; `read_only` changes no byte.

        :raises StateError: when the file is no journal of ours.
        """
        self.path = path
        self.run_id = run_id
        self._clock = clock or SystemClock()
        self._mask = mask
        self._synchronous = False
        self._seen_version = -1
        try:
            self._db = _connect(path, read_only=read_only)
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and read_only:  # its making was interrupted; it holds nothing, and reading changes nothing
                self._db.close()
                self._db = sqlite3.connect(":memory:", isolation_level=None)
            if version == 0 or (version < VERSION and not read_only):
                self._db.executescript(_SCHEMA)
                self._db.execute(f"PRAGMA user_version={VERSION}")
        except sqlite3.Error as error:
            raise _problem(path, error) from error
        if version > VERSION:
            self._db.close()
            hint = "use that version, or another --state-dir"
            raise StateError("state/journal", f"`{path}` was written by a newer version", hint=hint)

    def append(self, events: Sequence[Event]) -> list[Entry]:
        if not events:
            return []
        now = self._clock.now()
        if self._mask is not None:
            events = [masked(event, self._mask) for event in events]
        try:
            self._require(not DURABLE.isdisjoint(map(type, events)))
            self._db.execute("BEGIN IMMEDIATE")
            try:
                first: int = self._db.execute("SELECT coalesce(max(seq), 0) + 1 FROM events").fetchone()[0]
                self._db.executemany(_INSERT, _rows(events, first, self.run_id, now))
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _problem(self.path, error) from error
        return [Entry(seq, self.run_id, now, event) for seq, event in enumerate(events, first)]

    def entries(
        self,
        *,
        run: str | None = None,
        kinds: Collection[type[Event]] = (),
        after: int = 0,
    ) -> Iterator[Entry]:
        """Yield events in order, those that fit all that is given."""
        where = ["seq > ?"]
        values: list[int | str] = [after]
        if run is not None:
            where.append("run = ?")
            values.append(run)
        if kinds:
            names = [kind.__name__ for kind in kinds] + ([_MANY] if TaskFinished in kinds else [])
            if not {TaskStarted, TaskFinished}.intersection(kinds):
                where.append(_RARE)  # lets SQLite use the index
            where.append(f"kind IN ({', '.join('?' * len(names))})")
            values.extend(names)
        return (entry for entry in self._read(" AND ".join(where), values) if entry.seq > after)

    def durations(self) -> dict[str, float]:
        """Return for each task the seconds its last success took."""
        query = (
            "SELECT task, data FROM events WHERE seq IN "
            "(SELECT max(seq) FROM events WHERE kind = 'TaskFinished' AND status = 'succeeded' GROUP BY task)"
        )
        return {task: end.seconds for task, end in self._ends(query, _Took)}

    def latest_finished(self) -> list[Entry]:
        """Return for each task its newest `TaskFinished`, of any run."""
        newest = "SELECT max(seq) FROM events WHERE kind = 'TaskFinished' GROUP BY task"  # from the index alone
        many = f"SELECT seq FROM events WHERE kind = ? AND {_RARE}"  # noqa: S608  # a constant of ours
        found = self._read(f"seq IN ({newest} UNION ALL {many})", [_MANY])
        return list({entry.event.task: entry for entry in found}.values())

    def evidence(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return for each task the digest and the evidence of its newest end that left evidence."""
        query = (
            "SELECT task, data, max(seq) FROM events "
            "WHERE kind = 'TaskFinished' AND instr(data, '\"evidence\":') GROUP BY task"
        )
        return {task: (end.digest, end.evidence) for task, end in self._ends(query, _Left)}

    def runs(self) -> list[str]:
        """Return the ids of all runs, oldest first."""
        started = f"kind = 'RunStarted' AND {_RARE}"
        query = f"SELECT run FROM events WHERE {started} GROUP BY run ORDER BY min(seq)"  # noqa: S608  # constants
        return [row[0] for row in self._execute(query)]

    def changed_elsewhere(self) -> bool:
        """Say whether another process added something since this was last asked."""
        version: int = self._execute("PRAGMA data_version")[0][0]
        changed = version != self._seen_version and self._seen_version != -1
        self._seen_version = version
        return changed

    def prune(self, keep: Collection[str]) -> int:
        """Forget all runs but `keep`; return how many events went."""
        query = "DELETE FROM events WHERE run NOT IN (SELECT value FROM json_each(?)) RETURNING 1"
        gone = self._execute(query, [json.dumps([*keep])])
        self._execute("VACUUM")
        return len(gone)

    def close(self) -> None:
        self._db.close()

    def _require(self, durable: bool) -> None:
        if durable != self._synchronous:
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._synchronous = durable

    def _execute(self, query: str, values: Sequence[int | str] = ()) -> list[Any]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _problem(self.path, error) from error

    def _ends(self, query: str, kind: type[End]) -> Iterable[tuple[str, End]]:
        """Return what a query for `task, data` finds, all of it parsed at once, which costs less than each row."""
        rows = self._execute(query)
        try:
            ends = decode(f"[{','.join([row[1] for row in rows])}]", type=list[kind])  # type: ignore[valid-type]  # a variable
        except MsgspecError as error:
            raise _problem(self.path, error) from error
        return zip([row[0] for row in rows], ends, strict=True)

    def _read(self, where: str, values: Sequence[int | str]) -> Iterator[Entry]:
        """Yield the events for which a condition of ours holds, in order; `values` are for its question marks."""
        query = f"SELECT seq, run, at, kind, task, data FROM events WHERE {where} ORDER BY seq"  # noqa: S608  # ours
        try:
            for seq, run, at, kind, task, data in self._db.execute(query, values):
                if kind == _MANY:
                    yield from _unpacked(seq, run, at, json.loads(data))
                    continue
                event = from_text(kind, task, data)
                if event is not None:
                    yield Entry(seq, run, at, event)
        except (sqlite3.Error, ValueError, MsgspecError) as error:
            raise _problem(self.path, error) from error


class _Took(Struct):
    """What is read of the end of a task to know how long it took."""

    seconds: float = 0.0


class _Left(Struct):
    """What is read of one that left evidence."""

    digest: str = ""
    evidence: dict[str, Any] = {}


End = TypeVar("End", _Took, _Left)


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    if not read_only:
        db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        return db
    # A journal nobody writes to has no write-ahead log; declared immutable, none is made to read it. Of one that is
    # written to, or whose writer was killed, the index of that log is only read too.
    quiet = not path.with_name(f"{path.name}-wal").exists()
    indexed = path.with_name(f"{path.name}-shm").exists()
    how = "&immutable=1" if quiet else "&readonly_shm=1" if indexed else ""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{how}", uri=True, isolation_level=None, timeout=10.0)


def _rows(events: Sequence[Event], first: int, run: str, at: float) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of events whose places begin with `first`; a row of many has the place of its last."""
    seq = first
    for summary, alike in itertools.groupby(events, _saying_nothing_new):
        if summary is not None:
            ends = [(event.task, event.digest) for event in alike if isinstance(event, TaskFinished)]
            seq += len(ends)
            data = dict(zip(("tasks", "digests"), zip(*ends, strict=True), strict=True), summary=summary)
            yield seq - 1, run, at, _MANY, "", "unchanged", json.dumps(data, separators=(",", ":"), ensure_ascii=False)
            continue
        for event in alike:
            yield seq, run, at, type(event).__name__, event.task, getattr(event, "status", ""), to_text(event)
            seq += 1


def _saying_nothing_new(event: Event) -> str | None:
    """Return the summary of an end that says only that there was nothing to do, None for all other events."""
    if type(event) is not TaskFinished or event.status != "unchanged":
        return None
    plain = TaskFinished(event.task, "unchanged", summary=event.summary, digest=event.digest)
    return event.summary if event == plain else None


def _unpacked(last: int, run: str, at: float, data: dict[str, Any]) -> Iterator[Entry]:
    tasks, digests, summary = data["tasks"], data["digests"], data["summary"]
    for seq, task, digest in zip(itertools.count(last - len(tasks) + 1), tasks, digests, strict=False):
        yield Entry(seq, run, at, TaskFinished(task, "unchanged", summary=summary, digest=digest))


def _problem(path: Path, error: Exception) -> Exception:
    text = str(error)
    if "disk is full" in text or ("disk I/O" in text and _is_full(path.parent)):
        hint = "free some space, then run again: what was finished is recorded"
        return EnvironmentProblem("environment/no-space", f"no space left to write `{path}`", hint=hint)
    if "readonly" in text or "unable to open" in text or "read-only" in text:
        hint = "make it writable, or keep the state elsewhere with --state-dir"
        return EnvironmentProblem("environment/unwritable", f"`{path}` cannot be written", hint=hint)
    hint = "move it away to start afresh, or name another --state-dir"
    return StateError("state/journal", f"`{path}` cannot be read: {text}", hint=hint)


def _is_full(directory: Path) -> bool:
    """Say whether there is no room for what SQLite keeps beside a database (32 KiB at a time)."""
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize < 64 * 1024
