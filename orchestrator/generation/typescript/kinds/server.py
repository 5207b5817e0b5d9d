"""What tests of routes, hooks and plugins have in common: a server, requests, responses and who is signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.cases import step_of
from orchestrator.generation.typescript.literals import braced, key_of, literal, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.setups import modes

_SIGNED_IN: Final = {"authorization": "Bearer token-1"}

Recorded = Mapping[str, Any]


def given_in(case: Recorded) -> dict[str, Any]:
    """Return what a case draws besides its request, such as who is signed in, by name."""
    drawn = {key.partition(":")[2]: value for key, value in case["inputs"].items() if ":" in key}
    return {name: value for name, value in drawn.items() if value != {"$undefined": True}}


def usual_of(cases: Sequence[Recorded]) -> dict[str, Any]:
    """Return what is drawn in most cases: for each name the value of the first case that has it."""
    usual: dict[str, Any] = {}
    for case in cases:
        for name, value in given_in(case).items():
            usual.setdefault(name, value)
    return usual


def unusual_in(case: Recorded, usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a case draws in another way than most."""
    drawn = {key.partition(":")[2]: value for key, value in case["inputs"].items() if ":" in key}
    return {name: value for name, value in drawn.items() if usual.get(name, {"$undefined": True}) != value}


def double(one: Recorded, model: Recorded, usual: Mapping[str, Any]) -> str:
    """Return what stands for a service, or the value that was drawn."""
    local = quoted(one["local"])
    if one.get("isLogger"):
        return "quietLogger"
    match one["shape"]:
        case "query":
            return f"mockOutside.query({local})"
        case "function":
            return f"(...args: unknown[]) => mockOutside.call({local}, args{_how(one, model)})"
        case "object" | "class":
            return f"mockOutside.object({local}{modes(one['local'], model)})"
        case _:
            return f"mockGiven.{one['name']}" if one["name"] in usual else ""


def drawn(one: Recorded, case: Recorded, model: Recorded) -> str:
    """Return a service or value that a case hands over, nothing where it leaves that out."""
    if one["shape"] != "value":
        return double(one, model, {})
    value = case["inputs"].get(f"option:{one['name']}", {"$undefined": True})
    return "" if value == {"$undefined": True} else literal(value)


def options(plugin: Recorded, model: Recorded, usual: Mapping[str, Any]) -> str:
    """Return the options that a plugin is registered with."""
    made = [(key_of(one["name"]), double(one, model, usual)) for one in plugin["options"]]
    return ", ".join(f"{name}: {value}" for name, value in made if value)


def furniture(model: Recorded, usual: Mapping[str, Any]) -> list[str]:
    """Return the lines that give a server what the target takes for granted."""
    fastify = model["fastify"]
    gates = {one["name"]: one for one in fastify["gates"]}
    lines = [f"app.{one['method']}({one['name']});" for one in fastify["compilers"]]
    for one in fastify["decorations"]:
        name, gate = quoted(one["name"]), gates.get(one["name"])
        if one["on"] == "instance":
            made = (_gate(one, gate) if gate else "") or double(one, model, usual)
            lines.append(f"app.decorate({name}, {{ getter: () => {made} }});")
        elif one["on"] == "request" and one["shape"] == "function":
            made = _verifier(one) if one["verifies"] else double(one, model, usual)
            lines.append(f"app.decorateRequest({name}, {made});")
        elif one["on"] == "request":
            lines.append(f"app.decorateRequest({name}, null);")
    return lines


def signed_in(model: Recorded) -> list[str]:
    """Return the names of properties of a request that say who has sent it."""
    decorations = model["fastify"]["decorations"]
    return [one["name"] for one in decorations if one["on"] == "request" and one["shape"] != "function"]


def handed_imports(model: Recorded, test_file: str, *, has_handler: bool = True) -> list[str]:
    """Return the lines that import what the project hands to its own server, such as its error handler."""
    handler = model["fastify"]["errorHandler"] if has_handler else None
    places: dict[str, list[str]] = {}
    for one in [*([handler] if handler else []), *model["fastify"]["compilers"]]:
        place = relative(without_suffix(one["file"]), test_file) if one.get("file") else one["specifier"]
        places.setdefault(place, []).append(one["name"])
    return [f"import {{ {', '.join(sorted(names))} }} from {quoted(place)};" for place, names in places.items()]


def steps(case: Recorded) -> str:
    """Return the script of a case as an argument."""
    return f"[{', '.join(step_of(call, answer) for call, answer in case['script'])}]" if case["script"] else ""


def arguments(*given: str) -> str:
    """Return arguments, where the last that are empty are left out and others are `undefined`."""
    kept = list(given)
    while kept and not kept[-1]:
        kept.pop()
    return ", ".join(one or "undefined" for one in kept)


def request_of(sent: Mapping[str, Any], valid: Mapping[str, Any] | None = None) -> str:
    """Return a request as an argument of `inject`, its body as a change of the valid one where that is shorter."""
    parts = [f"method: {quoted(sent['method'])}", f"url: {quoted(sent['url'])}"]
    for name in ("headers", "query", "payload"):
        if name not in sent:
            continue
        value = sent[name]
        if name == "headers" and value == _SIGNED_IN:
            parts.append("headers: signedIn")
        else:
            parts.append(f"{name}: {payload_of(value, valid) if name == 'payload' else literal(value)}")
    return f"{{ {', '.join(parts)} }}"


def payload_of(value: Any, valid: Mapping[str, Any] | None) -> str:
    """Return a body, as a change of the valid one where that is shorter."""
    if valid is None or not isinstance(value, dict):
        return literal(value)
    if value == valid:
        return "valid"
    gone = {key: {"$undefined": True} for key in valid if key not in value}
    changes = {**gone, **{key: one for key, one in value.items() if valid.get(key) != one or key not in valid}}
    return braced(changes, "valid") if len(changes) < max(2, len(valid)) else literal(value)


def response_checks(value: Mapping[str, Any]) -> list[str]:
    """Return what a test expects of a response."""
    lines = [f"expect(response.statusCode).toBe({int(value['status'])});"]
    if value["headers"]:
        lines.append(f"expect(response.headers).toMatchObject({literal(value['headers'])});")
    if value["isJson"]:
        lines.append(f"expect(response.json()).toEqual({literal(value['body'])});")
    else:
        lines.append(f"expect(response.body).toBe({literal(value['body'])});")
    return lines


def _gate(one: Recorded, gate: Recorded) -> str:
    if gate["isMade"]:
        return f"mockGate({quoted(one['name'])})"
    return "mockAdmit" if gate["admits"] else "async () => undefined"


def _verifier(one: Recorded) -> str:
    call = f"mockOutside.call({quoted(one['local'])}, [], 'sync')"
    return f"async function () {{ await mockAdmit(this); {call}; }}"


def _how(one: Recorded, model: Recorded) -> str:
    site = model["sites"].get(one["local"])
    return ", 'sync'" if one.get("isSync") or (site and site["isSync"]) else ""
