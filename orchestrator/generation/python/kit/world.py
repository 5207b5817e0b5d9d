"""Runs a case on a module that is as good as new, and says what came of it. Nothing here chooses cases."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import operator
import sys
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import Any

from .application import Client
from .asked import Leaf
from .ending import ended
from .fence import Fence, TooLong
from .mocks import Mocks, patched
from .settings import exports, fresh, surrounded
from .standins import replaced
from .steadiness import without
from .terms import Unwritable, build, describe, name_of, shape_of, statement_of
from .tracing import TooManySteps, Trace

SECONDS = 2.0  # for one case
_STATE = (dict, list, set)
_LONGEST = 200  # characters of an error's message that are compared


class Unusable(Exception):
    """Nothing can be tested by this case; the text says why."""


class Reaching(Unusable):
    """It touches the world, by way of a line of the target or of None."""

    def __init__(self, line: int | None) -> None:
        super().__init__("touches the world outside (network, programs, files)")
        self.line = line


class Making(Unusable):
    """It returns a function of the target, which is to be called too."""

    def __init__(self, made: Any) -> None:
        super().__init__("its result is a function")
        self.made = made


@dataclass
class Observed:
    """What a case did."""

    outcome: dict[str, Any]
    arcs: frozenset[tuple[int, int]] = frozenset()
    changed: frozenset[str] = frozenset()
    """Names of the module's own state that it changed."""
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Of the steps before the last, for a case that speaks HTTP."""
    leaves: list[Leaf] = field(default_factory=list)
    """The calls of mocks that could have replied something else."""
    unanswered: list[list[Any]] = field(default_factory=list)
    """Replies without which the case makes no sense."""


class World:
    """One module, put back to its beginning before each case."""

    def __init__(
        self,
        module: ModuleType,
        code: CodeType,
        fence: Fence,
        client: Client,
        standins: list[list[str]],
        application: str | None,
    ):
        self.module = module
        self.shown: set[str] | None = None
        """The values that a case of loading looks at; None for all."""
        self._code = code
        self._fence = fence
        self._client = client
        self._standins = standins
        self._application = application
        self._pristine = _state_of(module)

    def of(self, module: ModuleType, code: CodeType) -> World:
        """Return the world of another module."""
        world = World(module, code, self._fence, self._client, self._standins, self._application)
        world.shown = self.shown
        return world

    def run(self, case: dict[str, Any], trace: Trace | None = None, seconds: float = SECONDS) -> Observed:
        """Run a case.

        :raises Unusable: when it touches the world, does not end, or leaves nothing to compare.
        """
        self._restore()
        mocks = Mocks(case.get("replies", []), lambda term: build(term, self.module, mocks))
        output = io.StringIO()
        is_loading = case["kind"] == "load"
        try:
            with (
                contextlib.redirect_stdout(output),
                contextlib.redirect_stderr(output),
                surrounded(case["act"]["names"], case["act"]["environment"])
                if is_loading
                else contextlib.nullcontext(),
                self._fence.closed(seconds, is_import=is_loading),
                replaced(self._standins, self.module),
                patched(case.get("patches", []), self.module, mocks),
                (trace.everywhere() if is_loading else trace.on()) if trace else contextlib.nullcontext(),
            ):
                answers, outcome = self._act(case, mocks)
        except (TooLong, TooManySteps):
            raise Unusable("does not end") from None
        finally:
            sys.stdin = sys.__stdin__
        if self._fence.attempts:
            raise Reaching(self._fence.attempts[0])
        arcs = frozenset(trace.arcs) if trace else frozenset()
        outcome = without(outcome, case.get("changing", []))
        return Observed(outcome, arcs, self._changed(), answers, mocks.leaves(), mocks.unanswered(outcome))

    def _act(self, case: dict[str, Any], mocks: Mocks) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        if case["kind"] == "route":
            return self._request(case)
        if case["kind"] == "load":
            return [], self._loaded()
        try:
            receiver = build(case["receiver"], self.module, mocks) if case.get("receiver") is not None else None
            for step in case["arrange"]:
                self._call(step, receiver, mocks)
            arguments = {name: build(term, self.module, mocks) for name, term in case["act"]["args"].items()}
        except (TooLong, TooManySteps):
            raise
        except BaseException as error:
            raise Unusable("its input cannot be made") from error
        outcome = self._outcome(case, receiver, arguments, mocks)
        if calls := mocks.calls(lambda each: self._seen(each, arguments, mocks)):
            outcome["calls"] = calls
        return [], outcome

    def _request(self, case: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        assert self._application is not None
        try:
            answers = self._client.session(getattr(self.module, self._application), [*case["arrange"], case["act"]])
        except (TooLong, TooManySteps):
            raise
        except BaseException as error:  # noqa: BLE001 - what the target raises is the result
            return [], self._raised(error)
        return answers[:-1], answers[-1]

    def _loaded(self) -> dict[str, Any]:
        try:
            module = fresh(self.module, self._code)
        except (TooLong, TooManySteps):
            raise
        except BaseException as error:  # noqa: BLE001 - what the target raises is the result
            outcome = self._raised(error)
            if outcome["raises"].startswith(":"):
                raise Unusable("raises an error that only the fresh copy knows") from None
            return outcome
        found = exports(module)
        return {"exports": {name: term for name, term in found.items() if self.shown is None or name in self.shown}}

    def _outcome(self, case: dict[str, Any], receiver: Any, arguments: dict[str, Any], mocks: Mocks) -> dict[str, Any]:
        before = {name: repr(term) for name, term in case["act"]["args"].items()}
        try:
            value = self._invoke(case["act"], receiver, arguments, mocks)
        except (TooLong, TooManySteps):
            raise
        except BaseException as error:  # noqa: BLE001 - what the target raises is the result
            return self._raised(error)
        is_made = case["act"]["way"] == "make"
        outcome: dict[str, Any] = {
            "returns": shape_of(value, self.module) if is_made else self._returned(value, arguments, mocks)
        }
        with contextlib.suppress(Unwritable):
            writable = {name: each for name, each in arguments.items() if mocks.name_of(each) is None}
            after = {name: describe(each, self.module) for name, each in writable.items()}
            if changed := {name: term for name, term in after.items() if repr(term) != before[name]}:
                outcome["arguments"] = self._really_changed(changed, case["act"]["args"])
        if receiver is not None and value is None:
            outcome["attributes"] = self._attributes(receiver)
        return {key: each for key, each in outcome.items() if key == "returns" or each}

    def _returned(self, value: Any, arguments: dict[str, Any], mocks: Mocks) -> Any:
        """Return the term of a result: a value, something the test holds already, or a shape."""
        if inspect.isfunction(value) and value.__globals__ is vars(self.module) and "<locals>" in value.__qualname__:
            raise Making(value)
        try:
            return self._seen(value, arguments, mocks)
        except Unwritable as error:
            with contextlib.suppress(Unwritable):
                return shape_of(value, self.module)
            raise Unusable(f"its result cannot be written down: {error}") from None

    def _seen(self, value: Any, arguments: dict[str, Any], mocks: Mocks) -> Any:
        if (name := mocks.name_of(value)) is not None:
            return {"seen": name}

        def seen(part: Any) -> Any:
            return self._seen(part, arguments, mocks)

        try:
            return describe(value, self.module)
        except Unwritable:
            for name, each in arguments.items():
                if each is value:
                    return {"seen": name}
            if (statement := statement_of(value)) is not None:
                return statement
            if type(value) is dict and value:
                return {"dict": [[describe(key, self.module), seen(each)] for key, each in value.items()]}
            if type(value) in (list, tuple) and value:
                return {type(value).__name__: [seen(each) for each in value]}
            raise

    def _really_changed(self, after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        same = {
            name
            for name, term in before.items()
            if name in after and build(term, self.module) == build(after[name], self.module)
        }
        return {name: term for name, term in after.items() if name not in same}

    def _attributes(self, receiver: Any) -> dict[str, Any]:
        found = {}
        for name, value in getattr(receiver, "__dict__", {}).items():
            if not name.startswith("_"):
                with contextlib.suppress(Unwritable):
                    found[name] = describe(value, self.module)
        return found

    def _call(self, step: dict[str, Any], receiver: Any, mocks: Mocks) -> Any:
        arguments = {name: build(term, self.module, mocks) for name, term in step["args"].items()}
        return self._invoke(step, receiver, arguments, mocks)

    def _invoke(self, step: dict[str, Any], receiver: Any, arguments: dict[str, Any], mocks: Mocks) -> Any:
        owner: Any = self.module if receiver is None else receiver
        if step["call"].startswith("__") and step["call"] != "__call__" and hasattr(operator, step["call"]):
            return getattr(operator, step["call"])(owner, *arguments.values())
        for part in step["call"].split("."):
            owner = getattr(owner, part)
        value = ended(owner if step["way"] == "get" else owner(**arguments), step["way"])
        for each in step.get("then", ()):
            given = {name: build(term, self.module, mocks) for name, term in each["args"].items()}
            value = ended(value(**given), each["way"])
        return value

    def _raised(self, error: BaseException) -> dict[str, Any]:
        try:
            kind = name_of(type(error), self.module)
        except Unwritable:
            raise Unusable(f"raises `{type(error).__name__}`, which cannot be imported") from None
        if callable(errors := getattr(error, "errors", None)) and type(error).__name__ == "ValidationError":
            return {"raises": kind, "errors": [[list(each["loc"]), each["type"]] for each in errors()]}
        message = str(error)
        if "0x" in message or "\n" in message or len(message) > _LONGEST:
            message = ""
        return {"raises": kind, "message": message}

    def _restore(self) -> None:
        for name, value in self._pristine.items():
            setattr(self.module, name, copy.deepcopy(value))

    def _changed(self) -> frozenset[str]:
        return frozenset(name for name, value in self._pristine.items() if getattr(self.module, name, None) != value)


def _state_of(module: ModuleType) -> dict[str, Any]:
    """Return copies of what the module keeps between calls: its own collections, and instances of its own classes."""
    found = {}
    for name, value in vars(module).items():
        if name.startswith("__") or not (isinstance(value, _STATE) or _is_own_instance(value, module)):
            continue
        with contextlib.suppress(Exception):
            found[name] = copy.deepcopy(value)
    return found


def _is_own_instance(value: Any, module: ModuleType) -> bool:
    kind = type(value)
    return kind.__module__ == module.__name__ and not isinstance(value, type) and hasattr(value, "__dict__")
