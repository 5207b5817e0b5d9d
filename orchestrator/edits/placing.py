"""How a value comes to stand where an operation wants it: as a key among keys, as an item among items.

Makes mutations; what is there already in the right way needs none, what is there in a wrong way is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits import paths
from orchestrator.edits.document import Document
from orchestrator.edits.formats import is_workflow
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Set, value_at
from orchestrator.edits.paths import Key
from orchestrator.edits.places import check_list, is_there, item_at, locate, nothing_at
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.values import as_written_among, is_same, spelled

_NAMES: Final = ("id", "name")
"""What tells the items of most lists apart."""


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
    if before is None and after is None:
        before = _last_key(document, holder)
    return Add(path, value, before, after)


def inserted(
    document: Document, path: Path, value: Any, key: str | None, before: str | None = None, after: str | None = None
) -> Iterator[Mutation]:
    """Yield what puts an item into a list, unless it stands there already and in the right order."""
    check_list(document, path)
    value = spelled(document, as_written_among(value, value_at(document.data, path)))
    own = index_of(document, path, value, key)
    if before is None and after is None:
        if own is None:
            yield from put(document, path, len(value_at(document.data, path)), value)
        return
    if own is not None and len(value_at(document.data, path)) == 1:
        return  # there is nothing it could be before or after
    anchor = item_at(document, path, before or after or "", own)
    if own is None:
        yield from put(document, path, anchor + (before is None), value)
    elif (own < anchor) != (before is not None):
        where = locate(document, (*path, own))
        side = "after" if before is not None else "before"
        message = f"the item is in `{paths.show(path)}`, but {side} `{before or after}`"
        raise Refusal("edit/conflict", message, location=where, hint="move it by hand, or remove it first")


def index_of(document: Document, path: Path, value: Any, key: str | None) -> int | None:
    """Return which item of a list is `value`.

    :raises Refusal: `edit/conflict` when another one goes by the same name: its `key`, else its `id` or `name`.
    """
    items = value_at(document.data, path)
    has_commas = _has_commas(document, items)
    for index, item in enumerate(items):
        if is_same(item, value) or (has_commas and item.rstrip(",") == value):
            return index
    for index, item in enumerate(items):
        name = _shared_name(item, value, _NAMES if key is None else (key,))
        if name is not None:
            raise _named_alike(document, (*path, index), name)
    return None


def put(document: Document, path: Path, index: int, value: Any) -> Iterator[Mutation]:
    """Yield what puts an item into a list; one whose items are parted by commas keeps them so."""
    items = value_at(document.data, path)
    if not isinstance(value, str) or not _has_commas(document, items):
        yield Insert(path, index, value)
    elif index < len(items) or items[-1].endswith(","):
        yield Insert(path, index, f"{value.rstrip(',')},")
    else:
        yield Set((*path, index - 1), f"{items[-1]},")
        yield Insert(path, index, value)


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


def _last_key(document: Document, holder: Path) -> str | None:
    """Return the key that others go before in a workflow: what it is about, and long."""
    if not is_workflow(document.source.path):
        return None
    key = {0: "jobs", 2: "steps"}.get(len(holder)) if holder[:1] in ((), ("jobs",)) else None
    return key if key in value_at(document.data, holder) else None


def _has_commas(document: Document, items: Sequence[Any]) -> bool:
    """Say whether lines of an ini file are one list with commas, as flake8 has it."""
    parted = items if len(items) == 1 else items[:-1]
    are_texts = document.values_are_text and all(isinstance(item, str) for item in items)
    return are_texts and bool(items) and all(item.endswith(",") for item in parted)


def _shared_name(item: Any, value: Any, keys: Sequence[str]) -> str | None:
    """Return the first key that both have, if they have it with the same value."""
    if not isinstance(item, dict) or not isinstance(value, dict):
        return None
    both = next((key for key in keys if key in item and key in value), None)
    return both if both is not None and is_same(item[both], value[both]) else None


def _named_alike(document: Document, path: Path, name: str) -> Refusal:
    message = f"`{paths.show(path)}` has the same `{name}`, but other contents"
    hint = "to change it, use `set`; if both are meant, say with `key` what tells them apart"
    return Refusal("edit/conflict", message, location=locate(document, path), hint=hint)
