"""A run is killed at every commit of its journal and every file it puts in place; the next one goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.record.state import RunState
from tests.support.kill import MOMENTS
from tests.support.project import PLANS, REPOSITORY, STATE, Site, Tree, alive, changed, wait_until

DRIVER = REPOSITORY / "tests" / "support" / "kill.py"
PLAN = PLANS / "kill.yaml"
TASKS = {"1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8"}
LAST = {"before-commit": 36, "after-commit": 36, "before-rename": 12, "after-rename": 12}
"""The journal has about 23 commits, more where processes are slow; 11 files are put in place."""
CHOSEN = {
    "before-commit": (1, 2, 3, 6, 9, 13),
    "after-commit": (1, 2, 4, 5, 8, 11, 15),
    "before-rename": (3, 4, 7),
    "after-rename": (2, 3, 6),
}
POINTS = [
    pytest.param(moment, number, id=f"{moment}-{number}", marks=[] if number in CHOSEN[moment] else [pytest.mark.long])
    for moment in MOMENTS
    for number in range(1, LAST[moment] + 1)
]


class Mortal(Site):
    """A site whose runs are started by the driver, each command counting how often it ran."""

    @property
    def mark(self) -> str:
        return f"COUNTERS={self.counters}"

    @property
    def counters(self) -> Path:
        return self.base / "counters"

    def live(self, moment: str = "before-commit", number: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the plan in a process of its own, which dies at the moment; number 0 never comes."""
        argv = [sys.executable, DRIVER, self.root, PLAN, moment, str(number)]
        environ = {**self.environ, "COUNTERS": str(self.counters)}
        return subprocess.run(argv, env=environ, cwd=self.root, capture_output=True, text=True, timeout=60, check=False)

    def counts(self) -> dict[str, int]:
        """Return how often each command ran."""
        return {file.name: len(file.read_text().splitlines()) for file in self.counters.iterdir()}


def mortal(base: Path) -> Mortal:
    site = Mortal(base)
    site.counters.mkdir()
    site.write("package.json", '{"name": "mortal", "scripts": {"build": "true"}}\n')
    site.write("docs/runbooks/rollback.md", "Written by a person, mode 600.\n", mode=0o600)
    site.write(".github/workflows/rollback.yml", "name: old\n")
    site.write("notes.txt", "Nobody touches these.\n", mode=0o444)
    return site


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The tree that a run leaves when nobody kills it."""
    site = mortal(tmp_path_factory.mktemp("undisturbed"))
    run = site.live()
    assert run.returncode == 0, run
    assert site.counts() == dict.fromkeys(("1.2", "1.4", "2.1", "2.2", "2.3", "2.4", "2.7"), 1)
    assert alive(site.mark) == []
    return site.tree()


@pytest.mark.parametrize(("moment", "number"), POINTS)
def test_a_killed_run_is_taken_up_where_it_stopped(tmp_path: Path, undisturbed: Tree, moment: str, number: int) -> None:
    site = mortal(tmp_path)
    first = site.live(moment, number)
    if first.stdout == "survived\n":
        assert number == LAST[moment] or moment.endswith("commit")
        return
    assert first.returncode == -signal.SIGKILL, first
    wait_until(lambda: not alive(site.mark), "everything the killed run had started is gone", 8)
    before, ran = recorded(site), site.counts()
    assert_nothing_is_half_written(site, undisturbed)

    second = site.live()
    assert second.returncode == 0, second
    assert second.stderr == ""
    assert changed(undisturbed, site.tree()) == set()
    if not before.is_open:
        return  # killed after its end: the second run was a new one
    again = {task for task, times in site.counts().items() if times > ran.get(task, 0)}
    assert again.isdisjoint(task.id for task in before.tasks.values() if task.result is not None)
    assert max(site.counts().values()) <= 2
    assert len(site.runs()) == 1
    state = site.state()
    assert (state.exit_code, state.is_open, set(state.tasks)) == (0, False, TASKS)
    assert not state.interrupted and not state.unfinished and not state.processes
    assert alive(site.mark) == []


def recorded(site: Mortal) -> RunState:
    """Return what the journal of a killed run tells, from a copy, so that looking mends nothing."""
    if not (site.root / STATE / "journal.db").is_file():
        return RunState()
    copy = Site(site.base / "copy")
    shutil.copytree(site.root / STATE, copy.root / STATE)
    return copy.state() if copy.runs() else RunState()


def assert_nothing_is_half_written(site: Mortal, undisturbed: Tree) -> None:
    """Every file is what it was or what it will be, but for temporary ones, which the next run removes."""
    start = mortal(site.base / "fresh").tree()
    for path, found in site.tree().items():
        if not path.endswith(".tmp"):
            assert found in (start.get(path), undisturbed.get(path)), path


def test_the_first_point_that_a_run_survives_is_not_far_away(tmp_path: Path) -> None:
    """The numbers above reach beyond the last commit and the last file of this plan."""
    for moment in ("after-commit", "after-rename"):
        site = mortal(tmp_path / moment)
        assert site.live(moment, LAST[moment]).stdout == "survived\n"


def test_a_killed_resumption_is_resumed(tmp_path: Path, undisturbed: Tree) -> None:
    site = mortal(tmp_path)
    for moment, number in (
        ("after-rename", 2),
        ("before-commit", 2),
        ("after-commit", 2),
        ("before-rename", 2),
    ):
        assert site.live(moment, number).returncode == -signal.SIGKILL
    assert site.live().returncode == 0
    assert changed(undisturbed, site.tree()) == set()
    assert len(site.runs()) == 1


def test_a_rollback_after_a_kill_restores_the_tree_and_leaves_nothing_lying_about(tmp_path: Path) -> None:
    site = mortal(tmp_path)
    before = site.tree()
    assert site.live("before-rename", 3).returncode == -signal.SIGKILL
    assert changed(before, site.tree())
    options = ["--config", str(PLAN), "--project", "."]
    back = site.orchestrate("rollback", "--yes", *options)
    assert back.code == 0, back
    assert site.tree() == before
    again = site.orchestrate("rollback", "--yes", *options)
    assert (again.code, "nothing-to-roll-back" in again.err) == (1, True), again


def test_what_was_there_before_a_kill_comes_back_after_the_run_that_went_on(tmp_path: Path) -> None:
    site = mortal(tmp_path)
    before = site.tree()
    assert site.live("after-rename", 3).returncode == -signal.SIGKILL
    assert site.live().returncode == 0
    assert site.orchestrate("rollback", "--yes", "--config", str(PLAN), "--project", ".").code == 0
    assert {path for path in changed(before, site.tree()) if path not in ("out", "out/1.4")} == set()


def test_a_journal_whose_making_was_interrupted_is_an_empty_one(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.plan({"id": "1", "name": "Short", "type": "shell", "run": "true"})
    site.write(f"{STATE}/journal.db", b"")
    for look in ("status", "plan", "history"):
        ended = site.orchestrate(look)
        assert (ended.code, ended.err) == (0, ""), ended
    assert site.run().code == 0


def test_what_a_killed_run_left_alive_ends_with_the_next_start_when_its_watchdog_was_killed_too(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    mark = f"MARK={tmp_path}"
    site.plan({"id": "1", "name": "Long", "type": "shell", "run": "setsid sleep 3600 & : > begun; sleep 3600"})
    running = site.start("run", "--yes", "--json", MARK=str(tmp_path))
    wait_until((site.root / "begun").exists, "the task begins")
    watchdogs = [line for line in alive(mark) if "watchdog.py" in line]
    assert len(watchdogs) == 1
    running.kill()
    os.kill(int(watchdogs[0].split()[0]), signal.SIGKILL)
    running.communicate()
    assert any("sleep" in line for line in alive(mark))
    site.plan({"id": "1", "name": "Short", "type": "shell", "run": "true"})
    ended = site.run()
    assert ended.code == 0, ended
    assert alive(mark) == []
