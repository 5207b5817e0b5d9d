"""Terms that fit an annotation, the plainest first. Where there is no annotation, a name is a hint."""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import os
import pathlib
import sys
import types
import typing
import uuid
from itertools import zip_longest
from types import ModuleType
from typing import Any

from .asked import Leaf
from .samples import Pool
from .schemas import Schemas
from .signatures import NotCovered, one_changed, parameters_of
from .terms import Term, Unwritable, describe, name_of, of_json

_MOST = 30  # alternatives of one value
_DEEPEST = 4
_SEQUENCES: dict[Any, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset"}
_ABSTRACT: dict[Any, Any] = {
    collections.abc.Sequence: list, collections.abc.Iterable: list, collections.abc.Collection: list,
    collections.abc.MutableSequence: list, collections.abc.Set: set, collections.abc.MutableSet: set,
    collections.abc.Iterator: None, collections.abc.Mapping: dict, collections.abc.MutableMapping: dict,
}  # fmt: skip
_UNTYPED: list[Term] = [1, "text", {"list": [1, 2]}, {"dict": [["key", 1]]}, None, True, 1.5, 0, "", {"list": []}]
_LIST_WORDS = ("items", "values", "list", "numbers", "rows", "names", "words", "entries")
_TEXT_WORDS = ("name", "text", "title", "word", "email", "path", "url", "message", "key", "slug", "string", "line")
_TRUTH_WORDS = ("is_", "has_", "can_", "should_")
_NUMBER_WORDS = ("count", "size", "limit", "number", "amount", "price", "total", "rate", "index", "age", "year", "n")


_MADE = ("fastapi.security", "fastapi.routing")
"""Homes of classes whose instances are made rather than opened, although they belong to a library."""


class Proposer:
    """Proposes terms for the annotations of one module."""

    def __init__(self, module: ModuleType, pool: Pool) -> None:
        self._module = module
        self._pool = pool

    def terms(self, annotation: Any, name: str, depth: int = 0) -> list[Term]:
        """Return terms for an annotation, the default first.

        :raises NotCovered: when there is none.
        """
        if depth > _DEEPEST:
            raise NotCovered("the type is too deep")
        if annotation in (inspect.Parameter.empty, Any, object):
            return self._untyped(name)
        simple = self._simple(annotation, name)
        if simple is not None:
            return _distinct(simple)[:_MOST]
        origin = typing.get_origin(annotation)
        if origin is not None:
            return _distinct(self._composed(annotation, origin, name, depth))[:_MOST]
        if isinstance(annotation, type):
            return _distinct(self._instance(annotation, name, depth))
        if isinstance(annotation, typing.TypeVar):
            return self.terms(annotation.__bound__ or (annotation.__constraints__ or (Any,))[0], name, depth)
        raise NotCovered(f"`{annotation}` is not covered")

    def combinations(self, parameters: dict[str, Any], depth: int) -> list[dict[str, Term]]:
        """Return fields for a call: all defaults, then one changed at a time."""
        return one_changed({name: self.terms(annotation, name, depth) for name, annotation in parameters.items()})

    def _untyped(self, name: str) -> list[Term]:
        words = name.lower()
        first: list[Term] = []
        if words.endswith(_LIST_WORDS):
            first = [{"list": [1, 2, 3]}, {"list": ["b", "a"]}, {"list": []}]
        elif words.endswith(_TEXT_WORDS):
            first = ["text", *self._pool.strings[:6], ""]
        elif words.endswith(_NUMBER_WORDS):
            first = [1, *self._pool.numbers[:8]]
        elif words.startswith(_TRUTH_WORDS):
            first = [True, False]
        return _distinct([*first, *_UNTYPED, *self._pool.strings[:6], *self._pool.numbers[:6]])

    def _simple(self, annotation: Any, name: str) -> list[Term] | None:
        pool = self._pool
        if annotation is None or annotation is type(None):
            return [None]
        if annotation is bool:
            return [True, False]
        if annotation is int:
            return [1, 0, -1, 2, 10, *(number for number in pool.numbers if isinstance(number, int))]
        if annotation is float:
            return [1.5, 0.0, -1.5, 2.0, 100.0, *(float(number) for number in pool.numbers)]
        if annotation is str:
            return [_text(name), *pool.keys[:4], *pool.strings, "", "Two Words", "UPPER"]
        if annotation is bytes:
            return [{"bytes": "6162"}, {"bytes": ""}]
        if annotation is uuid.UUID:
            return [{"new": "uuid:UUID", "args": ["12345678-1234-5678-1234-567812345678"]}]
        if annotation is decimal.Decimal:
            return [{"new": "decimal:Decimal", "args": [text]} for text in ("1.50", "0", "-1", "100")]
        if annotation in (pathlib.Path, pathlib.PurePath):
            return [{"new": "pathlib:Path", "args": [text]} for text in ("folder/file.txt", "file")]
        return _moments(annotation)

    def _composed(self, annotation: Any, origin: Any, name: str, depth: int) -> list[Term]:
        arguments = typing.get_args(annotation)
        if origin is typing.Annotated:
            return self.terms(arguments[0], name, depth)
        if origin is typing.Literal:
            return [describe(each, self._module) for each in arguments]
        if origin in (typing.Union, types.UnionType):
            real = [each for each in arguments if each is not type(None)]
            options = [self.terms(each, name, depth) for each in real]
            firsts = [terms[0] for terms in options]
            absent: list[Term] = [None] if len(real) < len(arguments) else []
            return [*firsts, *absent, *(term for terms in options for term in terms[1:])]
        origin = _ABSTRACT.get(origin, origin)
        if origin is dict:
            return self._mapping(arguments or (str, Any), depth)
        if origin in _SEQUENCES:
            return self._sequence(origin, arguments, name, depth)
        if isinstance(origin, type):
            return self._instance(origin, name, depth)
        raise NotCovered(f"`{annotation}` is not covered")

    def _mapping(self, arguments: tuple[Any, ...], depth: int) -> list[Term]:
        keys = self.terms(arguments[0], "key", depth + 1)
        values = self.terms(arguments[1], "value", depth + 1)
        pairs = [[key, values[index % len(values)]] for index, key in enumerate(keys[:2])]
        return [{"dict": pairs}, {"dict": []}, *({"dict": [[keys[0], value]]} for value in values[1:6])]

    def _sequence(self, origin: type, arguments: tuple[Any, ...], name: str, depth: int) -> list[Term]:
        tag = _SEQUENCES[origin]
        if origin is tuple and arguments and arguments[-1] is not Ellipsis:
            parts = [self.terms(each, name, depth + 1) for each in arguments]
            default = [terms[0] for terms in parts]
            changed = [
                [*default[:at], term, *default[at + 1 :]] for at, terms in enumerate(parts) for term in terms[1:4]
            ]
            return [{tag: each} for each in (default, *changed)]
        items = self.terms(arguments[0] if arguments else Any, name.removesuffix("s"), depth + 1)
        longer = [items[:3], [], items[:1], items[1:3], items[:1] * 2, items[:6], *([each] for each in items[1:])]
        return [{tag: each} for each in longer if tag == "list" or len(_distinct(each)) == len(each)]

    def rows(self, kinds: list[type]) -> list[Term]:
        """Return instances that a query or a client could answer with, the plain ones first."""
        found = []
        for kind in filter(_holds_data, kinds):
            with contextlib.suppress(NotCovered):
                found.append(self._instance(kind, "row", 1)[:4])
        return [term for terms in zip_longest(*found) for term in terms if term is not None]

    def row(self, leaf: Leaf) -> list[Term]:
        """Return what a reply could be, by what the code has read of it."""
        types = dict(leaf.columns)
        if leaf.keys:
            return [{"dict": [[key, self._plain(types.get(key, Any), key)] for key in leaf.keys]}]
        if not leaf.attributes:
            return []
        fields = {name: self._plain(types.get(name, Any), name) for name in leaf.attributes}
        return [{"new": "types:SimpleNamespace", "fields": fields}]

    def looked_into(self, terms: list[Term], keys: list[str]) -> list[Term]:
        """Return dictionaries with the keys that a function looks up, if its parameter may be one."""
        if not any(isinstance(each, dict) and set(each) == {"dict"} for each in terms):
            return []
        choices = one_changed({key: self._guessed(Any, key)[:3] for key in keys}) if keys else []
        return [{"dict": [[key, value] for key, value in each.items()]} for each in choices]

    def returned(self, leaf: Leaf) -> list[Term]:
        """Return what a call replies by its annotation, if it has a useful one."""
        if leaf.returns in (None, Any, type(None)):
            return []
        try:
            return [each for each in self.terms(leaf.returns, "row") if "mock" not in str(each)][:4]
        except NotCovered:
            return []

    def _plain(self, annotation: Any, name: str) -> Term:
        return self._guessed(annotation, name)[0]

    def _guessed(self, annotation: Any, name: str) -> list[Term]:
        """Return terms for a field; one that nothing is known of says its name, as a parameter of that name does."""
        is_known = annotation is not Any or name.endswith(("id", *_LIST_WORDS, *_NUMBER_WORDS))
        if is_known or name.startswith(_TRUTH_WORDS):
            return self.terms(annotation, name)
        return self.terms(dt.datetime if name.endswith("_at") else str, name)

    def _instance(self, kind: type, name: str, depth: int) -> list[Term]:
        if kind in _SEQUENCES or kind is dict:
            return self._composed(kind, kind, name, depth) if kind is not dict else self._mapping((str, int), depth)
        try:
            path = name_of(kind, self._module)
        except Unwritable as error:
            raise NotCovered(str(error)) from None
        if issubclass(kind, enum.Enum):
            return [{"member": f"{path}.{member.name}"} for member in kind]
        if typing.is_typeddict(kind):
            hints = typing.get_type_hints(kind)
            return [
                {"dict": [[key, term] for key, term in each.items()]} for each in self.combinations(hints, depth + 1)
            ]
        if hasattr(kind, "__table__"):
            columns = _columns(kind)
            is_whole = not dataclasses.is_dataclass(kind) or columns.keys() <= parameters_of(kind).keys()
            made = path if is_whole else "types:SimpleNamespace"
            return [{"new": made, "fields": each} for each in self.combinations(columns, depth + 1)]
        if hasattr(kind, "model_json_schema"):
            return self._model(kind, path)
        if not _is_foreign(kind) or kind.__module__.startswith(_MADE):
            with contextlib.suppress(NotCovered):
                return [{"new": path, "fields": each} for each in self.combinations(parameters_of(kind), depth + 1)]
        return [{"mock": path, "name": self._mock_name(name)}]

    def double(self, name: str) -> Term:
        """Return what stands for an object of which nothing is known."""
        return {"mock": "", "name": self._mock_name(name)}

    def _mock_name(self, name: str) -> str:
        plain = name.strip("_") or "dependency"
        taken = (self._module.__name__.rpartition(".")[2], "result", "pytest", "monkeypatch")
        return f"{plain}_mock" if plain in taken else plain

    def _model(self, kind: Any, path: str) -> list[Term]:
        """Return instances that keep the model's own rules, as its schema tells them."""
        try:
            document = kind.model_json_schema()
        except Exception as error:
            raise NotCovered(f"`{kind.__name__}` has no schema") from error
        schemas = Schemas(document, self._pool)
        values = [schemas.plain(document, ""), *(each.value for each in schemas.variants(document, "") if each.fits)]
        return [{"new": path, "fields": {name: of_json(each) for name, each in value.items()}} for value in values[:40]]


def _holds_data(kind: type) -> bool:
    return hasattr(kind, "__table__") or hasattr(kind, "model_fields") or dataclasses.is_dataclass(kind)


def _is_foreign(kind: type) -> bool:
    """Say whether a class is another's, whose instances are opened or connected rather than made."""
    if _holds_data(kind) or hasattr(kind, "_fields"):
        return False
    home = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
    return not home or "site-packages" in home or home.startswith(os.path.dirname(os.__file__))


def _columns(kind: Any) -> dict[str, Any]:
    """Return the columns of a mapped class and the Python types they hold."""
    found = {}
    for column in kind.__mapper__.columns:
        try:
            found[column.key] = column.type.python_type
        except NotImplementedError:
            continue
    return found


def _moments(annotation: Any) -> list[Term] | None:
    utc = {"tzinfo": {"member": "datetime:timezone.utc"}}
    if annotation is dt.datetime:
        return [
            {"new": "datetime:datetime", "args": [2024, 1, 15, 10, 30], "fields": utc},
            {"new": "datetime:datetime", "args": [2024, 1, 15, 10, 30]},
            {"new": "datetime:datetime", "args": [2024, 2, 29, 23, 59, 59], "fields": utc},
        ]
    if annotation is dt.date:
        return [
            {"new": "datetime:date", "args": args}
            for args in ([2024, 1, 15], [2024, 1, 13], [2024, 2, 29], [2023, 12, 31])
        ]
    if annotation is dt.timedelta:
        return [{"new": "datetime:timedelta", "fields": each} for each in ({"days": 1}, {}, {"seconds": 90})]
    if annotation is dt.time:
        return [{"new": "datetime:time", "args": [10, 30]}, {"new": "datetime:time", "args": [0, 0]}]
    return None


def _text(name: str) -> str:
    return (
        "ada@example.org" if "mail" in name else "https://example.org" if "url" in name else name.strip("_") or "text"
    )


def _distinct(terms: list[Term]) -> list[Term]:
    return list({repr(term): term for term in terms}.values())
