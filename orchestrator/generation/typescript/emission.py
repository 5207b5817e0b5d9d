"""Turns recorded cases into the parts that the template writes down. Pure: no file is read, nothing is run."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.cases import environment_of, givens_in, is_bare, is_partial
from orchestrator.generation.typescript.data import data_groups, data_import
from orchestrator.generation.typescript.groups import group_of, grouped
from orchestrator.generation.typescript.heads import imports_of, joined_mocks, mocks_of, values_in
from orchestrator.generation.typescript.kinds import joined_kinds, parts_of
from orchestrator.generation.typescript.kinds.load import loaded
from orchestrator.generation.typescript.literals import ROOT, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.setups import is_loaded, joined_setups, setups_of

TEMPLATE: Final = "typescript.test.ts"
_SCRIPT: Final = re.compile(r"\.c?jsx?\Z")
_MADE: Final = re.compile(r"(: |args, )'(object|query)'")
"""That a call of a double makes another one."""
_REAL_TIMERS: Final = (
    "hrtime nextTick performance queueMicrotask setImmediate clearImmediate "
    "setInterval clearInterval setTimeout clearTimeout"
)

Recorded = Mapping[str, Any]


def parts(model: Recorded, cases: Sequence[Recorded], test_file: str) -> dict[str, Any]:
    """Return what the template needs; every title in it is unique. A model of a directory has those of its modules."""
    modules = model.get("modules", [model])
    own = [[case for case in cases if case.get("module") in {None, one["target"]}] for one in modules]
    values = values_in(cases)
    sections = [_section(model, one, some, values, test_file) for one, some in zip(modules, own, strict=True) if some]
    kinds = joined_kinds([kind for section in sections for kind in section["kinds"]])
    imports = [line for section in sections for line in section["imports"]]
    mocks = joined_mocks([mock for section in sections for mock in section["mocks"]])
    makes = bool(_MADE.search(json.dumps([mocks, kinds, [section["setups"] for section in sections]])))
    return {
        "target": model.get("about", model["target"]),
        "root": quoted(posixpath.relpath(".", posixpath.dirname(test_file))) if ROOT in json.dumps(cases) else None,
        "doubles": any(section["doubles"] for section in sections),
        "imports": [*_server(kinds), *_classes(cases, test_file), *imports],
        "mocks": mocks,
        "makes": makes,
        "has_later": any("mockLater(" in mock["whole"] for mock in mocks),
        "uses_clock": any(one["usesClock"] or one.get("application") for one in modules),
        "uses_timers": any(one.get("usesTimers") for one in modules),
        "uses_uptime": any(one.get("usesUptime") for one in modules),
        "real_timers": ", ".join(quoted(name) for name in _REAL_TIMERS.split()),
        "uses_fetch": '["fetch(' in json.dumps(cases),
        "setups": joined_setups([setup for section in sections for setup in section["setups"]]),
        "kinds": kinds,
        "exits": any(map(_ends_process, cases)),
        "sets_environment": any(map(environment_of, cases)) and not any("reads_environment" in kind for kind in kinds),
        "casts": any(is_partial(param) for case in cases for param in case.get("params", ())),
        "hands": makes or any(givens_in(case["args"]) for case in cases),
        "fluent": any("mockOutside.fluent(" in setup["made"] for section in sections for setup in section["setups"]),
        "loads": any("drawn" in kind for kind in kinds),
        "starts": any("builder" in kind for kind in kinds),
        "logs": "quietLogger" in json.dumps(kinds),
        "sections": sections,
        "groups": [group for section in sections for group in section["groups"]],
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


def form_of(model: Recorded, test_file: str) -> str:
    """Return how a test file says what it needs: `import`, or `require` where all is CommonJS."""
    is_common = all(one.get("isCommon") for one in model.get("modules", [model]))
    return "require" if is_common and _SCRIPT.search(test_file) else "import"


def _section(
    whole: Recorded, model: Recorded, cases: Sequence[Recorded], values: Mapping[str, Any], test_file: str
) -> dict[str, Any]:
    """Return what one module adds to a test file; of several, each has a `describe` with its name around its tests."""
    model = {**model, "usualValues": next((case["values"] for case in cases if case["values"]), {})}
    calls = [case for case in cases if case.get("kind", "call") == "call"]
    kinds = parts_of(model, cases, test_file)
    functions = grouped(calls)
    scripted = [case for own in functions.values() if not is_bare(own) for case in own]
    made = {case["owner"] for case in scripted if not case["isStatic"]}
    owners = [own for own in model["classes"] if own["name"] in made]
    operations = any(case.get("kind") == "operation" for case in cases)
    free = operations or any(case["owner"] is None and (case["script"] or givens_in(case["args"])) for case in calls)
    groups = [_loading(group_of(name, own), own, model) for name, own in functions.items()]
    groups += [group for kind in kinds for group in kind["groups"]]
    data = [case for case in cases if case.get("kind") == "data"]
    groups += data_groups(data)
    imports = imports_of(model, calls, owners, test_file)
    name = posixpath.relpath(model["target"], whole["target"]) if "modules" in whole else None
    for group in groups if name else ():
        group["plain_name"] = f"{name} {group['plain_name']}"
    return {
        "name": name and quoted(name),
        "doubles": any(case["script"] or _has_doubles(case) for case in scripted) or bool(kinds),
        "imports": [*imports, data_import(model, test_file)] if data else imports,
        "mocks": mocks_of(model, values, test_file),
        "setups": setups_of(model, owners, has_functions=free, has_handed=any(_is_handed(case) for case in scripted)),
        "kinds": kinds,
        "groups": groups,
    }


def _is_handed(case: Recorded) -> bool:
    """Say whether a method gets what stands for a service as an argument."""
    args = [*case["args"], *(one["args"] for one in case.get("before", ()))]
    return bool(case["owner"]) and not case["isStatic"] and bool(givens_in(args))


def _ends_process(case: Recorded) -> bool:
    """Say whether a case that is no loading ends the process."""
    message: str = case.get("error", {}).get("message", "")
    return case.get("kind", "call") != "load" and message.startswith("process.exit(")


def _has_doubles(case: Recorded) -> bool:
    return bool(givens_in(case["args"])) or (bool(case["owner"]) and not case["isStatic"])


def _loading(group: dict[str, Any], cases: Sequence[Recorded], model: Recorded) -> dict[str, Any]:
    """Let tests of functions load their own copy of a module that asks the outside when it is loaded."""
    if not is_loaded(model) or cases[0]["owner"]:
        return group
    name = cases[0]["fn"].partition(".")[0]
    exported = "default" if name == model.get("main") else name
    taken = name if name == model.get("whole") else f"{{ {name if name == exported else f'default: {name}'} }}"
    for shared in group["shared"]:
        shared["type"] = shared["type"].replace(f"typeof {name}", f"ReturnType<typeof load>['{exported}']")
    for table in group["tables"]:
        table["check"] = f"const {taken} = load();\n    {table['check']}"
    for test in group["cases"]:
        test["arrange"].insert(0, f"const {taken} = {loaded(test['case'], model)};")
    return group


def _server(kinds: Sequence[Recorded]) -> list[str]:
    """Return the lines that import what tests of servers need, once for all kinds."""
    types = sorted({name for kind in kinds for name in kind.get("types", ())})
    lines = list(dict.fromkeys(line for kind in kinds for line in kind["imports"]))
    if all("types" not in kind for kind in kinds):
        return lines
    named = [f"import type {{ {', '.join(types)} }} from 'fastify';"] if types else []
    makes = any("types" in kind and "builder" not in kind for kind in kinds)
    made = ["import { fastify } from 'fastify';"] if makes else []
    return [*made, *named, *lines]


def _classes(cases: Sequence[Recorded], test_file: str) -> list[str]:
    """Return the lines that import the classes of which tests make objects, such as the project's errors."""
    places: dict[str, set[str]] = {}
    for made in _made_in(cases):
        place = relative(without_suffix(made["file"]), test_file) if made.get("file") else made["specifier"]
        places.setdefault(place, set()).add(made["name"])
    return [f"import {{ {', '.join(sorted(names))} }} from {quoted(place)};" for place, names in sorted(places.items())]


def _made_in(value: Any) -> Iterator[Recorded]:
    if isinstance(value, dict):
        if "$new" in value:
            yield value["$new"]
        for one in value.values():
            yield from _made_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _made_in(one)
