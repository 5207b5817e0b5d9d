from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from orchestrator.errors import EnvironmentProblem, StateError
from orchestrator.masking import Masker
from orchestrator.record.events import (
    ApprovalGiven,
    ChangeStaged,
    Event,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskStarted,
    from_text,
)
from orchestrator.record.journal import VERSION, SqliteJournal
from orchestrator.record.state import fold
from tests.support.clocks import FakeClock

EPOCH = 1_700_000_000.0
WRITER = """
import os, sys
from pathlib import Path
from orchestrator.record.events import TaskStarted
from orchestrator.record.journal import SqliteJournal

path, run, count, ending = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
journal = SqliteJournal(path, run)
for number in range(count):
    journal.append([TaskStarted(f"{run}.{number}.a"), TaskStarted(f"{run}.{number}.b")])
if ending == "kill":
    os.kill(os.getpid(), 9)
if ending == "stay":
    print("written", flush=True)
    sys.stdin.read()
journal.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def write(path: Path, run: str = "r", count: int = 3, ending: str = "close") -> None:
    ended = subprocess.run([sys.executable, "-c", WRITER, path, run, str(count), ending])
    assert ended.returncode == (-signal.SIGKILL if ending == "kill" else 0)


def snapshot(directory: Path) -> dict[str, tuple[int, str]]:
    return {
        file.name: (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest())
        for file in directory.iterdir()
    }


def events(path: Path, *, read_only: bool = True) -> list[Event]:
    with closing(SqliteJournal(path, read_only=read_only)) as journal:
        return [entry.event for entry in journal.entries()]


# --- what is kept -------------------------------------------------------------------------------------------


def test_what_is_appended_comes_back_with_its_place(path: Path) -> None:
    finished = TaskFinished("1", "failed", code="task/command", files={"a": None}, evidence={"x": [1]}, tolerated=True)
    with closing(SqliteJournal(path, "r", clock=FakeClock(EPOCH))) as journal:
        first = journal.append([RunStarted(plan="p", git={"head": "ä\n\U0001f600"})])
        second = journal.append([finished, RunFinished(exit_code=1)])
    assert [(entry.seq, entry.run_id, entry.at) for entry in first + second] == [
        (1, "r", EPOCH),
        (2, "r", EPOCH),
        (3, "r", EPOCH),
    ]
    with closing(SqliteJournal(path, read_only=True)) as journal:
        assert list(journal.entries()) == first + second


def test_appending_nothing_changes_nothing(path: Path) -> None:
    with closing(SqliteJournal(path, "r")) as journal:
        assert journal.append([]) == []
        assert list(journal.entries()) == []


def test_entries_are_found_by_run_kind_and_place(path: Path) -> None:
    with closing(SqliteJournal(path, "one")) as journal:
        journal.append([RunStarted(), TaskStarted("1"), TaskFinished("1")])
        journal.run_id = "two"
        journal.append([RunStarted(), TaskStarted("1"), TaskStarted("2")])

        def found(**conditions: object) -> list[int]:
            return [entry.seq for entry in journal.entries(**conditions)]  # type: ignore[arg-type]

        assert found() == [1, 2, 3, 4, 5, 6]
        assert found(run="one") == [1, 2, 3]
        assert found(kinds=[TaskStarted, TaskFinished]) == [2, 3, 5, 6]
        assert found(after=2) == [3, 4, 5, 6]
        assert found(run="two", kinds=[TaskStarted], after=5) == [6]
        assert journal.runs() == ["one", "two"]


def test_the_newest_end_of_each_task_counts_whatever_run_it_is_of(path: Path) -> None:
    with closing(SqliteJournal(path, "one")) as journal:
        journal.append([TaskFinished("1", "succeeded"), TaskFinished("2", "failed")])
        journal.run_id = "two"
        journal.append([TaskFinished("1", "failed")])
        newest = {entry.event.task: (entry.run_id, entry.event) for entry in journal.latest_finished()}
        assert newest == {
            "1": ("two", TaskFinished("1", "failed")),
            "2": ("one", TaskFinished("2", "failed")),
        }


def test_what_a_task_took_and_found_last_is_told_by_its_successes_alone(path: Path) -> None:
    with closing(SqliteJournal(path, "one")) as journal:
        journal.append([TaskFinished("1", "succeeded", digest="d", seconds=2.5, evidence={"stamp": "s"})])
        journal.append([TaskFinished("1", "unchanged", digest="d", evidence={"stamp": "t"})])
        journal.append([TaskFinished("1", "failed", digest="e"), TaskFinished("2", "failed")])
        assert journal.durations() == {"1": 2.5}
        assert journal.evidence() == {"1": ("d", {"stamp": "t"})}


def test_tasks_that_had_nothing_to_do_share_a_row_and_are_told_one_by_one(path: Path) -> None:
    unchanged = [TaskFinished(str(n), "unchanged", summary="up to date", digest=f"d{n}") for n in range(100)]
    others = [
        replace(unchanged[0], summary="`x` exists"),
        replace(unchanged[1], evidence={"stamp": "s"}),
        replace(unchanged[2], seconds=3.0),
        replace(unchanged[3], code="task/odd"),
    ]
    with closing(SqliteJournal(path, "r", clock=FakeClock(EPOCH))) as journal:
        written = journal.append([RunStarted(), *unchanged, *others, RunFinished()])
        written += journal.append(unchanged[:2])
    assert [entry.seq for entry in written] == list(range(1, 109))
    assert [entry.event for entry in written] == [RunStarted(), *unchanged, *others, RunFinished(), *unchanged[:2]]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone() == (8,)
    with closing(SqliteJournal(path, read_only=True)) as journal:
        assert list(journal.entries()) == written
        assert list(journal.entries(kinds=[TaskFinished], after=50)) == [*written[50:105], *written[106:]]
        assert list(journal.entries(kinds=[RunFinished])) == [written[105]]


def test_a_task_that_had_nothing_to_do_has_its_newest_end_among_those_that_had_something(path: Path) -> None:
    unchanged = [TaskFinished(task, "unchanged", digest="d") for task in ("1", "2")]
    with closing(SqliteJournal(path, "r")) as journal:
        journal.append([TaskFinished("1", "succeeded"), TaskFinished("3", "succeeded"), *unchanged])
        journal.append([TaskFinished("2", "failed")])
        newest = {entry.event.task: (entry.seq, entry.event) for entry in journal.latest_finished()}
    assert newest == {
        "1": (3, unchanged[0]),
        "2": (5, TaskFinished("2", "failed")),
        "3": (2, TaskFinished("3", "succeeded")),
    }


def test_an_event_of_a_newer_version_is_passed_over_and_so_is_a_field_of_one(path: Path) -> None:
    with closing(SqliteJournal(path, "r")) as journal:
        journal.append([TaskStarted("1")])
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO events (run, at, kind, task, status, data) VALUES ('r', 0, 'Teleported', '1', '', '{}')"
        )
    assert events(path) == [TaskStarted("1")]
    assert from_text("TaskStarted", "1", '{"attempt":2,"mood":"good"}') == TaskStarted("1", 2)


def test_pruning_forgets_all_runs_but_those_that_are_kept(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        for run in ("one", "two", "three"):
            journal.run_id = run
            journal.append([RunStarted(), RunFinished()])
        assert journal.prune(["two"]) == 4
        assert journal.runs() == ["two"]
        journal.append([TaskStarted("1")])
        assert [entry.seq for entry in journal.entries()] == [3, 4, 5]
        assert journal.prune([]) == 3
        assert journal.runs() == []


# --- batches ------------------------------------------------------------------------------------------------


class FullDisk:
    """An event field that cannot be kept."""


def test_a_batch_is_kept_whole_or_not_at_all(path: Path) -> None:
    with closing(SqliteJournal(path, "r")) as journal:
        journal.append([TaskStarted("1")])
        with pytest.raises(TypeError):
            journal.append([TaskStarted("2"), TaskFinished("2", evidence={"x": FullDisk()})])
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.task = '4' BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        with pytest.raises(StateError, match="no"):
            journal.append([TaskStarted("3"), TaskStarted("4")])
        journal.append([TaskStarted("5")])
    assert events(path) == [TaskStarted("1"), TaskStarted("5")]


@pytest.mark.parametrize("event", [ChangeStaged("1"), ApprovalGiven("1"), RunFinished()])
def test_what_must_survive_a_power_cut_is_flushed_and_the_rest_is_not(path: Path, event: Event) -> None:
    with closing(SqliteJournal(path, "r")) as journal:

        def flushed() -> int:
            level: int = journal._db.execute("PRAGMA synchronous").fetchone()[0]
            return level

        journal.append([TaskStarted("1")])
        assert flushed() == 1
        journal.append([TaskStarted("2"), event])
        assert flushed() == 2
        journal.append([TaskStarted("3")])
        assert flushed() == 1


@pytest.mark.parametrize("count", [1, 20])
def test_what_a_killed_process_appended_is_there(path: Path, count: int) -> None:
    write(path, count=count, ending="kill")
    expected = [TaskStarted(f"r.{number}.{part}") for number in range(count) for part in "ab"]
    assert events(path) == expected
    assert events(path, read_only=False) == expected


def test_two_processes_append_without_losing_or_mixing_batches(path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, run, "60", "close"]) for run in ("one", "two")]
    assert [writer.wait() for writer in writers] == [0, 0]
    with closing(SqliteJournal(path, read_only=True)) as journal:
        entries = list(journal.entries())
    for run in ("one", "two"):
        mine = [entry for entry in entries if entry.run_id == run]
        assert [entry.event.task for entry in mine] == [f"{run}.{n}.{part}" for n in range(60) for part in "ab"]
        assert all(b.seq == a.seq + 1 for a, b in zip(mine[::2], mine[1::2], strict=True))


def test_it_is_noticed_that_another_process_added_something(path: Path) -> None:
    with closing(SqliteJournal(path, "mine")) as journal:
        assert not journal.changed_elsewhere()
        journal.append([TaskStarted("1")])
        assert not journal.changed_elsewhere()
        write(path, "theirs", 1)
        assert journal.changed_elsewhere()
        assert not journal.changed_elsewhere()


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["close", "kill"])
def test_reading_changes_no_byte_beside_or_in_the_journal(path: Path, ending: str) -> None:
    write(path, ending=ending)
    assert path.with_name("journal.db-wal").exists() == (ending == "kill")
    before = snapshot(path.parent)
    assert len(events(path)) == 6
    assert snapshot(path.parent) == before


def test_reading_beside_a_run_changes_no_byte_and_sees_all_it_has_recorded(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, path, "r", "3", "stay"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        before = snapshot(path.parent)
        assert len(events(path)) == 6
        assert snapshot(path.parent) == before
        write(path, "other", 2)
        assert len(events(path)) == 10
        writer.communicate()


def test_a_journal_in_a_directory_that_cannot_be_written_is_read(path: Path) -> None:
    write(path)
    path.parent.chmod(0o500)
    try:
        assert len(events(path)) == 6
    finally:
        path.parent.chmod(0o700)


def test_a_journal_of_an_older_version_is_read_as_it_is_and_gets_new_indexes_when_it_is_written_to(path: Path) -> None:
    write(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP INDEX ends_by_task")
        db.execute("CREATE INDEX ends_of_tasks ON events (task, seq) WHERE kind = 'TaskFinished'")
        db.execute("PRAGMA user_version=1")

    assert len(events(path, read_only=True)) == 6
    assert "ends_of_tasks" in indexes(path)

    assert len(events(path, read_only=False)) == 6
    assert "ends_by_task" in indexes(path)
    assert "ends_of_tasks" not in indexes(path)


def indexes(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        return {name for _, name, *_ in db.execute("PRAGMA index_list(events)")}


# --- what is refused ----------------------------------------------------------------------------------------


def test_a_newer_version_is_refused(path: Path) -> None:
    write(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version={VERSION + 1}")
    for read_only in (True, False):
        with pytest.raises(StateError, match="newer version") as caught:
            SqliteJournal(path, read_only=read_only)
        assert caught.value.code == "state/journal"


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_journal_is_refused(path: Path, read_only: bool) -> None:
    path.write_bytes(b"These are my notes, not a database.\n" * 300)
    with pytest.raises(StateError, match="cannot be read") as caught:
        events(path, read_only=read_only)
    assert caught.value.code == "state/journal"
    assert caught.value.hint is not None


def test_a_damaged_journal_is_a_state_error_wherever_the_damage_is_met(path: Path) -> None:
    write(path, count=2000)
    content = bytearray(path.read_bytes())
    content[4096 : len(content)] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with closing(SqliteJournal(path)) as journal:
        for ask in (journal.runs, lambda: list(journal.entries()), lambda: list(journal.latest_finished())):
            with pytest.raises(StateError):
                ask()
        with pytest.raises(StateError):
            journal.prune([])
        with pytest.raises(StateError):
            journal.append([TaskStarted("1")])


def test_data_that_is_not_json_is_a_state_error(path: Path) -> None:
    write(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE events SET data = '{' WHERE seq = 2")
    with pytest.raises(StateError, match="cannot be read"):
        events(path)


def test_an_empty_file_has_nothing_to_read(path: Path) -> None:
    path.touch()
    assert events(path) == []
    assert path.stat().st_size == 0, "reading has not made a journal of it"
    assert events(path, read_only=False) == []


def test_a_directory_that_is_not_there_is_the_machine_s_problem(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        SqliteJournal(tmp_path / "missing" / "journal.db")
    assert caught.value.code == "environment/unwritable"


# --- secrets ------------------------------------------------------------------------------------------------


def test_a_secret_is_neither_kept_nor_shown(path: Path) -> None:
    masker = Masker(["hunter2", "summary"])
    event = TaskFinished("1", "failed", message="`curl -u me:hunter2` ended with 22", evidence={"x": ["hunter2", 1]})
    clean = TaskFinished("1", "failed", message="`curl -u me:***` ended with 22", evidence={"x": ["***", 1]})
    untouched = TaskFinished("2", summary="fine", artifacts=("a", "b"))
    with closing(SqliteJournal(path, "r", mask=masker.data)) as journal:
        assert [entry.event for entry in journal.append([event, untouched])] == [clean, untouched]
    assert b"hunter2" not in path.read_bytes()
    assert events(path)[0] == clean


def test_masking_leaves_the_shape_of_a_change_alone(path: Path) -> None:
    staged = ChangeStaged("1", edits=(("hunter2.txt", None, "d", 0o644),), directories=("hunter2",))
    with closing(SqliteJournal(path, "r", mask=Masker(["hunter2"]).data)) as journal:
        journal.append([staged])
        state = fold(journal.entries())
    ((path_, before, after, mode),) = state.unfinished["1"].edits
    assert (path_, before, after, mode) == ("***.txt", None, "d", 0o644)
