from __future__ import annotations

from typing import Any

import pytest

from orchestrator.generation.typescript.titles import title_of

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
        ({"value": NOTHING}, "ends with users.first"),
        ({"value": NOTHING, "script": []}, "does nothing"),
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
    ],
)
def test_a_title_says_under_which_circumstances(at: str, label: str, condition: str) -> None:
    assert title_of(record(choices=[{"at": at, "label": label}])) == f"returns null when {condition}"
