from __future__ import annotations

import random
from typing import Any

from orchestrator.generation.python.kit.aiming import Aim
from orchestrator.generation.python.kit.search import Found
from orchestrator.generation.python.kit.world import Observed


def case(number: int) -> dict[str, Any]:
    return {"subject": "rate", "kind": "call", "arrange": [], "act": {"args": {"number": number}}}


class Searching:
    """A search whose world runs line 7 for numbers above 5, and has seen each number once."""

    def __init__(self, *numbers: int) -> None:
        self.found: list[Found] = []
        self.tried: list[int] = []
        for number in numbers:
            self.evaluate(case(number))

    def evaluate(self, tried: dict[str, Any]) -> None:
        number = tried["act"]["args"]["number"]
        self.tried.append(number)
        if all(each.case != tried for each in self.found):
            arcs = frozenset({(-1, 7 if number > 5 else 3)})
            self.found.append(Found(tried, Observed({"returns": number}, arcs), False, len(self.found), arcs))


def next_number(tried: dict[str, Any], _chance: random.Random) -> dict[str, Any]:
    return case(tried["act"]["args"]["number"] + 1)


def numbers(found: list[Found]) -> list[int]:
    return [each.case["act"]["args"]["number"] for each in found]


def test_new_cases_through_the_line_are_changes_of_known_ones_and_of_each_other() -> None:
    made = list(Aim(Searching(1, 6), {"rate": next_number}, 20).near(7))  # type: ignore[arg-type]
    assert numbers(made)[:3] == [7, 8, 9]


def test_what_misses_the_line_is_not_given_and_nothing_is_built_on_it() -> None:
    search = Searching(6)
    fall = {"rate": lambda tried, _chance: case(tried["act"]["args"]["number"] - 3)}
    assert list(Aim(search, fall, 5).near(7)) == []  # type: ignore[arg-type]
    assert search.tried == [6, 3, 3, 3, 3, 3]


def test_nothing_is_tried_where_no_known_case_comes_by() -> None:
    search = Searching(1, 2)
    assert list(Aim(search, {"rate": next_number}, 20).near(7)) == []  # type: ignore[arg-type]
    assert search.tried == [1, 2]


def test_it_stops_after_as_many_tries_as_it_was_given_or_when_nobody_asks_for_more() -> None:
    search = Searching(6)
    near = Aim(search, {"rate": next_number}, 3).near(7)  # type: ignore[arg-type]
    next(near)
    assert search.tried == [6, 7]
    list(near)
    assert len(search.tried) == 4


def test_a_change_that_cannot_be_made_costs_a_try_and_nothing_else() -> None:
    assert list(Aim(Searching(6), {"rate": lambda *_: None}, 5).near(7)) == []  # type: ignore[arg-type]


def test_the_same_cases_are_made_each_time() -> None:
    def vary(tried: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        return case(tried["act"]["args"]["number"] + chance.randint(1, 100))

    first, second = (list(Aim(Searching(6), {"rate": vary}, 9).near(7)) for _ in range(2))  # type: ignore[arg-type]
    assert numbers(first) == numbers(second)
