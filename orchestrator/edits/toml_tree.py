"""Where the tables, keys and values of a TOML file stand. What they mean is for `tomllib` to say.

Never changes anything.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import accumulate, chain
from typing import Final, Literal, NamedTuple

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from orchestrator.edits.mutation import Path

_KEYS: Final = ("bare_key", "quoted_key", "dotted_key")
_HEADERS: Final = {"table": "header", "table_array_element": "row"}


class Value(NamedTuple):
    """A value as it stands in the file; `kind` is the grammar's word, such as `string` or `inline_table`."""

    kind: str
    start: int
    end: int


class Entry(NamedTuple):
    """What gives a path its value: a line with a key, an entry of an inline table, or an item of an array."""

    path: Path
    start: int
    """Where its key starts, or the item."""
    keys: tuple[str, ...]
    """As written: several for a dotted key, none for an item."""
    value: Value
    depth: int
    """How many parts of the path the table or list has in which it stands."""
    comma: int | None = None
    """Where the comma behind an item or an inline entry stands."""


@dataclass(frozen=True)
class Section:
    """A header and the lines below it. The top of the file is a section without a header."""

    path: Path
    start: int
    header_end: int
    is_row: bool = False
    """One of an array of tables."""
    entries: list[Entry] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Where its last value ends, or its header."""
        return self.entries[-1].value.end if self.entries else self.header_end


@dataclass
class Tree:
    """All that stands in a file."""

    sections: list[Section] = field(default_factory=lambda: [Section((), 0, 0)])
    entries: dict[Path, Entry] = field(default_factory=dict)
    ways: dict[Path, dict[Literal["dotted", "header"], int]] = field(default_factory=dict)
    """How each table is spelled that is not written inline, and where so for the first time."""
    repeated: tuple[Path, int] | None = None
    """The first path that is there twice, and where again."""
    error: int | None = None
    """Where the grammar is broken for the first time."""
    members: dict[Path, list[Entry]] = field(default_factory=dict)
    """The items of each array, the entries of each inline table."""
    rows: dict[Path, int] = field(default_factory=dict)
    """How many tables each array of tables has."""
    quotes: list[str] = field(default_factory=list)
    """The quote each string starts with."""

    def end_before(self, offset: int) -> int:
        """Return where the last header or line of a table ends that stands before an offset, or 0."""
        return self._ends[bisect_right(self._ends, offset) - 1]

    @cached_property
    def _ends(self) -> list[int]:
        lines = ((section.header_end, *(entry.value.end for entry in section.entries)) for section in self.sections)
        return list(chain.from_iterable(lines))


def tree(text: str) -> Tree:
    """Read a file. Where it breaks the grammar the tree is incomplete, and says so."""
    content = text.encode()
    root = _parser().parse(content).root_node
    reader = _Reader(content, is_ascii=len(content) == len(text))
    if root.has_error:
        reader.tree.error = reader.at(_first_error(root).start_byte)
    for node in root.children:
        if node.type in _HEADERS:
            reader.read_section(node)
        elif node.type == "pair":
            reader.tree.sections[0].entries.append(reader.read_pair(node, ()))
    return reader.tree


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_toml.language()))


def _first_error(node: Node) -> Node:
    for child in node.children:
        if child.is_error or child.is_missing:
            return child
        if child.has_error:
            return _first_error(child)
    return node


class _Reader:
    """Makes a tree of the grammar's nodes, whose offsets count bytes."""

    def __init__(self, content: bytes, *, is_ascii: bool) -> None:
        self.tree = Tree()
        self._content = content
        self._headers: set[Path] = set()
        self._characters = None if is_ascii else list(accumulate((byte & 0xC0 != 0x80 for byte in content), initial=0))

    def at(self, byte: int) -> int:
        return byte if self._characters is None else self._characters[byte]

    def read_section(self, node: Node) -> None:
        is_row = node.type == "table_array_element"
        header = next(child for child in node.children if child.type in _KEYS)
        bracket = header.next_sibling or header
        path = self._resolved([name for _, name in self._keys(header)], is_row=is_row)
        start = self.at(node.start_byte)
        self._spell(path, start)
        section = Section(path, start, self.at(bracket.end_byte), is_row)
        self.tree.sections.append(section)
        for child in node.children:
            if child.type == "pair":
                section.entries.append(self.read_pair(child, path))

    def read_pair(self, node: Node, holder: Path) -> Entry:
        key, value = node.children[0], node.children[2]
        written, names = zip(*self._keys(key), strict=True)
        path = (*holder, *names)
        start = self.at(key.start_byte)
        for size in range(len(holder) + 1, len(path)):
            self.tree.ways.setdefault(path[:size], {}).setdefault("dotted", start)
            if path[:size] in self.tree.entries:
                self._repeat(path[:size], start)
        return self._read_value(Entry(path, start, written, self._value(value), len(holder), self._comma(node)), value)

    def _read_value(self, entry: Entry, node: Node) -> Entry:
        if entry.path in self.tree.entries or entry.path in self.tree.ways:
            self._repeat(entry.path, entry.start)
        self.tree.entries[entry.path] = entry
        match node.type:
            case "string":
                self.tree.quotes.append(self._content[node.start_byte : node.start_byte + 1].decode())
            case "inline_table":
                pairs = [child for child in node.children if child.type == "pair"]
                self.tree.members[entry.path] = [self.read_pair(child, entry.path) for child in pairs]
            case "array":
                items = [child for child in node.named_children if child.type != "comment"]
                self.tree.members[entry.path] = [self._item(entry.path, *each) for each in enumerate(items)]
        return entry

    def _item(self, holder: Path, index: int, node: Node) -> Entry:
        value = self._value(node)
        return self._read_value(Entry((*holder, index), value.start, (), value, len(holder), self._comma(node)), node)

    def _comma(self, node: Node) -> int | None:
        behind = node.next_sibling
        while behind is not None and behind.type == "comment":
            behind = behind.next_sibling
        return self.at(behind.start_byte) if behind is not None and behind.type == "," else None

    def _value(self, node: Node) -> Value:
        return Value(node.type, self.at(node.start_byte), self.at(node.end_byte))

    def _keys(self, node: Node) -> Iterator[tuple[str, str]]:
        """Yield the parts of a key, as written and as meant."""
        if node.type == "dotted_key":
            for child in node.named_children:
                yield from self._keys(child)
        else:
            written = self._content[node.start_byte : node.end_byte].decode()
            yield written, next(iter(tomllib.loads(f"{written} = 0"))) if node.type == "quoted_key" else written

    def _resolved(self, names: list[str], *, is_row: bool) -> Path:
        """Return the path of a header: a name of an array of tables means its last one."""
        path: Path = ()
        for name in names:
            path = (*path, name)
            is_last = len([part for part in path if isinstance(part, str)]) == len(names)
            if is_last and is_row:
                self.tree.rows[path] = self.tree.rows.get(path, 0) + 1
            if path in self.tree.rows:
                path = (*path, self.tree.rows[path] - 1)
        return path

    def _spell(self, path: Path, start: int) -> None:
        if path in self._headers or "dotted" in self.tree.ways.get(path, {}):
            self._repeat(path, start)
        self._headers.add(path)
        for size in range(1, len(path) + 1):
            if path[:size] in self.tree.entries:
                self._repeat(path[:size], start)
            if path[:size] not in self.tree.rows:
                self.tree.ways.setdefault(path[:size], {}).setdefault("header", start)

    def _repeat(self, path: Path, start: int) -> None:
        self.tree.repeated = self.tree.repeated or (path, start)
