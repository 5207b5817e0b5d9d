"""Turns recorded cases into the parts that the template writes down. Pure: no file is read, nothing is run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.groups import group_of, grouped
from orchestrator.generation.typescript.heads import imports_of, mocks_of
from orchestrator.generation.typescript.literals import quoted
from orchestrator.generation.typescript.setups import setups_of

TEMPLATE: Final = "typescript.test.ts"
_REAL_TIMERS: Final = (
    "hrtime nextTick performance queueMicrotask setImmediate clearImmediate "
    "setInterval clearInterval setTimeout clearTimeout"
)

Recorded = Mapping[str, Any]


def parts(model: Recorded, cases: Sequence[Recorded], test_file: str) -> dict[str, Any]:
    """Return what the template needs; every title in it is unique."""
    text = json.dumps(cases)
    doubles = any(case["script"] or _has_doubles(case) for case in cases)
    owners = [own for own in model["classes"] if any(case["owner"] == own["name"] for case in cases)]
    free = any(case["owner"] is None and case["script"] for case in cases)
    return {
        "target": model["target"],
        "doubles": doubles,
        "imports": imports_of(model, cases, owners, test_file),
        "mocks": mocks_of(model, cases, test_file),
        "uses_clock": model["usesClock"],
        "real_timers": ", ".join(quoted(name) for name in _REAL_TIMERS.split()),
        "uses_fetch": '["fetch(' in text,
        "setups": setups_of(model, owners, has_functions=free),
        "groups": [group_of(name, own) for name, own in grouped(cases).items()],
    }


def titles(context: Mapping[str, Any]) -> list[str]:
    """Return the full names of all tests, as Jest has them; a table counts once."""
    return [
        f"{group['plain_name']} {case['plain_title']}"
        for group in context["groups"]
        for case in (*group["tables"], *group["cases"])
    ]


def members(model: Recorded, cases: Sequence[Recorded], test_file: str) -> list[tuple[str, list[Recorded]]]:
    """Return for each test its full name, as Jest has it, and the case it is made of."""
    found = []
    for own in parts(model, cases, test_file)["groups"]:
        for table in own["tables"]:
            found += [(f"{own['plain_name']} {name}", [row]) for name, row in table["members"]]
        found += [(f"{own['plain_name']} {case['plain_title']}", [case["case"]]) for case in own["cases"]]
    return found


def _has_doubles(case: Recorded) -> bool:
    return bool(case["owner"]) and not case["isStatic"]
