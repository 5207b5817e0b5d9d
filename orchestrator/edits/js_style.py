"""How a file of JavaScript or JSON is written, and new values in that style.

The habits are those of the file itself: its indent, quotes, trailing commas, and what it puts on one line. Never
decides where something goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NoReturn

from orchestrator.edits.js_tree import Container, Node, Scalar, containers
from orchestrator.edits.js_value import Opaque, quoted, spelled
from orchestrator.edits.mutation import Noted, plain
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText

_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_STRING: Final = re.compile(r"'[^'\"\n]*'|\"[^'\"\n]*\"")
_BLANK: Final = re.compile(r"[ \t]*")
_MIN_WIDTH: Final = 80
_MAX_WIDTH: Final = 120


@dataclass(frozen=True)
class Style:
    """The habits of one file."""

    source: SourceText
    root: Node
    is_json: bool
    has_comments: bool

    def indent_at(self, offset: int) -> str:
        """Return the white space that begins the line of `offset`."""
        start = self.source.line_start(offset)
        match = _BLANK.match(self.source.text, start)
        return match[0] if match else ""

    def starts_line(self, offset: int) -> bool:
        """Whether nothing but white space stands before `offset` on its line."""
        return not self.source.text[self.source.line_start(offset) : offset].strip(" \t")

    def hangs(self, container: Container) -> bool:
        """Whether the entries stand on lines of their own, between the brackets' lines, and end in commas."""
        commas = (entry.comma for entry in container.entries)
        return self._is_broken(container) and not any(self.starts_line(each) for each in commas if each is not None)

    def is_on_one_line(self, node: Node) -> bool:
        """Whether there is no line break in a value."""
        return "\n" not in self.source.text[node.start : node.end]

    def key(self, key: Any, holder: Container) -> str:
        """Spell a key as its neighbours are spelled."""
        if not isinstance(key, str):
            self._refuse(key, holder)
        quote = self.quote(holder)
        written = [self.source.text[entry.start] for entry in holder.entries if _NAME.fullmatch(entry.key or "")]
        is_habit = bool(written) and all(char in "'\"" for char in written)
        return key if not (self.is_json or is_habit) and _NAME.fullmatch(key) else quoted(key, quote)

    def quote(self, near: Node | None = None) -> str:
        """Return the quotes of strings: those nearby, else those of most strings in the file."""
        if self.is_json:
            return '"'
        nearby = [self.source.text[start] for start in _strings(near)] if near is not None else []
        both = [char for char in nearby if char in "'\""]
        return max(both, key=both.count) if both else self._usual_quote

    def value(self, value: Any, holder: Container, indent: str, before: int = 0, *, flat: bool = False) -> str:
        """Spell a value that begins on a line with this indent, after `before` other characters.

        :raises Refusal: when it has no literal.
        """
        one_line = self._flat(value, holder)
        if flat or not _is_filled(value):
            return one_line
        fits = len(indent) + before + len(one_line) < self._width
        if fits and self._may_be_flat(value, holder):
            return one_line
        inner = indent + self.unit(holder)
        lines = [inner + line for line in self._lines(value, holder, inner)]
        opening, closing = ("[", "]") if isinstance(plain(value), list) else ("{", "}")
        return self.source.newline.join((opening, *lines, indent + closing))

    def replacement(self, value: Any, old: Node, holder: Container, start: int, *, flat: bool = False) -> str:
        """Spell a value that takes the place of another: a string keeps its quotes."""
        text = plain(value)
        mark = self.source.text[old.start]
        if isinstance(text, str) and mark in "'\"`":
            return quoted(text, mark)
        indent = self.indent_at(start)
        before = old.start - self.source.line_start(old.start) - len(indent)
        return self.value(value, holder, indent, before, flat=flat)

    def entry(self, key: str | None, value: Any, holder: Container, indent: str, *, flat: bool = False) -> str:
        """Spell an entry, or an item when there is no key."""
        has_key = key is not None and not (isinstance(value, Opaque) and value.is_entry)
        start = f"{self.key(key, holder)}{self._colon(holder)}" if has_key else ""
        return start + self.value(value, holder, indent, len(start) + 1, flat=flat)

    def note(self, value: Any, *, ends_line: bool) -> str:
        """Return the comment that goes beside a value, with its space. JSON without comments gets none."""
        if not isinstance(value, Noted) or (self.is_json and not self.has_comments):
            return ""
        words = " ".join(value.comment.split())
        return f" // {words}" if ends_line else f" /* {words.replace('*/', '* /')} */"

    def unit(self, near: Container) -> str:
        """Return by how much one level is indented."""
        for holder in (near, *self._containers):
            if self._is_broken(holder):
                outer, inner = self.indent_at(holder.start), self.indent_at(holder.entries[0].start)
                if inner.startswith(outer) and inner != outer:
                    return inner[len(outer) :]
        return "\t" if "\n\t" in self.source.text else "  "

    def padding(self, near: Container) -> str:
        """Return what stands inside the braces of an object on one line."""
        for holder in (near, *self._containers):
            if not holder.is_list and holder.entries and self.is_on_one_line(holder):
                return _BLANK.match(self.source.text, holder.start + 1)[0]  # type: ignore[index]  # matches always
        return " "

    @cached_property
    def ends_in_comma(self) -> bool:
        """Whether the last of several lines of entries ends in a comma."""
        last = [each.entries[-1] for each in self._containers if self._is_broken(each)]
        return 2 * sum(entry.comma is not None for entry in last) > len(last)

    def _lines(self, value: Any, holder: Container, indent: str) -> Iterator[str]:
        data = value.value if isinstance(value, Noted) else value
        pairs = list(data.items()) if isinstance(data, dict) else [(None, item) for item in data]
        model = _like(holder, data)
        for number, (key, item) in enumerate(pairs, 1):
            comma = "," if number < len(pairs) or self.ends_in_comma else ""
            yield self.entry(key, item, model, indent) + comma + self.note(item, ends_line=True)

    def _flat(self, value: Any, holder: Container) -> str:
        data = plain(value)
        if isinstance(data, list):
            return f"[{', '.join(self._flat(item, holder) for item in data)}]"
        if isinstance(data, dict):
            model, space = _like(holder, data), self.padding(holder)
            pairs = ", ".join(self.entry(key, item, model, "", flat=True) for key, item in data.items())
            return f"{{{space}{pairs}{space}}}" if data else "{}"
        text = spelled(data, self.quote(holder))
        if text is None or (self.is_json and isinstance(data, Opaque)):
            self._refuse(data, holder)
        return text

    def _refuse(self, value: Any, holder: Container) -> NoReturn:
        kind = "JSON" if self.is_json else "JavaScript"
        location = self.source.location(holder.start)
        raise Refusal("edit/wrong-shape", f"`{value}` cannot be written in {kind}", location=location)

    def _may_be_flat(self, value: Any, holder: Container) -> bool:
        """Whether such a value goes on one line: as its neighbours do, else as others in the file."""
        data = plain(value)
        near = _alike(data, (entry.value for entry in holder.entries))
        filled = [item for item in (data.values() if isinstance(data, dict) else data) if _is_filled(item)]
        is_deep = len(filled) > 1 or (isinstance(data, dict) and filled and not near)
        if is_deep or _has_notes(value) or not all(self._may_be_flat(item, holder) for item in filled):
            return False
        others = near or _alike(data, self._containers)
        usual = isinstance(data, list) and not self.is_json
        return any(map(self.is_on_one_line, others)) if others else usual

    def _is_broken(self, container: Container) -> bool:
        return bool(container.entries) and self.starts_line(container.entries[0].start)

    def _colon(self, holder: Container) -> str:
        for entry in holder.entries:
            between = self.source.text[entry.start : entry.value.start]
            if between.endswith(":"):
                return ":"
        return ": "

    @cached_property
    def _containers(self) -> Sequence[Container]:
        return tuple(containers(self.root))

    @cached_property
    def _usual_quote(self) -> str:
        inside = [self.source.text[start] for start in _strings(self.root)]
        everywhere = [match[0][0] for match in _STRING.finditer(self.source.text)]
        found = [char for char in inside if char in "'\""] or everywhere
        return max(("'", '"'), key=found.count)

    @cached_property
    def _width(self) -> int:
        longest = max((len(line) for line in self.source.text.splitlines()), default=0)
        return min(max(longest, _MIN_WIDTH), _MAX_WIDTH)


def _strings(node: Node | None) -> Iterator[int]:
    """Return where strings start, below a value."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        yield node.start
    elif isinstance(node, Container):
        for entry in node.entries:
            yield from _strings(entry.value)


def _like(holder: Container, data: Any) -> Container:
    """Return the neighbour that a new value follows in its keys; an empty one when there is none."""
    neighbours = [
        *_alike(data, (entry.value for entry in holder.entries)),
        Container(holder.start, holder.end, False, ()),
    ]
    return neighbours[0]


def _alike(data: Any, nodes: Iterator[Node] | Sequence[Node]) -> list[Container]:
    is_list = isinstance(data, list)
    return [each for each in nodes if isinstance(each, Container) and each.is_list == is_list and each.entries]


def _is_filled(value: Any) -> bool:
    data = plain(value)
    return isinstance(data, dict | list) and bool(data)


def _has_notes(value: Any) -> bool:
    match value:
        case Noted():
            return _has_notes(value.value)
        case dict():
            return any(isinstance(item, Noted) for item in value.values())
        case list() | tuple():
            return any(isinstance(item, Noted) for item in value)
        case _:
            return False
