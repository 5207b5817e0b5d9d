"""What an edit means for plain data."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.mutation import (
    Add,
    Insert,
    Mutation,
    Noted,
    Remove,
    Set,
    applied,
    differences,
    last_text,
    plain,
    value_at,
)
from orchestrator.plan.scalars import scalar

DATA = {"a": 1, "b": {"x": [1, 2, 3]}, "c": "text"}


@pytest.mark.parametrize(
    ("mutations", "expected"),
    [
        ([Set(("a",), 2)], {"a": 2, "b": {"x": [1, 2, 3]}, "c": "text"}),
        (
            [Set(("b", "x", 1), {"y": (1, Noted("v", "note"))})],
            {"a": 1, "b": {"x": [1, {"y": [1, "v"]}, 3]}, "c": "text"},
        ),
        ([Insert(("b", "x"), 3, 4), Insert(("b", "x"), 0, 0)], {"a": 1, "b": {"x": [0, 1, 2, 3, 4]}, "c": "text"}),
        ([Remove(("b", "x", 0)), Set(("b", "x", 2), 9)], {"a": 1, "b": {"x": [2, 9]}, "c": "text"}),
        ([Remove(("b",)), Remove(("c",))], {"a": 1}),
        ([], DATA),
    ],
)
def test_paths_mean_the_data_as_given(mutations: list[Mutation], expected: Any) -> None:
    assert applied(DATA, mutations) == expected


def test_the_data_given_stays_as_it_is() -> None:
    data = {"a": {"b": [1]}}
    applied(data, [Insert(("a", "b"), 0, 0), Add(("a", "c"), 1), Set(("a", "b", 0), 2)])
    assert data == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    ("mutations", "keys"),
    [
        ([Add(("p",), 0), Add(("o",), 0)], "abcpo"),
        ([Add(("p",), 0, after="a"), Add(("o",), 0, after="a")], "apobc"),
        ([Add(("p",), 0, before="b"), Add(("o",), 0, before="b")], "apobc"),
        ([Add(("p",), 0, before="a")], "pabc"),
        ([Add(("p",), 0, after="b"), Remove(("b",))], "apc"),
    ],
)
def test_what_is_added_at_one_place_comes_in_the_order_given(mutations: list[Mutation], keys: str) -> None:
    assert "".join(applied(DATA, mutations)) == keys


def test_two_items_inserted_at_one_index_come_in_the_order_given() -> None:
    assert applied([1], [Insert((), 1, "a"), Insert((), 1, "b")]) == [1, "a", "b"]


@pytest.mark.parametrize(
    "mutation",
    [
        Set(("z",), 1),
        Set(("c", 0), 1),
        Remove(("b", "x", 3)),
        Add(("c", "new"), 1),
        Add(("new",), 1, after="z"),
        Add(("new",), 1, before="z"),
        Insert(("b", "x"), 4, 1),
        Insert(("b", "x"), -1, 1),
        Insert(("a",), 0, 1),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error(mutation: Mutation) -> None:
    with pytest.raises(LookupError):
        applied(DATA, [mutation])


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ({"a": 1}, {"a": True}, [("a",)]),
        ({"a": 1}, {"a": 1.0}, [("a",)]),
        ({"a": scalar("1.10")}, {"a": scalar("1.1")}, [("a",)]),
        ({"a": 0.0}, {"a": -0.0}, [("a",)]),
        ([1, 2], [1], [(1,)]),
        ([1], [1, 2], [(1,)]),
        ({"a": {"b": [1]}}, {"a": {"b": [2]}}, [("a", "b", 0)]),
        ({"a": 1}, {}, [("a",)]),
        ([], {}, [()]),
        ({"a": 1, "b": [None]}, {"b": [None], "a": 1}, []),
        ({"a": scalar("1.10"), "b": float("nan")}, {"a": scalar("1.10"), "b": float("nan")}, []),
    ],
)
def test_values_are_the_same_only_when_their_types_are(one: Any, other: Any, where: list[Any]) -> None:
    assert list(differences(one, other)) == where


def test_plain_data_has_no_comments() -> None:
    assert plain({"a": [Noted("v", "note"), (1,)]}) == {"a": ["v", [1]]}


def test_the_last_text_of_a_value_is_that_of_its_last_leaf() -> None:
    assert last_text({"a": 1, "b": [1, Noted({"c": "x\n"}, "note")]}) == "x\n"
    assert last_text([]) == "[]"


def test_a_value_is_found_by_its_path() -> None:
    assert value_at(DATA, ("b", "x", 1)) == 2
