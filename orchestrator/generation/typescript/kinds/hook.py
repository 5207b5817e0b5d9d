"""Tests of functions that Fastify calls with a request: each is mounted on a server that has nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.cases import unique
from orchestrator.generation.typescript.groups import grouped
from orchestrator.generation.typescript.kinds import server
from orchestrator.generation.typescript.literals import braced, key_of, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.titles import response_title

_MOUNTED: Final = {
    "hook": "app.addHook('preHandler', {})",
    "error": "app.setErrorHandler({})",
    "answers": "app.register({})",
    "handler": "app.all({path}, {})",
    "viewer": "app.all('/*', async (request) => ({{ returned: await {}(request) }}))",
}

_PLUGIN: Final = "plugin"
"""What tests call something that is exported without a name."""

Recorded = Mapping[str, Any]


def part(model: Recorded, cases: Sequence[Recorded], test_file: str) -> dict[str, Any]:
    """Return what tests of hooks and handlers add to a file."""
    names = dict.fromkeys(case["fn"] for case in cases)
    named = ", ".join(name for name in names if name != "default")
    target = quoted(relative(without_suffix(model["target"]), test_file))
    return {
        "imports": [
            *([f"import {_PLUGIN} from {target};"] if "default" in names else []),
            *([f"import {{ {named} }} from {target};"] if named else []),
        ],
        "types": ["FastifyInstance", "InjectOptions"],
        "signed_in": server.signed_in(model),
        "groups": [_group(name, own, model) for name, own in grouped(cases).items()],
    }


def _group(name: str, cases: Sequence[Recorded], model: Recorded) -> dict[str, Any]:
    taken: dict[str, int] = {}
    name = _named(name)
    tests = [_test(case, model, taken) for case in cases]
    return {"name": quoted(name), "plain_name": name, "shared": [], "tables": [], "cases": tests}


def _test(case: Recorded, model: Recorded, taken: dict[str, int]) -> dict[str, Any]:
    title = unique(response_title(case), taken)
    hook = case["hook"]
    own = _named(case["fn"])
    made = f"{own}({_arguments(hook['maker'], case, model)})" if hook["maker"] is not None else own
    mount = f"(app) => {_MOUNTED[hook['acts']].format(made, path=quoted(hook.get('path', '/*')))}"
    sent = server.request_of(case["inputs"]["request"]).replace("signedIn", "{ authorization: 'Bearer token-1' }")
    given = _given(case)
    call = server.arguments(mount, sent, server.steps(case), braced(given) if given else "")
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "async ",
        "remark": case.get("suspicion"),
        "arrange": [f"const response = await pass({call});"],
        "check": "\n    ".join(server.response_checks(case["value"])),
        "is_scripted": True,
        "case": case,
    }


def _named(name: str) -> str:
    return _PLUGIN if name == "default" else name


def _given(case: Recorded) -> dict[str, Any]:
    """Return what something before would have put on the request, and what a handler throws."""
    inputs = case["inputs"]
    found = {key.partition(":")[2]: value for key, value in inputs.items() if key.startswith("viewer:")}
    kept = {name: value for name, value in found.items() if value != {"$undefined": True}}
    return {**({"error": inputs["error"]} if "error" in inputs else {}), **({"request": kept} if kept else {})}


def _arguments(params: Sequence[Recorded], case: Recorded, model: Recorded) -> str:
    given = [_argument(param, case, model) for param in params]
    return server.arguments(*given)


def _argument(param: Recorded, case: Recorded, model: Recorded) -> str:
    if param["shape"] != "members":
        return server.drawn(param, case, model)
    parts = [(key_of(one["name"]), server.drawn(one, case, model)) for one in param["members"]]
    return f"{{ {', '.join(f'{name}: {value}' for name, value in parts if value)} }}"
