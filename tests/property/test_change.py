"""A diff is what git needs to make the new file of the old one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.change import FileEdit

lines = st.sampled_from(
    [
        "",
        "a",
        "b",
        "-- a",
        "++ b",
        "@@ -1 +1 @@",
        "\\ No newline",
        " x ",
        "é",
        "one\rtwo",
        "form\x0cfeed",
        "a\u2028b",
        "\ufeff",
    ]
)
texts = st.builds(
    lambda parts, ending, last: ending.join(parts) + (ending if parts and last else ""),
    st.lists(lines, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
).map(str.encode)


def apply_with_git(directory: Path, diff: str) -> None:
    environ = {
        **os.environ,
        "GIT_CEILING_DIRECTORIES": str(directory.parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    command = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=directory, input=diff.encode(), check=True, capture_output=True, env=environ)


@given(st.none() | texts, st.none() | texts)
@settings(max_examples=60, deadline=None)
def test_git_makes_the_new_file_of_the_old_one(before: bytes | None, after: bytes | None) -> None:
    diff = FileEdit("some dir/file.txt", before, after).diff()
    if (before or b"") == (after or b""):
        assert diff == ""
        return
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "some dir", "file.txt")
        file.parent.mkdir()
        if before is not None:
            file.write_bytes(before)
        apply_with_git(Path(directory), diff)
        assert (file.read_bytes() if file.exists() else None) == after


@given(texts, texts)
def test_the_counts_are_those_of_the_diff(before: bytes, after: bytes) -> None:
    edit = FileEdit("a", before, after)
    added, removed = edit.line_counts()

    def count(content: bytes) -> int:
        return content.count(b"\n") + (not content.endswith(b"\n") and content != b"")

    assert added - removed == count(after) - count(before)


@pytest.mark.parametrize("name", ["with space.txt", "ümlaut.txt", "a'b\"c.txt"])
def test_git_finds_a_file_with_an_unusual_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("old\n")
    apply_with_git(tmp_path, FileEdit(name, b"old\n", b"new\n").diff())
    assert (tmp_path / name).read_text() == "new\n"
