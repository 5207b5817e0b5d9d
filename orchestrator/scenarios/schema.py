"""The JSON Schema of scenario files, for editors."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from orchestrator.plan.schema import definitions_of
from orchestrator.scenarios.model import VALIDATIONS, Scenario, Step


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario file. What plugins provide may have any fields."""
    definitions = definitions_of([Step, *VALIDATIONS.values(), Scenario])
    scenario = definitions.pop(Scenario.__name__)
    for one in fields(Scenario):
        if not one.init:
            del scenario["properties"][one.name]
    scenario["properties"]["steps"]["items"] = {
        "if": {"required": ["type"]},
        "then": {"properties": {"type": {"type": "string"}}},
        "else": {"$ref": f"#/$defs/{Step.__name__}"},
        "type": "object",
    }
    scenario["properties"]["validations"]["items"] = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string"}},
        "allOf": [
            {"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": f"#/$defs/{model.__name__}"}}
            for name, model in sorted(VALIDATIONS.items())
        ],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **scenario,
        "title": "orchestrate scenario",
        "required": ["command"],
        "$defs": dict(sorted(definitions.items())),
    }
