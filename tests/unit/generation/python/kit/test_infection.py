from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from orchestrator.generation.python.kit.infection import Infection
from orchestrator.generation.python.kit.mutants import Mutant, mutants

PATH = Path("/shop/shop.py")


def infected(text: str, *arguments: Any) -> tuple[list[str], list[str], Any]:
    """Return the judged mutants that a call could notice, those that it could not, and what the call returns."""
    tree = ast.parse(text)
    before = ast.unparse(tree)
    found = mutants(tree, 100)
    infection = Infection(tree, PATH, found)
    assert ast.unparse(tree) == before
    names: dict[str, Any] = {}
    exec(infection.code, names)
    value = names["a"](*arguments)
    taken = infection.taken()
    judged = [each for each in found if infection.is_judged(each)]
    noticed = [written(each) for each in judged if id(each) in taken]
    return noticed, [written(each) for each in judged if id(each) not in taken], value


def written(mutant: Mutant) -> str:
    return ast.unparse(mutant.replacement)


def test_a_comparison_that_no_value_tells_apart_is_not_infected() -> None:
    assert infected("def a(x):\n    return x < 3", 1) == (["False"], ["x <= 3", "x != 3"], True)
    assert infected("def a(x):\n    return x < 3", 3)[0] == ["x <= 3"]
    assert infected("def a(x):\n    return x < 3", 4)[0] == ["x != 3"]


def test_arithmetic_is_judged_by_its_result_and_its_type() -> None:
    noticed, others, value = infected("def a(x):\n    return x * 1", 7)
    assert value == 7
    assert "x / 1" in noticed
    assert {"x // 1", "x ** 1"} <= set(others)


def test_an_expression_inside_another_is_watched_too() -> None:
    noticed, others, value = infected("def a(x):\n    return (x + 0) * 2 > 5", 3)
    assert value is True
    assert "x - 0" in others
    assert "x * 0" in noticed
    assert "(x + 0) * 2 >= 5" in others


def test_values_of_other_kinds_are_taken_to_matter() -> None:
    noticed, others, value = infected("def a(x):\n    return x + x", [1])
    assert (others, value) == ([], [1, 1])
    assert len(noticed) == 11


def test_a_huge_power_is_not_computed_to_see_what_it_would_be() -> None:
    assert "x ** 9" in infected("def a(x):\n    return x + 9", 10**6)[0]
    assert "x << 1000000000" in infected("def a(x):\n    return x + 1000000000", 1)[0]


def test_other_changes_are_not_judged() -> None:
    tree = ast.parse("def a(x):\n    return not x in (1, 2)")
    found = mutants(tree, 100)
    infection = Infection(tree, PATH, found)
    assert not any(infection.is_judged(each) for each in found)
