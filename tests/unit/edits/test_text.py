"""Files are taken as text or not at all, and given back byte by byte."""

from __future__ import annotations

import pytest

from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import MAX_BYTES, SourceText, Splice


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: 1\nb: \0\n", "error[edit/not-text]: `f.yml` has a NUL character\n  --> f.yml:2:4"),
        (b"a: 1\rb: 2\r", "error[edit/not-text]: `f.yml` ends its lines with CR alone\n  --> f.yml:1:5"),
        ("a: 1\nä: é".encode() + b"\xff", "error[edit/not-text]: `f.yml` is not UTF-8 text\n  --> f.yml:2:5"),
        ("a: é\n".encode("latin-1"), "error[edit/not-text]: `f.yml` is not UTF-8 text\n  --> f.yml:1:4"),
        ("a".encode("utf-16"), "error[edit/not-text]: `f.yml` is not UTF-8 text\n  --> f.yml:1:1"),
        (
            b"#" * (MAX_BYTES + 1),
            "error[edit/too-large]: `f.yml` has 2,000,001 bytes; an edit stops at 2,000,000",
        ),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(content: bytes, expected: str) -> None:
    with pytest.raises(Refusal) as refusal:
        SourceText.read("f.yml", content)
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"a\r\nb",
        b"\xef\xbb\xbfa\n",
        b"\xef\xbb\xbf",
        "é\u2028ß\x0c\n".encode(),
        b"a\rb\n",
        b"#" * MAX_BYTES,
    ],
)
def test_text_is_given_back_as_it_was(content: bytes) -> None:
    assert SourceText.read("f", content).encode() == content


@pytest.mark.parametrize(("text", "newline"), [("a\r\nb\n", "\r\n"), ("a\nb\r\n", "\n"), ("a", "\n"), ("\n", "\n")])
def test_new_lines_end_like_the_first_one(text: str, newline: str) -> None:
    assert SourceText("f", text).newline == newline


def test_a_place_counts_characters_and_lines_from_one() -> None:
    source = SourceText.read("dir/f", "\ufeffé=1\r\nü=2\n".encode())
    places = [source.location(offset) for offset in (0, 2, 5, 7)]
    assert [str(place) for place in places] == ["dir/f:1:1", "dir/f:1:3", "dir/f:2:1", "dir/f:2:3"]


def test_the_bounds_of_a_line_are_those_of_its_newline() -> None:
    source = SourceText("f", "one\r\ntwo\u2028\x0c2\nthree")
    assert [(source.line_start(at), source.line_end(at)) for at in (0, 4, 5, 10, 12)] == [
        (0, 5),
        (0, 5),
        (5, 12),
        (5, 12),
        (12, 17),
    ]


def test_splices_are_made_in_the_order_of_their_places() -> None:
    source = SourceText("f", "abc", has_bom=True)
    new = source.spliced([Splice(3, 3, "!"), Splice(1, 2, "B"), Splice(0, 0, "1"), Splice(0, 0, "2")])
    assert new == SourceText("f", "12aBc!", has_bom=True)


def test_deletions_may_share_text() -> None:
    assert SourceText("f", "abcd").spliced([Splice(0, 2, ""), Splice(1, 3, "")]).text == "d"


@pytest.mark.parametrize("texts", [("", "x"), ("x", ""), ("x", "x")])
def test_splices_that_share_text_otherwise_are_an_error(texts: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="overlap"):
        SourceText("f", "abc").spliced([Splice(0, 2, texts[0]), Splice(1, 3, texts[1])])
