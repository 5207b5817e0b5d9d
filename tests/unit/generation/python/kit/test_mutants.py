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


def test_a_comparison_becomes_those_that_tell_every_other_one() -> None:
    assert changed("def a(x):\n    return x < y") == [
        "return False", "return None", "return x != y", "return x <= y",
    ]  # fmt: skip


def test_a_sum_becomes_every_other_operation_and_its_numbers_move() -> None:
    operators = ["%", "&", "*", "**", "-", "/", "//", "<<", ">>", "^", "|"]
    expected = [f"return x {each} 1" for each in operators] + ["return None", "return x + 0", "return x + 2"]
    assert changed("def a(x):\n    return x + 1") == sorted(expected)


def test_loops_handlers_conditions_and_decorators_lose_their_effect() -> None:
    text = "@cached\ndef a(x):\n    if x:\n        pass\n    for y in x:\n        break"
    assert changed(text) == ["@lambda it: it", "continue", "for y in []:", "if not x:"]
    assert changed("def a():\n    try:\n        b()\n    except ValueError:\n        pass") == ["except ():"]


def test_a_mutant_of_a_declaration_says_which_field_or_parameter_it_is_about() -> None:
    tree = ast.parse("class A:\n    x: int = Field(ge=1)\n\ndef a(b, c=2, *, d=4):\n    return 7")
    about = [mutant.about for mutant in mutants(tree, 100)]
    assert sorted(about) == ["", "", "", "c", "c", "d", "d", "x", "x"]


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
