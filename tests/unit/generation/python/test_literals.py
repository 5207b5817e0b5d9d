from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.generation.python.literals import WIDTH, Writer, layout, quote

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def written(term: Any, indent: int = 0) -> str:
    return layout(Writer("shop").piece(term), indent)


@given(JSON, st.integers(0, 40))
def test_what_is_written_for_json_reads_as_the_same_json(value: Any, indent: int) -> None:
    text = layout(Writer("main").json(value), indent)
    assert eval(text, {"__builtins__": {}}) == value


@given(st.text())
def test_a_text_is_written_as_one_expression_and_nothing_of_it_becomes_code(text: str) -> None:
    tree = ast.parse(quote(text), mode="eval")
    assert eval(compile(tree, "", "eval"), {"__builtins__": {}}) == text


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ({"list": [1, "a", None]}, '[1, "a", None]'),
        ({"tuple": [1]}, "(1,)"),
        ({"set": []}, "set()"),
        ({"frozenset": [1]}, "frozenset([1])"),
        ({"dict": [[1, {"list": []}]]}, "{1: []}"),
        ({"number": "inf"}, 'float("inf")'),
        ({"bytes": "6162"}, "b'ab'"),
        ({"new": ":Item", "args": [1], "fields": {"price": 2}}, "shop.Item(1, price=2)"),
        ({"member": ":Level.GOLD"}, "shop.Level.GOLD"),
    ],
)
def test_every_kind_of_term_has_its_text(term: Any, expected: str) -> None:
    assert written(term) == expected


def test_a_class_of_another_module_is_imported() -> None:
    writer = Writer("shop")
    assert layout(writer.piece({"new": "datetime:date", "args": [2024, 1, 15]}), 0) == "date(2024, 1, 15)"
    assert writer.imports == {"datetime": {"date"}}


def test_what_is_too_long_for_a_line_stands_one_item_to_a_line() -> None:
    text = written({"list": ["word" * 10, "word" * 11, "word" * 12]}, indent=4)
    assert text.splitlines() == ["[", *(f'        "{"word" * count}",' for count in (10, 11, 12)), "    ]"]


def test_a_line_is_broken_only_when_it_is_too_long() -> None:
    fitting = written({"list": ["x" * 10 + "y" * (WIDTH - 14)]})
    assert (len(fitting), "\n" in fitting) == (WIDTH, False)
    assert "\n" in written({"list": ["x" * 10 + "y" * (WIDTH - 13)]})


def test_what_is_repeated_is_counted() -> None:
    assert layout(Writer("main").json(["a"] * 21), 0) == '["a"] * 21'
    assert quote("t" * 41) == '"t" * 41'


def test_a_nan_is_written_so_that_it_is_one() -> None:
    assert math.isnan(eval(written({"number": "nan"})))
