"""Bytes in, bytes out: nothing but the splices changes."""

from __future__ import annotations

import pytest

from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import MAX_BYTES, SourceText, Splice
from orchestrator.errors import Location


@pytest.mark.parametrize("content", [b"", b"a: 1\n", b"\xef\xbb\xbfa: 1\r\n", "é 😀".encode(), b"a\rb\n", b"no end"])
def test_a_text_that_nobody_edits_is_the_same_bytes(content: bytes) -> None:
    assert SourceText.read("f", content).spliced([]).encode() == content


@pytest.mark.parametrize(
    ("content", "code", "message", "place"),
    [
        (b"x" * (MAX_BYTES + 1), "edit/too-large", "`f` has 2,000,001 bytes; an edit stops at 2,000,000", None),
        (b"a\n\xc3\xa9\xff\n", "edit/not-text", "`f` is not UTF-8 text", (2, 2)),
        (b"a\nb\0c\n", "edit/not-text", "`f` has a NUL character", (2, 2)),
        (b"ab\rc\r", "edit/not-text", "`f` ends its lines with CR alone", (1, 3)),
    ],
)
def test_what_is_no_usual_text_is_refused(content: bytes, code: str, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(Refusal) as raised:
        SourceText.read("f", content)
    assert (raised.value.code, raised.value.message) == (code, message)
    assert raised.value.location == (Location("f", *place) if place else None)


@pytest.mark.parametrize(
    ("text", "newline"), [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("\n", "\n")]
)
def test_the_first_line_says_how_lines_end(text: str, newline: str) -> None:
    assert SourceText("f", text).newline == newline


def test_places_count_characters_from_one() -> None:
    source = SourceText("f", "é😀\r\n\nx")
    assert [source.location(at)[1:] for at in (0, 2, 4, 5, 6)] == [(1, 1), (1, 3), (2, 1), (3, 1), (3, 2)]


def test_a_line_starts_behind_a_break_and_ends_with_one() -> None:
    source = SourceText("f", "ab\r\ncd")
    assert [(source.line_start(at), source.line_end(at)) for at in (0, 3, 4, 6)] == [(0, 4), (0, 4), (4, 6), (4, 6)]
    assert SourceText("f", "\nx").line_end(0) == 1


def test_a_text_may_be_as_large_as_the_limit_and_has_no_mark_unless_it_says_so() -> None:
    assert SourceText.read("f", b"x" * MAX_BYTES).encode() == b"x" * MAX_BYTES
    assert SourceText("f", "x").encode() == b"x"


def test_splices_are_made_wherever_they_are_named() -> None:
    source = SourceText("f", "0123456789")
    assert source.spliced([Splice(8, 9, "x"), Splice(2, 4, ""), Splice(0, 0, "^")]).text == "^014567x9"


def test_splices_at_one_offset_are_made_in_the_order_given() -> None:
    source = SourceText("f", "ab")
    assert source.spliced([Splice(1, 1, "1"), Splice(1, 2, "B"), Splice(1, 1, "2")]).text == "a12B"


def test_deletions_may_overlap() -> None:
    source = SourceText("f", "0123456789")
    assert source.spliced([Splice(2, 6, ""), Splice(4, 8, ""), Splice(3, 4, "")]).text == "0189"


@pytest.mark.parametrize(
    "splices",
    [
        [Splice(2, 6, "x"), Splice(4, 8, "")],
        [Splice(2, 6, ""), Splice(4, 8, "x")],
        [Splice(2, 6, ""), Splice(4, 4, "x")],
    ],
)
def test_other_splices_may_not(splices: list[Splice]) -> None:
    with pytest.raises(ValueError, match="overlap"):
        SourceText("f", "0123456789").spliced(splices)
