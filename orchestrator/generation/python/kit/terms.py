"""Values as JSON, so that a test can be written that makes them again. Nothing here holds code.

Scalars stand for themselves. The others have a tag: `list`, `tuple`, `set`, `frozenset`, `dict` (pairs), `number`
(not finite), `bytes` (hex), `new` (a class called with `args` and `fields`), `member` (of an enum, a constant, a
class), `mock` (of a class, with a `name`), `seen` (an expression of the test) `shape` (a class and attributes to
compare), `types` (of the items of a list) and `sql` (lines of a statement).
Classes are named `module:qualified.name`; the target's own module is the empty name.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import importlib
import math
import pathlib
import uuid
from types import ModuleType
from typing import Any

from .mocks import Mocks, spec_of

Term = Any
LARGEST = 400  # nodes: a value with more is not something to read in a test


class Unwritable(Exception):
    """The value cannot be written down so that making it again gives an equal one."""


def describe(value: object, module: ModuleType) -> Term:
    """Return the term of `value`.

    :raises Unwritable: when there is none that makes an equal value.
    """
    term = _Describing(module).term(value)
    try:
        is_same = _is_equal(build(term, module), value)
    except Exception as error:
        raise Unwritable(f"`{type(value).__name__}` cannot be made again") from error
    if not is_same:
        raise Unwritable(f"two `{type(value).__name__}` made alike are not equal")
    return term


def build(term: Term, module: ModuleType, mocks: Mocks | None = None) -> Any:
    """Make the value that a term stands for."""
    if not isinstance(term, dict):
        return term
    if "mock" in term:
        assert mocks is not None
        return mocks.get(term["name"], spec_of(term["mock"], module))
    if "new" in term:
        args = [build(each, module, mocks) for each in term.get("args", [])]
        fields = {name: build(each, module, mocks) for name, each in term.get("fields", {}).items()}
        return resolve(term["new"], module)(*args, **fields)
    if "member" in term:
        return resolve(term["member"], module)
    if "dict" in term:
        return {build(key, module, mocks): build(each, module, mocks) for key, each in term["dict"]}
    if "number" in term:
        return float(term["number"])
    if "bytes" in term:
        return bytes.fromhex(term["bytes"])
    ((tag, items),) = term.items()
    return _COLLECTIONS[tag](build(each, module, mocks) for each in items)


def shape_of(value: object, module: ModuleType) -> Term:
    """Return the class and the public attributes of a value that cannot be made again, or the classes in a list.

    :raises Unwritable: when its class cannot be written down.
    """
    if type(value) is list and value:
        return {"types": [{"member": name_of(type(each), module)} for each in value]}
    found: dict[str, Term] = {}
    named = {name: getattr(value, name) for name in getattr(type(value), "_fields", ())}
    for name, each in {**named, **getattr(value, "__dict__", {})}.items():
        if not name.startswith("_"):
            try:
                found[name] = describe(each, module)
            except Unwritable:
                continue
    text = {"text": str(value)} if isinstance(value, BaseException) and str(value) else {}
    return {"shape": name_of(type(value), module), "fields": found, **text}


def statement_of(value: object) -> Term | None:
    """Return the text of an SQLAlchemy statement, whose values are written in; None for anything else."""
    if not any(kind.__module__ == "sqlalchemy.sql.elements" for kind in type(value).__mro__):
        return None
    try:
        text = str(value.compile(compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - not every value can be written into a statement
        return None
    return None if "Mock name=" in text else {"sql": [line.strip() for line in text.splitlines()]}


def of_json(value: Any) -> Term:
    """Return the term of a JSON value."""
    if isinstance(value, list):
        return {"list": [of_json(each) for each in value]}
    if isinstance(value, dict):
        return {"dict": [[key, of_json(each)] for key, each in value.items()]}
    return value


def resolve(name: str, module: ModuleType) -> Any:
    """Return what `module:qualified.name` names."""
    home, _, path = name.partition(":")
    found: Any = importlib.import_module(home) if home else module
    for part in path.split("."):
        found = getattr(found, part)
    return found


def name_of(kind: type, module: ModuleType) -> str:
    """Return the `module:qualified.name` of a class.

    :raises Unwritable: when it cannot be reached by one.
    """
    home = "" if kind.__module__ == module.__name__ else kind.__module__
    name = f"{home}:{kind.__qualname__}"
    try:
        is_reached = resolve(name, module) is kind
    except (AttributeError, ImportError):
        is_reached = False
    if not is_reached:
        raise Unwritable(f"`{kind.__qualname__}` cannot be imported")
    return name


_COLLECTIONS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class _Describing:
    """One value's walk, which counts what it has seen and knows where it is."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._seen = 0
        self._above: list[int] = []

    def term(self, value: Any) -> Term:
        self._seen += 1
        if self._seen > LARGEST or id(value) in self._above:
            raise Unwritable("the value is too large to read")
        self._above.append(id(value))
        try:
            return self._known(value)
        finally:
            self._above.pop()

    def _known(self, value: Any) -> Term:
        kind = type(value)
        if isinstance(value, type):
            return {"member": name_of(value, self._module)}
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"number": str(value)}
        if kind is bytes:
            return {"bytes": value.hex()}
        if kind in (list, tuple):
            return {kind.__name__: [self.term(each) for each in value]}
        if kind in (set, frozenset):
            return {kind.__name__: [self.term(each) for each in _sorted(value)]}
        if kind is dict:
            return {"dict": [[self.term(key), self.term(each)] for key, each in value.items()]}
        return self._instance(value, kind)

    def _instance(self, value: Any, kind: type) -> Term:
        if isinstance(value, enum.Enum):
            return {"member": f"{name_of(kind, self._module)}.{value.name}"}
        if kind in (dt.datetime, dt.date, dt.time, dt.timedelta, dt.timezone):
            return self._moment(value)
        if kind in (decimal.Decimal, uuid.UUID):
            return {"new": name_of(kind, self._module), "args": [str(value)]}
        if isinstance(value, pathlib.PurePath):
            return {"new": "pathlib:Path", "args": [str(value)]}
        if kind in (collections.Counter, collections.OrderedDict):
            return {"new": f"collections:{kind.__name__}", "args": [self.term(dict(value))]}
        if kind is collections.deque:
            return {"new": "collections:deque", "args": [self.term(list(value))]}
        if kind is collections.defaultdict:
            return self.term(dict(value))
        return self._record(value, kind)

    def _moment(self, value: Any) -> Term:
        if isinstance(value, dt.timedelta):
            fields = {
                name: getattr(value, name) for name in ("days", "seconds", "microseconds") if getattr(value, name)
            }
            return {"new": "datetime:timedelta", "fields": fields}
        if isinstance(value, dt.timezone):
            if value is dt.timezone.utc:  # noqa: UP017 - the target may run on Python 3.10
                return {"member": "datetime:timezone.utc"}
            return {"new": "datetime:timezone", "args": [self._moment(value.utcoffset(None))]}
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        args = [getattr(value, name) for name in names if hasattr(value, name)]
        while args and args[-1] == 0 and len(args) > 3:
            args.pop()
        zone = getattr(value, "tzinfo", None)
        offset = value.utcoffset() if zone is not None else None
        fields = {} if offset is None else {"tzinfo": self._moment(_zone(offset))}
        if getattr(value, "fold", 0):
            fields["fold"] = value.fold
        return {"new": f"datetime:{type(value).__name__}", "args": args, "fields": fields}

    def _record(self, value: Any, kind: type) -> Term:
        name = name_of(kind, self._module)
        if isinstance(value, tuple) and (names := getattr(kind, "_fields", None)) is not None:
            return {"new": name, "fields": {field: self.term(getattr(value, field)) for field in names}}
        if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value) if field.init]
            return {"new": name, "fields": {field: self.term(getattr(value, field)) for field in names}}
        models = getattr(kind, "model_fields", None)
        if isinstance(models, dict):
            return {"new": name, "fields": self._model_fields(value, models)}
        if isinstance(value, BaseException):
            return {"new": name, "args": [self.term(each) for each in value.args]}
        raise Unwritable(f"`{kind.__qualname__}` has no fields to compare")

    def _model_fields(self, value: Any, models: dict[str, Any]) -> dict[str, Term]:
        fields = {}
        for name, field in models.items():
            found = getattr(value, name)
            if (
                field.is_required()
                or name in value.model_fields_set
                or field.get_default(call_default_factory=True) != found
            ):
                fields[field.alias or name] = self.term(found)
        return fields


def _zone(offset: dt.timedelta) -> dt.timezone:
    return dt.timezone(offset) if offset else dt.timezone.utc  # noqa: UP017


def _sorted(values: Any) -> list[Any]:
    return sorted(values, key=lambda each: (type(each).__name__, repr(each)))


def _is_equal(first: object, second: object) -> bool:
    if isinstance(first, float) and isinstance(second, float) and math.isnan(first):
        return math.isnan(second)
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_is_equal(first[key], second[key]) for key in first)
    if isinstance(first, (list, tuple)) and isinstance(second, type(first)) and len(first) == len(second):
        return all(_is_equal(one, other) for one, other in zip(first, second, strict=True))
    return bool(first == second) and type(first) in (type(second), dict)
