from __future__ import annotations

import ast

from orchestrator.generation.python.kit.mutants import mutants


def changed(text: str, most: int = 100) -> list[str]:
    tree = ast.parse(text)
    before = ast.unparse(tree).splitlines()
    found = []
    for mutant in mutants(tree, most):
        with mutant.applied():
            lines = ast.unparse(tree).splitlines()
        found += [line.strip() for line, old in zip(lines, before, strict=True) if line != old]
    return sorted(found)


def test_comparisons_sums_and_results_are_changed() -> None:
    assert changed("def a(x):\n    return x + 1 < 3") == [
        "return None", "return x * 1 < 3", "return x + 0 < 3", "return x + 1 < 2", "return x + 1 < 4",
        "return x + 1 <= 3", "return x + 1 >= 3", "return x + 2 < 3", "return x - 1 < 3", "return x | 1 < 3",
    ]  # fmt: skip


def test_the_limits_of_a_schema_are_changed_and_its_prose_is_not() -> None:
    assert changed('class A:\n    """Prose."""\n    x: int = Field(ge=1, description="prose")') == [
        "x: int = Field(ge=0, description='prose')",
        "x: int = Field(ge=2, description='prose')",
    ]


def test_what_is_logged_is_not_changed() -> None:
    assert changed('def a(x):\n    log.info("a", 1)') == []


def test_no_more_mutants_are_made_than_are_asked_for_and_they_are_spread() -> None:
    text = "def a(x):\n" + "".join(f"    y{index} = {index}\n" for index in range(50))
    lines = [mutant.line for mutant in mutants(ast.parse(text), 5)]
    assert len(lines) == 5
    assert max(lines) - min(lines) > 30


def test_the_target_s_own_tree_stays_as_it_is() -> None:
    tree = ast.parse("def a(x):\n    return x < 3")
    before = ast.dump(tree)
    mutants(tree, 10)
    assert ast.dump(tree) == before
