"""Tests of routes: requests that are right, tables of those that are refused, and dependencies that fail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.generation.typescript.cases import unique
from orchestrator.generation.typescript.groups import grouped
from orchestrator.generation.typescript.kinds import server
from orchestrator.generation.typescript.literals import access, literal, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.titles import conditions_of, response_title

Recorded = Mapping[str, Any]


def part(model: Recorded, cases: Sequence[Recorded], test_file: str) -> dict[str, Any]:
    """Return what tests of routes add to a file."""
    usual = server.usual_of(cases)
    fastify = model["fastify"]
    plugin = next(one for one in fastify["plugins"] if one["name"] == cases[0]["plugin"])
    local = plugin["local"] if plugin["local"] != "default" else "routes"
    name = local if plugin["name"] == "default" else f"{{ {plugin['name']} }}"
    roles = [one["role"] for own in model["imports"] for one in own["names"] if one.get("role")]
    gates = fastify["gates"]
    has_makers = "maker" in roles or any(gate["isMade"] for gate in gates)
    verifies = any(one.get("verifies") and one["shape"] == "function" for one in fastify["decorations"])
    admits = verifies or (fastify["hasGate"] and ("gate" in roles or any(gate["admits"] for gate in gates)))
    signed_in = server.signed_in(model)
    target = quoted(relative(without_suffix(model["target"]), test_file))
    return {
        "imports": [*server.handed_imports(model, test_file), f"import {name} from {target};"],
        "plugin": local if plugin["name"] == "default" else plugin["name"],
        "options": server.options(plugin, model, usual),
        "furniture": server.furniture(model, usual),
        "error_handler": fastify["errorHandler"],
        "types": ["InjectOptions", *(["FastifyRequest"] if admits or has_makers else [])],
        "usual": literal(usual) if usual else "",
        "sends_token": any("headers" in case["inputs"]["request"] for case in cases),
        "admits": admits or has_makers,
        "admits_all": bool(signed_in) and not admits,
        "has_makers": has_makers,
        "signed_in": ", ".join(f"{one}: mockGiven{access(one)}" for one in signed_in),
        "groups": [_group(name, own, usual) for name, own in grouped(cases).items()],
    }


def _group(name: str, cases: Sequence[Recorded], usual: Mapping[str, Any]) -> dict[str, Any]:
    valid = _valid(cases)
    tables, taken_rows = _tables(cases, valid)
    taken: dict[str, int] = {}
    single = [case for case in cases if id(case) not in taken_rows]
    shared = [{"name": "valid", "type": "Record<string, unknown>", "value": literal(valid)}] if valid else []
    return {
        "name": quoted(name),
        "plain_name": name,
        "shared": shared,
        "tables": tables,
        "cases": [_test(case, valid, usual, taken) for case in single],
    }


def _valid(cases: Sequence[Recorded]) -> dict[str, Any] | None:
    """Return the body that tests of a route start from, if several have one."""
    bodies = [case["inputs"]["request"].get("payload") for case in cases]
    objects = [body for body in bodies if isinstance(body, dict) and body]
    plain = next((case for case in cases if not case["isWrong"] and case["inputs"]["request"].get("payload")), None)
    base = plain["inputs"]["request"]["payload"] if plain else None
    return base if len(objects) > 1 and isinstance(base, dict) else None


def _test(case: Recorded, valid: Mapping[str, Any] | None, usual: Mapping[str, Any], taken: dict[str, int]) -> Any:
    title = unique(response_title(case), taken)
    unusual = server.unusual_in(case, usual)
    sent = server.request_of(case["inputs"]["request"], valid)
    call = server.arguments(sent, server.steps(case), literal(unusual) if unusual else "")
    checks = server.response_checks(case["value"])
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "async ",
        "remark": case.get("suspicion"),
        "arrange": [f"const response = await send({call});"],
        "check": "\n    ".join(checks),
        "is_scripted": True,
        "case": case,
    }


def _tables(cases: Sequence[Recorded], valid: Mapping[str, Any] | None) -> tuple[list[dict[str, Any]], set[int]]:
    """Return tables of requests that are refused in the same way, differing in one part only."""
    found: dict[str, list[Recorded]] = {}
    for case in cases:
        key = _sort_of(case)
        if key is not None:
            found.setdefault(key, []).append(case)
    tables = [_table(rows, valid) for rows in found.values() if len(rows) > 1]
    return tables, {id(row) for table in tables for _, row in table["members"]}


def _sort_of(case: Recorded) -> str | None:
    """Return what is the same in all rows of a table, None for a case that is no row."""
    if not case["isWrong"] or case["value"]["status"] < 400 or case["script"] or case.get("suspicion"):
        return None
    changed = {choice["at"].partition(":")[0] for choice in case["choices"]}
    parts = {"body": "payload", "query": "query"}
    if len(changed) != 1 or not changed <= parts.keys() or not case["value"]["isJson"]:
        return None
    part = parts[changed.pop()]
    sent = case["inputs"]["request"]
    if part not in sent:
        return None
    rest = {key: value for key, value in sent.items() if key != part}
    return json.dumps([part, rest, case["value"]["status"], case["value"]["headers"]], sort_keys=True)


def _table(rows: Sequence[Recorded], valid: Mapping[str, Any] | None) -> dict[str, Any]:
    part = json.loads(_sort_of(rows[0]) or "[]")[0]
    sent = dict(rows[0]["inputs"]["request"])
    status = int(rows[0]["value"]["status"])
    title = f"answers {status} when %s"
    taken: dict[str, int] = {}
    names = [unique(conditions_of(case) or "it is wrong", taken) for case in rows]
    request = server.request_of({**sent, part: {}}).replace(f"{part}: {{}}", part)
    lines = [
        f"const response = await send({request});",
        f"expect(response.statusCode).toBe({status});",
        "expect(response.json()).toEqual(expected);",
        "expect(mockOutside.calls).toEqual([]);",
    ]
    return {
        "title": quoted(title),
        "plain_title": title,
        "types": f"<[string, {_type_of(rows, part)}, object]>",
        "names": f"_reason, {part}, expected",
        "is_async": "async ",
        "rows": [_row(name, case, part, valid) for name, case in zip(names, rows, strict=True)],
        "check": "\n    ".join(lines),
        "members": [(title.replace("%s", name), case) for name, case in zip(names, rows, strict=True)],
    }


def _type_of(rows: Sequence[Recorded], part: str) -> str:
    if part == "query":
        return "Record<string, string>"
    is_object = all(isinstance(case["inputs"]["request"][part], dict) for case in rows)
    return "object" if is_object else "object | string"


def _row(name: str, case: Recorded, part: str, valid: Mapping[str, Any] | None) -> str:
    value = case["inputs"]["request"][part]
    sent = server.payload_of(value, valid) if part == "payload" else literal(value)
    return f"{quoted(name)}, {sent}, {literal(case['value']['body'])}"
