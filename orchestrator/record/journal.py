"""The durable record: an append-only table of events in SQLite.

Events of one tick are one transaction. Write-ahead logging makes a commit survive the death of the process; an event
that must also survive a power cut (`DURABLE`) is flushed to disk.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from orchestrator.clock import Clock, SystemClock
from orchestrator.errors import EnvironmentProblem, StateError
from orchestrator.record.events import DURABLE, Entry, Event, TaskFinished, TaskStarted, from_data, to_data

VERSION: Final = 2
"""Raised with each new index too: an older journal gets it when it is next written to."""
_RARE: Final = "kind NOT IN ('TaskStarted', 'TaskFinished')"
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, run TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL,
    task TEXT NOT NULL, status TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ends_of_tasks ON events (task, seq) WHERE kind = 'TaskFinished';
CREATE INDEX IF NOT EXISTS successes_of_tasks ON events (task, seq)
    WHERE kind = 'TaskFinished' AND status = 'succeeded';
CREATE INDEX IF NOT EXISTS evidence_of_tasks ON events (task, seq)
    WHERE kind = 'TaskFinished' AND instr(data, '"evidence":');
CREATE INDEX IF NOT EXISTS rare_events ON events (kind, run) WHERE {_RARE};
"""
_INSERT: Final = "INSERT INTO events (run, at, kind, task, status, data) VALUES (?, ?, ?, ?, ?, ?)"


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
        events = [self._masked(event) for event in events]
        rows = [
            (
                self.run_id,
                now,
                type(event).__name__,
                event.task,
                getattr(event, "status", ""),
                _dump(data) if (data := to_data(event)) else "{}",
            )
            for event in events
        ]
        try:
            self._require(not DURABLE.isdisjoint(map(type, events)))
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(_INSERT, rows)
                last: int = self._db.execute("SELECT last_insert_rowid()").fetchone()[0]
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _problem(self.path, error) from error
        first = last - len(events) + 1
        return [Entry(first + offset, self.run_id, now, event) for offset, event in enumerate(events)]

    def entries(
        self,
        *,
        run: str | None = None,
        kinds: Collection[type[Event]] = (),
        task: str | None = None,
        after: int = 0,
    ) -> Iterator[Entry]:
        """Yield events in order, those that fit all that is given."""
        where, values = ["seq > ?"], [after]
        for column, value in (("run", run), ("task", task)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)  # type: ignore[arg-type]  # SQLite takes both
        if kinds:
            if not {TaskStarted, TaskFinished}.intersection(kinds):
                where.append(_RARE)  # lets SQLite use the index
            where.append(f"kind IN ({', '.join('?' * len(kinds))})")
            values.extend(kind.__name__ for kind in kinds)  # type: ignore[misc]  # SQLite takes both
        condition = " AND ".join(where)
        query = f"SELECT seq, run, at, kind, task, data FROM events WHERE {condition} ORDER BY seq"  # noqa: S608
        return self._read(query, values)

    def durations(self) -> dict[str, float]:
        """Return for each task the seconds its last success took."""
        query = (
            "SELECT task, coalesce(json_extract(data, '$.seconds'), 0.0), max(seq) FROM events "
            "WHERE kind = 'TaskFinished' AND status = 'succeeded' GROUP BY task"
        )
        return {task: seconds for task, seconds, _ in self._execute(query)}

    def latest_finished(self) -> Iterator[Entry]:
        """Yield for each task its newest `TaskFinished`, of any run."""
        newest = "SELECT max(seq) FROM events WHERE kind = 'TaskFinished' GROUP BY task"  # from the index alone
        return self._read(f"SELECT seq, run, at, kind, task, data FROM events WHERE seq IN ({newest})", ())  # noqa: S608

    def evidence(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return for each task the digest and the evidence of its newest end that left evidence."""
        query = (
            "SELECT task, json_extract(data, '$.digest'), json_extract(data, '$.evidence'), max(seq) FROM events "
            "WHERE kind = 'TaskFinished' AND instr(data, '\"evidence\":') GROUP BY task"
        )
        rows = self._execute(query)
        read = json.loads(f"[{','.join(row[2] for row in rows)}]")  # at once: a third of the cost of each by itself
        return {task: (digest or "", evidence) for (task, digest, *_), evidence in zip(rows, read, strict=True)}

    def runs(self) -> list[str]:
        """Return the ids of all runs, oldest first."""
        query = f"SELECT run FROM events WHERE kind = 'RunStarted' AND {_RARE} GROUP BY run ORDER BY min(seq)"  # noqa: S608
        return [row[0] for row in self._execute(query)]

    def changed_elsewhere(self) -> bool:
        """Say whether another process added something since this was last asked."""
        version: int = self._execute("PRAGMA data_version")[0][0]
        changed = version != self._seen_version and self._seen_version != -1
        self._seen_version = version
        return changed

    def prune(self, keep: Collection[str]) -> int:
        """Forget all runs but `keep`; return how many events went."""
        marks = ", ".join("?" * len(keep))
        gone = self._execute(f"DELETE FROM events WHERE run NOT IN ({marks}) RETURNING 1", list(keep))  # noqa: S608
        self._execute("VACUUM")
        return len(gone)

    def close(self) -> None:
        self._db.close()

    def _masked(self, event: Event) -> Event:
        """Return the event as it may be seen: what is shown is what is kept."""
        if self._mask is None:
            return event
        data = to_data(event)
        masked = {name: self._mask(value) for name, value in data.items()}
        return event if masked == data else from_data(type(event).__name__, event.task, masked) or event

    def _require(self, durable: bool) -> None:
        if durable != self._synchronous:
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._synchronous = durable

    def _execute(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _problem(self.path, error) from error

    def _read(self, query: str, values: Sequence[Any]) -> Iterator[Entry]:
        try:
            for seq, run, at, kind, task, data in self._db.execute(query, values):
                event = from_data(kind, task, json.loads(data))
                if event is not None:
                    yield Entry(seq, run, at, event)
        except (sqlite3.Error, ValueError) as error:
            raise _problem(self.path, error) from error


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


_dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


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
