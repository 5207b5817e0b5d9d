from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import sys
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.generation.python.kit.terms import Unwritable, build, describe, statement_of

HERE = sys.modules[__name__]


class Level(enum.Enum):
    LOW = 1


@dataclass
class Item:
    name: str


class Point(NamedTuple):
    x: int


class Opaque:
    pass


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3) | st.tuples(inner)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_term_makes_the_value_again(value: Any) -> None:
    assert repr(build(describe(value, HERE), HERE)) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        Level.LOW, Item("a"), Point(1), {1, 2}, frozenset({"a"}), uuid.UUID(int=1), decimal.Decimal("1.50"),
        dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        dt.date(2024, 1, 1), dt.time(1, 2), dt.timedelta(seconds=5), collections.Counter("aab"),
        collections.deque([1]), [Item("b"), (Level.LOW,)],
    ],
    ids=repr,
)  # fmt: skip
def test_instances_are_made_again_by_their_classes(value: Any) -> None:
    made = build(describe(value, HERE), HERE)
    assert (made, type(made)) == (value, type(value))


def test_a_set_has_the_same_term_in_whatever_order_it_was_made() -> None:
    assert describe({"b", "a"}, HERE) == describe({"a", "b"}, HERE) == {"set": ["a", "b"]}


def test_what_has_no_fields_to_compare_is_refused() -> None:
    with pytest.raises(Unwritable, match="Opaque"):
        describe(Opaque(), HERE)


def test_a_class_nobody_can_import_is_refused() -> None:
    @dataclass
    class Inner:
        name: str

    with pytest.raises(Unwritable, match="cannot be imported"):
        describe(Inner("a"), HERE)


def test_what_holds_itself_or_is_huge_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    for value in (endless, list(range(10_000))):
        with pytest.raises(Unwritable, match="too large"):
            describe(value, HERE)


def test_a_statement_is_its_lines_and_nothing_else_is_one() -> None:
    def compile_(_self: object, compile_kwargs: dict[str, bool]) -> str:
        return f"SELECT 1 \nFROM t {compile_kwargs['literal_binds']}"

    kind = type("Select", (), {"__module__": "sqlalchemy.sql.elements", "compile": compile_})
    assert statement_of(kind()) == {"sql": ["SELECT 1", "FROM t True"]}
    assert statement_of("SELECT 1") is None


def test_a_statement_whose_values_cannot_be_written_in_is_none() -> None:
    kind = type("Select", (), {"__module__": "sqlalchemy.sql.elements"})
    assert statement_of(kind()) is None
