"""The directory that a project's record lives in: journal, logs, artifacts, what files held before, the lock.

Knows where things are and how they are opened; never what they mean.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.clock import Clock
from orchestrator.errors import EnvironmentProblem, StateError, raise_os_error
from orchestrator.record.events import ChangeStaged, OutputsWritten, RunFinished
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.lock import ProjectLock
from orchestrator.record.objects import ObjectStore
from orchestrator.record.state import RunState, fold


@dataclass(frozen=True)
class Store:
    """One project's record on disk."""

    directory: Path
    clock: Clock
    mask: Callable[[object], object] | None = None
    """Takes secrets out of what is written."""
    open_journal: Callable[..., SqliteJournal] = SqliteJournal

    @property
    def objects(self) -> ObjectStore:
        """What files held before they were changed."""
        return ObjectStore(self.directory / "objects")

    def run_directory(self, run: str) -> Path:
        """Return where a run keeps its logs and artifacts."""
        return self.directory / "runs" / run

    def make(self) -> None:
        """Make the directory, which git ignores.

        :raises EnvironmentProblem: when that is not possible.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            ignore = self.directory / ".gitignore"
            if not ignore.is_file() or not ignore.stat().st_size:  # a full disk leaves it empty
                ignore.write_text("*\n")
        except OSError as error:
            if isinstance(error, PermissionError) or error.errno == 30:
                hint = "make it writable, or keep the state elsewhere with --state-dir"
                message = f"`{self.directory}` cannot be written: {error.strerror}"
                raise EnvironmentProblem("environment/unwritable", message, hint=hint) from error
            raise_os_error(error, self.directory)

    def lock(self, command: str, run: str = "") -> ProjectLock:
        """Return the lock that keeps other commands off the project; it says who holds it."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        holder = {"command": f"orchestrate {command}", "run": run, "pid": os.getpid(), "since": since}
        return ProjectLock(self.directory / "lock", {**holder, "host": socket.gethostname()})

    # --- the journal --------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[SqliteJournal]:
        """Give the journal for writing, made if need be."""
        with closing(self.open_journal(self._journal_path, clock=self.clock, mask=self.mask)) as journal:
            yield journal

    @contextmanager
    def reading(self) -> Iterator[SqliteJournal | None]:
        """Give the journal for reading, None where nothing was ever recorded; changes no byte."""
        if not self._journal_path.is_file():
            yield None
            return
        with closing(SqliteJournal(self._journal_path, read_only=True)) as journal:
            yield journal

    def state(self, run: str | None = None) -> RunState | None:
        """Return the state of a run, by default the last one.

        :raises StateError: for a run that does not exist.
        """
        with self.reading() as journal:
            runs = journal.runs() if journal else []
            if run is not None and run not in runs:
                raise StateError("state/no-run", f"there is no run `{run}`", hint="see `orchestrate history`")
            if not runs or journal is None:
                return None
            return fold(journal.entries(run=run or runs[-1]))

    def prune(self) -> int:
        """Forget all runs but the last, with their logs and the pre-images only they need; return how many went.

        :raises StateError: when there are no runs, or one is going on.
        """
        if not self._journal_path.is_file():
            raise StateError("state/no-run", "nothing was ever run here")
        with self.lock("history --prune"), self.writing() as journal:
            runs = journal.runs()
            journal.prune(runs[-1:])
            changes = [entry.event for entry in journal.entries(kinds=[ChangeStaged, OutputsWritten])]
        needed = {before for event in changes for _, before, *_ in getattr(event, "edits", ()) if before}
        self.objects.keep_only(needed)
        for run in runs[:-1]:
            shutil.rmtree(self.run_directory(run), ignore_errors=True)
        return max(len(runs) - 1, 0)

    @property
    def _journal_path(self) -> Path:
        return self.directory / "journal.db"


def open_run(journal: SqliteJournal) -> RunState | None:
    """Return the state of the run that the next one goes on with, None if there is none."""
    runs = journal.runs()
    if not runs or any(True for _ in journal.entries(run=runs[-1], kinds=[RunFinished])):
        return None
    return fold(journal.entries(run=runs[-1]))
