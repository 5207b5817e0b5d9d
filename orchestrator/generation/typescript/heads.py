"""The head of a test file: what it imports, and what stands for the modules that the target imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.literals import access, key_of, literal, quoted
from orchestrator.generation.typescript.places import from_test, relative, without_suffix
from orchestrator.generation.typescript.setups import is_double, is_loaded, modes

_STEADY: Final = {
    "randomBytes": "(size: number) => Buffer.alloc(size, 7)",
    "randomUUID": "() => '00000000-0000-4000-8000-000000000000'",
    "randomInt": "(low: number, high?: number) => (high === undefined ? 0 : low)",
}

_WHOLE: Final = {"=", "*"}
"""The names of what a module is as a whole, required or imported."""

Recorded = Mapping[str, Any]


def imports_of(model: Recorded, cases: Sequence[Recorded], owners: Sequence[Recorded], test_file: str) -> list[str]:
    """Return the lines that import the target, and the types of what stands for its dependencies."""
    if not cases:
        return []
    used = dict.fromkeys(
        case["owner"] or case["fn"].partition(".")[0] for case in cases if case["owner"] or not is_loaded(model)
    )
    exported = {own["name"] for own in model["classes"]}
    used |= dict.fromkeys(case["base"] for case in cases if "error" not in case and case.get("base") in exported)
    types: dict[str, set[str]] = {}
    for own in owners:
        for param in own["params"]:
            origin = param.get("from")
            if is_double(param) and origin and origin["kind"] == "named":
                types.setdefault(from_test(origin["specifier"], model["target"], test_file), set()).add(
                    param["typeName"]
                )
    target = relative(without_suffix(model["target"]), test_file)
    lines = [f"import type {{ {', '.join(sorted(names))} }} from {quoted(place)};" for place, names in types.items()]
    main = next((name for name in used if name in {model.get("whole"), model.get("main")}), None)
    named = [name for name in used if name != main]
    names = ", ".join(filter(None, [main, f"{{ {', '.join(named)} }}" if named else ""]))
    return [*lines, f"import {names} from {quoted(target)};"] if used else lines


def mocks_of(model: Recorded, values: Mapping[str, Any], test_file: str) -> list[dict[str, Any]]:
    """Return what stands for each import that is not real; `values` are those of imported constants."""
    settled = _settled(model, test_file) if model.get("application") else []
    return [*settled, *(_mock(one, values, model, test_file) for one in model["imports"] if one["fate"] != "real")]


def values_in(cases: Sequence[Recorded]) -> dict[str, Any]:
    """Return the values of imported constants, with the properties that any module of the target reads of them."""
    found: dict[str, Any] = {}
    firsts = {case.get("module"): case["values"] for case in reversed(cases) if case["values"]}
    for values in reversed(firsts.values()):
        for name, value in values.items():
            known = found.get(name)
            found[name] = {**value, **known} if isinstance(known, dict) and isinstance(value, dict) else value
    return found


def joined_mocks(mocks: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Return one for each import: what several modules use of it, together."""
    found: dict[str, dict[str, Any]] = {}
    for mock in mocks:
        known = found.setdefault(mock["specifier"], {**mock, "lines": []})
        names = {line.partition(":")[0] for line in known["lines"]}
        known["lines"] += [line for line in mock["lines"] if line.partition(":")[0] not in names]
    return list(found.values())


def _mock(one: Recorded, values: Mapping[str, Any], model: Recorded, test_file: str) -> dict[str, Any]:
    specifier = quoted(from_test(one["specifier"], model["target"], test_file))
    if one["fate"] == "steady":
        lines = [f"{name['name']}: {_STEADY[name['name']]}" for name in one["names"] if name["name"] in _STEADY]
        return {"specifier": specifier, "is_steady": True, "whole": "", "lines": lines}
    whole = next((_whole(name, values, model) for name in one["names"] if name["name"] in _WHOLE), None)
    if whole:
        return {"specifier": specifier, "is_steady": False, "whole": whole, "lines": []}
    lines = [_member(name, values, model) for name in one["names"]]
    if any(name["name"] == "default" for name in one["names"]):
        lines.insert(0, "__esModule: true")
    return {"specifier": specifier, "is_steady": False, "whole": "", "lines": lines}


def _settled(model: Recorded, test_file: str) -> list[dict[str, Any]]:
    """Return what sets the environment of the modules that refuse another one, before they are loaded."""
    found = []
    environment = model["application"].get("environment") or {}
    for one in model["application"].get("environments", ()):
        own = {name: value for name, value in environment.items() if name in one["names"]}
        place = quoted(relative(without_suffix(one["file"]), test_file))
        lines = f"  Object.assign(process.env, {literal(own)});\n  return jest.requireActual<object>({place});"
        if own:
            found.append({"specifier": place, "is_steady": False, "whole": f"{{\n{lines}\n}}", "lines": []})
    return found


def _member(name: Recorded, values: Mapping[str, Any], model: Recorded) -> str:
    exported, local = key_of(name["name"]), quoted(name["local"])
    if name.get("role") == "resolvers":
        return f"{exported}: {{}}"
    if name.get("role"):
        return f"{exported}: {_guard(name)}"
    if is_loaded(model) and name["shape"] == "class":
        return f"{exported}: jest.fn((...args: unknown[]) => mockOutside.made({local}, args))"
    if is_loaded(model) and name["shape"] == "value" and "known" not in name:
        return f"get {exported}() {{ return mockValues{access(name['local'])}; }}"
    match name["shape"]:
        case "value":
            return f"{exported}: {literal(name.get('known', values.get(name['local'])))}"
        case "query":
            return f"get {exported}() {{ return mockOutside.query({local}); }}"
        case "function":
            return f"{exported}: {_function(name, model)}"
        case "class":
            return f"{exported}: jest.fn(() => mockOutside.object({local}{modes(name['local'], model)}))"
        case _:
            return f"get {exported}() {{ return mockOutside.object({local}{modes(name['local'], model)}); }}"


def _whole(name: Recorded, values: Mapping[str, Any], model: Recorded) -> str:
    """Return what stands for a module that is used as a whole, such as a function that it is."""
    local = quoted(name["local"])
    match name["shape"]:
        case "value":
            return literal(name.get("known", values.get(name["local"])))
        case "function":
            return _function(name, model)
        case "class":
            return f"jest.fn(() => mockOutside.object({local}{modes(name['local'], model)}))"
        case "query":
            return f"mockLater(() => mockOutside.query({local}))"
        case _:
            return f"mockLater(() => mockOutside.object({local}{modes(name['local'], model)}))"


def _function(name: Recorded, model: Recorded) -> str:
    makes = model["sites"].get(name["local"], {}).get("makes")
    how = f", '{makes}'{modes(name['local'], model)}" if makes else ", 'sync'" if name["isSync"] else ""
    return f"(...args: unknown[]) => mockOutside.call({quoted(name['local'])}, args{how})"


def _guard(name: Recorded) -> str:
    """Return what stands for something that guards routes, or that tells who is signed in."""
    match name["role"]:
        case "viewer":
            return f"() => mockGiven{access(name['local'])}"
        case "maker":
            return f"(...args: unknown[]) => mockGate({quoted(name['local'])})(...args)"
        case _:
            return "(request: FastifyRequest) => mockAdmit(request)" if name["admits"] else "async () => undefined"
