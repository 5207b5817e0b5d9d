"""Tests of plugins that add something to a server: what they add is used, and the server is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.generation.typescript.cases import check_of, unique
from orchestrator.generation.typescript.groups import grouped
from orchestrator.generation.typescript.kinds import server
from orchestrator.generation.typescript.literals import key_of, literal, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.titles import title_of

Recorded = Mapping[str, Any]


def part(model: Recorded, cases: Sequence[Recorded], test_file: str) -> dict[str, Any]:
    """Return what tests of a plugin add to a file."""
    target = quoted(relative(without_suffix(model["target"]), test_file))
    name = cases[0]["plugin"]
    own = f"import plugin from {target};" if name == "default" else f"import {{ {name} }} from {target};"
    return {
        "imports": [*server.handed_imports(model, test_file, has_handler=False), own],
        "plugin": "plugin" if name == "default" else name,
        "types": [],
        "furniture": server.furniture(model, {}),
        "groups": [_group(name, own, model) for name, own in grouped(cases).items()],
    }


def _group(name: str, cases: Sequence[Recorded], model: Recorded) -> dict[str, Any]:
    taken: dict[str, int] = {}
    title = f"app.{name}"
    tests = [_test(case, model, taken) for case in cases]
    return {"name": quoted(title), "plain_name": title, "shared": [], "tables": [], "cases": tests}


def _test(case: Recorded, model: Recorded, taken: dict[str, int]) -> dict[str, Any]:
    title = unique(title_of(case), taken)
    plugin = next(one for one in model["fastify"]["plugins"] if one["name"] == case["plugin"])
    parts = [(key_of(one["name"]), server.drawn(one, case, model)) for one in plugin["options"]]
    options = f"() => ({{ {', '.join(f'{name}: {value}' for name, value in parts if value)} }})"
    start = f"start({server.arguments(options, server.steps(case))})"
    is_refused = "error" in case and not case["uses"]
    used = check_of(case, f"app.{case['uses']}()") if case["uses"] else ""
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "async ",
        "remark": None,
        "arrange": [] if is_refused else [f"const app = await {start};"],
        "check": used or (check_of(case, start) if is_refused else _added(case, plugin, model)),
        "is_scripted": True,
        "case": case,
    }


def _added(case: Recorded, plugin: Recorded, model: Recorded) -> str:
    """Return what a test expects a server to have once the plugin is there."""
    names = [one["name"] for one in model["fastify"]["decorates"]]
    found = f"{literal(names)}.filter((name) => app.hasDecorator(name))"
    checks = [f"expect({found}).toEqual({literal([name for name in case['value'] if name in names])});"]
    if plugin["title"]:
        has = "true" if plugin["title"] in case["value"] else "false"
        own = "app" if plugin["isTyped"] else "(app as Anything)"
        checks.append(f"expect({own}.hasPlugin({quoted(plugin['title'])})).toBe({has});")
    return "\n    ".join(checks)
