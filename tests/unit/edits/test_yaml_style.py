"""How values are written, and what a file's habits are."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.mutation import Noted
from orchestrator.edits.text import SourceText
from orchestrator.edits.yaml_style import Style, block_scalar, key_text, scalar_text, style_of
from orchestrator.edits.yaml_tree import parse
from orchestrator.plan.scalars import scalar


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (1.5, "1.5"),
        (scalar("1.10"), "1.10"),
        (scalar("0x1F"), "0x1F"),
        (scalar("True"), "True"),
        (scalar(".inf"), ".inf"),
        ("plain words", "plain words"),
        ("${{ secrets.X }}", "${{ secrets.X }}"),
        ("a#b: c", "'a#b: c'"),
        ("a, [b]", "a, [b]"),
        ("12", "'12'"),
        ("true", "'true'"),
        ("", "''"),
        ("yes", "'yes'"),
        ("12:30:45", "'12:30:45'"),
        ("2024-01-01", "'2024-01-01'"),
        ("it's: x", "'it''s: x'"),
        ("*.js", "'*.js'"),
        ("tab\tx", '"tab\\tx"'),
        ("two\nlines", '"two\\nlines"'),
        (" é😀", "' é😀'"),
        ("\x07\x85\u2028é", '"\\u0007\\u0085\\u2028é"'),
    ],
)
def test_a_scalar_is_plain_where_that_means_the_same(value: Any, text: str) -> None:
    written = scalar_text(value, "'")
    assert written == text
    read = parse(SourceText("f", f"{written}\n")).data
    assert str(read) == str(value)
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a, b", "'a, b'"), ("a: b", "'a: b'"), ("{x", "'{x'"), ("a b", "a b"), ("${{ x }}", "'${{ x }}'")],
)
def test_brackets_need_more_quotes(value: str, text: str) -> None:
    assert scalar_text(value, "'", in_flow=True) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [("on", "on"), ("yes", "yes"), ("a b", "a b"), ("12", '"12"'), ("true", '"true"'), ("a: b", '"a: b"'), ("", '""')],
)
def test_a_key_is_plain_where_that_is_text(key: str, text: str) -> None:
    assert key_text(key, '"') == text


@pytest.mark.parametrize(
    ("text", "head", "body"),
    [
        ("a\n", "|", ["    a"]),
        ("a\n\nb", "|-", ["    a", "", "    b"]),
        ("a\n\n\n", "|+", ["    a", "", ""]),
        ("\n a\n", "|2", ["", "     a"]),
        ("\ta\n", "|2", ["    \ta"]),
    ],
)
def test_a_text_is_written_as_a_block(text: str, head: str, body: list[str]) -> None:
    assert block_scalar(text, 2, 4) == (head, body)


@pytest.mark.parametrize("text", ["", "\n", " \n", "a\rb\n", "a\x07\n", "a\ufeff\n"])
def test_some_texts_cannot_be_a_block(text: str) -> None:
    assert block_scalar(text, 2, 4) is None


def test_a_block_is_deeper_than_what_holds_it() -> None:
    assert block_scalar("a\n", 2, 2) is None


def test_a_folded_text_doubles_its_line_breaks_unless_that_is_not_enough() -> None:
    assert block_scalar("a\nb\n", 0, 2, ">") == (">", ["  a", "", "  b"])
    assert block_scalar("a\n b\n", 0, 2, ">") == ("|", ["  a", "   b"])
    assert block_scalar("a\n\nb\n", 0, 2, ">") == ("|", ["  a", "", "  b"])


def test_a_mapping_is_written_in_the_style_of_the_file() -> None:
    style = Style(step=4, dash=0, item=3, quote='"')
    value = {
        "a": {"b": []},
        "l": [{"x": 1, "y": [2]}, ["z"]],
        "e": {},
        "n": None,
        "t": Noted("1", "why"),
        "k": Noted({"m": 1}, "w"),
    }
    assert style.mapping(value, 2) == [
        "  a:",
        "      b: []",
        "  l:",
        "  -  x: 1",
        "     y:",
        "     -  2",
        "  -  -  z",
        "  e: {}",
        "  n:",
        '  t: "1" # why',
        "  k: # w",
        "      m: 1",
    ]


def test_a_value_in_brackets_stays_on_one_line() -> None:
    assert Style().flow({"a": [1, Noted("x, y", "why")], "b": {}}) == "{ a: [1, 'x, y'], b: {} }"


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("a: 1\n", Style()),
        ("", Style()),
        ("a:\n    b:\n        c: 1\nd:\n  e: 1\n", Style(step=4)),
        ("a:\n- 1\nb:\n- 1\nc:\n  - 1\n", Style(dash=0)),
        ("a:\n    - 1\n", Style(step=4, dash=4)),
        ("a:\n-   b: 1\n-   c: 1\n", Style(dash=0, item=4)),
        ("a: &x\n  - 1\nb: &y\n-   1\n", Style()),
        ("-\n    a: 1\n-\n    a: 1\n", Style()),
        ('a: "x"\nb: [\'y\', "z"]\n', Style(quote='"', lists_are_flow=True)),
        ("a: [x]\nb:\n- y\n", Style(dash=0)),
        ("a: [x]\nb:\n- y: 1\n", Style(dash=0, lists_are_flow=True)),
        ("a: []\n", Style()),
        ("a: {b: {c: 1}}\n", Style()),
    ],
)
def test_a_file_says_what_its_habits_are(text: str, style: Style) -> None:
    source = SourceText("f", text)
    assert style_of(source, parse(source)) == style


def test_a_list_is_on_one_line_only_when_its_items_are_short() -> None:
    style = Style(lists_are_flow=True)
    assert style.value(["a", 1], 0).head == "[a, 1]"
    assert style.value(["a", "b\nc\n"], 0).head == ""
    assert style.value(["a", Noted("b", "why")], 0).body == ["  - a", "  - b # why"]
    assert style.value([["a"]], 0).body == ["  - [a]"]
