from __future__ import annotations

from typing import Any

import pytest

from orchestrator.generation.python.titles import class_name, numbered, title_of

PLAIN = {"path": {"id": "a"}, "query": {}, "body": {"name": "x", "age": 1}}


def route(outcome: dict[str, Any], arrange: tuple[Any, ...] = (), **changes: Any) -> dict[str, Any]:
    return {"act": {**PLAIN, **changes}, "arrange": list(arrange), "outcome": outcome}


@pytest.mark.parametrize(
    ("case", "title"),
    [
        (route({"status": 200}), "test_answers_200"),
        (route({"status": 404, "body": {"detail": "no Member a"}}), "test_answers_404_no_member_a"),
        (route({"status": 200}, query={"limit": -1}), "test_answers_200_for_limit_minus_1"),
        (route({"status": 200}, body={"name": "x"}), "test_answers_200_without_age"),
        (route({"status": 200}, body={"name": "", "age": 1}), "test_answers_200_for_empty_name"),
        (route({"status": 200}, ({"subject": "save"}, {"subject": "save"})), "test_answers_200_after_save_twice"),
        (
            route({"status": 422, "body": {"detail": [{"loc": ["body", "age"], "type": "int_type"}]}}, body={}),
            "test_answers_422_age_int_type",
        ),
        (route({"raises": "builtins:KeyError", "message": "'a'"}), "test_raises_key_error_a"),
    ],
)
def test_a_title_says_what_happens_and_then_what_was_different(case: dict[str, Any], title: str) -> None:
    assert title_of(case, PLAIN) == title


def test_a_long_title_ends_with_a_whole_word() -> None:
    title = title_of(route({"status": 400, "body": {"detail": "word " * 40}}), PLAIN)
    assert len(title) <= 76
    assert title.endswith("_word")


def test_equal_titles_are_numbered() -> None:
    assert numbered(["a", "b", "a", "a"]) == ["a", "b", "a_2", "a_3"]


def test_a_method_has_a_class_of_its_own() -> None:
    assert class_name("Cart.add_item") == "TestCartAddItem"
