"""Proposes cases for an application's operations: the plain request, what its document forbids, and what came before.

What a request finds depends on the requests before it. Those that succeeded and changed the module's state are tried as
the arrangement of others; the same name stands for the same thing in each, so that they meet.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from .application import Operation
from .samples import Pool
from .schemas import Schemas, Variant

_MOST_SETUPS = 24
_MOST_SPARE = 60
_MOST_HEEDED = 4
_ANSWERED = 0.25  # of the changed requests repeat a number that was answered
_WORD = re.compile(r"\w{4,}")
_LONGEST = 4  # requests before the one that is looked at


class RequestProposer:
    """Cases for all operations of one application."""

    def __init__(self, operations: list[Operation], document: dict[str, Any], pool: Pool) -> None:
        self.operations = operations
        self._schemas = Schemas(document, pool)
        self._pool = pool
        self._setups: list[list[dict[str, Any]]] = []
        self._spare: list[list[dict[str, Any]]] = []
        """Requests that changed something else by the same way as one before."""
        self._refusals: dict[str, dict[frozenset[str], dict[str, Any]]] = {}
        """By operation: the words of a refusal, and the request that was refused."""
        self._answered: dict[float, None] = {}
        """Numbers that the application has said: what it compares with them is interesting exactly there."""
        self._variants = {each.id: list(self._requests(each)) for each in operations}

    def proposals(self, operation: Operation) -> Iterator[dict[str, Any]]:
        """Yield an operation's requests on their own."""
        for label, step in self._variants[operation.id]:
            yield _case(operation, [], step, label)

    def arranged(self, operation: Operation) -> Iterator[dict[str, Any]]:
        """Yield an operation's requests after others that changed something."""
        plain = self.plain(operation)
        yield from self._heeded(operation)
        for setup in self._setups:
            yield _case(operation, setup, _meeting(plain, setup), "")
            yield _case(operation, [*setup, _other(setup[-1])], _meeting(plain, setup), "")
            for key in self._pool.keys[:4]:
                yield _case(operation, setup, _named(plain, key), "")
        for setup in self._setups[:6]:
            for label, step in self._variants[operation.id]:
                if label and not label.startswith("!"):
                    yield _case(operation, setup, _meeting(step, setup), label)

    def owners(self) -> dict[str, str]:
        """Return which model each field of a body belongs to, by the subject and its place."""
        found = {}
        for each in self.operations:
            for path, owner in self._schemas.owners(each.body or {}, "body", each.subject):
                found[f"{each.subject} {path}"] = owner
        return found

    def _heeded(self, operation: Operation) -> Iterator[dict[str, Any]]:
        """Yield refused requests after others that speak of what the refusal names."""
        for words, act in self._refusals.get(operation.id, {}).items():
            telling = (each for each in (*self._setups, *self._spare) if words & _words([each[-1].get("body")]))
            for setup in islice(telling, _MOST_HEEDED):
                yield _case(operation, setup, _meeting(act, setup), "")

    def hear(self, body: Any) -> None:
        """Remember the numbers of an answer."""
        heard = [owner[key] for owner, key in _places(body)]
        numbers = (each for each in heard if isinstance(each, (int, float)) and not isinstance(each, bool))
        self._answered |= dict.fromkeys(numbers)

    def hear_refusal(self, step: dict[str, Any], detail: Any) -> None:
        """Remember what a refusal says."""
        if isinstance(detail, str):
            self._refusals.setdefault(step["id"], {}).setdefault(_words(detail), step)

    def learn(self, case: dict[str, Any], changed: bool, status: int | None, is_new: bool) -> None:
        """Remember a case that succeeded and changed something as the beginning of others."""
        steps = [*case["arrange"], case["act"]]
        if not changed or status is None or status >= 300 or len(steps) > _LONGEST - 1:
            return
        if is_new and len(self._setups) < _MOST_SETUPS and steps not in self._setups:
            self._setups.append(steps)
        elif len(steps) == 1 and len(self._spare) < _MOST_SPARE and not self._is_known(steps[0]):
            self._spare.append(steps)

    def _is_known(self, step: dict[str, Any]) -> bool:
        known = (setup[-1] for setup in (*self._setups, *self._spare))
        return any(each["id"] == step["id"] and each.get("body") == step.get("body") for each in known)

    def mutate(self, case: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
        """Return a case that differs in what comes before, or in the request itself."""
        operation = next(each for each in self.operations if each.id == case["act"]["id"])
        arrange, act = copy.deepcopy(case["arrange"]), copy.deepcopy(case["act"])
        at = chance.randrange(5)
        if at == 0 and self._setups:
            arrange += copy.deepcopy(chance.choice([*self._setups, *self._spare]))
        elif at == 1 and arrange:
            arrange[chance.randrange(len(arrange))] = self._changed(chance.choice(arrange), chance)
        elif at == 2 and arrange:
            arrange.append(self._renamed(chance.choice(arrange), chance))
        elif at == 3 and arrange:
            del arrange[chance.randrange(len(arrange))]
        else:
            act = self._changed(act, chance)
        steps = copy.deepcopy([*arrange[-_LONGEST:], act])
        if chance.random() < 0.3:
            _echo(steps, chance)
        return _case(operation, steps[:-1], steps[-1], "")

    def _requests(self, operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
        plain = self.plain(operation)
        yield "", plain
        for parameter in operation.parameters:
            yield from self._parameter_variants(plain, parameter)
        given = {each["name"]: self._given(each) for each in operation.parameters if each["in"] == "query"}
        if len(given) > 1:
            yield "with all parameters", {**plain, "query": given}
        if operation.body is None:
            return
        if operation.needs_body:
            yield "!without a body", {key: value for key, value in plain.items() if key != "body"}
        for variant in self._schemas.variants(operation.body, "body"):
            yield _label(variant), {**plain, "body": variant.value}

    def plain(self, operation: Operation) -> dict[str, Any]:
        """Return the request that should succeed on its own."""
        step: dict[str, Any] = {
            "id": operation.id, "subject": operation.subject, "method": operation.method, "route": operation.path,
            "path": {}, "query": {},
        }  # fmt: skip
        for each in operation.parameters:
            if each["in"] in ("path", "query") and each.get("required"):
                step[each["in"]][each["name"]] = self._schemas.plain(each["schema"], each["name"])
            elif each["in"] == "header" and each.get("required"):
                step.setdefault("headers", {})[each["name"]] = str(self._schemas.plain(each["schema"], each["name"]))
        if operation.body is not None:
            step["body"] = self._schemas.plain(operation.body, "body")
        return step

    def _given(self, parameter: dict[str, Any]) -> Any:
        return self._schemas.plain(parameter.get("schema", {}), parameter["name"])

    def _parameter_variants(
        self, plain: dict[str, Any], parameter: dict[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        place, name, schema = parameter["in"], parameter["name"], parameter.get("schema", {})
        if place not in ("path", "query"):
            return
        if place == "query":
            given = self._given(parameter)
            if parameter.get("required"):
                yield (
                    f"!without {name}",
                    {**plain, "query": {key: each for key, each in plain["query"].items() if key != name}},
                )
            else:
                yield f"with {name}", {**plain, "query": {**plain["query"], name: given}}
        for variant in self._schemas.variants(schema, name):
            if not _can_stand_in(place, variant.value, schema):
                continue
            label = f"{'' if variant.fits else '!'}{name} {variant.label}"
            yield label, {**plain, place: {**plain[place], name: variant.value}}

    def _changed(self, step: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        _, variant = chance.choice(self._variants[step["id"]])
        changed, other = copy.deepcopy(step), copy.deepcopy(variant)  # a case that was recorded must stay as it is
        for place in ("path", "query"):
            changed[place] = {**changed[place], **other[place]} if chance.random() < 0.5 else changed[place]
        if isinstance(step.get("body"), dict) and isinstance(other.get("body"), dict):
            names = [name for name in other["body"] if other["body"][name] != step["body"].get(name)]
            for name in chance.sample(names, min(len(names), chance.randint(1, 2))):
                changed["body"][name] = _mixed(step["body"].get(name), other["body"][name], chance)
        elif "body" in other:
            changed["body"] = _mixed(step.get("body"), other["body"], chance)
        if self._answered and chance.random() < _ANSWERED:
            self._repeat(changed, step["id"], chance)
        return changed

    def _repeat(self, step: dict[str, Any], operation: str, chance: random.Random) -> None:
        """Let one number of a request be one that was answered before."""
        parameters = next(each.parameters for each in self.operations if each.id == operation)
        kinds = {each["name"]: self._schemas.resolve(each.get("schema", {})).get("type") for each in parameters}
        named = [(step["query"], each["name"]) for each in parameters if each["in"] == "query"]
        places = [(owner, name) for owner, name in named if kinds[name] in ("number", "integer")]
        places += [(owner, key) for owner, key in _places(step.get("body")) if type(owner[key]) in (int, float)]
        if places:
            owner, key = chance.choice(places)
            owner[key] = chance.choice(list(self._answered))

    def _renamed(self, step: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        return _other(self._changed(step, chance), chance.choice(("other", "third")))


def _case(operation: Operation, arrange: list[dict[str, Any]], step: dict[str, Any], label: str) -> dict[str, Any]:
    return {
        "subject": operation.subject, "kind": "route", "arrange": arrange, "act": step,
        "is_valid": not label.startswith("!"), "label": label,
    }  # fmt: skip


def _label(variant: Variant) -> str:
    return f"{'' if variant.fits else '!'}{variant.label}"


def _can_stand_in(place: str, value: Any, schema: dict[str, Any]) -> bool:
    """Say whether a value is another one in a URL, where everything is text."""
    if place == "path" and value in ("", [], None):
        return False
    return isinstance(value, str) or schema.get("type") != "string"


def _meeting(step: dict[str, Any], setup: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the step, asking for what the setup speaks of by the same names."""
    known = {name: value for each in setup for name, value in each["path"].items()}
    return {**step, "path": {name: known.get(name, value) for name, value in step["path"].items()}}


def _other(step: dict[str, Any], word: str = "other") -> dict[str, Any]:
    """Return the step, done to another thing of the same kind."""
    path = {name: f"{word}_{value}" if isinstance(value, str) else value for name, value in step["path"].items()}
    return {**step, "path": path}


def _named(step: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the step, asking for something that the module knows by this key."""
    if not step["path"]:
        return step
    return {**step, "path": {**step["path"], list(step["path"])[-1]: key}}


def _mixed(first: Any, second: Any, chance: random.Random) -> Any:
    """Return the second value, or what both make together."""
    if isinstance(first, str) and isinstance(second, str) and chance.random() < 0.4:
        return f"{first} {second}"
    if isinstance(first, dict) and isinstance(second, dict):
        return {
            **first,
            **{name: _mixed(first.get(name), each, chance) for name, each in second.items() if first.get(name) != each},
        }
    if isinstance(first, list) and isinstance(second, list) and chance.random() < 0.6:
        return [*first, *second][:8]
    if isinstance(first, (int, float)) and isinstance(second, (int, float)) and chance.random() < 0.3:
        return first + second if not isinstance(first, bool) else second
    return second


def _words(value: Any) -> frozenset[str]:
    """Return the longer words of a text, or of all texts in a value."""
    texts = [value] if isinstance(value, str) else [owner[key] for owner, key in _places(value)]
    return frozenset(word for text in texts if isinstance(text, str) for word in _WORD.findall(text))


def _echo(steps: list[dict[str, Any]], chance: random.Random) -> None:
    """Let one place of the bodies say what another one says: programs compare what they are told."""
    places = [place for step in steps for part in ("path", "body") for place in _places(step.get(part))]
    if len(places) < 2:
        return
    owner, key = chance.choice(places)
    alike = [each for each in places if type(each[0][each[1]]) is type(owner[key])]
    source, name = chance.choice(alike)
    owner[key] = copy.deepcopy(source[name])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, (dict, list)):
        for key, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, key
            yield from _places(each)
