from __future__ import annotations

import pytest

from orchestrator.change import Change, FileEdit, digest


def test_a_diff_reads_like_git_s() -> None:
    edit = FileEdit("src/a.txt", b"one\ntwo\nthree\n", b"one\n2\nthree\n")
    assert edit.diff() == "--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"


def test_what_does_not_exist_is_dev_null() -> None:
    assert FileEdit("a", None, b"x\n").diff() == "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n"
    assert FileEdit("a", b"x\n", None).diff() == "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"


def test_a_missing_final_newline_is_told() -> None:
    told = FileEdit("a", b"x", b"y\n").diff()
    assert told == "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n"


@pytest.mark.parametrize("odd", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_only_a_newline_ends_a_line(odd: str) -> None:
    edit = FileEdit("a", b"", f"one{odd}two{odd}\n".encode())
    assert edit.diff() == f"--- a/a\n+++ b/a\n@@ -0,0 +1 @@\n+one{odd}two{odd}\n"
    assert edit.line_counts() == (1, 0)


@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xfe", b"caf\xe9\n"])
def test_what_is_no_text_is_only_said_to_differ(content: bytes) -> None:
    edit = FileEdit("a", b"text\n", content)
    assert edit.diff() == "Binary files a/a and b/a differ\n"
    assert edit.line_counts() == (0, 0)


def test_lines_that_look_like_headers_are_counted() -> None:
    assert FileEdit("a", b"-- x\n", b"++ y\n++ z\n").line_counts() == (2, 1)


def test_a_change_sums_up_its_edits() -> None:
    change = Change("two", (FileEdit("a", None, b"1\n2\n"), FileEdit("b", b"x\n", b"y\n")))
    assert change.line_counts() == (3, 1)
    assert change.diff().count("@@ ") == 2


@pytest.mark.parametrize(
    ("change", "empty"),
    [
        (Change("nothing"), True),
        (Change("nothing", warnings=("mind",), evidence={"a": 1}), True),
        (Change("edits", edits=(FileEdit("a", None, b""),)), False),
        (Change("acts", actions=("run: x",)), False),
        (Change("asks", asks="please"), False),
    ],
)
def test_a_change_is_empty_when_there_is_nothing_to_do_and_nobody_to_ask(change: Change, empty: bool) -> None:
    assert change.is_empty is empty


def test_an_absent_file_has_no_digest() -> None:
    assert digest(None) is None
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
