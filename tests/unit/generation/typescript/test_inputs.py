"""Values of JSON schemas, made by the helper that runs in the target's node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestrator.generation.typescript.worker import HERE

SCRIPT = """
const { Draws } = require('./draws.cjs');
const { fieldsOf } = require('./inputs.cjs');
const [schema, choices] = JSON.parse(process.argv[1]);
const hints = { numbers: [], lengths: [], ages: [], strings: [], words: [], compared: {}, parsed: [] };
const draws = new Draws({ hints }, choices);
const value = fieldsOf(draws, 'body:', schema);
console.log(JSON.stringify([value, draws.isWrong, draws.points.map(({ path, labels }) => [path, labels])]));
"""


def drawn(schema: dict[str, Any], choices: dict[str, int] | None = None) -> Any:
    argv = ["node", "-e", SCRIPT, json.dumps([schema, choices or {}])]
    done = subprocess.run(argv, cwd=HERE, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def one(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": ["it"], "properties": {"it": schema}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000001"),
        ({"type": "string", "minLength": 5}, "ititi"),
        ({"type": "string", "maxLength": 1}, "i"),
        ({"type": "string", "pattern": "^\\d{4}$"}, "1234"),
        ({"type": "integer", "minimum": 7, "maximum": 9}, 7),
        ({"type": "number", "exclusiveMinimum": 1}, 1.5),
        ({"enum": ["red", "blue"]}, "red"),
        ({"type": "array", "minItems": 2, "items": {"type": "boolean"}}, [True, True]),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, {"first": True}),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, True),
        ({"allOf": [one({"enum": [1]}), {"properties": {"more": {"enum": [2]}}}]}, {"it": 1, "more": 2}),
    ],
)
def test_the_first_value_is_right(schema: dict[str, Any], value: Any) -> None:
    made, is_wrong, _ = drawn(one(schema))
    assert (made["it"], is_wrong) == (value, False)


@pytest.mark.parametrize(
    ("schema", "labels"),
    [
        ({"type": "integer", "minimum": 2, "maximum": 9}, ["2", "9", "1", "10", "1.5", "text", "missing"]),
        ({"enum": ["red"]}, ['"red"', "something else", "missing"]),
        ({"type": "string", "format": "email"}, ['"ada@example.com"', '"not-an-email"', "an object", "missing"]),
        ({"type": "array", "maxItems": 1, "items": {"enum": [1]}}, ["1 of them", "an empty list", "2 of them"]),
    ],
)
def test_boundaries_and_what_is_wrong_come_after_what_is_right(schema: dict[str, Any], labels: list[str]) -> None:
    (points,) = [found for path, found in drawn(one(schema))[2] if path == "body:it"]
    assert points[: len(labels)] == labels


def test_what_is_wrong_is_known_to_be() -> None:
    schema = one({"enum": ["red"]})
    assert drawn(schema, {"body:it": 1})[:2] == [{"it": "something-else"}, True]
    assert drawn(schema, {"body:it": 2})[:2] == [{}, True]
    assert drawn({**schema, "required": []}, {"body:it": 2})[:2] == [{}, False]


def test_helpers_for_node_have_no_dependency_of_their_own() -> None:
    for path in HERE.rglob("*.cjs"):
        for line in Path(path).read_text("utf-8").splitlines():
            if line.startswith("const ") and "require('" in line:
                assert "require('node:" in line or "require('./" in line or "require('../" in line, path
