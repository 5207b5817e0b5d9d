"""The flow through an application that a task describes: which routes, in which order, and what one hands to the next.

Pure: from what the analysis says of the routes, and the words of the task.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_LEAST_ALIKE: Final = 5
_OWN: Final = {"me", "self", "profile"}
_OF_ONESELF: Final = {"own", "me", "myself", "profile", "self"}
_TOKEN: Final = re.compile(r"token|jwt|session", re.IGNORECASE)
_SIGN_UP: Final = re.compile(r"register|sign-?up|join|users?$", re.IGNORECASE)
_ORDER: Final = {"POST": 0, "GET": 1, "PUT": 2, "PATCH": 2, "DELETE": 3}

Route = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A field of the answer to an earlier step."""

    step: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a flow."""

    route: Route
    who: str = ""
    """Whose token is sent: `first` or `second`, empty for nobody's."""
    params: dict[str, Source] = field(default_factory=dict)
    fields: dict[str, Source] = field(default_factory=dict)
    """Fields of the body that an earlier answer gives; the others are those of the route's payload."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Steps, the first of which may sign up who takes the others."""

    steps: tuple[Step, ...]
    tokens: dict[str, Source]
    """By who it is."""


def derive(routes: Sequence[Route], stem: str, words: str) -> Flow | None:
    """Return the flow that a test file's stem and a task's words describe, None if no route fits them."""
    told = _words(f"{stem} {words}")
    area = {
        route["prefix"]
        for route in routes
        if any(_is_alike(one, part) for one in _words(stem) for part in _static(route))
    }
    wanted = [route for route in routes if route["prefix"] in area and _is_told(route, told)]
    if not wanted:
        return None
    sign_up = _sign_up(routes)
    flow = Flow((), {})
    if sign_up and any(route["isGuarded"] for route in wanted):
        flow = _with(flow, sign_up, "first")
        if any(_is_shared(route) for route in wanted):
            flow = _with(flow, sign_up, "second")
    for route in sorted(wanted, key=lambda one: (one["url"].count("/:"), _ORDER[one["method"]])):
        if route is not sign_up or not flow.steps:
            flow = _with(flow, route)
    return flow if any(step.route in wanted for step in flow.steps) else None


def _with(flow: Flow, route: Route, signs_up: str = "") -> Flow:
    """Return a flow with one more step, or as it is where the step needs what nobody can give."""
    who = ("second" if _is_shared(route) and "second" in flow.tokens else "first") if route["isGuarded"] else ""
    if who and who not in flow.tokens:
        return flow
    params = {name: _param_source(flow, route, name) for name in re.findall(r":(\w+)", route["url"])}
    given = {name: _source(flow, name) for name in route["payload"] or {}}
    needed = [name for name in route["ids"] if given[name] is None]
    if needed or any(one is None for one in params.values()):
        return flow
    from_answers = {name: one for name, one in given.items() if one and (name in route["ids"] or _TOKEN.search(name))}
    step = Step(route, who, {name: one for name, one in params.items() if one}, from_answers)
    path = _token_path(route["body"])
    tokens = {**flow.tokens, signs_up: Source(len(flow.steps), path)} if signs_up and path else flow.tokens
    return Flow((*flow.steps, step), tokens)


def _param_source(flow: Flow, route: Route, name: str) -> Source | None:
    """Return what a part of a path stands for: of what was made at the path before it, or of who takes part."""
    before = route["url"].partition(f"/:{name}")[0]
    for index, step in enumerate(flow.steps):
        if step.route["method"] == "POST" and step.route["url"] == before and name in _properties(step.route["body"]):
            return Source(index, (name,))
    if not re.fullmatch(r"(user|member|account|person)_?id", name, re.IGNORECASE) or "second" not in flow.tokens:
        return None
    index = flow.tokens["second"].step
    found = next((path for path in _paths(flow.steps[index].route["body"]) if path[-1] == "id"), None)
    return Source(index, found) if found else None


def _source(flow: Flow, name: str) -> Source | None:
    """Return the latest answer that has a field of this name."""
    for index in reversed(range(len(flow.steps))):
        found = next((path for path in _paths(flow.steps[index].route["body"]) if path[-1] == name), None)
        if found:
            return Source(index, found)
    return None


def _sign_up(routes: Sequence[Route]) -> Route | None:
    """Return the route that makes an account and answers with a token, else None."""
    fits = [one for one in routes if one["method"] == "POST" and not one["isGuarded"] and one["payload"]]
    fits = [one for one in fits if _token_path(one["body"]) and not one["ids"]]
    return next((one for one in fits if any(_SIGN_UP.search(part) for part in _static(one))), None)


def _token_path(body: Route | None) -> tuple[str, ...] | None:
    paths = [path for path in _paths(body) if _TOKEN.search(path[-1]) and "refresh" not in path[-1].lower()]
    return paths[0] if paths else None


def _is_shared(route: Route) -> bool:
    """Say whether a request is made to what somebody else has made, such as joining."""
    return route["method"] == "POST" and "/:" in str(route["url"])


def _is_told(route: Route, told: Sequence[str]) -> bool:
    """Say whether all that a path has beside its prefix is spoken of."""
    own = [part for part in str(route["url"]).removeprefix(route["prefix"]).split("/") if part and part[0] != ":"]
    return all(any(_is_alike(word, part) for word in told) for part in own)


def _is_alike(word: str, part: str) -> bool:
    if part in _OWN:
        return word in _OF_ONESELF
    shared = next(
        (at for at, (one, other) in enumerate(zip(word, part, strict=False)) if one != other), min(len(word), len(part))
    )
    return shared >= min(_LEAST_ALIKE, len(part)) and shared >= min(_LEAST_ALIKE, len(word))


def _words(text: str) -> list[str]:
    """Return the words of a text, and pairs of them as one, since `log in` names the route `login`."""
    words = re.findall(r"[a-z]+", text.lower())
    return [*words, *(one + other for one, other in itertools.pairwise(words))]


def _static(route: Route) -> list[str]:
    return [part.lower() for part in str(route["url"]).split("/") if part and not part.startswith(":")]


def _properties(tree: Route | None) -> dict[str, Any]:
    return dict(tree["props"]) if tree and tree["k"] == "object" else {}


def _paths(tree: Route | None) -> list[tuple[str, ...]]:
    """Return where in an answer there are texts and numbers, the outermost first."""
    own = _properties(tree)
    plain = [(name,) for name, one in own.items() if one["t"]["k"] in {"string", "number"}]
    inner = [(name, *path) for name, one in own.items() if one["t"]["k"] == "object" for path in _paths(one["t"])]
    return [*plain, *inner]
