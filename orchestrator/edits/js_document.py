"""Configuration files in JavaScript and TypeScript, such as jest.config.js: edits of the object they export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import PurePath
from typing import Any, ClassVar, Final, NamedTuple, Self, assert_never

from orchestrator.edits.js_export import Override, exported
from orchestrator.edits.js_layout import Layout, New
from orchestrator.edits.js_style import Style
from orchestrator.edits.js_tree import Container, Entry, Node, Scalar, Span, SyntaxTree, data_of
from orchestrator.edits.js_value import Opaque
from orchestrator.edits.mutation import Add, Insert, Mutation, Noted, Path, Remove, Set, differences, plain
from orchestrator.edits.paths import show
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.errors import Location

_TYPESCRIPT: Final = (".ts", ".mts", ".cts")
_MARKS: Final = re.compile(r"^(?://+|/\*+|\*(?!/))[ \t]?|[ \t]*\*+/$")
_KINDS: Final = {True: "a list", False: "a mapping"}


class _Place(NamedTuple):
    """An entry and what holds it."""

    holder: Container
    at: int

    @property
    def entry(self) -> Entry:
        return self.holder.entries[self.at]


class JsDocument:
    """A file whose exported object is its data."""

    values_are_text: ClassVar[bool] = False

    def __init__(self, source: SourceText, tree: SyntaxTree, root: Node, overrides: Sequence[Override] = ()) -> None:
        self._source = source
        self._root = root
        self._overrides = overrides
        style = Style(source, root, is_json=tree.dialect == "JSON", has_comments=bool(tree.comments))
        self._layout = Layout(style, tree.comments)

    @classmethod
    def parse(cls, source: SourceText) -> Self:
        """Parse a file.

        :raises Refusal: `edit/syntax`, `edit/not-literal` when it exports something computed, and the like.
        """
        try:
            return cls._parsed(source)
        except RecursionError:
            raise Refusal("edit/too-large", f"`{source.path}` nests too deep", location=source.location(0)) from None

    @property
    def source(self) -> SourceText:
        return self._source

    @cached_property
    def data(self) -> Any:
        """What the file says; what is computed in it is `Opaque`."""
        return data_of(self._root)

    def location(self, path: Path) -> Location:
        """Return where a node starts, at its key if it has one; of a path that leads nowhere, where it ends."""
        return self._source.location(self._nearest(path))

    def comments(self, path: Path) -> str:
        """Return the comments above a node and beside it, without their marks."""
        if not path:
            return ""
        place = self._place(path)
        lead = self._layout.lead(place.holder, place.at)
        above = [each for each in self._layout.comments if lead <= each.start < place.entry.start]
        return "\n".join(self._words(each) for each in (*above, *self._layout.beside(place.entry)))

    def guard(self, path: Path) -> None:
        """Refuse a path through what is computed, stands twice, or is given a value elsewhere too."""
        self._check_overrides(path, below=False)
        node = self._root
        for depth, part in enumerate(path):
            if not isinstance(node, Container):
                raise self._no_container(path[:depth], node, is_list=isinstance(part, int))
            found = [each for each in node.entries if each.key == part] if isinstance(part, str) else ()
            if len(found) > 1:
                message = f"`{_named(path[: depth + 1])}` stands twice"
                raise self._refused("edit/duplicate-key", message, found[1].start, "remove one of them")
            if found and not found[0].is_fixed:
                raise self._computed(path[: depth + 1], found[0].value)
            if found:
                self._check_later(node, node.entries.index(found[0]), path[: depth + 1])
            elif isinstance(part, int) and node.is_list and 0 <= part < len(node.entries):
                found = [node.entries[part]]
            else:
                return
            node = found[0].value

    def splices(self, mutation: Mutation) -> Sequence[Splice]:
        """Return how the text changes."""
        self._check_overrides(mutation.path, below=True)
        match mutation:
            case Set():
                return self._set(mutation)
            case Add():
                return self._add(mutation)
            case Insert():
                return self._insert(mutation)
            case Remove():
                place = self._place(mutation.path)
                return self._layout.without(place.holder, place.at)
            case _:
                assert_never(mutation)

    @classmethod
    def _parsed(cls, source: SourceText) -> Self:
        tree = SyntaxTree(source, "TypeScript" if PurePath(source.path).suffix in _TYPESCRIPT else "JavaScript")
        found = exported(tree)
        return cls(source, tree, tree.value(found.syntax), found.overrides)

    def _set(self, mutation: Set) -> Sequence[Splice]:
        place = self._place(mutation.path)
        entry, node, style = place.entry, place.entry.value, self._layout.style
        value = plain(mutation.value)
        for lost in _computed_in(node):
            if isinstance(node, Scalar) or lost.value not in _opaques(value):
                raise self._computed(mutation.path, lost)
        splices: list[Splice] = []
        if next(differences(data_of(node), value), None) is not None:
            flat = style.is_on_one_line(place.holder)
            text = style.replacement(mutation.value, node, place.holder, entry.start, flat=flat)
            splices.append(Splice(node.start, node.end, text))
        if isinstance(mutation.value, Noted):
            splices += self._noted(mutation.value, entry)
        return splices

    def _noted(self, value: Noted, entry: Entry) -> Sequence[Splice]:
        """Put a comment beside an entry, in the place of the one that is there."""
        style, beside, end = self._layout.style, self._layout.beside(entry), self._layout.line_end(entry)
        if not beside:
            note = style.note(value, ends_line=end is not None)
            return [Splice(end or entry.end, end or entry.end, note)] if note else ()
        old = self._source.text[slice(*beside[-1])]
        note = style.note(value, ends_line=old.startswith("//")).strip()
        return [Splice(*beside[-1], note)] if old != note else ()

    def _add(self, mutation: Add) -> Sequence[Splice]:
        *parents, key = mutation.path
        holder = self._container(tuple(parents), is_list=False)
        keys = [entry.key for entry in holder.entries]
        if key in keys:
            raise self._refused("edit/conflict", f"`{_named(mutation.path)}` is there already", holder.start)
        neighbour = mutation.after if mutation.before is None else mutation.before
        if neighbour is not None and neighbour not in keys:
            sibling = _named((*parents, neighbour))
            raise self._refused("edit/no-match", f"`{sibling}` is not there to go beside", holder.start)
        new = New(str(key), mutation.value)
        if not keys:
            return self._first(mutation.path, holder, new)
        index = len(keys) - 1 if neighbour is None else keys.index(neighbour)
        self._check_later(holder, index - (mutation.before is not None), mutation.path)
        place = self._layout.before if mutation.before is not None else self._layout.after
        return place(holder, index, new)

    def _insert(self, mutation: Insert) -> Sequence[Splice]:
        holder, new = self._container(mutation.path, is_list=True), New(None, mutation.value)
        count = len(holder.entries)
        if not 0 <= mutation.index <= count:
            message = f"`{_named(mutation.path)}` has {count} items, so none goes in at {mutation.index}"
            raise self._refused("edit/no-match", message, holder.start)
        if not count:
            return self._first((*mutation.path, 0), holder, new)
        if mutation.index == count:
            return self._layout.after(holder, count - 1, new)
        return self._layout.before(holder, mutation.index, new)

    def _first(self, path: Path, holder: Container, new: New) -> Sequence[Splice]:
        """Put the first entry into an empty object or array."""
        style = self._layout.style
        outer = self._place(path[:-1]).holder if len(path) > 1 else None
        flat = outer is not None and style.is_on_one_line(outer)
        if not flat and outer is not None:
            wanted: Any = [new.value] if new.key is None else {new.key: new.value}
            before = holder.start - self._source.line_start(holder.start) - len(style.indent_at(holder.start))
            indent = style.indent_at(holder.start)
            flat = "\n" not in style.value(wanted, outer, indent, before)
        return self._layout.into_empty(holder, new, flat=flat)

    def _container(self, path: Path, *, is_list: bool) -> Container:
        node = self._place(path).entry.value if path else self._root
        if not isinstance(node, Container) or node.is_list != is_list:
            raise self._no_container(path, node, is_list=is_list)
        return node

    def _place(self, path: Path) -> _Place:
        """Find an entry.

        :raises Refusal: when there is none.
        """
        node, place = self._root, None
        for depth, part in enumerate(path):
            keys = [entry.key for entry in node.entries] if isinstance(node, Container) else []
            index = part if isinstance(part, int) else keys.index(part) if part in keys else -1
            is_list = isinstance(node, Container) and node.is_list
            if is_list != isinstance(part, int) or not 0 <= index < len(keys):
                at = self._nearest(path[:depth])
                raise self._refused("edit/no-match", f"`{_named(path[: depth + 1])}` is not there", at)
            assert isinstance(node, Container)
            place = _Place(node, index)
            node = place.entry.value
        if place is None:
            raise self._refused("edit/wrong-shape", "an edit needs a place within the file", self._root.start)
        return place

    def _nearest(self, path: Path) -> int:
        """Return where a path starts, or the part of it that is there."""
        for end in range(len(path), 0, -1):
            try:
                return self._place(path[:end]).entry.start
            except Refusal:
                continue
        return self._root.start

    def _check_overrides(self, path: Path, *, below: bool) -> None:
        """Refuse when code changes what is at the path, or holds it; `below`: or is held by it."""
        for override in self._overrides:
            if override.path == path[: len(override.path)] or (below and path == override.path[: len(path)]):
                message = f"`{_named(path)}` is changed again by code elsewhere in the file"
                raise self._refused("edit/not-literal", message, override.offset)

    def _check_later(self, holder: Container, index: int, path: Path) -> None:
        """Refuse when a spread or a computed key behind an entry may give the same key another value."""
        for entry in holder.entries[index + 1 :]:
            if not entry.is_fixed:
                shown = _shortened(str(data_of(entry.value)))
                message = f"`{_named(path)}` may be given another value by `{shown}` after it"
                raise self._refused("edit/not-literal", message, entry.start)

    def _computed(self, path: Path, node: Node) -> Refusal:
        shown = _shortened(self._source.text[node.start : node.end])
        return self._refused("edit/not-literal", f"`{_named(path)}` is computed: `{shown}`", node.start)

    def _no_container(self, path: Path, node: Node, *, is_list: bool) -> Refusal:
        if isinstance(node, Scalar) and isinstance(node.value, Opaque):
            return self._computed(path, node)
        return self._refused("edit/wrong-shape", f"`{_named(path)}` is not {_KINDS[is_list]}", node.start)

    def _refused(self, code: str, message: str, offset: int, hint: str | None = None) -> Refusal:
        return Refusal(code, message, location=self._source.location(offset), hint=hint)

    def _words(self, comment: Span) -> str:
        lines = (line.strip() for line in self._source.text[comment.start : comment.end].splitlines())
        return "\n".join(filter(None, (_MARKS.sub("", line).strip() for line in lines)))


def _computed_in(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Container):
        for entry in node.entries:
            yield from _computed_in(entry.value)
    elif isinstance(node.value, Opaque):
        yield node


def _opaques(value: Any) -> Iterator[Opaque]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _opaques(item)
    elif isinstance(value, Opaque):
        yield value


def _named(path: Path) -> str:
    return _shortened(show(path))


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"
