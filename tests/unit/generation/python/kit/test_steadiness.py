from __future__ import annotations

from typing import Any

import pytest

from orchestrator.generation.python.kit.steadiness import differing, without


def item(key: str, name: str = "a") -> dict[str, Any]:
    return {"returns": {"new": "shop:Item", "fields": {"id": key, "name": name}}}


def test_a_field_that_differs_is_left_out_and_the_object_is_told_by_the_others() -> None:
    assert differing(item("1"), item("2")) == ["returns.id"]
    assert without(item("1"), ["returns.id"]) == {"returns": {"shape": "shop:Item", "fields": {"name": "a"}}}


def test_of_a_call_with_a_fresh_argument_only_the_number_is_left() -> None:
    first, again = ({"returns": None, "calls": [["db.add", 1, [[key], {}]]]} for key in "12")
    assert differing(first, again) == ["calls.0"]
    assert without(first, ["calls.0"])["calls"] == [["db.add", 1, None]]


def test_an_attribute_that_differs_is_left_out() -> None:
    first, again = ({"returns": None, "attributes": {"at": moment, "name": "a"}} for moment in "12")
    assert without(first, differing(first, again))["attributes"] == {"name": "a"}


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"returns": 1}, {"raises": "x"}),
        ({"returns": 1}, {"returns": 2}),
        ({"returns": {"list": [1]}}, {"returns": {"list": [2]}}),
    ],
)
def test_outcomes_of_which_more_than_places_differ_have_nothing_that_is_steady(first: Any, again: Any) -> None:
    assert differing(first, again) == []
