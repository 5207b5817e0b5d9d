"""Where in a file an operation works: the places its path means, as many as were expected, or a refusal that helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from orchestrator.edits import paths
from orchestrator.edits.document import Document
from orchestrator.edits.mutation import Path, value_at
from orchestrator.edits.paths import Index, Key, Pattern
from orchestrator.edits.refusal import Refusal
from orchestrator.errors import Location, did_you_mean

Expect = int | Literal["one", "many"]
"""How many places a path must mean; `many` is one or more."""
MOST_SHOWN: Final = 8


def existing(document: Document, text: str, expect: Expect, base: Path = ()) -> list[Path]:
    """Return the places below `base` that a path means.

    :raises Refusal: `edit/no-match` or `edit/ambiguous` when they are not as many as expected.
    """
    pattern = paths.parse(text)
    found = found_at(document, pattern, base)
    _count(document, text, found, expect, base)
    return found


def addressed(document: Document, text: str, expect: Expect, base: Path = ()) -> list[Path]:
    """Return the places that a path means, also where only the last key is missing in a mapping that is there.

    :raises Refusal: as `existing`, and `edit/wrong-shape` where a key would go into what is no mapping.
    """
    pattern = paths.parse(text)
    if not pattern or not isinstance(pattern[-1], Key):
        return existing(document, text, expect, base)
    holders = found_at(document, pattern[:-1], base)
    for holder in holders:
        check_mapping(document, holder, pattern[-1].name)
    found = [(*holder, pattern[-1].name) for holder in holders]
    _count(document, text, found, expect, base)
    return found


def found_at(document: Document, pattern: Pattern, base: Path) -> list[Path]:
    """Return the places below `base` that a pattern means, however many."""
    return [(*base, *path) for path in paths.find(pattern, value_at(document.data, base))]


def item_at(document: Document, path: Path, selector: str, without: int | None = None) -> int:
    """Return the index of the one item of a list that a selector means, as if the item `without` were not there.

    :raises Refusal: when it means none or several.
    """
    items = [(at, item) for at, item in enumerate(value_at(document.data, path)) if at != without]
    found = [items[int(at)][0] for (at,) in paths.find(paths.parse(selector), [item for _, item in items])]
    if len(found) == 1:
        return found[0]
    where = locate(document, (*path, found[1]) if found else path)
    name = f"`{selector}` of `{paths.show(path)}`"
    if not found:
        raise Refusal("edit/no-match", f"no item is {name}", location=where)
    raise Refusal("edit/ambiguous", f"{len(found)} items are {name}", location=where, hint="narrow the selector")


def is_there(document: Document, path: Path) -> bool:
    """Say whether something stands at a path, even if it is empty."""
    try:
        value_at(document.data, path)
    except (LookupError, TypeError):  # a key of what is no mapping
        return False
    return True


def check_mapping(document: Document, path: Path, key: str = "") -> None:
    """Make sure that keys, such as `key`, can be added at a place: a mapping is there, or nothing yet.

    :raises Refusal: `edit/wrong-shape`.
    """
    value = value_at(document.data, path)
    if value is not None and not isinstance(value, dict):
        raise wrong_shape(document, path, "a mapping", _item_hint(key) if isinstance(value, list) else None)


def check_list(document: Document, path: Path) -> None:
    """Make sure that items can be added at a place.

    :raises Refusal: `edit/wrong-shape`.
    """
    if not isinstance(value_at(document.data, path), list):
        raise wrong_shape(document, path, "a list")


def wrong_shape(document: Document, path: Path, wanted: str, hint: str | None = None) -> Refusal:
    """Return the refusal of a place that holds another kind of value."""
    holds = _kind(value_at(document.data, path))
    message = f"`{paths.show(path)}` is {holds}, but must be {wanted}"
    return Refusal("edit/wrong-shape", message, location=locate(document, path), hint=hint)


def nothing_at(document: Document, text: str, base: Path) -> Refusal:
    """Return the refusal of a path that leads nowhere: how far it leads, and what is there instead."""
    pattern = paths.parse(text)
    reach = max(length for length in range(len(pattern) + 1) if found_at(document, pattern[:length], base))
    last = found_at(document, pattern[:reach], base)[0]
    hint = _hint(pattern[reach], value_at(document.data, last), last) if reach < len(pattern) else None
    message = f"nothing is at `{paths.show(paths.parse(paths.show(base)) + pattern)}`"
    return Refusal("edit/no-match", message, location=locate(document, last), hint=hint)


def locate(document: Document, path: Path) -> Location:
    """Return the place of a node; of one that is not there yet, that of the deepest around it."""
    while path and not is_there(document, path):
        path = path[:-1]
    return document.location(path) if path else document.source.location(0)


def _count(document: Document, text: str, found: Sequence[Path], expect: Expect, base: Path) -> None:
    if not found and expect != 0:
        raise nothing_at(document, text, base)
    if expect == "many" or len(found) == (1 if expect == "one" else expect):
        return
    if expect == 0:
        where = locate(document, found[0])
        raise Refusal("edit/conflict", f"`{paths.show(found[0])}` is there, and must not be", location=where)
    lines = ", ".join(str(locate(document, path).line) for path in found[:MOST_SHOWN])
    are = "1 place" if len(found) == 1 else f"{len(found)} places"
    where = locate(document, found[1] if len(found) > 1 else found[0])
    hint = (
        f"in line{'s' * (len(found) > 1)} {lines}; narrow the path, or say with `expect` how many are meant, or `many`"
    )
    message = f"`{text}` means {are}, but {expect} {'was' if expect in (1, 'one') else 'were'} expected"
    raise Refusal("edit/ambiguous", message, location=where, hint=hint)


def _hint(missing: paths.Part, holder: Any, path: Path) -> str | None:
    match missing, holder:
        case Key(name), dict() if holder:
            shown = ", ".join(f"`{key}`" for key in list(holder)[:MOST_SHOWN])
            more = ", ..." if len(holder) > MOST_SHOWN else ""
            return did_you_mean(name, list(holder)) or f"`{paths.show(path)}` has {shown}{more}"
        case Key(name), list():
            return _item_hint(name)
        case ((Key() | Index()), _):
            return f"`{paths.show(path)}` is {_kind(holder)}"
        case _:
            return None


def _item_hint(key: str) -> str:
    return f"write `[{key}]`" if key.isdecimal() else "select items with `[0]`, `[*]` or `[?key=='value']`"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return "text"
        case bool() | int() | float():
            return f"`{paths.written(value)}`"
        case _:
            return "computed"
