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
        (route({"status": 200}, body={"name": "x", "age": [1, 2]}), "test_answers_200_for_2_in_age"),
        (route({"status": 200, "body": []}), "test_answers_200_with_an_empty_list"),
        (route({"status": 200, "body": [1]}), "test_answers_200_with_one_item"),
        (route({"raises": "builtins:KeyError", "message": "'a'"}), "test_raises_key_error_a"),
    ],
)
def test_a_title_says_what_happens_and_then_what_was_different(case: dict[str, Any], title: str) -> None:
    assert title_of(case, PLAIN) == title


def call(returns: Any, replies: tuple[Any, ...] = (), **arguments: Any) -> dict[str, Any]:
    return {"act": {"args": arguments}, "arrange": [], "outcome": {"returns": returns}, "replies": list(replies)}


ADA = {"new": ":Ada", "fields": {"age": 1, "tags": {"list": []}}}


@pytest.mark.parametrize(
    ("case", "title"),
    [
        (call(3, who=ADA), "test_returns_3"),
        (call(3, who={"new": ":Ada", "fields": {}}), "test_returns_3_for_empty_who"),
        (call(3, who={"new": ":Ada", "fields": {"age": 1}}), "test_returns_3_for_who_without_tags"),
        (
            call(3, who={"new": ":Ada", "fields": {"age": 1, "tags": {"list": [4]}}}),
            "test_returns_3_for_who_with_1_in_tags",
        ),
        (call({"seen": "db.query.return_value.first.return_value"}, who=ADA), "test_returns_what_query_first_answers"),
        (call({"seen": "who"}, who=ADA), "test_returns_who"),
        (call(None, (["db", "get()", None],), who=ADA), "test_returns_none_when_get_finds_nothing"),
        (call(None, (["db", "count()", 0],), who=ADA), "test_returns_none_when_count_answers_0"),
        (call(None, (["db", "get()", {"error": {}}],), who=ADA), "test_returns_none_when_get_fails"),
        (call(None, (["db", "get()", ADA],), who=ADA), "test_returns_none_when_get_finds_ada"),
    ],
)
def test_the_title_of_a_call_says_which_part_differs_and_what_a_dependency_did(
    case: dict[str, Any], title: str
) -> None:
    assert title_of(case, {"args": {"who": ADA}}) == title


def test_a_long_title_ends_with_a_whole_word() -> None:
    title = title_of(route({"status": 400, "body": {"detail": "word " * 40}}), PLAIN)
    assert len(title) <= 84
    assert title.endswith("_word")
    title = title_of(route({"status": 400, "body": {"detail": "aaaaaaaaa and " * 40}}), PLAIN)
    assert title.endswith("_aaaaaaaaa")


def test_equal_titles_are_numbered() -> None:
    assert numbered(["a", "b", "a", "a"]) == ["a", "b", "a_2", "a_3"]


def test_a_method_has_a_class_of_its_own() -> None:
    assert class_name("Cart.add_item") == "TestCartAddItem"
