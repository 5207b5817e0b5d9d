"""One test: its title, the lines before the call, the call, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.literals import braced, literal, placed, quoted
from orchestrator.generation.typescript.setups import maker
from orchestrator.generation.typescript.titles import title_of

MAKING: Final = "constructor"
"""What the making of an object is called among the methods of its class."""
_MOST_SHARED_CHANGES: Final = 2

Recorded = Mapping[str, Any]


def test_of(case: Recorded, shared: Mapping[int, Any], taken: dict[str, int], *, is_bare: bool) -> dict[str, Any]:
    """Return what the template needs for one test; `shared` are the inputs by position that it may start from."""
    title = unique(title_of(case), taken)
    given = zip(case["args"], case["params"], strict=False)
    arguments = [argument_of(one, param, shared.get(index)) for index, (one, param) in enumerate(given)]
    arrange, subject = _bare(case) if is_bare else _arrange(case)
    arrange = [*_environment(case), *arrange]
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "async " if case["isAsync"] else "",
        "remark": None,
        "arrange": arrange,
        "check": check_of(case, subject if case["fn"] == MAKING else f"{subject}{_called(arguments, case)}"),
        "is_scripted": len(arrange) > len(_environment(case)) and not is_bare,
        "case": case,
    }


def _called(arguments: Sequence[str], case: Recorded) -> str:
    """Return the arguments of a call; of a function that makes another one, those of both calls."""
    makes = case.get("makes")
    calls = [arguments] if makes is None else [arguments[:makes], arguments[makes:]]
    return "".join(f"({', '.join(filter(None, one))})" for one in calls)


def unique(title: str, taken: dict[str, int]) -> str:
    """Return a title that none of the `taken` ones is, and count it among them."""
    taken[title] = taken.get(title, 0) + 1
    return title if taken[title] == 1 else f"{title} ({taken[title]})"


def step_of(call: str, answer: Any) -> str:
    """Return one line of a script."""
    return f"[{placed(call)}]" if answer == {"$undefined": True} else f"[{placed(call)}, {literal(answer)}]"


def check_of(case: Recorded, call: str) -> str:
    """Return what a test expects of a call."""
    error = case.get("error")
    if error is not None:
        props = {key: one for key, one in error["props"].items() if one != {"$undefined": True}}
        wanted = literal({"name": error["name"], "message": error["message"], **props})
        if case["isAsync"]:
            return f"await expect({call}).rejects.toMatchObject({wanted});"
        return f"expect(() => {call}).toThrow(expect.objectContaining({wanted}));"
    value = case["value"]
    if case.get("shows"):
        return f"expect({call}).toMatchObject({literal(value)});"
    is_given = isinstance(value, dict) and "$given" in value
    how = "toEqual" if isinstance(value, dict | list) and not is_given else "toBe"
    wanted = "toBeUndefined()" if value == {"$undefined": True} else f"{how}({literal(value)})"
    return f"await expect({call}).resolves.{wanted};" if case["isAsync"] else f"expect({call}).{wanted};"


def argument_of(value: Any, param: Recorded, shared: Mapping[str, Any] | None) -> str:
    """Return an argument, as a change of the shared one where that is shorter."""
    if is_partial(param):
        return f"{literal(value)} as Anything"
    if param.get("rest") and isinstance(value, list):
        return ", ".join(map(literal, value))
    if shared is None or not isinstance(value, dict) or not shared["value"].keys() <= value.keys():
        return literal(value)
    changes = {key: one for key, one in value.items() if key not in shared["value"] or shared["value"][key] != one}
    if not changes:
        return str(shared["name"])
    return braced(changes, shared["name"]) if len(changes) <= _MOST_SHARED_CHANGES else literal(value)


def is_partial(param: Recorded) -> bool:
    """Say whether an argument has less than its type asks for, such as a request of which only headers are read."""
    own = param.get("type", {}).get("isPartial", False)
    return bool(own or any(map(is_partial, param.get("members", ()))))


def givens_in(value: Any) -> set[str]:
    """Return the names of the services that a value holds."""
    if isinstance(value, dict):
        own = {value["$given"]} if "$given" in value else set()
        return own.union(*map(givens_in, value.values()))
    return set().union(*map(givens_in, value)) if isinstance(value, list) else set()


def environment_of(case: Recorded) -> Recorded:
    """Return the variables that a call is made under where they differ from what they are."""
    own = case.get("inputs", {}).get("environment")
    return own if isinstance(own, dict) and case.get("kind", "call") == "call" else {}


def is_bare(cases: Sequence[Recorded]) -> bool:
    """Say whether the tests of one method need nothing but an object: no services, nothing asked."""
    return all(
        case["owner"]
        and not case["isStatic"]
        and not case["script"]
        and not case.get("before")
        and not givens_in(case["args"])
        and not any(isinstance(one, dict) and "$double" in one for one in case["given"])
        for case in cases
    )


def _environment(case: Recorded) -> list[str]:
    own = {**environment_of(case)}
    return [f"process.env = {braced(own, 'realEnvironment')};"] if own else []


def _bare(case: Recorded) -> tuple[list[str], str]:
    """Return the lines before the call, and what is called, for an object that needs no services."""
    made = f"new {case['owner']}({', '.join(map(literal, _trimmed(case['given'])))})"
    if case["fn"] != MAKING:
        return [f"const subject = {made};"], f"subject.{case['fn']}"
    if "error" in case or not case["base"]:
        return [], made
    return [f"const made = {made};", f"expect(made).toBeInstanceOf({case['base']});"], "made"


def _trimmed(given: Sequence[Any]) -> list[Any]:
    kept = [one for one in given if not (isinstance(one, dict) and "$double" in one)]
    while kept and kept[-1] == {"$undefined": True}:
        kept.pop()
    return kept


def _arrange(case: Recorded) -> tuple[list[str], str]:
    """Return the lines before the call, and what is called."""
    steps = ", ".join(step_of(call, answer) for call, answer in case["script"])
    if case["owner"] is None or case["isStatic"]:
        subject = f"{case['owner']}.{case['fn']}" if case["owner"] else case["fn"]
        names = sorted(givens_in(case["args"]))
        if names:
            return [f"const {{ {', '.join(names)} }} = outside({steps});"], subject
        return ([f"outside({steps});"] if case["script"] else []), subject
    arguments = ", ".join([f"[{steps}]", *map(literal, _trimmed(case["given"]))])
    made = f"{maker(case['owner'])}({arguments})"
    if case["fn"] == MAKING:
        return [], made
    before = case.get("before", ())
    names = sorted(givens_in([*case["args"], *(one["args"] for one in before)]))
    handed = [f"const {{ {', '.join(names)} }} = handed();"] if names else []
    return [f"const service = {made};", *handed, *map(_earlier, before)], f"service.{case['fn']}"


def _earlier(call: Recorded) -> str:
    """Return the line of a call that comes before the one that is tested."""
    given = zip(call["args"], call["params"], strict=False)
    arguments = ", ".join(argument_of(one, param, None) for one, param in given)
    return f"{'await ' if call['isAsync'] else ''}service.{call['name']}({arguments});"
