from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.change import FileEdit, digest
from orchestrator.errors import EnvironmentProblem, OrchestratorError, TaskError
from orchestrator.workspace import NEW_FILE_MODE, Overlay, Workspace, digests, still_holds, walk

TMP = ".run.tmp"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    file = tmp_path / "outside.txt"
    file.write_text("not ours\n")
    return file


def edit(path: str, before: bytes | None, after: bytes | None, mode: int | None = None) -> FileEdit:
    return FileEdit(path, before, after, mode)


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and content of every file."""
    return {
        path.relative_to(root).as_posix(): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }


# --- bytes and modes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"no newline", b"a\r\nb\r\n", b"\xef\xbb\xbfbom\n", b"latin caf\xe9\n", bytes(range(256))],
    ids=["empty", "no final newline", "CRLF", "BOM", "not UTF-8", "any byte"],
)
def test_every_byte_is_written_as_it_is(root: Path, content: bytes) -> None:
    workspace = Workspace(root)
    workspace.apply([edit("a/b.txt", None, content)], TMP)
    assert (root / "a/b.txt").read_bytes() == content
    assert workspace.read("a/b.txt") == content


@pytest.mark.parametrize("mode", [0o755, 0o600, 0o444])
def test_a_file_keeps_its_mode(root: Path, mode: int) -> None:
    (root / "run.sh").write_text("old")
    (root / "run.sh").chmod(mode)
    Workspace(root).apply([edit("run.sh", b"old", b"new")], TMP)
    assert tree(root) == {"run.sh": (mode, b"new")}


def test_a_mode_that_is_asked_for_is_set(root: Path) -> None:
    Workspace(root).apply([edit("run.sh", None, b"x", 0o750)], TMP)
    assert Workspace(root).mode("run.sh") == 0o750


def test_a_new_file_has_the_mode_that_any_program_would_give_it(root: Path) -> None:
    (root / "theirs").write_text("")
    Workspace(root).apply([edit("ours", None, b"")], TMP)
    assert Workspace(root).mode("ours") == Workspace(root).mode("theirs") == NEW_FILE_MODE


def test_a_file_is_removed(root: Path) -> None:
    (root / "a").write_text("x")
    Workspace(root).apply([edit("a", b"x", None)], TMP)
    assert tree(root) == {}


def test_nobody_ever_sees_half_a_file(root: Path) -> None:
    (root / "a").write_text("old")

    class Watched(Workspace):
        def rename(self, temporary: str, target: str) -> None:
            assert Path(target).read_text() == "old"
            assert Path(temporary).read_text() == "new"
            assert Path(temporary).parent == Path(target).parent
            super().rename(temporary, target)

    Watched(root).apply([edit("a", b"old", b"new")], TMP)
    assert tree(root)["a"][1] == b"new"


# --- conflicts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "before"),
    [(b"changed", b"old"), (None, b"old"), (b"made meanwhile", None)],
    ids=["changed", "gone", "made"],
)
def test_a_file_that_is_not_what_the_edit_saw_is_a_conflict_before_anything_is_touched(
    root: Path, now: bytes | None, before: bytes | None
) -> None:
    (root / "first").write_text("old")
    if now is not None:
        (root / "second").write_bytes(now)
    untouched = tree(root)
    with pytest.raises(TaskError) as caught:
        Workspace(root).apply([edit("first", b"old", b"new"), edit("second", before, b"new")], TMP)
    assert (caught.value.code, caught.value.retryable) == ("task/conflict", True)
    assert tree(root) == untouched


# --- links and the way out ----------------------------------------------------------------------------------


def test_a_link_inside_the_project_is_written_through(root: Path) -> None:
    (root / "real").mkdir()
    (root / "real/a").write_text("old")
    (root / "link").symlink_to("real/a")
    (root / "directory").symlink_to("real")
    workspace = Workspace(root)
    workspace.apply([edit("link", b"old", b"new")], TMP)
    workspace.apply([edit("directory/b", None, b"b")], TMP)
    assert (root / "link").readlink() == Path("real/a")
    assert (root / "real/a").read_text() == "new"
    assert (root / "real/b").read_text() == "b"
    assert sorted(os.listdir(root / "real")) == ["a", "b"]


def leaving(root: Path, outside: Path) -> Iterator[str]:
    (root / "link").symlink_to(outside)
    (root / "away").symlink_to(outside.parent)
    (root / "far").symlink_to("../outside.txt")
    yield from ("link", "away/outside.txt", "far", "../outside.txt", "a/../../outside.txt", str(outside))


def test_no_path_leads_out_of_the_project(root: Path, outside: Path) -> None:
    workspace = Workspace(root)
    acts: list[Callable[[str], object]] = [
        workspace.read,
        workspace.mode,
        workspace.is_directory,
        lambda path: workspace.write(edit(path, None, b"ours"), TMP),
        lambda path: workspace.apply([edit(path, b"not ours\n", b"ours")], TMP),
        lambda path: workspace.remove_temporary(path, ""),
    ]
    for path in leaving(root, outside):
        for act in acts:
            with pytest.raises(TaskError) as caught:
                act(path)
            assert caught.value.code == "task/refused"
            assert "leads out of the project" in caught.value.message
    assert outside.read_text() == "not ours\n"
    assert workspace.match("**") == []


def test_a_project_that_is_itself_behind_a_link_is_no_way_out(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    workspace = Workspace(tmp_path / "alias")
    workspace.apply([edit("a", None, b"x")], TMP)
    assert workspace.match("*") == ["a"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.symlink_to("nowhere"), "is a broken link"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: os.mkfifo(path), "is not a regular file"),
        (lambda path: path.symlink_to("odd"), "cannot be read: too many levels of symbolic links"),
    ],
    ids=["broken link", "directory", "named pipe", "link to itself"],
)
def test_what_is_no_file_is_refused_at_once(root: Path, make: Callable[[Path], None], reason: str) -> None:
    make(root / "odd")
    workspace = Workspace(root)
    with pytest.raises(TaskError) as caught:
        workspace.read("odd")
    assert caught.value.code == "task/refused"
    assert caught.value.message == f"`odd` {reason}"
    with pytest.raises(TaskError):
        workspace.apply([edit("odd", None, b"x")], TMP)
    assert os.listdir(root) == ["odd"]


def test_what_is_not_there_is_none(root: Path) -> None:
    (root / "file").write_text("")
    workspace = Workspace(root)
    for path in ("missing", "no/such/directory", "file/below"):
        assert workspace.read(path) is None
        assert workspace.mode(path) is None
        assert not workspace.is_directory(path)


# --- the machine refuses ------------------------------------------------------------------------------------


class FullDisk(Workspace):
    """Has room for a number of writes, and for half of the next one."""

    def __init__(self, root: Path, room: int) -> None:
        super().__init__(root)
        self.room = room

    def put(self, write: Callable[[bytes], int], content: bytes) -> None:
        if not self.room:
            write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= 1
        super().put(write, content)


@pytest.mark.parametrize("room", range(3))
def test_a_full_disk_leaves_the_file_as_it_was_and_nothing_beside_it(root: Path, room: int) -> None:
    names = ["a", "b", "c"]
    for name in names:
        (root / name).write_bytes(b"old")
    with pytest.raises(EnvironmentProblem) as caught:
        FullDisk(root, room).apply([edit(name, b"old", b"something new") for name in names], TMP)
    assert caught.value.code == "environment/no-space"
    assert [content for _, content in tree(root).values()].count(b"something new") == room
    assert {name: content for name, (_, content) in tree(root).items() if name >= names[room]} == dict.fromkeys(
        names[room:], b"old"
    )


class Refusing(Workspace):
    """Cannot put a finished file in its place."""

    def rename(self, temporary: str, target: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_a_directory_that_cannot_be_written_is_named_and_left_as_it_was(root: Path) -> None:
    (root / "a").write_bytes(b"old")
    with pytest.raises(EnvironmentProblem) as caught:
        Refusing(root).apply([edit("a", b"old", b"new")], TMP)
    assert (caught.value.code, caught.value.message) == (
        "environment/unwritable",
        "`a` cannot be written: Permission denied",
    )
    assert tree(root) == {"a": (Workspace(root).mode("a"), b"old")}


def test_a_directory_where_even_root_may_not_write_is_told_so() -> None:
    with pytest.raises(EnvironmentProblem, match="`a` cannot be written"):
        Workspace(Path("/sys/kernel")).apply([edit("a", None, b"new")], TMP)


def test_a_file_in_the_way_of_a_directory_is_the_machine_s_problem(root: Path) -> None:
    (root / "a").write_text("")
    with pytest.raises(EnvironmentProblem):
        Workspace(root).apply([edit("a/b", None, b"x")], TMP)
    assert os.listdir(root) == ["a"]


def test_a_temporary_file_that_is_a_link_is_not_followed(root: Path, outside: Path) -> None:
    (root / f"a{TMP}").symlink_to(outside)
    with pytest.raises(EnvironmentProblem):
        Workspace(root).apply([edit("a", None, b"ours")], TMP)
    assert outside.read_text() == "not ours\n"


# --- directories --------------------------------------------------------------------------------------------


def test_the_directories_a_file_needs_are_named_and_can_be_removed_again(root: Path) -> None:
    (root / "a").mkdir()
    workspace = Workspace(root)
    assert workspace.missing_directories("a/b/c/d.txt") == ["a/b", "a/b/c"]
    assert workspace.missing_directories("top.txt") == []
    workspace.apply([edit("a/b/c/d.txt", None, b"x")], TMP)
    (root / "a/b/theirs").write_text("")
    (root / "a/b/c/d.txt").unlink()
    workspace.remove_empty(["a/b", "a/b/c", "a/b/never"])
    assert sorted(path.name for path in root.rglob("*")) == ["a", "b", "theirs"]


def test_what_a_killed_process_left_is_removed(root: Path) -> None:
    (root / f"a{TMP}").write_text("half")
    workspace = Workspace(root)
    workspace.remove_temporary("a", TMP)
    workspace.remove_temporary("a", TMP)
    workspace.remove_temporary("no/such/a", TMP)
    assert os.listdir(root) == []


# --- digests ------------------------------------------------------------------------------------------------


def test_what_was_written_holds_until_somebody_changes_it(root: Path) -> None:
    workspace = Workspace(root)
    (root / "a").write_text("x")
    known = digests(workspace, ["a", "b"])
    assert known == {"a": digest(b"x"), "b": None}
    assert still_holds(workspace, known)
    (root / "b").mkdir()
    assert not still_holds(workspace, known)
    assert not still_holds(workspace, {"a": digest(b"y")})


def test_a_walk_leaves_out_what_is_nobody_s_source(root: Path) -> None:
    for path in ("b/x", "a", "node_modules/m/x", ".git/HEAD", ".hidden"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")
    assert [path.relative_to(root).as_posix() for path in walk(root)] == [".hidden", "a", "b/x"]


# --- the overlay --------------------------------------------------------------------------------------------

NAMES = ["a.ts", "src/a.ts", "src/b.js", "src/deep/c.ts", ".github/ci.yml", "src/.env", "node_modules/m.ts"]
PATTERNS = [
    *NAMES,
    "*",
    "*.ts",
    "**",
    "**/*.ts",
    "src/*",
    "src/**",
    "src/**/*.ts",
    "src/[ab].*",
    "src/[!a].*",
    "s?c/?.ts",
    "**/.env",
    ".github/*.yml",
    "**/node_modules/*",
    "nothing*",
    "src/**.ts",
]
contents = st.none() | st.binary(max_size=5)


@given(
    st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=5)),
    st.lists(st.tuples(st.sampled_from(NAMES), contents, st.none() | st.sampled_from([0o600, 0o755])), max_size=5),
)
@settings(max_examples=25, deadline=None)
def test_the_overlay_shows_what_applying_leaves(
    files: dict[str, bytes], changes: list[tuple[str, bytes | None, int | None]]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        workspace = Workspace(root)
        for path, content in files.items():
            workspace.apply([edit(path, None, content)], TMP)
        overlay = Overlay(Workspace(root))
        edits = []
        for path, content, mode in changes:
            before = overlay.read(path)
            if before is not None or content is not None:
                edits.append(edit(path, before, content, mode))
                overlay.lay(edits[-1:])
        foreseen = [
            {path: (overlay.read(path), overlay.mode(path)) for path in NAMES},
            {pattern: overlay.match(pattern) for pattern in PATTERNS},
        ]
        below = {"src", "src/deep", ".github"} & {
            name.rpartition("/")[0] for name in NAMES if overlay.read(name) is not None
        }
        assert all(overlay.is_directory(path) for path in below)
        for one in edits:
            workspace.apply([one], TMP)
        assert foreseen == [
            {path: (workspace.read(path), workspace.mode(path)) for path in NAMES},
            {pattern: workspace.match(pattern) for pattern in PATTERNS},
        ]


def test_the_overlay_writes_nothing_and_cannot(root: Path) -> None:
    overlay = Overlay(Workspace(root))
    overlay.lay([edit("./a//b", None, b"x")])
    assert overlay.read("a/b") == b"x"
    assert os.listdir(root) == []
    assert not any(hasattr(overlay, name) for name in ("write", "apply", "remove_temporary", "remove_empty"))


def test_the_overlay_refuses_what_the_disk_refuses(root: Path) -> None:
    (root / "a").mkdir()
    with pytest.raises(OrchestratorError):
        Overlay(Workspace(root)).read("a")


def test_a_stamp_changes_with_a_file_and_is_none_where_it_could_not_tell(root: Path) -> None:
    (root / "a").write_text("x")
    (root / "directory").mkdir()
    workspace = Workspace(root)
    first = workspace.stamp(["a"])
    assert first is not None
    assert workspace.stamp(["a"]) == first
    os.utime(root / "a", ns=(1, 1))
    assert workspace.stamp(["a"]) not in (first, None)
    assert workspace.stamp(["a", "missing"]) is None
    assert workspace.stamp(["directory"]) is None
    overlay = Overlay(workspace)
    assert overlay.stamp(["a"]) == workspace.stamp(["a"])
    overlay.lay([edit("./a", b"x", b"y")])
    assert overlay.stamp(["a"]) is None
