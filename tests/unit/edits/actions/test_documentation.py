"""The tables of the named actions in docs/config-edit.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.edits.actions import ACTIONS, parameters_of
from orchestrator.edits.actions.choice import names_of
from orchestrator.edits.actions.parameters import InWorkflow, StepSelector
from orchestrator.handlers.registry import Registry
from orchestrator.plan.schema import json_schema

DOCUMENT = Path(__file__).parents[4] / "docs" / "config-edit.md"
COMMON = {"job", "pin"}
KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true`, `false`"}


def test_every_action_is_there_with_its_own_parameters() -> None:
    text = DOCUMENT.read_text("utf-8").partition("### Parameters\n")[0]
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| .+ \| (`.+`) \|$", text, re.MULTILINE)
    told = {name: set(re.findall(r"\w+", given)) for names, given in rows for name in re.findall(r"\w+", names)}
    assert {name: told[name] for name in ACTIONS} == {name: names_of(name) - COMMON for name in ACTIONS}


def test_every_parameter_is_there_with_its_values_and_its_default() -> None:
    text = DOCUMENT.read_text("utf-8").partition("### Parameters\n")[2].partition("\n## ")[0]
    assert [row for row in text.splitlines() if row.startswith("| `")] == list(rows())


def test_how_a_step_is_named_is_told() -> None:
    text = DOCUMENT.read_text("utf-8").partition("### Parameters\n")[2].partition("\n| ")[0]
    assert {field.name for field in fields(StepSelector)} <= set(re.findall(r"`(\w+)`", text))


def rows() -> Iterator[str]:
    """Yield the rows as they ought to be, each parameter once where several actions take the same."""
    told = set()
    for action in ACTIONS:
        model = parameters_of(action).__name__
        if model not in told:
            told.add(model)
            names = ", ".join(f"`{name}`" for name in ACTIONS if parameters_of(name).__name__ == model)
            for name, said in definitions()[model]["properties"].items():
                if name not in COMMON or not issubclass(parameters_of(action), InWorkflow):
                    meaning = said.get("description", "").replace("|", "\\|").replace("\n", " ")
                    yield f"| {names} | `{name}` | {values(said)} | {default(said)} | {meaning} |"


@cache
def definitions() -> dict[str, Any]:
    types = Registry()
    models = {name: model for name in types.names() if (model := types.model(name))}
    found: dict[str, Any] = json_schema(models, types.checkpoint())["$defs"]
    return found


def default(said: dict[str, Any]) -> str:
    match said.get("default"):
        case None | []:
            return ""
        case list() as items:
            return f"`[{', '.join(items)}]`"
        case value:
            return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def values(said: dict[str, Any]) -> str:
    """Return what may be said, in words."""
    match said:
        case {"anyOf": alternatives}:
            return " or ".join(values(each) for each in alternatives if each != {"type": "null"})
        case {"$ref": _}:
            return "a step"
        case {"enum": known}:
            return ", ".join(f"`{each}`" for each in known)
        case {"const": only}:
            return f"`{only}`"
        case {"type": "array", "items": items}:
            return f"list of {values(items)}"
        case {"type": "object", "additionalProperties": inner}:
            to = values(inner)
            return f"mapping to ({to})" if " or " in to else f"mapping to {to}"
        case {"type": ["number", "string"]}:
            return "duration"
        case {"type": list()}:
            return "text"
        case {"maximum": most, "minimum": least}:
            return f"{least} to {most}"
        case _:
            return KINDS[said["type"]]
