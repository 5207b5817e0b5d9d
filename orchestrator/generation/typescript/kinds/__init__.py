"""What is written for each kind of thing besides functions and classes: one module and one template for each.

A module has `part(model, cases, test_file)`, which returns what the kind adds to a test file: `imports`, the values of
its template, and `groups` as those of functions are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.kinds import app, hook, load, operation, plugin, route
from orchestrator.generation.typescript.setups import is_loaded

Recorded = Mapping[str, Any]

_KINDS: Final = {
    "route": route.part,
    "hook": hook.part,
    "plugin": plugin.part,
    "load": load.part,
    "app": app.part,
    "operation": operation.part,
}
_HOOKS: Final = "kinds/hook.ts"
_SHARED: Final = {"call", "hook"}
"""What several modules of one test file may have; the others come with a function that belongs to one module."""


def parts_of(model: Recorded, cases: Sequence[Recorded], test_file: str) -> list[dict[str, Any]]:
    """Return what each kind that has cases adds to a test file."""
    found = []
    for kind, part in _KINDS.items():
        own = [case for case in cases if case.get("kind") == kind]
        if own or (kind == "load" and is_loaded(model)):
            found.append({"template": f"kinds/{kind}.ts", **part(model, own, test_file)})
    return found


def joined_kinds(kinds: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each kind once, where several modules have it."""
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        known = found.setdefault(kind["template"], {**kind, "imports": [], "signed_in": []})
        known["imports"] += kind["imports"]
        if kind["template"] == _HOOKS:
            known["signed_in"] += [name for name in kind["signed_in"] if name not in known["signed_in"]]
        else:
            known["signed_in"] = kind.get("signed_in", [])
    return list(found.values())


def clash_in(cases: Sequence[Recorded]) -> str | None:
    """Return why the modules of a directory do not fit into one test file, None if they do."""
    owners: dict[str, dict[str, None]] = {}
    for case in cases:
        kind = case.get("kind", "call")
        names = {} if kind in _SHARED else {f"tests of the kind `{kind}`": None}
        if kind != "load":
            names[f"`{case.get('plugin') or case['owner'] or case['fn']}`"] = None
        for name in names:
            owners.setdefault(name, {})[case["module"]] = None
    shared = next(((name, own) for name, own in owners.items() if len(own) > 1), None)
    return f"{' and '.join(f'`{one}`' for one in shared[1])} both have {shared[0]}" if shared else None


def has_subjects(model: Recorded) -> bool:
    """Say whether there is anything in a target that can be tried on its own."""
    graphql = model.get("graphql")
    kinds = model.get("fastify") or model.get("loading") or (graphql and graphql["isExecutable"])
    return bool(
        model["functions"]
        or kinds
        or model.get("application")
        or model.get("data")
        or any(own["methods"] or own.get("shows") for own in model["classes"])
    )
