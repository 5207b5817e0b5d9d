from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.generation.python.kit.samples import Pool
from orchestrator.generation.python.kit.schemas import Schemas

PERSON = {
    "type": "object",
    "required": ["name", "age"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 5},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "role": {"enum": ["admin", "guest"]},
        "slug": {"type": "string", "pattern": "^[a-z]+$"},
        "tags": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "maxItems": 3},
        "address": {"$ref": "#/$defs/Address"},
        "nick": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "active": {"type": "boolean"},
    },
    "$defs": {"Address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}},
}
SCHEMAS = Schemas(PERSON, Pool(strings=["gold", "UPPER"], numbers=[3, 4], keys=["key"]))
VALIDATOR = Draft202012Validator(PERSON)


def test_the_plain_value_fits() -> None:
    VALIDATOR.validate(SCHEMAS.plain(PERSON, "body"))


def test_a_variant_fits_or_does_not_as_it_says() -> None:
    wrong = [each.label for each in SCHEMAS.variants(PERSON, "body") if VALIDATOR.is_valid(each.value) != each.fits]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("age", 0, True), ("age", -1, False), ("age", 150, True), ("age", 151, False), ("share", 0, False),
        ("share", 1, True), ("role", "guest", True), ("role", "unknown", False), ("tags", [], False),
        ("name", "eeeee", True), ("name", "eeeeee", False), ("age", "many", False), ("address", {}, False),
    ],
)  # fmt: skip
def test_both_sides_of_every_limit_are_tried(name: str, value: Any, fits: bool) -> None:
    assert any(each.value.get(name) == value and each.fits is fits for each in SCHEMAS.variants(PERSON, "body"))


def test_every_required_field_is_missed_once() -> None:
    missing = {
        each.label for each in SCHEMAS.variants(PERSON, "body") if each.label.startswith("without") and not each.fits
    }
    assert missing == {"without name", "without age"}


def test_the_same_name_has_the_same_text_everywhere() -> None:
    schema = {"type": "string"}
    assert SCHEMAS.plain(schema, "member_id") == SCHEMAS.text(schema, "member_id") == "member-1"
