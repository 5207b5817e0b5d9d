"""Tests of modules that act when they are loaded: each loads a fresh copy under an environment of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.generation.typescript.cases import unique
from orchestrator.generation.typescript.kinds import server
from orchestrator.generation.typescript.literals import braced, literal, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.titles import load_title

Recorded = Mapping[str, Any]


def part(model: Recorded, cases: Sequence[Recorded], test_file: str) -> dict[str, Any]:
    """Return what tests of loading a module add to a file."""
    taken: dict[str, int] = {}
    values = model["usualValues"]
    usual = next((case["inputs"]["environment"] for case in cases if "environment" in case["inputs"]), None)
    shared = []
    if usual is not None and sum("environment" in case["inputs"] for case in cases) > 1:
        shared = [{"name": "usual", "type": "NodeJS.ProcessEnv", "value": literal(usual)}]
    tests = [_test(case, usual if shared else None, model, taken) for case in cases]
    group = {"name": "'loading'", "plain_name": "loading", "shared": shared, "tables": [], "cases": tests}
    reads = model["loading"]["readsEnvironment"]
    parameters = [
        "environment: NodeJS.ProcessEnv = process.env" if reads else "",
        "script: Step[] = []",
        "given: object = values" if values else "",
    ]
    target = quoted(relative(without_suffix(model["target"]), test_file))
    return {
        "imports": [f"import type * as original from {target};"],
        "target": target,
        "reads_environment": reads,
        "goes_on": model["loading"]["goesOn"],
        "listens": model["loading"]["listens"],
        "parameters": ", ".join(filter(None, parameters)),
        "drawn": literal(values) if values else "",
        "groups": [group] if tests else [],
    }


def loaded(case: Recorded, model: Recorded, environment: str = "", script: str = "") -> str:
    """Return the call that loads a copy for a case, with the values that differ from the usual ones."""
    own = [environment] if model["loading"]["readsEnvironment"] else []
    given = literal(case["values"]) if case["values"] not in ({}, model["usualValues"]) else ""
    return f"load({server.arguments(*own, script, given)})"


def _test(
    case: Recorded,
    usual: Mapping[str, Any] | None,
    model: Recorded,
    taken: dict[str, int],
) -> dict[str, Any]:
    title = unique(load_title(case), taken)
    call = loaded(case, model, _environment(case, usual), server.steps(case))
    goes_on = model["loading"]["goesOn"] and "error" not in case
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "async " if goes_on else "",
        "remark": None,
        "arrange": [f"{'const loaded = ' if case['value'] else ''}{call};"] if goes_on else [],
        "check": _check(case, "loaded" if goes_on else call),
        "is_scripted": bool(case["script"]),
        "case": case,
    }


def _check(case: Recorded, call: str) -> str:
    """Return what a test expects of loading a module."""
    error = case.get("error")
    if error is not None:
        wanted = literal({"name": error["name"], "message": error["message"]})
        return f"expect(() => {call}).toThrow(expect.objectContaining({wanted}));"
    checks = ["await settled();"] if call == "loaded" else []
    if case["value"]:
        checks.append(f"expect({call}).toMatchObject({literal(case['value'])});")
    return "\n    ".join(checks) or f"{call};"


def _environment(case: Recorded, usual: Mapping[str, Any] | None) -> str:
    own = case["inputs"].get("environment")
    if own is None:
        return ""
    if usual is None:
        return literal(own)
    gone = {name: {"$undefined": True} for name in usual if name not in own}
    changes = {**gone, **{name: value for name, value in own.items() if usual.get(name) != value}}
    return braced(changes, "usual") if changes else "usual"
