"""What an edit means, apart from how a file spells it.

A mutation is made twice: on the text, as splices that the file's format knows how to place, and here on plain data.
The two must agree, which is how a wrong splice is found before it is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Key = str | int
Path = tuple[Key, ...]
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
    index: int  # type: ignore[assignment]  # a tuple's own `index` is not missed
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


def last_text(value: Any) -> str:
    """Return the last single value inside a value, as text."""
    value = plain(value)
    while isinstance(value, dict | list) and value:
        value = list(value.values())[-1] if isinstance(value, dict) else value[-1]
    return str(value)


def applied(data: Any, mutations: Sequence[Mutation]) -> Any:
    """Return the data with all mutations made. Every path and index means the data as given, which stays as it is.

    What is added at one place comes in the order given.

    :raises LookupError: when a path leads nowhere.
    """
    (result,) = _changed(data, mutations, 0)
    return result


def differences(one: Any, other: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths where two values are not the same, also in type: `1` is not `true`, and not `1.0`."""
    if isinstance(one, dict) and isinstance(other, dict):
        yield from ((*path, key) for key in one.keys() ^ other.keys())
        for key in one.keys() & other.keys():
            if one[key] is not other[key]:
                yield from differences(one[key], other[key], (*path, key))
    elif isinstance(one, list) and isinstance(other, list):
        for at, (left, right) in enumerate(zip(one, other, strict=False)):
            if left is not right:
                yield from differences(left, right, (*path, at))
        yield from ((*path, at) for at in range(*sorted((len(one), len(other)))))
    elif type(one) is not type(other) or str(one) != str(other):
        yield path


def value_at(data: Any, path: Path) -> Any:
    """Return what stands at a path.

    :raises LookupError: when nothing does.
    """
    for part in path:
        data = data[part]
    return data


def _changed(value: Any, mutations: Sequence[Mutation], depth: int) -> list[Any]:
    """Return what becomes of the value at the first `depth` parts of all paths: one value, or none."""
    for mutation in mutations:
        if len(mutation.path) == depth and isinstance(mutation, Remove):
            return []
        if len(mutation.path) == depth and isinstance(mutation, Set):
            return [plain(mutation.value)]
    return [_rebuilt(value, mutations, depth)] if mutations else [value]


def _rebuilt(data: Any, mutations: Sequence[Mutation], depth: int) -> Any:
    """Return a mapping or list anew. What no path leads to is shared."""
    keys = _keys(data)
    new, below = defaultdict[int, list[tuple[Key, Any]]](list), defaultdict[Key, list[Mutation]](list)
    for mutation in mutations:
        if isinstance(mutation, Add) and len(mutation.path) == depth + 1:
            new[_position(mutation, keys)].append((mutation.path[-1], plain(mutation.value)))
        elif isinstance(mutation, Insert) and len(mutation.path) == depth:
            new[_index(mutation, keys)].append((mutation.index, plain(mutation.value)))
        else:
            below[_known(mutation.path[depth], keys)].append(mutation)
    entries: list[tuple[Key, Any]] = []
    for at, key in enumerate(keys):
        entries += new[at]
        entries += [(key, value) for value in _changed(value_at(data, (key,)), below[key], depth + 1)]
    entries += new[len(keys)]
    return dict(entries) if isinstance(data, dict) else [value for _, value in entries]


def _keys(data: Any) -> Sequence[Key]:
    match data:
        case dict():
            return list(data)
        case list():
            return range(len(data))
        case _:
            raise LookupError("a path leads into a single value")


def _position(mutation: Add, keys: Sequence[Key]) -> int:
    if mutation.before is not None:
        return keys.index(_known(mutation.before, keys))
    if mutation.after is not None:
        return keys.index(_known(mutation.after, keys)) + 1
    return len(keys)


def _index(mutation: Insert, keys: Sequence[Key]) -> int:
    if not 0 <= mutation.index <= len(keys):
        raise LookupError(mutation.index)
    return mutation.index


def _known(key: Key, keys: Sequence[Key]) -> Key:
    if key not in keys:
        raise LookupError(key)
    return key
