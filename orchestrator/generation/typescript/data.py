"""The test of a module that only holds data or passes on what others export: that all of it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.literals import braced, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.titles import listed

_MAIN: Final = {"default": "main"}

Recorded = Mapping[str, Any]


def data_import(model: Recorded, test_file: str) -> str:
    """Return the line that imports all that the target exports."""
    names = [f"{name} as {_MAIN[name]}" if name in _MAIN else name for name in model["data"]]
    return f"import {{ {', '.join(names)} }} from {quoted(relative(without_suffix(model['target']), test_file))};"


def data_groups(cases: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Return the `describe` of what a module exports, none if it was not looked at."""
    tests = [_test(case) for case in cases]
    return [{"name": "'exports'", "plain_name": "exports", "shared": [], "tables": [], "cases": tests}] if tests else []


def _test(case: Recorded) -> dict[str, Any]:
    value = {_MAIN.get(name, name): one for name, one in case["value"].items()}
    title = f"has {listed(list(case['value']))}"
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "",
        "remark": None,
        "arrange": [],
        "check": f"expect({{ {', '.join(value)} }}).toEqual({braced(value)});",
        "is_scripted": False,
        "case": case,
    }
