"""What takes the place of a database session, a client, a function that reaches out: mocks whose replies are terms.

A case names its mocks and what they reply by the path of the call, such as `query().filter().first()`. What the code
asked of a mock tells which replies are worth trying, and what a test can assert.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any
from unittest.mock import AsyncMock, MagicMock, NonCallableMock

from .asked import Leaf, leaf_of

Reply = tuple[str, str, Any]
"""The name of a mock, the path of a call, and the term of what it returns (or `{"error": term}`)."""

PLAIN = {"mock": ""}
"""The reply that has methods which need not be awaited, unlike what an asynchronous mock replies by itself."""
AWAITED = {"mock": "", "awaited": True}
"""The reply of a call that is awaited although its class does not say so."""
_MOST = 6  # calls that a test asserts
_ENTERED = re.compile(r"__a?enter__\(\)\.")


class Mocks:
    """The mocks of one run of a case."""

    def __init__(self, replies: list[Any], build: Callable[[Any], Any]) -> None:
        self._replies = replies
        self._build = build
        self._made: dict[str, Any] = {}
        self._specs: dict[str, Any] = {}
        self._given: list[tuple[str, Any]] = []

    def get(self, name: str, spec: Any) -> Any:
        """Return the mock of a name, made when it is first asked for."""
        if name not in self._made:
            mock = self._made[name] = _made(name, spec)
            self._specs[name] = spec
            for owner, path, term in self._replies:
                if owner == name:
                    self._reply(mock, path, term)
        return self._made[name]

    def name_of(self, value: Any) -> str | None:
        """Return the expression that a test reaches a value by, if it came out of a mock."""
        if isinstance(value, NonCallableMock):
            name = _full_name(value)
            return expression(name) if name.partition(".")[0].partition("(")[0] in self._made else None
        return next((name for name, each in self._given if each is value), None)

    def leaves(self) -> list[Leaf]:
        """Return every call that may as well reply something else: its result was used for nothing, or may be None."""
        found: list[Leaf] = []
        for name, mock in self._made.items():
            calls = _recorded(mock)
            paths = list(dict.fromkeys(f"{path}()" for path, *_ in calls))
            replied = {path for owner, path, _ in self._replies if owner == name}
            for path in paths:
                called = _called(mock, path)
                if path not in replied and isinstance(called, NonCallableMock):
                    leaf = leaf_of(name, path, called.return_value, calls, self._specs[name])
                    is_used = any(one.startswith(path + ".") for one in paths)
                    found += [leaf] if not is_used or leaf.may_be_none else []
        return found

    def unanswered(self, outcome: dict[str, Any]) -> list[list[Any]]:
        """Return replies without which a case makes no sense.

        They are for awaited calls of whose result a method was called, which would have to be awaited too, and for
        what was awaited and cannot be.
        """
        if "MagicMock can't be used in 'await'" in outcome.get("message", ""):
            last = [(name, _recorded(mock)[-1][0]) for name, mock in self._made.items() if _recorded(mock)]
            is_attribute = (
                each for each in last if each[1] and not isinstance(_called(self._made[each[0]], each[1]), AsyncMock)
            )
            return [[name, f"{path}()", AWAITED] for name, path in is_attribute][:1]
        found: dict[tuple[str, str], None] = {}
        for name, mock in self._made.items():
            for path, *_ in _recorded(mock):
                parts = path.split("()")
                for prefix in ("()".join(parts[:count]) + "()" for count in range(1, len(parts))):
                    called = _called(mock, prefix)
                    if isinstance(called, AsyncMock) and isinstance(called.return_value, AsyncMock):
                        found[name, prefix] = None
                        break
        return [[name, path, PLAIN] for name, path in found]

    def calls(self, describe: Callable[[Any], Any]) -> list[list[Any]]:
        """Return what a test can assert of the calls: expression, count, and arguments where they can be written."""
        found: dict[str, list[Any]] = {}
        for name, mock in self._made.items():
            for path, args, kwargs in _recorded(mock):
                found.setdefault(expression(joined(name, path)), []).append((args, kwargs))
        written: list[list[Any]] = [[key, len(made), _written(made, describe)] for key, made in found.items()]
        return [each for each in written if each[2] is not None or "return_value" not in each[0]][:_MOST]

    def _reply(self, mock: Any, path: str, term: Any) -> None:
        owner = _called(mock, path)
        if not isinstance(owner, NonCallableMock):
            return
        if term == AWAITED:
            before, _, name = path.removesuffix("()").rpartition(".")
            setattr(
                _called(mock, before).return_value if before.endswith("()") else _called(mock, before),
                name,
                AsyncMock(),
            )
        elif isinstance(term, dict) and "error" in term:
            owner.side_effect = self._build(term["error"])
        elif term == PLAIN:
            owner.return_value = MagicMock()
        else:
            owner.return_value = self._build(term)
            if not isinstance(owner.return_value, (bool, int, float, str, type(None))):
                self._given.append((expression(f"{_full_name(owner)}()"), owner.return_value))


def joined(name: str, path: str) -> str:
    """Return the full name of a call of a mock."""
    return f"{name}.{path}" if path and not path.startswith("(") else name + path


def expression(name: str) -> str:
    """Return a mock's name, such as `db.query().first()`, as an expression that leads to it."""
    return name.replace("()", ".return_value")


@contextlib.contextmanager
def patched(patches: list[str], module: ModuleType, mocks: Mocks) -> Iterator[None]:
    """Let mocks take the places of some names (`name`, or `name.attribute`) that the module uses, for a while."""
    before = []
    try:
        for place in patches:
            *owners, name = place.split(".")
            owner: Any = module
            for each in owners:
                owner = getattr(owner, each)
            before.append((owner, name, getattr(owner, name)))
            setattr(owner, name, mocks.get(name_of_place(place), before[-1][2]))
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


def name_of_place(place: str) -> str:
    """Return what the mock in a place is called."""
    return place.replace(".", "_")


def spec_of(path: str, module: ModuleType) -> Any:
    """Return the class that a mock stands for, None for one of which nothing is known."""
    if not path:
        return None
    home, _, name = path.partition(":")
    found: Any = importlib.import_module(home) if home else module
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _called(mock: Any, path: str) -> Any:
    """Return what is called at the end of a path, a mock unless a reply is in the way."""
    for part in path.removesuffix("()").replace("()", ".()").split("."):
        if part:
            mock = getattr(mock, "return_value" if part == "()" else part, None)
    return mock


def _recorded(mock: Any) -> list[tuple[str, Any, Any]]:
    """Return the path and arguments of the calls by name, also inside a `with`; no other operators."""
    calls: list[Any] = list(mock.mock_calls)
    return [(path, args, kwargs) for path, args, kwargs in calls if "__" not in _ENTERED.sub("", path)]


def _full_name(mock: Any) -> str:
    name: str = mock._extract_mock_name()  # noqa: SLF001 - `repr` shows it, with more around it
    return name


def _made(name: str, spec: Any) -> Any:
    """Make what `MagicMock(spec=spec)` makes, without looking through a large class each time."""
    if not isinstance(spec, type):
        return (AsyncMock if inspect.iscoroutinefunction(spec) else MagicMock)(name=name)
    if _is_asynchronous(spec):
        return MagicMock(spec=spec, name=name)
    mock = MagicMock(spec=dir(spec), name=name)
    mock.__class__ = spec
    return mock


@cache
def _is_asynchronous(spec: type) -> bool:
    return any(inspect.iscoroutinefunction(getattr(spec, name, None)) for name in dir(spec))


def _written(made: list[Any], describe: Callable[[Any], Any]) -> list[Any] | None:
    if len(made) != 1:
        return None
    args, kwargs = made[0]
    try:
        return [[describe(each) for each in args], {name: describe(each) for name, each in kwargs.items()}]
    except Exception:  # noqa: BLE001 - what cannot be written down is only counted
        return None
