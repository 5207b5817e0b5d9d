from __future__ import annotations

from typing import Any

import pytest

from orchestrator.generation.typescript.literals import braced, literal


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        (None, "null"),
        (1.5, "1.5"),
        ("it's", '"it\'s"'),
        ('say "hi", it\'s', "'say \"hi\", it\\'s'"),
        ("`${process.exit()}`\n", "'`${process.exit()}`\\n'"),
        ("a\u2028b", "'a\\u2028b'"),
        ("ab" * 50, "'ab'.repeat(50)"),
        ("abc" * 33 + "a", "'abc'.repeat(34).slice(0, 100)"),
        ([1, "x"], "[1, 'x']"),
        ({}, "{}"),
        ({"a": 1, "b-c": [True]}, "{ a: 1, 'b-c': [true] }"),
        ({"$undefined": True}, "undefined"),
        ({"$number": "-Infinity"}, "-Infinity"),
        ({"$bigint": "12"}, "12n"),
        ({"$date": "2025-06-01T12:00:00.000Z"}, "new Date('2025-06-01T12:00:00.000Z')"),
        ({"$set": [1]}, "new Set([1])"),
        ({"$map": [["a", 1]]}, "new Map([['a', 1]])"),
        ({"$buffer": "aGk="}, "Buffer.from('aGk=', 'base64')"),
        ({"$error": {"name": "Error", "message": "no", "props": {}}}, "new Error('no')"),
        (
            {"$error": {"name": "Error", "message": "no", "props": {"code": 1}}},
            "Object.assign(new Error('no'), { code: 1 })",
        ),
        ({"$response": {"status": 500, "json": {"a": 1}}}, "Response.json({ a: 1 }, { status: 500 })"),
        ({"$ref": 1}, "{ $ref: 1 }"),
        ("<root>/src/`${a}`\\", "`${projectRoot}/src/\\`\\${a}\\`\\\\`"),
    ],
)
def test_every_value_has_its_expression(value: Any, expression: str) -> None:
    assert literal(value) == expression


def test_an_object_can_be_laid_over_another() -> None:
    assert braced({"a": 1}, "base") == "{ ...base, a: 1 }"
