from __future__ import annotations

import ast
from typing import Any

from orchestrator.generation.python.calls import write_call_tests
from orchestrator.generation.python.literals import Writer

NAMES = ("the_first_of_the_texts", "the_second_of_the_texts", "the_third_of_the_texts")


def returning(value: str) -> dict[str, Any]:
    return {
        "subject": "join", "kind": "call", "receiver": None, "arrange": [], "replies": [], "patches": [],
        "act": {"call": "join", "args": dict.fromkeys(NAMES, value), "way": "call"}, "outcome": {"returns": value},
    }  # fmt: skip


def test_a_call_that_is_too_long_for_a_line_is_broken_where_python_allows_it() -> None:
    (test,) = write_call_tests(list(enumerate([returning("a"), returning("b")])), {}, Writer("shop"))
    (line,) = test.lines
    assert "\n" in line
    assert isinstance(ast.parse(line).body[0], ast.Assert)
