"""Turns a flow into the parts that its template writes down. Pure: no file is read, nothing is run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.flows import Flow, Source, Step
from orchestrator.generation.typescript.literals import access, key_of, literal, quoted
from orchestrator.generation.typescript.places import relative, without_suffix

TEMPLATE: Final = "flow.spec.ts"
_UNIQUE: Final = re.compile(r"(^|[a-z])(e-?mail|name|slug|title|handle|user_?name)$", re.IGNORECASE)
_PLAIN: Final = {"string": "String", "number": "Number", "boolean": "Boolean", "date": "String", "array": "Array"}


def parts(facts: Mapping[str, Any], flow: Flow, stem: str, test_file: str) -> dict[str, Any]:
    """Return what the template needs."""
    names = _names(flow.steps)
    texts: dict[str, str] = {}
    steps = [_step(step, index, flow, names, texts) for index, step in enumerate(flow.steps)]
    guarded = [step for step in flow.steps if step.who]
    return {
        "builder": facts["name"],
        "place": quoted(relative(without_suffix(facts["file"]), test_file)),
        "needs": " and ".join(f"`{name}`" for name in facts["needs"]),
        "name": quoted(stem),
        "title": quoted(" → ".join(dict.fromkeys(_shown(step) for step in flow.steps))),
        "texts": texts,
        "steps": steps,
        "refused": [_refused(step) for step in guarded],
    }


def _names(steps: Sequence[Step]) -> list[str]:
    """Return what the answer to each step is called."""
    taken: dict[str, int] = {}
    names = []
    for step in steps:
        last = [part for part in step.route["url"].split("/") if part and not part.startswith(":")][-1:] or ["root"]
        word = re.sub(r"[^a-zA-Z0-9]+(\w)?", lambda found: (found[1] or "").upper(), last[0])
        name = f"{step.route['method'].lower()}{word[:1].upper()}{word[1:]}"
        taken[name] = taken.get(name, 0) + 1
        names.append(name if taken[name] == 1 else f"{name}{taken[name]}")
    return names


def _step(step: Step, index: int, flow: Flow, names: Sequence[str], texts: dict[str, str]) -> dict[str, Any]:
    route = step.route
    payload = _payload(step, index, flow, names, texts)
    asked = [f"method: {quoted(route['method'])}", f"url: {_url(step, names)}"]
    if step.who:
        asked.append(f"headers: {{ authorization: `Bearer ${{{_read(flow.tokens[step.who], names)}}}` }}")
    if payload is not None:
        asked.append(f"payload: {payload}")
    wanted = route["statuses"]
    name = names[index]
    checks = [
        f"expect({name}.statusCode).toBe({int(wanted[0])});"
        if len(wanted) == 1
        else f"expect({literal(sorted(wanted))}).toContain({name}.statusCode);"
    ]
    told = {
        name: one
        for at in range(index)
        if _is_by(flow, at, step.who)
        for name, one in _sent(flow.steps[at], at, flow, texts).items()
    }
    body = _shape(route["body"], {**told, **_sent(step, index, flow, texts)})
    if body != "{}":
        checks.append(f"expect({name}.json()).toMatchObject({body});")
    return {"name": name, "request": f"{{ {', '.join(asked)} }}", "checks": checks}


def _payload(step: Step, index: int, flow: Flow, names: Sequence[str], texts: dict[str, str]) -> str | None:
    own = step.route["payload"]
    if own is None:
        return None
    sent = _sent(step, index, flow, texts)
    given = {name: _read(one, names) for name, one in step.fields.items()}
    return f"{{ {', '.join(_pair(name, given.get(name) or sent[name]) for name in own)} }}"


def _pair(name: str, value: str) -> str:
    return name if name == value else f"{key_of(name)}: {value}"


def _is_by(flow: Flow, index: int, who: str) -> bool:
    """Say whether a step was taken by somebody; who signs up is who they are from then on."""
    signed_up = next((one for one, source in flow.tokens.items() if source.step == index), None)
    return (signed_up or flow.steps[index].who) == (who or "first")


def _sent(step: Step, index: int, flow: Flow, texts: dict[str, str]) -> dict[str, str]:
    """Return by field what is sent, as it is written: what must be unique has a name of its own."""
    own = step.route["payload"] or {}
    return {name: _text(name, value, index, flow, texts) for name, value in own.items()}


def _text(name: str, value: Any, index: int, flow: Flow, texts: dict[str, str]) -> str:
    if (
        not isinstance(value, str)
        or not _UNIQUE.search(name)
        or re.search(r"(display|first|last|full)_?name", name, re.IGNORECASE)
    ):
        return literal(value)
    is_second = any(who == "second" and source.step == index for who, source in flow.tokens.items())
    known = f"{'other' if is_second else ''}{name[:1].upper() if is_second else name[:1]}{name[1:]}"
    if "@" in value:
        user, _, host = ("bob@example.com" if is_second else value).partition("@")
        texts[known] = f"`{user}-${{run}}@{host}`"
    else:
        texts[known] = f"`{value} ${{run}}`" if " " in value else f"`{value}-${{run}}`"
    return known


def _url(step: Step, names: Sequence[str]) -> str:
    if not step.params:
        return quoted(step.route["url"])
    filled = re.sub(r":(\w+)", lambda found: f"${{{_read(step.params[found[1]], names)}}}", step.route["url"])
    return f"`{filled}`"


def _read(source: Source, names: Sequence[str]) -> str:
    return f"{names[source.step]}.json(){''.join(access(part) for part in source.path)}"


def _shape(tree: Mapping[str, Any] | None, sent: Mapping[str, str]) -> str:
    """Return what an answer must be like: what was sent comes back, all else has its type."""
    if not tree or tree["k"] != "object":
        return "{}"
    made = []
    for name, one in tree["props"].items():
        kind = one["t"]["k"]
        if one["optional"]:
            continue
        if kind == "object":
            inner = _shape(one["t"], sent)
            made += [f"{key_of(name)}: {inner}"] if inner != "{}" else []
        elif kind in _PLAIN:
            made.append(_pair(name, sent.get(name) or f"expect.any({_PLAIN[kind]})"))
    return f"{{ {', '.join(made)} }}" if made else "{}"


def _shown(step: Step) -> str:
    return f"{step.route['method']} {step.route['url']}"


def _refused(step: Step) -> str:
    url = re.sub(r":\w+", "00000000-0000-4000-8000-000000000001", step.route["url"])
    payload = step.route["payload"]
    return f"{quoted(step.route['method'])}, {quoted(url)}, {literal(payload or {}) if payload else 'undefined'}"
