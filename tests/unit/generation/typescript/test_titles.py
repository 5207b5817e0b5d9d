from __future__ import annotations

from typing import Any

import pytest

from orchestrator.generation.typescript.titles import operation_title, title_of

LOOKUP = ["db('users').where({ id: 'u' }).first()", None]
NOTHING = {"$undefined": True}


def record(**fields: Any) -> dict[str, Any]:
    return {"choices": [], "script": [LOOKUP], "value": None, **fields}


def failure(name: str, message: str) -> dict[str, Any]:
    return {"name": name, "message": message, "props": {}}


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"value": 3}, "returns 3"),
        ({"value": {"a": "x" * 80}}, "returns a"),
        ({"value": ["x" * 80]}, "returns 1 item"),
        ({"shows": ["code"], "value": {"code": 404, "path": ["a"], "name": "x"}}, 'has code 404, path and name "x"'),
        ({"shows": ["a"], "value": {"a": "x" * 60, "b": "y" * 20}}, f'has a "{"x" * 60}" and more'),
        ({"value": NOTHING}, "ends with users.first"),
        ({"value": {"$given": "res"}}, "ends with users.first"),
        ({"value": NOTHING, "script": []}, "does nothing"),
        ({"value": NOTHING, "script": [["res.status(404)", NOTHING], ["res.json({})", NOTHING]]}, "answers 404"),
        (
            {"value": NOTHING, "script": [["res.status(404)", NOTHING], ["users.find()", NOTHING]]},
            "ends with users.find",
        ),
        ({"value": NOTHING, "script": [["next([AppError: it is gone])", NOTHING]]}, 'passes "it is gone" on'),
        ({"value": NOTHING, "script": [["next()", NOTHING]]}, "goes on"),
        ({"error": failure("Conflict", "taken")}, 'throws Conflict "taken"'),
        ({"error": failure("Error", "connection lost")}, "passes a failure on"),
    ],
)
def test_a_title_says_what_comes_of_it(fields: dict[str, Any], title: str) -> None:
    assert title_of(record(**fields)) == title


@pytest.mark.parametrize(
    ("at", "label", "condition"),
    [
        ("arg:limit", "omitted", "there is no limit"),
        ("arg:input.name", '"x"', 'name is "x"'),
        ("arg:events", "3 of them", "events has 3 items"),
        ("arg:events", "1 of them", "events has 1 item"),
        ("reply:0", "undefined", "users.first finds nothing"),
        ("reply:0", "2 of them", "users.first finds 2"),
        ("reply:0", "fails", "users.first fails"),
        ("reply:0", "0", "users.first answers 0"),
        ("reply:0.status", '"suspended"', 'status is "suspended"'),
        ("reply:0[1]", '"x"', 'an item is "x"'),
        ("reply:7", "0", "a call answers 0"),
        ("before:0", "restock", "restock was called before"),
        ("before:1", "restock", "then restock"),
        ("before:0.count", "2", "count is 2"),
        ("body:", "with something unknown", "the body has something unknown"),
    ],
)
def test_a_title_says_under_which_circumstances(at: str, label: str, condition: str) -> None:
    assert title_of(record(choices=[{"at": at, "label": label}])) == f"returns null when {condition}"


def test_what_is_only_there_is_no_circumstance_beside_others() -> None:
    there, short = {"at": "arg:options", "label": "an object"}, {"at": "arg:options.limit", "label": "0"}
    assert title_of(record(choices=[there, short])) == "returns null when limit is 0"
    assert title_of(record(choices=[there])) == "returns null when options is an object"


LACKING = {"data": None, "errors": [{"message": "Cannot return null for non-nullable field Shop.id."}]}
MISSING = {"choices": [{"at": "variables:id", "label": "missing"}]}
NOBODY = {"choices": [{"at": "auth:", "label": "nobody"}]}


def told(message: str) -> dict[str, Any]:
    return {"data": None, "errors": [{"message": message}]}


@pytest.mark.parametrize(
    ("value", "fields", "title"),
    [
        ({"data": {"me": {"id": "1", "name": "a"}}}, {}, "answers id and name"),
        ({"data": {"all": [{"id": "1"}]}}, {}, "answers 1 item"),
        ({"data": {"me": None}}, {}, "answers null"),
        ({"errors": [{"message": "wrong"}]}, MISSING, "refuses variables when there is no id"),
        (told("sign in"), NOBODY, 'refuses with "sign in" when nobody is signed in'),
        (told("broken"), {"script": [["db.find()", {"$error": {}}]]}, 'fails with "broken"'),
        (LACKING, {}, 'refuses with "Cannot return null for non-nullable field Shop.id."'),
        (LACKING, {"answer": {"k": "brief"}}, "never lacks Shop.id"),
    ],
)
def test_a_title_says_what_a_client_gets(value: Any, fields: dict[str, Any], title: str) -> None:
    assert operation_title(record(**{"value": value, "answer": None, **fields})) == title


def test_somebody_who_is_missing_from_a_context_is_nobody() -> None:
    error = failure("GraphQLError", "sign in")
    missing = {"choices": [{"at": "arg:context.viewer", "label": "null"}], "error": error}
    assert title_of(record(**missing)) == 'throws GraphQLError "sign in" when nobody is signed in'


def test_services_and_what_is_absent_in_a_context_are_told_by_name() -> None:
    made = {"viewer": None, "services": {"$given": "services"}, "trace": NOTHING}
    assert title_of(record(value=made)) == "returns no viewer and services"
