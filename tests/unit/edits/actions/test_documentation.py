"""The table of the named actions in docs/config-edit.md."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from orchestrator.edits.actions import ACTIONS, parameters_of

DOCUMENT = Path(__file__).parents[4] / "docs" / "config-edit.md"
COMMON = {"job", "pin"}


def test_every_action_is_there_with_its_own_parameters() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| .+ \| (`.+`) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    told = {name: set(re.findall(r"\w+", given)) for names, given in rows for name in re.findall(r"\w+", names)}
    taken = {name: {field.name.rstrip("_") for field in fields(parameters_of(name))} - COMMON for name in ACTIONS}
    assert {name: told[name] for name in ACTIONS} == taken
