"""The journal against a list, with processes that end between any two appends."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from orchestrator.record.events import (
    KINDS,
    ApprovalGiven,
    ChangeStaged,
    Entry,
    Event,
    RunStarted,
    TaskFinished,
    TaskStarted,
    from_text,
    to_text,
)
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.state import fold

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
ids = st.sampled_from(["1", "2", "3[a/b]", ""])


def of_kind(kind: type[Event], **drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Event]:
    """Return events of a kind, the fields that are not `drawn` at their defaults."""
    return st.fixed_dictionaries(drawn).map(lambda given: kind(**given))


events = st.one_of(
    of_kind(RunStarted, plan=text, resumed=st.booleans(), git=st.dictionaries(text, plain, max_size=2)),
    of_kind(TaskStarted, task=ids, attempt=st.integers(1, 9)),
    of_kind(TaskFinished, task=ids, status=st.sampled_from(["succeeded", "failed"]), message=text),
    of_kind(TaskFinished, task=ids, evidence=st.dictionaries(text, plain, max_size=2)),
    of_kind(TaskFinished, task=ids, status=st.just("unchanged"), summary=st.sampled_from(["", "ä"]), digest=text),
    of_kind(TaskFinished, task=ids, status=st.just("unchanged"), seconds=st.sampled_from([0.0, 1.5]), hint=text),
    of_kind(ApprovalGiven, task=ids, by=text, comment=text),
    of_kind(ChangeStaged, task=ids, suffix=text),
)
batches = st.lists(events, max_size=4)


def as_data(event: Event) -> list[str]:
    return [type(event).__name__, event.task, to_text(event)]


KILLED_WRITER = """
import json, os, sys
from pathlib import Path
from orchestrator.record.events import from_text
from orchestrator.record.journal import SqliteJournal

journal = SqliteJournal(Path(sys.argv[1]), sys.argv[2])
for batch in json.load(sys.stdin):
    journal.append([from_text(*event) for event in batch])
os.kill(os.getpid(), 9)
"""


class JournalMachine(RuleBasedStateMachine):
    """Two writers that close, reopen and die; whatever one of them was told is kept, is there."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name, "journal.db")
        self.kept: list[tuple[str, Event]] = []
        self.writers: dict[str, SqliteJournal] = {}

    @rule(run=st.sampled_from(["one", "two"]), batch=batches)
    def append(self, run: str, batch: list[Event]) -> None:
        if run not in self.writers:
            self.writers[run] = SqliteJournal(self.path, run)
        entries = self.writers[run].append(batch)
        assert [entry.seq for entry in entries] == [len(self.kept) + n + 1 for n in range(len(batch))]
        self.kept += [(run, event) for event in batch]

    @rule(run=st.sampled_from(["one", "two"]))
    def close(self, run: str) -> None:
        if writer := self.writers.pop(run, None):
            writer.close()

    @invariant()
    def what_was_appended_is_there_for_every_reader(self) -> None:
        readers = [*self.writers.values()]
        if self.path.exists():
            readers.append(SqliteJournal(self.path, read_only=True))
        for reader in readers:
            assert [(entry.run_id, entry.event) for entry in reader.entries()] == self.kept
            assert reader.runs() == list(dict.fromkeys(run for run, e in self.kept if isinstance(e, RunStarted)))
        if self.path.exists():
            readers[-1].close()

    def teardown(self) -> None:
        for writer in self.writers.values():
            writer.close()
        self.directory.cleanup()


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)


@given(st.lists(st.lists(batches, max_size=3), min_size=1, max_size=3))
@settings(max_examples=8, deadline=None)
def test_what_killed_processes_were_told_is_kept_is_folded_the_same_by_the_next(
    lives: list[list[list[Event]]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "journal.db")
        kept: list[Event] = []
        for life in lives:
            told = json.dumps([[as_data(event) for event in batch] for batch in life])
            subprocess.run([sys.executable, "-c", KILLED_WRITER, path, "run"], input=told, text=True)
            kept += [event for batch in life for event in batch]
            with closing(SqliteJournal(path, read_only=True)) as journal:
                entries = list(journal.entries())
            assert [entry.event for entry in entries] == kept
            at = [entry.at for entry in entries]
            again = [Entry(n, "run", when, event) for n, (when, event) in enumerate(zip(at, kept, strict=True), 1)]
            assert fold(entries) == fold(again)


@given(events)
def test_an_event_is_what_its_data_says(event: Event) -> None:
    again = from_text(type(event).__name__, event.task, to_text(event))
    assert again == event


def test_every_kind_of_event_can_be_written_with_its_defaults() -> None:
    for name, kind in KINDS.items():
        assert to_text(kind()) == "{}"
        assert from_text(name, "", "{}") == kind()
