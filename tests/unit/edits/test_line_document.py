"""Lists of lines: every line is an item."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.line_document import LineDocument
from orchestrator.edits.mutation import Add, Insert, Mutation, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText


def read(text: str) -> LineDocument:
    return LineDocument.parse(SourceText("CODEOWNERS", text))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", []),
        ("\n", [""]),
        ("a\n\n# b\n", ["a", "", "# b"]),
        ("a\r\nb", ["a", "b"]),
        ("a\u2028b\x0cc\n", ["a\u2028b\x0cc"]),
        ("a\rb\n", ["a\rb"]),
        (" a \t\n", [" a \t"]),
    ],
)
def test_the_lines_are_the_data(text: str, data: list[str]) -> None:
    assert read(text).data == data


@pytest.mark.parametrize(
    ("before", "mutation", "after"),
    [
        ("a\nb\n", Set((1,), "c"), "a\nc\n"),
        ("a\r\nb", Set((0,), "c"), "c\r\nb"),
        ("a\nb", Set((1,), "c"), "a\nc"),
        ("a\nb\n", Insert((), 0, "c"), "c\na\nb\n"),
        ("a\r\nb\r\n", Insert((), 1, "c"), "a\r\nc\r\nb\r\n"),
        ("a\nb\n", Insert((), 2, "c"), "a\nb\nc\n"),
        ("a\r\nb", Insert((), 2, "c"), "a\r\nb\r\nc"),
        ("", Insert((), 0, "c"), "c\n"),
        ("a\nb\n", Remove((0,)), "b\n"),
        ("a\nb\n", Remove((1,)), "a\n"),
        ("a\r\nb", Remove((1,)), "a"),
        ("a", Remove((0,)), ""),
        ("a\n\nb", Remove((2,)), "a\n\n"),
        ("a\nb", Set((1,), ""), "a\n\n"),
        ("a\r\nb", Insert((), 2, ""), "a\r\nb\r\n\r\n"),
        ("a\n\nb\n\nc\n", Remove((2,)), "a\n\n\nc\n"),
    ],
)
def test_one_line_changes_and_no_other(before: str, mutation: Mutation, after: str) -> None:
    assert edited(read(before), [mutation]).source.text == after


def test_lines_added_at_one_place_come_in_the_order_given() -> None:
    document = edited(read("a\nd\n"), [Insert((), 1, "b"), Insert((), 1, "c"), Remove((0,)), Remove((1,))])
    assert document.data == ["b", "c"]


def test_comments_above_a_line_are_its_comments() -> None:
    document = read("# other\n\n#  one\n# two\n/src @me\n")
    assert document.comments((4,)) == "one\ntwo"
    assert str(document.location((4,))) == "CODEOWNERS:5:1"
    assert str(document.location(())) == "CODEOWNERS:1:1"


@pytest.mark.parametrize("value", [1, None, "a\nb", "a\r", ["a"]])
def test_only_one_line_of_text_is_a_line(value: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        edited(read("a\n"), [Insert((), 0, value)])
    assert str(refusal.value) == f"error[edit/wrong-shape]: a line of `CODEOWNERS` cannot be {value!r}"


@pytest.mark.parametrize("mutation", [Add(("key",), "x"), Insert((0,), 0, "x"), Set(("key",), "x")])
def test_a_line_has_nothing_inside_it(mutation: Mutation) -> None:
    with pytest.raises(Refusal) as refusal:
        read("a\n").splices(mutation)
    assert str(refusal.value) == (
        "error[edit/wrong-shape]: `CODEOWNERS` is a list of lines\n"
        "  hint: a path in such a file is the number of a line, such as `[0]`"
    )
