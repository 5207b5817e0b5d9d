"""What a call of a mock was asked for: the classes and columns that a row of its reply would have. Runs no query."""

from __future__ import annotations

import typing
from typing import Any, NamedTuple


class Leaf(NamedTuple):
    """A call of a mock whose result was used for nothing but itself, and what is known of that result."""

    name: str
    path: str
    attributes: tuple[str, ...] = ()
    """That the code has read of it."""
    keys: tuple[str, ...] = ()
    """By which the code has looked into it."""
    kinds: tuple[type, ...] = ()
    """Mapped classes that the calls before it have named."""
    columns: tuple[tuple[str, Any], ...] = ()
    """Of the tables that the calls before it have named, with their Python types."""
    returns: Any = None
    """The annotation of what the call returns, where its class says so."""

    @property
    def may_be_none(self) -> bool:
        """Its annotation allows that it replies nothing."""
        return type(None) in typing.get_args(self.returns)


def leaf_of(name: str, path: str, reply: Any, calls: list[tuple[str, Any, Any]], spec: Any) -> Leaf:
    """Return what is known of a call's reply, by what was read of it and what the calls before it were given."""
    keys = [args[0] for each, args, _ in reply.mock_calls if each == "__getitem__" and args and type(args[0]) is str]
    given = [each for at, args, kwargs in calls if path.startswith(at) for each in (*args, *kwargs.values())]
    kinds = dict.fromkeys(kind for each in given for kind in _kinds(each))
    columns = dict(pair for each in given for pair in _columns(each))
    attributes = tuple(each for each in vars(reply)["_mock_children"] if not each.startswith("_"))
    return Leaf(
        name, path, attributes, tuple(dict.fromkeys(keys)), tuple(kinds), tuple(columns.items()),
        _returns(spec, path),
    )  # fmt: skip


def _returns(spec: Any, path: str) -> Any:
    """Return the annotation of what a method of the mock's class returns."""
    method = getattr(spec, path.removesuffix("()"), None) if isinstance(spec, type) else spec if path == "()" else None
    try:
        return typing.get_type_hints(method).get("return") if method is not None else None
    except Exception:  # noqa: BLE001 - an annotation may name anything, or nothing that exists
        return None


def _kinds(asked: Any) -> list[type]:
    """Return the mapped classes that an argument is, or selects."""
    if isinstance(asked, type):
        return [asked] if hasattr(asked, "__table__") else []
    described = getattr(type(asked), "column_descriptions", None) is not None and asked.column_descriptions
    return [each["type"] for each in described or () if hasattr(each.get("type"), "__table__")]


def _columns(asked: Any) -> list[tuple[str, Any]]:
    """Return the columns that a statement selects."""
    found = []
    for column in getattr(asked, "exported_columns", None) or () if hasattr(type(asked), "exported_columns") else ():
        try:
            found.append((column.key, column.type.python_type))
        except (AttributeError, NotImplementedError):
            continue
    return found
