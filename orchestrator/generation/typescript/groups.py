"""The `describe` of one function: its tables of plain values, the inputs that its tests share, and its tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.cases import (
    MAKING,
    environment_of,
    givens_in,
    is_bare,
    is_partial,
    test_of,
    unique,
)
from orchestrator.generation.typescript.literals import literal, quoted

_PRIMITIVE: Final = {"string", "number", "boolean"}

Recorded = Mapping[str, Any]


def grouped(cases: Sequence[Recorded]) -> dict[str, list[Recorded]]:
    """Return the cases by the function that they are about."""
    groups: dict[str, list[Recorded]] = {}
    for case in cases:
        groups.setdefault(_name_of(case), []).append(case)
    return groups


def _name_of(case: Recorded) -> str:
    if case["owner"] and case["fn"] == MAKING:
        return f"new {case['owner']}"
    return f"{case['owner']}.{case['fn']}" if case["owner"] else case["fn"]


def group_of(name: str, cases: Sequence[Recorded]) -> dict[str, Any]:
    """Return what the template needs for the tests of one function."""
    rows = [case for case in cases if _is_row(case)]
    rows = rows if len(rows) > 1 else []
    single = [case for case in cases if case not in rows]
    shared = _shared(single)
    taken: dict[str, int] = {}
    bare = is_bare(cases)
    return {
        "name": quoted(name),
        "plain_name": name,
        "shared": [{**one, "value": literal(one["value"])} for one in shared.values()],
        "tables": [_table(rows, taken)] if rows else [],
        "cases": [test_of(case, shared, taken, is_bare=bare) for case in single],
    }


def _is_row(case: Recorded) -> bool:
    """Say whether a case is one line of a table: plain values in, one plain value out, nothing asked or set."""
    if case["owner"] or case["script"] or "error" in case or environment_of(case):
        return False
    if case.get("makes") is not None or len(case["args"]) != len(case["params"]):
        return False
    plain = all(param["type"]["k"] in _PRIMITIVE for param in case["params"]) and case["params"]
    value = case["value"]
    return bool(plain) and not isinstance(value, dict | list) and len(json.dumps([case["args"], value])) < 400


def _table(rows: Sequence[Recorded], taken: dict[str, int]) -> dict[str, Any]:
    names = [param["name"] for param in rows[0]["params"]]
    is_async = any(case["isAsync"] for case in rows)
    call = f"{rows[0]['fn']}({', '.join(names)})"
    title = unique(f"maps {' and '.join(f'{name} %j' for name in names)} to %j", taken)
    check = f"await expect({call}).resolves.toBe(expected);" if is_async else f"expect({call}).toBe(expected);"
    return {
        "title": quoted(title),
        "plain_title": title,
        "types": "",
        "names": ", ".join([*names, "expected"]),
        "is_async": "async " if is_async else "",
        "rows": [", ".join(map(literal, [*case["args"], case["value"]])) for case in rows],
        "check": check,
        "members": [(_filled(title, [*case["args"], case["value"]]), case) for case in rows],
    }


def _filled(title: str, values: Sequence[Any]) -> str:
    """Return the name that Jest gives to a row of a table."""
    for value in values:
        shown = (
            "undefined"
            if value == {"$undefined": True}
            else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        )
        title = title.replace("%j", shown, 1)
    return title


def _shared(cases: Sequence[Recorded]) -> dict[int, dict[str, Any]]:
    """Return by position the valid inputs that several tests start from."""
    found: dict[int, dict[str, Any]] = {}
    for index, param in enumerate(cases[0]["params"] if cases else ()):
        given = [case["args"][index] for case in cases if len(case["args"]) > index]
        objects = [one for one in given if isinstance(one, dict) and one and not next(iter(one)).startswith("$")]
        is_later = cases[0].get("makes") is not None and index >= cases[0]["makes"]
        if len(objects) < 2 or givens_in(objects) or is_partial(param) or is_later:
            continue
        base = next((case["args"][index] for case in cases if _is_plain(case, index)), objects[0])
        case = cases[0]
        of = f"{case['owner']}['{case['fn']}']" if case["owner"] else f"typeof {case['fn']}"
        if case["isStatic"]:
            of = f"(typeof {case['owner']})['{case['fn']}']"
        name = f"valid{param['name'][:1].upper()}{param['name'][1:]}"
        found[index] = {"name": name, "type": f"NonNullable<Parameters<{of}>[{index}]>", "value": base}
    return found


def _is_plain(case: Recorded, index: int) -> bool:
    args = case["args"]
    changed = any(choice["at"].startswith("arg:") for choice in case["choices"])
    return len(args) > index and isinstance(args[index], dict) and not changed
