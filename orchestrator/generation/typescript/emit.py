"""Turns recorded cases into the parts that the template writes down. Pure: no file is read, nothing is run."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.literals import braced, key_of, literal, quoted
from orchestrator.generation.typescript.titles import title_of

TEMPLATE: Final = "typescript.test.ts"
_REAL_TIMERS: Final = (
    "hrtime nextTick performance queueMicrotask setImmediate clearImmediate "
    "setInterval clearInterval setTimeout clearTimeout"
)
_PRIMITIVE: Final = {"string", "number", "boolean"}
_MOST_SHARED_CHANGES: Final = 2

_TITLE: Final = re.compile(r"  it\((.*), (?:async )?\(\) => \{$")
_GROUP: Final = re.compile(r"describe\((.*), \(\) => \{$")

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
        "imports": _imports(model, cases, owners, test_file),
        "mocks": [_mock(one, cases, model, test_file) for one in _mocked(model)],
        "uses_clock": model["usesClock"],
        "real_timers": ", ".join(quoted(name) for name in _REAL_TIMERS.split()),
        "uses_fetch": '["fetch(' in text,
        "setups": [*([_free_setup()] if free else []), *(_setup(own, model) for own in owners)],
        "groups": [_group(name, own) for name, own in _grouped(cases).items()],
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
    for group in parts(model, cases, test_file)["groups"]:
        for table in group["tables"]:
            found += [(f"{group['plain_name']} {name}", [row]) for name, row in table["members"]]
        found += [(f"{group['plain_name']} {case['plain_title']}", [case["case"]]) for case in group["cases"]]
    return found


def lines_in(message: str, name: str) -> list[int]:
    """Return the lines of a file that a compiler's message names."""
    return [int(line) for line in re.findall(rf"{re.escape(name)}[:(](\d+)", message)]


def tests_at(text: str, lines: Sequence[int]) -> list[str]:
    """Return the full names of the tests that stand at some lines of an emitted file."""
    found: dict[str, None] = {}
    source = text.splitlines()
    for line in lines:
        above = source[:line]
        title = next((match for one in reversed(above) if (match := _TITLE.match(one))), None)
        group = next((match for one in reversed(above) if (match := _GROUP.match(one))), None)
        if title and group:
            found[f"{_plain(group[1])} {_plain(title[1])}"] = None
    return list(found)


# --- the head of the file ---------------------------------------------------------------------------------------


def _imports(model: Recorded, cases: Sequence[Recorded], owners: Sequence[Recorded], test_file: str) -> list[str]:
    used = dict.fromkeys(case["owner"] or case["fn"] for case in cases)
    types: dict[str, set[str]] = {}
    for own in owners:
        for param in own["params"]:
            origin = param.get("from")
            if _is_double(param) and origin and origin["kind"] == "named":
                types.setdefault(_from_test(origin["specifier"], model, test_file), set()).add(param["typeName"])
    target = _relative(_without_suffix(model["target"]), test_file)
    lines = [f"import type {{ {', '.join(sorted(names))} }} from {quoted(place)};" for place, names in types.items()]
    return [*lines, f"import {{ {', '.join(used)} }} from {quoted(target)};"]


def _mocked(model: Recorded) -> list[Recorded]:
    return [one for one in model["imports"] if one["fate"] != "real"]


def _mock(one: Recorded, cases: Sequence[Recorded], model: Recorded, test_file: str) -> dict[str, Any]:
    specifier = quoted(_from_test(one["specifier"], model, test_file))
    if one["fate"] == "steady":
        names = [name["name"] for name in one["names"] if name["name"] in _STEADY]
        return {"specifier": specifier, "is_steady": True, "lines": [f"{name}: {_STEADY[name]}" for name in names]}
    values: Mapping[str, Any] = next((case["values"] for case in cases if case["values"]), {})
    lines = [_member(name, values, model) for name in one["names"]]
    if any(name["name"] == "default" for name in one["names"]):
        lines.insert(0, "__esModule: true")
    return {"specifier": specifier, "is_steady": False, "lines": lines}


_STEADY: Final = {
    "randomBytes": "(size: number) => Buffer.alloc(size, 7)",
    "randomUUID": "() => '00000000-0000-4000-8000-000000000000'",
    "randomInt": "(low: number, high?: number) => (high === undefined ? 0 : low)",
}


def _member(name: Recorded, values: Mapping[str, Any], model: Recorded) -> str:
    exported, local = key_of(name["name"]), quoted(name["local"])
    match name["shape"]:
        case "value":
            return f"{exported}: {literal(name.get('known', values.get(name['local'])))}"
        case "query":
            return f"get {exported}() {{ return mockOutside.query({local}); }}"
        case "function":
            how = ", 'sync'" if name["isSync"] else ""
            return f"{exported}: (...args: unknown[]) => mockOutside.call({local}, args{how})"
        case "class":
            return f"{exported}: jest.fn(() => mockOutside.object({local}{_modes(name['local'], model)}))"
        case _:
            return f"get {exported}() {{ return mockOutside.object({local}{_modes(name['local'], model)}); }}"


def _free_setup() -> dict[str, str]:
    return {"name": "outside", "parameters": "...script: Step[]", "made": ""}


def _setup(own: Recorded, model: Recorded) -> dict[str, str]:
    """A function that makes the object under test, given what the outside will answer."""
    plain = [param for param in own["params"] if not _is_double(param)]
    parameters = "script: Step[]"
    arguments = [_double(param, model) if _is_double(param) else param["name"] for param in own["params"]]
    if plain:
        types = ", ".join(
            f"{param['name']}{'?' if param['optional'] else ''}: "
            f"ConstructorParameters<typeof {own['name']}>[{own['params'].index(param)}]"
            for param in plain
        )
        parameters = f"script: Step[], {types}"
    made = f"new {own['name']}({', '.join(arguments)})"
    return {"name": _maker(own["name"]), "parameters": parameters, "made": made}


def _double(param: Recorded, model: Recorded) -> str:
    name = quoted(param["name"])
    cast = f" as {param['typeName']}" if param.get("typeName") and param.get("from") else ""
    match param["shape"]:
        case "query":
            return f"mockOutside.query({name}){cast}"
        case "function":
            return f"(...args: unknown[]) => mockOutside.call({name}, args)"
        case _:
            return f"mockOutside.object({name}{_modes(param['name'], model)}){cast}"


def _modes(name: str, model: Recorded) -> str:
    """Return how the methods of an object answer, where that is not by a promise."""
    sites = model["sites"]
    modes = {key: "sync" for key, site in sites.items() if key.startswith(f"{name}.") and site["isSync"]}
    for key in sites:
        words = key.split(".")
        if len(words) > 2 and words[0] == name and ".".join(words[:2]) not in sites:
            modes[".".join(words[:2])] = "chain"
    return f", {literal(modes)}" if modes else ""


# --- the tests --------------------------------------------------------------------------------------------------


def _grouped(cases: Sequence[Recorded]) -> dict[str, list[Recorded]]:
    groups: dict[str, list[Recorded]] = {}
    for case in cases:
        groups.setdefault(f"{case['owner']}.{case['fn']}" if case["owner"] else case["fn"], []).append(case)
    return groups


def _group(name: str, cases: Sequence[Recorded]) -> dict[str, Any]:
    rows = [case for case in cases if _is_row(case)]
    rows = rows if len(rows) > 1 else []
    single = [case for case in cases if case not in rows]
    shared = _shared(single)
    taken: dict[str, int] = {}
    return {
        "name": quoted(name),
        "plain_name": name,
        "shared": [{**one, "value": literal(one["value"])} for one in shared.values()],
        "tables": [_table(rows, taken)] if rows else [],
        "cases": [_case(case, shared, taken) for case in single],
    }


def _is_row(case: Recorded) -> bool:
    """Say whether a case is one line of a table: plain values in, one plain value out, nothing asked."""
    if case["owner"] or case["script"] or "error" in case or len(case["args"]) != len(case["params"]):
        return False
    plain = all(param["type"]["k"] in _PRIMITIVE for param in case["params"]) and case["params"]
    value = case["value"]
    return bool(plain) and not isinstance(value, dict | list) and len(json.dumps([case["args"], value])) < 400


def _table(rows: Sequence[Recorded], taken: dict[str, int]) -> dict[str, Any]:
    names = [param["name"] for param in rows[0]["params"]]
    is_async = any(case["isAsync"] for case in rows)
    call = f"{rows[0]['fn']}({', '.join(names)})"
    title = _unique(f"maps {' and '.join(f'{name} %j' for name in names)} to %j", taken)
    check = f"await expect({call}).resolves.toBe(expected);" if is_async else f"expect({call}).toBe(expected);"
    return {
        "title": quoted(title),
        "plain_title": title,
        "names": ", ".join(names),
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
        if len(objects) < 2:
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


def _case(case: Recorded, shared: Mapping[int, Any], taken: dict[str, int]) -> dict[str, Any]:
    title = _unique(title_of(case), taken)
    arguments = ", ".join(_argument(one, shared.get(index)) for index, one in enumerate(case["args"]))
    arrange, subject = _arrange(case)
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "async " if _is_awaited(case) else "",
        "arrange": arrange,
        "check": _check(case, f"{subject}({arguments})"),
        "is_scripted": bool(arrange),
        "case": case,
    }


def _argument(value: Any, shared: Mapping[str, Any] | None) -> str:
    """Return an argument, as a change of the shared one where that is shorter."""
    if shared is None or not isinstance(value, dict) or not shared["value"].keys() <= value.keys():
        return literal(value)
    changes = {key: one for key, one in value.items() if key not in shared["value"] or shared["value"][key] != one}
    if not changes:
        return str(shared["name"])
    return braced(changes, shared["name"]) if len(changes) <= _MOST_SHARED_CHANGES else literal(value)


def _arrange(case: Recorded) -> tuple[list[str], str]:
    """Return the lines before the call, and what is called."""
    steps = ", ".join(
        f"[{quoted(call)}]" if answer == {"$undefined": True} else f"[{quoted(call)}, {literal(answer)}]"
        for call, answer in case["script"]
    )
    if case["owner"] is None or case["isStatic"]:
        subject = f"{case['owner']}.{case['fn']}" if case["owner"] else case["fn"]
        return ([f"outside({steps});"] if case["script"] else []), subject
    given = [literal(one) for one in case["given"] if not (isinstance(one, dict) and "$double" in one)]
    while given and given[-1] == "undefined":
        given.pop()
    arguments = ", ".join([f"[{steps}]", *given])
    return [f"const service = {_maker(case['owner'])}({arguments});"], f"service.{case['fn']}"


def _check(case: Recorded, call: str) -> str:
    error = case.get("error")
    if error is not None:
        props = {key: one for key, one in error["props"].items() if one != {"$undefined": True}}
        wanted = literal({"name": error["name"], "message": error["message"], **props})
        if _is_awaited(case):
            return f"await expect({call}).rejects.toMatchObject({wanted});"
        return f"expect(() => {call}).toThrow(expect.objectContaining({wanted}));"
    value = case["value"]
    how = "toEqual" if isinstance(value, dict | list) and value != {"$undefined": True} else "toBe"
    wanted = "toBeUndefined()" if value == {"$undefined": True} else f"{how}({literal(value)})"
    return f"await expect({call}).resolves.{wanted};" if case["isAsync"] else f"expect({call}).{wanted};"


def _is_awaited(case: Recorded) -> bool:
    return bool(case["isAsync"])


# --- names ------------------------------------------------------------------------------------------------------


def _unique(title: str, taken: dict[str, int]) -> str:
    taken[title] = taken.get(title, 0) + 1
    return title if taken[title] == 1 else f"{title} ({taken[title]})"


def _maker(name: str) -> str:
    return f"make{name}"


def _is_double(param: Recorded) -> bool:
    return param["shape"] in {"query", "object", "function"}


def _has_doubles(case: Recorded) -> bool:
    return bool(case["owner"]) and not case["isStatic"]


def _from_test(specifier: str, model: Recorded, test_file: str) -> str:
    """Return a module name of the target as the test must write it."""
    if not specifier.startswith("."):
        return specifier
    return _relative(posixpath.join(posixpath.dirname(model["target"]), specifier), test_file)


def _relative(path: str, test_file: str) -> str:
    relative = os.path.relpath(path, posixpath.dirname(test_file) or ".").replace(os.sep, "/")
    return relative if relative.startswith(".") else f"./{relative}"


def _without_suffix(path: str) -> str:
    return re.sub(r"\.[cm]?[jt]sx?\Z", "", path)


def _plain(text: str) -> str:
    """Return what a literal of `quoted` says."""
    body = text[1:-1]
    if text.startswith("'"):
        body = body.replace("\\'", "'").replace('"', '\\"')
    return str(json.loads(f'"{body}"'))
