"""Proposes cases for functions, classes and methods."""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import random
from collections.abc import Callable, Iterator
from typing import Any

from .annotations import Proposer
from .asked import Leaf
from .reading import caught, collaborators, keys_of, node_of, objects_of
from .signatures import NotCovered, one_changed, parameters_of
from .subjects import Subject, way_of
from .terms import Term, Unwritable, name_of

_MOST_LEAVES = 8
_MOST_MENDED = 4  # replies of one case that did not fit
_MOST_LIKELY = 3
_DEEPEST = 2  # functions that are made by functions that are made
_MOST_MADE = 12  # calls of a function that was made
_ECHO = 0.25  # of the changed calls repeat one value in another place


class CallProposer:
    """Cases for one subject."""

    def __init__(self, subject: Subject, proposer: Proposer, module: Any, tree: ast.Module) -> None:
        """:raises NotCovered: when no input can be made."""
        self._subject = subject
        node = node_of(subject.function, tree)
        self._tree = tree
        self._failures = _failures(caught(node, module) if node else [], module)
        self._choices = _choices(subject, proposer, node)
        mocked = {name for name, terms in self._choices.items() if "mock" in str(terms[0])}
        self._others = collaborators(node, module, mocked) if node else []
        self._module = module
        self._proposer = proposer
        self._patches: list[str] = []
        self._rows = proposer.rows(_kinds(subject, module))
        self._receivers = _receivers(subject, proposer, module)
        self._setups = _setups(subject, proposer)

    def proposals(self) -> Iterator[dict[str, Any]]:
        """Yield the plain call, then the calls that differ from it in one thing."""
        plain = {name: terms[0] for name, terms in self._choices.items()}
        receiver = self._receivers[0]
        if self._others:
            yield {**self._case([], receiver, plain), "patches": self._others, "is_typed": False}
        yield self._case([], receiver, plain)
        for name, terms in self._choices.items():
            for term in terms[1:]:
                yield self._case([], receiver, {**plain, name: term})
        for index in range(1, max(map(len, self._choices.values()), default=0)):
            yield self._case([], receiver, {name: terms[index % len(terms)] for name, terms in self._choices.items()})
        for other in self._receivers[1:]:
            yield self._case([], other, plain)
        for step in self._setups:
            yield self._case([step], receiver, plain)
        for name in self._subject.optional & plain.keys():
            yield self._case([], receiver, {key: term for key, term in plain.items() if key != name})
        if len(self._subject.optional & plain.keys()) > 1:
            yield self._case([], receiver, {key: plain[key] for key in plain if key not in self._subject.optional})

    def replies(self, case: dict[str, Any], leaves: list[Leaf]) -> Iterator[dict[str, Any]]:
        """Yield the case with other replies of its mocks, one at a time."""
        for leaf in leaves[:_MOST_LEAVES]:
            for term in [*self._likely(leaf), *self._answers(self._rows)]:
                yield _replying(case, leaf, term)

    def mended(self, case: dict[str, Any], leaves: list[Leaf]) -> Iterator[dict[str, Any]]:
        """Yield a case that did not fit with the replies that are likely to."""
        for leaf in leaves[:_MOST_LEAVES] if len(case["replies"]) < _MOST_MENDED else ():
            for term in self._likely(leaf)[:_MOST_LIKELY]:
                yield _replying(case, leaf, term)

    def then(self, case: dict[str, Any], made: Any) -> Iterator[dict[str, Any]]:
        """Yield a case that also calls the function that it has made."""
        before = case["act"].get("then", [])
        if len(before) >= _DEEPEST:
            return
        with contextlib.suppress(NotCovered):
            inner = Subject("", "", parameters_of(made), function=made)
            choices = _choices(inner, self._proposer, node_of(made, self._tree))
            for arguments in one_changed(choices)[:_MOST_MADE]:
                act = {**case["act"], "then": [*before, {"args": arguments, "way": way_of(made)}]}
                is_typed = case["is_typed"] and "mock" not in str(arguments)
                yield {**case, "act": act, "is_typed": is_typed}

    def _likely(self, leaf: Leaf) -> list[Term]:
        """Return replies by what is known of a call, the likeliest first."""
        rows = [*self._proposer.rows(list(leaf.kinds)), *self._proposer.row(leaf)]
        lists = [{"list": rows[:2]}] if rows else []
        return [*self._proposer.returned(leaf), *rows[:3], *lists]

    def patch(self, case: dict[str, Any], place: str) -> dict[str, Any] | None:
        """Return the case with a mock in a place that reaches out; so will be all that follow."""
        if place in self._patches or len(self._patches) > _MOST_LEAVES:
            return None
        self._patches.append(place)
        return {**case, "patches": list(self._patches), "is_typed": False}

    def _answers(self, rows: list[Term]) -> list[Term]:
        lists = [{"list": rows[:2]}, {"list": []}] if rows else [{"list": ["text"]}, {"list": []}]
        return [None, *rows[:3], *lists, True, False, 1, 0, "text", {"dict": [["key", "value"]]}, *self._failures]

    def mutate(self, case: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
        """Return a case that differs in one to three things."""
        arguments, receiver, arrange = dict(case["act"]["args"]), case["receiver"], list(case["arrange"])
        replies = list(case["replies"])
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(4)
            if replies and chance.random() < 0.4:
                index = chance.randrange(len(replies))
                replies[index] = [*replies[index][:2], chance.choice([*self._rows, *self._answers(self._rows)])]
            elif at == 0 and len(self._receivers) > 1:
                receiver = chance.choice(self._receivers)
            elif at == 1 and self._setups:
                arrange = [*arrange, chance.choice(self._setups)][-3:] if chance.random() < 0.7 else arrange[1:]
            elif self._choices:
                name = chance.choice(list(self._choices))
                terms = self._choices[name]
                term = arguments.get(name, terms[0]) if chance.random() < 0.5 else chance.choice(terms)
                arguments[name] = _varied(term, terms, chance)
                if chance.random() < _ECHO:
                    arguments = _echoed(arguments, chance)
        if case["act"].get("then"):
            return {**case, "replies": replies} if replies != case["replies"] else None
        changed = {"replies": replies, "patches": case["patches"], "is_typed": case["is_typed"]}
        return {**self._case(arrange, receiver, arguments), **changed}

    def _case(self, arrange: list[dict[str, Any]], receiver: Term, arguments: dict[str, Term]) -> dict[str, Any]:
        act = {"call": self._subject.call, "args": arguments, "way": self._subject.way}
        return {
            "subject": self._subject.name, "kind": "call", "receiver": receiver, "arrange": arrange, "act": act,
            "replies": [], "patches": list(self._patches), "changes": self._count_changes(arguments),
            "is_typed": self._subject.is_typed and not self._patches and "mock" not in str([arguments, receiver]),
        }  # fmt: skip

    def _count_changes(self, arguments: dict[str, Term]) -> int:
        return sum(term != self._choices[name][0] for name, term in arguments.items())


def _failures(kinds: list[type[BaseException]], module: Any) -> list[Term]:
    """Return replies that fail: as the function expects, and as it does not."""
    found: list[Term] = []
    for kind in kinds:
        with contextlib.suppress(Unwritable, Exception):
            kind("unavailable")
            found.append({"error": {"new": name_of(kind, module), "args": ["unavailable"]}})
    return [*found, {"error": {"new": "builtins:RuntimeError", "args": ["unavailable"]}}]


def _replying(case: dict[str, Any], leaf: Leaf, term: Term) -> dict[str, Any]:
    return {**case, "replies": [*case["replies"], [leaf.name, leaf.path, term]]}


def _choices(subject: Subject, proposer: Proposer, node: ast.AST | None) -> dict[str, list[Term]]:
    found = {}
    keys, objects = (keys_of(node), objects_of(node)) if node else ({}, set())
    for name, annotation in subject.parameters.items():
        try:
            terms = proposer.terms(annotation, name)
            is_object = name in objects and annotation is inspect.Parameter.empty
            doubles = [proposer.double(name)] if is_object else []
            found[name] = [*doubles, *proposer.looked_into(terms, keys.get(name, [])), *terms]
        except NotCovered:
            if name not in subject.optional:
                raise
    return found


def _kinds(subject: Subject, module: Any) -> list[type]:
    """Return the classes of the module that hold data, those that the function speaks of first."""
    code = getattr(subject.function, "__code__", None)
    names = code.co_names if code else ()
    known = {name: each for name, each in vars(module).items() if isinstance(each, type)}
    return [*(known[name] for name in names if name in known), *(each for name, each in known.items())][:4]


def _receivers(subject: Subject, proposer: Proposer, module: Any) -> list[Term]:
    if subject.receiver is None:
        return [None]
    try:
        path = name_of(subject.receiver, module)
    except Unwritable as error:
        raise NotCovered(str(error)) from None
    return [{"new": path, "fields": each} for each in proposer.combinations(parameters_of(subject.receiver), 0)]


def _setups(subject: Subject, proposer: Proposer) -> list[dict[str, Any]]:
    steps = []
    for each in subject.setup:
        try:
            combinations = proposer.combinations(each.parameters, 0)
        except NotCovered:
            continue
        steps += [{"call": each.call, "args": arguments, "way": each.way} for arguments in combinations[:6]]
    return steps


def _varied(term: Term, choices: list[Term], chance: random.Random) -> Term:
    vary = _VARIATIONS.get(type(term))
    return vary(term, choices, chance) if vary and chance.random() < 0.5 else term


def _text(term: str, choices: list[Term], chance: random.Random) -> Term:
    other = chance.choice([each for each in choices if isinstance(each, str)] or [""])
    pieces = [each for each in choices if isinstance(each, str) and len(each) <= 4] + ["a", "1"]
    made = "".join(chance.choice(pieces) for _ in range(chance.randint(2, 8)))
    if chance.random() < 0.4:
        return made
    return chance.choice([f"{term} {other}", term + other, term.upper(), f" {term} ", term[: len(term) // 2], term * 2])


def _number(term: int, _choices: list[Term], chance: random.Random) -> Term:
    return chance.choice([term + 1, term - 1, term * 2, -term, term * 10])


def _structure(term: dict[str, Any], choices: list[Term], chance: random.Random) -> Term:
    if "new" in term:
        return _instance(term, choices, chance)
    if set(term) != {"list"}:
        return term
    others = [item for each in choices if isinstance(each, dict) for item in each.get("list", [])]
    items = [*term["list"], *([chance.choice(others)] if others else [])]
    chance.shuffle(items)
    return {"list": items[:6]}


def _instance(term: dict[str, Any], choices: list[Term], chance: random.Random) -> Term:
    """Return an instance that has one field of another."""
    alike = [each for each in choices if isinstance(each, dict) and each.get("new") == term["new"]]
    given = [pair for each in alike for pair in each.get("fields", {}).items()]
    if not given:
        return term
    name, value = chance.choice(given)
    return {**term, "fields": {**term.get("fields", {}), name: value}}


def _echoed(arguments: dict[str, Term], chance: random.Random) -> dict[str, Term]:
    """Return arguments of which one says what another says: programs compare what they are given."""
    copied = copy.deepcopy(arguments)
    owners = [copied, *(each["fields"] for each in copied.values() if isinstance(each, dict) and each.get("fields"))]
    places = [(owner, key) for owner in owners for key in owner]
    owner, key = chance.choice(places)
    alike = [(each, name) for each, name in places if _kind(each[name]) == _kind(owner[key])]
    source, name = chance.choice(alike)
    owner[key] = copy.deepcopy(source[name])
    return copied


def _kind(term: Term) -> Any:
    return min(term) + str(term.get("new", "")) if isinstance(term, dict) else type(term)


_VARIATIONS: dict[type, Callable[[Any, list[Term], random.Random], Term]] = {
    str: _text, int: _number, float: _number, dict: _structure,
}  # fmt: skip
