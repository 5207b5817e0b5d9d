"""What is written for each kind of thing besides functions and classes: one module and one template for each.

A module has `part(model, cases, test_file)`, which returns what the kind adds to a test file: `imports`, the values of
its template, and `groups` as those of functions are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.kinds import hook, load, plugin, route
from orchestrator.generation.typescript.setups import is_loaded

Recorded = Mapping[str, Any]

_KINDS: Final = {"route": route.part, "hook": hook.part, "plugin": plugin.part, "load": load.part}


def parts_of(model: Recorded, cases: Sequence[Recorded], test_file: str) -> list[dict[str, Any]]:
    """Return what each kind that has cases adds to a test file."""
    found = []
    for kind, part in _KINDS.items():
        own = [case for case in cases if case.get("kind") == kind]
        if own or (kind == "load" and is_loaded(model)):
            found.append({"template": f"kinds/{kind}.ts", **part(model, own, test_file)})
    return found


def has_subjects(model: Recorded) -> bool:
    """Say whether there is anything in a target that can be tried on its own."""
    kinds = model.get("fastify") or model.get("loading")
    return bool(model["functions"] or kinds or any(own["methods"] for own in model["classes"]))
