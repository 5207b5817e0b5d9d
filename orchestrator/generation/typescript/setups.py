"""The functions of a test file that make the object under test, given what the outside will answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.generation.typescript.literals import key_of, literal, quoted

Recorded = Mapping[str, Any]


def is_loaded(model: Recorded) -> bool:
    """Say whether a module asks the outside while it is loaded, so that each test loads a copy of its own."""
    return bool(model.get("loading") and model["loading"]["callsOut"])


def setups_of(
    model: Recorded, owners: Sequence[Recorded], *, has_functions: bool, has_handed: bool
) -> list[dict[str, Any]]:
    """Return the functions that tests begin with: one for each class, one for functions that ask the outside.

    One more returns what methods get as arguments, from the outside of the object that they are called on.
    """
    free = {"name": "outside", "parameters": "...script: Step[]", "made": _handed(model), "is_later": False}
    handed = {"name": "handed", "parameters": "", "made": _handed(model), "is_later": True}
    made = [_setup(own, model) for own in owners]
    return [*([free] if has_functions else []), *made, *([handed] if has_handed else [])]


def _handed(model: Recorded) -> str:
    """Return the object of all services that functions get as arguments."""
    parts = [f"{key_of(name)}: {_given(one, model)}" for name, one in model["givens"].items()]
    return f"{{ {', '.join(parts)} }}" if parts else ""


def _given(one: Recorded, model: Recorded) -> str:
    if "double" not in one:
        parts = [f"{key_of(own['name'])}: {_given(own, model)}" for own in one["members"]]
        return f"{{ {', '.join(parts)} }}"
    own = one["double"]
    name = quoted(own["local"])
    match own["shape"]:
        case "query":
            return f"mockOutside.query({name})"
        case "fluent":
            return f"mockOutside.fluent({name})"
        case "function" | "told":
            how = ", 'sync'" if own["shape"] == "told" or own.get("isSync") else ""
            return f"(...args: unknown[]) => mockOutside.call({name}, args{how})"
        case _:
            return f"mockOutside.object({name}{modes(own['local'], model)})"


def joined_setups(setups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each once."""
    return list({setup["name"]: setup for setup in setups}.values())


def modes(name: str, model: Recorded) -> str:
    """Return how the methods of an object answer, where that is not by a promise."""
    found = ways_of(name, model)
    return f", {literal(found)}" if found else ""


def ways_of(name: str, model: Recorded) -> dict[str, str]:
    """Return how something answers, and its methods, and what is made with it, where that is not by a promise."""
    sites = model["sites"]
    own = {key: site for key, site in sites.items() if key == name or key.startswith((f"{name}.", f"{name}()."))}
    found = {key: site.get("makes") or "sync" for key, site in own.items() if site["isSync"] and key != name}
    if sites.get(name, {}).get("makes"):
        found[name] = sites[name]["makes"]
    for key in own:
        words = key.split(".")
        if "()" not in key and len(words) > 2 and words[0] == name and ".".join(words[:2]) not in sites:
            found[".".join(words[:2])] = "chain"
    return found


def maker(name: str) -> str:
    """Return what the function is called that makes an object of a class."""
    return f"make{name}"


def is_double(param: Recorded) -> bool:
    """Say whether something stands for what a constructor takes."""
    return param["shape"] in {"query", "object", "function"}


def _setup(own: Recorded, model: Recorded) -> dict[str, Any]:
    """A function that makes the object under test, given what the outside will answer."""
    plain = [param for param in own["params"] if not is_double(param)]
    parameters = "script: Step[]"
    arguments = [_double(param, model) if is_double(param) else param["name"] for param in own["params"]]
    if plain:
        types = ", ".join(
            f"{param['name']}{'?' if param['optional'] else ''}: "
            f"ConstructorParameters<typeof {own['name']}>[{own['params'].index(param)}]"
            for param in plain
        )
        parameters = f"script: Step[], {types}"
    made = f"new {own['name']}({', '.join(arguments)})"
    return {"name": maker(own["name"]), "parameters": parameters, "made": made, "is_later": False}


def _double(param: Recorded, model: Recorded) -> str:
    name = quoted(param["name"])
    cast = f" as {param['typeName']}" if param.get("typeName") and param.get("from") else ""
    match param["shape"]:
        case "query":
            return f"mockOutside.query({name}){cast}"
        case "function":
            return f"(...args: unknown[]) => mockOutside.call({name}, args)"
        case _:
            return f"mockOutside.object({name}{modes(param['name'], model)}){cast}"
