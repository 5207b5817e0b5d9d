"""What an edit means, apart from how a file spells it.

A mutation is made twice: on the text, as splices that the file's format knows how to place, and here on plain data.
The two must agree, which is how a wrong splice is found before it is written.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple, assert_never

Path = tuple[str | int, ...]
"""Keys and list indices from the top of the file."""


class Set(NamedTuple):
    """Gives the existing node at `path` another value. A scalar keeps its quotes, and its comment."""

    path: Path
    value: Any


class Add(NamedTuple):
    """Adds a key to a mapping: `path` ends in the key. It goes before or after another key, else to the end."""

    path: Path
    value: Any
    before: str | None = None
    after: str | None = None


class Insert(NamedTuple):
    """Puts an item into the list at `path`, before the one at `index`; `index == len(list)` appends."""

    path: Path
    index: int
    value: Any


class Remove(NamedTuple):
    """Takes a key or an item out, with the comments that belong to it."""

    path: Path


Mutation = Set | Add | Insert | Remove


class Noted(NamedTuple):
    """A new value with a comment beside it, such as the version of a pinned action. Plain data has no comments."""

    value: Any
    comment: str


def plain(value: Any) -> Any:
    """Return a value without its comments."""
    match value:
        case Noted():
            return plain(value.value)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def applied(data: Any, mutations: Sequence[Mutation]) -> Any:
    """Return a copy of the data with all mutations made. Every path and index means the data as given.

    Mutations of one list are made from its end, so that none moves what another means; of two insertions at one
    index the first given comes first.
    """
    result = copy.deepcopy(data)
    for mutation in sorted(reversed(mutations), key=_from_the_end, reverse=True):
        _make(result, mutation)
    return result


def _from_the_end(mutation: Mutation) -> tuple[list[tuple[bool, str | int]], bool]:
    is_insertion = isinstance(mutation, Insert)
    path = (*mutation.path, mutation.index) if isinstance(mutation, Insert) else mutation.path
    return [(isinstance(part, int), part) for part in path], not is_insertion


def _make(data: Any, mutation: Mutation) -> None:
    if isinstance(mutation, Insert):
        value_at(data, mutation.path).insert(mutation.index, plain(mutation.value))
        return
    holder, key = value_at(data, mutation.path[:-1]), mutation.path[-1]
    match mutation:
        case Set():
            holder[key] = plain(mutation.value)
        case Remove():
            del holder[key]
        case Add():
            _add(holder, str(key), mutation)
        case _:
            assert_never(mutation)


def _add(mapping: dict[str, Any], key: str, mutation: Add) -> None:
    neighbour = mutation.before or mutation.after
    items = list(mapping.items())
    at = len(items) if neighbour is None else list(mapping).index(neighbour) + (mutation.before is None)
    items.insert(at, (key, plain(mutation.value)))
    mapping.clear()
    mapping.update(items)


def value_at(data: Any, path: Path) -> Any:
    """Return what stands at a path.

    :raises LookupError: when nothing does.
    """
    for part in path:
        data = data[part]
    return data
