"""Full disks, read-only files and odd files: a clear error, nothing lost, no traceback."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app.preview import foresee
from orchestrator.app.project import Ports
from orchestrator.app.run import execute
from orchestrator.errors import EnvironmentProblem
from orchestrator.record.journal import SqliteJournal
from orchestrator.workspace import Workspace
from tests.support.project import Ended, Site, changed, generate, shell, statuses

WORKFLOW = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"


class RefusingWorkspace(Workspace):
    """Writes half of a file, then refuses as the kernel does."""

    def __init__(self, root: Path, number: int, victim: str) -> None:
        super().__init__(root)
        self._number = number
        self._victim = victim
        self._target = ""

    def write(self, edit: Any, suffix: str) -> None:
        self._target = edit.path
        super().write(edit, suffix)

    def put(self, write: Callable[[bytes], int], content: bytes) -> None:
        if self._target == self._victim:
            write(content[: len(content) // 2])
            raise OSError(self._number, os.strerror(self._number))
        super().put(write, content)


class FullJournal(SqliteJournal):
    """A journal on a disk with room for a few pages more."""

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        self._db.execute(f"PRAGMA max_page_count={pages + 3}")


def pages(site: Site) -> None:
    """Give the site a plan whose second task replaces two files and makes a third in a new directory."""
    for name in ("one", "two", "new/three"):
        site.write(f"templates/{name}.txt.j2", f"{name}, from the template\n" * 50)
    site.write("first.txt", "as before\n")
    site.write("pages/one.txt", "as before\n", mode=0o640)
    site.write("pages/two.txt", "as before\n")
    site.plan(
        generate("1", "first.txt", "one.txt", on_conflict="overwrite"),
        generate("2", "pages/", "one.txt", "two.txt", "new/three.txt", on_conflict="overwrite"),
        shell("3", "echo done > third.txt"),
    )


def assert_clear(ended: Ended, code: str) -> None:
    assert ended.code == 1, ended
    said = ended.out + ended.err
    assert code in said or "cannot be written" in said or "no space" in said, ended
    assert "Traceback" not in said and "Exception" not in said and "error[bug]" not in said, ended


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT], ids=os.strerror)
@pytest.mark.parametrize("victim", ["pages/one.txt", "pages/two.txt", "pages/new/three.txt"])
def test_a_change_that_the_disk_refuses_leaves_every_file_as_it_was(site: Site, number: int, victim: str) -> None:
    pages(site)
    before = site.tree()
    workspace = Ports(environ=site.environ, workspace=lambda root: RefusingWorkspace(root, number, victim))
    state = site.apply(workspace)
    assert state.exit_code == 1
    assert statuses(state) == {"1": "succeeded", "2": "failed", "3": "blocked"}
    result = state.tasks["2"].result
    assert result is not None and result.code.startswith("environment/") and victim in result.message
    assert changed(before, site.tree()) == {"first.txt"}
    again = site.apply()
    assert (again.exit_code, statuses(again)["1"]) == (0, "unchanged")
    assert site.tree()["pages/one.txt"][0] == 0o640


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=os.strerror)
@pytest.mark.parametrize("victim", [".github/workflows/a.yml", ".github/workflows/b.yml"])
def test_an_edit_that_the_disk_refuses_leaves_every_file_as_it_was(site: Site, number: int, victim: str) -> None:
    for name in "ab":
        site.write(f".github/workflows/{name}.yml", WORKFLOW, mode=0o640)
    edits = [{"set": "jobs.test.timeout-minutes", "value": 10}]
    fields = {"type": "config_edit", "target": ".github/workflows/*.yml", "edits": edits}
    site.plan({"id": "1", "name": "Edit", **fields})
    before = site.tree()
    state = site.apply(Ports(environ=site.environ, workspace=lambda root: RefusingWorkspace(root, number, victim)))
    result = state.tasks["1"].result
    assert result is not None and result.code.startswith("environment/") and victim in result.message
    assert site.tree() == before
    assert site.apply().exit_code == 0
    assert changed(before, site.tree()) == {".github/workflows/a.yml", ".github/workflows/b.yml"}


def test_a_journal_that_is_full_ends_the_run_and_what_it_holds_stays_true(site: Site) -> None:
    counted = [shell(str(n), f"echo ran >> count{n}; echo {'x' * 900}", env={"LONG": "x" * 900}) for n in range(30)]
    site.plan(*counted)
    with pytest.raises(EnvironmentProblem, match="no space left") as caught:
        site.apply(Ports(environ=site.environ, journal=FullJournal))
    assert caught.value.code == "environment/no-space"
    done = site.finished()
    assert 0 < len(done) < 30
    assert site.apply().exit_code == 0
    assert len(site.runs()) == 1
    for task in done:
        assert site.read(f"count{task}") == "ran\n"


def mounted(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 400 kB."""
    directory = tmp_path / "disk"
    directory.mkdir()
    if not mounted("-t", "tmpfs", "-o", "size=400k", "tmpfs", str(directory)):
        pytest.skip("nobody may mount here; the tests above show the same with a workspace and a journal that refuse")
    yield directory
    subprocess.run(["umount", "--lazy", directory], check=True)


def test_a_run_on_a_full_disk_says_so_and_goes_on_when_there_is_room(tmp_path: Path, disk: Path) -> None:
    site = Site(tmp_path)
    site.root = disk
    site.config = disk / "config" / "phases.yaml"
    site.options = ["--state-dir", str(tmp_path / "state")]
    pages(site)
    filler = site.write("filler", b"x" * 250_000)
    site.write("templates/two.txt.j2", "two\n" * 30_000)
    before = site.tree()
    full = site.orchestrate("run", "--yes")
    assert_clear(full, "environment/no-space")
    assert changed(before, site.tree()) <= {"first.txt"}
    filler.unlink()
    assert site.run().code == 0
    assert site.read("third.txt") == "done\n"


@pytest.mark.parametrize("left", [0, 4_000, 40_000, 80_000])
def test_a_state_directory_on_a_full_disk_is_a_clear_error_and_nothing_is_lost(
    tmp_path: Path, disk: Path, left: int
) -> None:
    site = Site(tmp_path)
    site.options = ["--state-dir", str(disk / "state")]
    loud = "echo ran >> count$N; for i in $(seq 100); do echo a line of output that fills the log; done"
    site.plan(*(shell(str(n), loud, env={"N": str(n)}) for n in range(8)))
    filler = disk / "filler"
    filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - left))
    assert_clear(site.orchestrate("run", "--yes"), "environment/no-space")
    filler.unlink()
    assert mounted("-o", "remount,size=4m", str(disk))
    again = site.orchestrate("run", "--yes")
    assert again.code == 0, again
    assert all((site.root / f"count{n}").exists() for n in range(8))
    assert (disk / "state" / ".gitignore").read_text() == "*\n"


@pytest.fixture
def read_only(site: Site) -> Iterator[Site]:
    """A site whose `pages/` is on a file system that nobody can write to."""
    pages(site)
    directory = str(site.root / "pages")
    if not (mounted("--bind", directory, directory) and mounted("-o", "remount,bind,ro", directory)):
        pytest.skip("nobody may mount here; the tests above show the same with a workspace that refuses")
    yield site
    subprocess.run(["umount", "--lazy", directory], check=True)


def test_a_read_only_directory_fails_the_task_that_writes_there(read_only: Site) -> None:
    before = read_only.tree()
    refused = read_only.orchestrate("run", "--yes")
    assert_clear(refused, "environment/unwritable")
    assert changed(before, read_only.tree()) == {"first.txt"}


def test_a_read_only_project_can_be_previewed_and_has_its_state_elsewhere(site: Site, tmp_path: Path) -> None:
    pages(site)
    root = str(site.root)
    if not (mounted("--bind", root, root) and mounted("-o", "remount,bind,ro", root)):
        pytest.skip("nobody may mount here")
    try:
        assert site.orchestrate("plan").code == 0
        refused = site.orchestrate("run", "--yes")
        assert_clear(refused, "environment/unwritable")
        assert "--state-dir" in refused.err
        elsewhere = site.orchestrate("run", "--yes", "--state-dir", str(tmp_path / "state"))
        assert_clear(elsewhere, "environment/unwritable")
        assert site.orchestrate("status", "--state-dir", str(tmp_path / "state")).code == 1
    finally:
        subprocess.run(["umount", "--lazy", root], check=True)


ODD = {
    "not text": b"\xff\xfe\x00 not utf-8 \x80\n",
    "carriage returns": b"one\r\ntwo\r\n",
    "no end": b"no newline at the end",
    "empty": b"",
    "nul": b"a\0b\n",
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
@pytest.mark.parametrize("on_conflict", ["keep", "overwrite", "backup", "merge"])
def test_odd_files_are_kept_saved_or_refused_and_come_back(site: Site, on_conflict: str, content: bytes) -> None:
    site.write("templates/page.txt.j2", "page\n")
    site.write("page.txt", content)
    site.plan(generate("1", "page.txt", "page.txt", on_conflict=on_conflict))
    before = site.tree()
    foresee(site.project())
    state = site.apply()
    expected = {"keep": "unchanged", "overwrite": "succeeded", "backup": "succeeded", "merge": "failed"}[on_conflict]
    assert statuses(state) == {"1": expected}
    if on_conflict == "backup":
        assert (site.root / "page.txt.orig").read_bytes() == content
    if expected == "succeeded":
        assert site.orchestrate("rollback", "--yes").code == 0
    assert site.tree() == before


def test_what_takes_the_place_of_a_file_after_the_plan_was_loaded_is_refused(site: Site, tmp_path: Path) -> None:
    site.write("templates/page.txt.j2", "page\n")
    outside = tmp_path / "outside.txt"
    outside.write_text("theirs\n")
    names = ("directory", "link", "broken", "pipe")
    site.plan(*(generate(name, name, "page.txt", on_conflict="overwrite") for name in names), execution="parallel")
    project = site.project()
    (site.root / "directory").mkdir()
    (site.root / "link").symlink_to(outside)
    (site.root / "broken").symlink_to("nowhere")
    os.mkfifo(site.root / "pipe")
    opened = os.open(site.root / "pipe", os.O_RDWR | os.O_NONBLOCK)  # else reading it would wait for a writer
    before = {name: (site.root / name).lstat() for name in names}
    state = execute(project)
    os.close(opened)
    assert statuses(state) == dict.fromkeys(names, "failed")
    assert {task.result.code for task in state.tasks.values() if task.result} == {"task/refused"}
    assert {name: (site.root / name).lstat() for name in names} == before
    assert outside.read_text() == "theirs\n"
