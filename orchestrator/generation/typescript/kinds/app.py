"""Tests of a whole application: which routes there are, whom they refuse, and what requests get through all layers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.cases import check_of, step_of, unique
from orchestrator.generation.typescript.groups import grouped
from orchestrator.generation.typescript.kinds import server
from orchestrator.generation.typescript.literals import key_of, literal, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.titles import response_title

_ASKED: Final = "expect(mockOutside.calls).toEqual(mockOutside.expected);"

Recorded = Mapping[str, Any]


def part(model: Recorded, cases: Sequence[Recorded], test_file: str) -> dict[str, Any]:
    """Return what tests of a whole application add to a file."""
    application = model["application"]
    usual = _usual(cases)
    options = _options_of(cases[0])
    made = (_doubles(one, model) for one in application["params"])
    doubles = server.arguments(*(f"{one} as Anything" if options and one.startswith("{") else one for one in made))
    is_needed = not all(one["optional"] for one in application["params"])
    given = doubles.replace("...options", "...usualOptions" if options else "...{}") if is_needed else ""
    build = f"{application['name']}({given})"
    own = f"default as {application['name']}" if application["name"] == model.get("main") else application["name"]
    imports = {model["target"]: [own]}
    if usual is not None:
        imports.setdefault(application["signer"]["file"], []).append(application["signer"]["name"])
    groups = [_refused(own) for own in _refusals(cases)]
    taken = {id(case) for group in groups for _, case in group["tables"][0]["members"]}
    single = [case for case in cases if id(case) not in taken]
    return {
        "imports": [
            f"import {{ {', '.join(names)} }} from {quoted(relative(without_suffix(file), test_file))};"
            for file, names in imports.items()
        ],
        "types": ["InjectOptions"],
        "builder": application["name"],
        "signer": application["signer"] if usual is not None else None,
        "claims": literal(usual) if usual is not None else "",
        "doubles": doubles,
        "options": literal(options) if options else "",
        "given": any(one.get("members") for one in application["params"]),
        "groups": [*groups, *(_group(name, own, usual, options, build) for name, own in grouped(single).items())],
    }


def _usual(cases: Sequence[Recorded]) -> Any:
    """Return who is signed in where a test does not say, None where nobody ever is."""
    return next((case["inputs"]["claims"] for case in cases if "claims" in case["inputs"]), None)


def _doubles(param: Recorded, model: Recorded) -> str:
    if "members" not in param:
        return "" if param["optional"] else server.double({**param, "local": param["name"]}, model, {})
    made = [(key_of(one["name"]), server.double(one, model, {})) for one in param["members"]]
    parts = [f"{name}: {value}" for name, value in made if value]
    return f"{{ {', '.join([*parts, '...options'])} }}"


def _refusals(cases: Sequence[Recorded]) -> list[list[Recorded]]:
    """Return the cases in which nobody is signed in, by what comes of it, where several are answered alike."""
    found: dict[str, list[Recorded]] = {}
    for case in cases:
        labels = [choice["label"] for choice in case["choices"]]
        if labels == ["nobody"] and case["route"]["isGuarded"] and case["value"]["status"] in {401, 403}:
            has_body = case["route"]["parts"]["isDeclared"]
            found.setdefault(json.dumps([has_body, case["value"], case["script"]], sort_keys=True), []).append(case)
    return [own for own in found.values() if len(own) > 1]


def _refused(cases: Sequence[Recorded]) -> dict[str, Any]:
    value = cases[0]["value"]
    title = f"answers {int(value['status'])} to %s %s"
    sent = [case["inputs"]["request"] for case in cases]
    script = f", [{', '.join(step_of(*step) for step in cases[0]['script'])}]" if cases[0]["script"] else ""
    has_body = cases[0]["route"]["parts"]["isDeclared"]
    payload = ", payload" if has_body else ""
    lines = [f"const response = await send({{ method, url{payload} }}{script});", "", *server.response_checks(value)]
    table = {
        "title": quoted(title),
        "plain_title": title,
        "types": "<[Method, string, object]>" if has_body else "<[Method, string]>",
        "names": f"method, url{payload}",
        "is_async": "async ",
        "rows": [_row(one, has_body=has_body) for one in sent],
        "check": "\n    ".join([*lines, _ASKED]),
        "members": [
            (title.replace("%s", one["method"], 1).replace("%s", one["url"], 1), case)
            for one, case in zip(sent, cases, strict=True)
        ],
    }
    name = f"nobody is signed in{' and a body is sent' if has_body else ''}"
    return {
        "name": quoted(name),
        "plain_name": name,
        "shared": [],
        "tables": [table],
        "cases": [],
    }


def _row(sent: Recorded, *, has_body: bool) -> str:
    parts = [quoted(sent["method"]), quoted(sent["url"]), *([literal(sent["payload"])] if has_body else [])]
    return ", ".join(parts)


def _group(name: str, cases: Sequence[Recorded], usual: Any, options: Any, build: str) -> dict[str, Any]:
    taken: dict[str, int] = {}
    tests = [_test(case, usual, options, build, taken) for case in cases]
    return {"name": quoted(name), "plain_name": name, "shared": [], "tables": [], "cases": tests}


def _test(case: Recorded, usual: Any, options: Any, build: str, taken: dict[str, int]) -> dict[str, Any]:
    match case["fn"]:
        case "routes":
            title, arrange, checks = _listed(case)
        case "close":
            title, arrange, checks = _closed(case, build)
        case _:
            title, arrange = response_title(case), [f"const response = await send({_request(case, usual, options)});"]
            checks = [*server.response_checks(case["value"]), _ASKED]
    title = unique(title, taken)
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "async ",
        "remark": case.get("suspicion"),
        "arrange": arrange,
        "check": "\n    ".join(checks),
        "is_scripted": False,
        "case": case,
    }


def _listed(case: Recorded) -> tuple[str, list[str], list[str]]:
    arrange = ["const app = await start();", f"const routes: [Method, string][] = {literal(case['value'])};"]
    missing = "routes.filter(([method, url]) => !app.hasRoute({ method, url }))"
    return "are all there", arrange, [f"expect({missing}).toEqual([]);", "await app.close();"]


def _closed(case: Recorded, build: str) -> tuple[str, list[str], list[str]]:
    script = ", ".join(step_of(*step) for step in case["script"])
    arrange = [f"mockOutside = new Outside([{script}]);", f"const app = await {build};", "await app.ready();"]
    title = "ends the connections that the application opened itself"
    return title, arrange, [check_of(case, "app.close()"), _ASKED]


def _request(case: Recorded, usual: Any, options: Any) -> str:
    claims = case["inputs"].get("claims")
    who = "signedIn()" if claims == usual else f"signedIn({literal(claims)})"
    sent = server.request_of(case["inputs"]["request"]).replace("headers: signedIn", f"headers: {who}")
    own = _options_of(case)
    return server.arguments(sent, server.steps(case), "" if own == options else literal(own))


def _options_of(case: Recorded) -> dict[str, Any]:
    """Return the values that an application is built with."""
    return server.given_in({"inputs": {k: v for k, v in case["inputs"].items() if k.startswith("option:")}})
