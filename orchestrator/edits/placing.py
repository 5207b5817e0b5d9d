"""How a value comes to stand where an operation wants it: as a key among keys, as an item among items.

Makes mutations; what is there already in the right way needs none, what is there in a wrong way is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.edits import paths
from orchestrator.edits.document import Document
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Set, value_at
from orchestrator.edits.paths import Key
from orchestrator.edits.places import check_list, is_there, item_at, locate, nothing_at
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.values import is_same


def added(document: Document, path: Path, value: Any, before: str | None = None, after: str | None = None) -> Mutation:
    """Return what puts a value where there is none: in its mapping, or in place of an empty one."""
    if is_there(document, path):
        return Set(path, value)
    holder = path[:-1]
    mapping = value_at(document.data, holder)
    if mapping is None:
        return Set(holder, {path[-1]: value})
    for neighbour in (before, after):
        if neighbour is not None and neighbour not in mapping:
            raise nothing_at(document, paths.show((neighbour,)), holder)
    return Add(path, value, before, after)


def inserted(
    document: Document, path: Path, value: Any, key: str | None, before: str | None, after: str | None
) -> Iterator[Mutation]:
    """Yield what puts an item into a list, unless it stands there already and in the right order."""
    check_list(document, path)
    own = index_of(document, path, value, key)
    if before is None and after is None:
        if own is None:
            yield Insert(path, len(value_at(document.data, path)), value)
        return
    if own is not None and len(value_at(document.data, path)) == 1:
        return  # there is nothing it could be before or after
    anchor = item_at(document, path, before or after or "", own)
    if own is None:
        yield Insert(path, anchor + (before is None), value)
    elif (own < anchor) != (before is not None):
        where = locate(document, (*path, own))
        side = "after" if before is not None else "before"
        message = f"the item is in `{paths.show(path)}`, but {side} `{before or after}`"
        raise Refusal("edit/conflict", message, location=where, hint="move it by hand, or remove it first")


def index_of(document: Document, path: Path, value: Any, key: str | None) -> int | None:
    """Return which item of a list is `value`, or goes by the same name.

    :raises Refusal: `edit/conflict` when that is another one of this name.
    """
    for index, item in enumerate(value_at(document.data, path)):
        if is_same(item, value):
            return index
        named = key is not None and isinstance(item, dict) and isinstance(value, dict) and key in value
        if named and key in item and is_same(item[key], value[key]):
            raise taken(document, (*path, index))
    return None


def neighbour(document: Document, path: Path, selector: str | None) -> str | None:
    """Return the key of a mapping that a selector of `ensure_line` names."""
    match paths.parse(selector) if selector is not None else ():
        case ():
            return None
        case (Key(name),) if is_there(document, (*path, name)):
            return name
        case _:
            raise nothing_at(document, selector or "", path)


def taken(document: Document, path: Path) -> Refusal:
    message = f"`{paths.show(path)}` is there with another value"
    hint = "to replace it, use `set`"
    return Refusal("edit/conflict", message, location=locate(document, path), hint=hint)
