"""Writes values as Python text: the only place where a value of a case becomes source. It knows terms, not code.

A piece is an atom (text on one line) or a bracket with items; `layout` breaks what is too long as Black does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH = 100
_LONG = 20  # characters from which on a repeated one is counted


@dataclass(frozen=True, slots=True)
class Bracket:
    """Something with items between `opening` and `closing`, such as a list or a call."""

    opening: str
    items: tuple[tuple[str, Piece], ...]
    """What stands before an item, such as `name=`, and the item."""
    closing: str
    is_open: bool = False
    """A single item needs a comma: it is a tuple."""


Piece = str | Bracket


@dataclass
class Writer:
    """Writes the values of one file and collects what it must import for them."""

    module: str
    """What the file calls the target."""
    imports: dict[str, set[str]] = field(default_factory=dict)

    def piece(self, term: Any) -> Piece:
        """Return the piece that makes the value of a term."""
        if isinstance(term, str):
            return quote(term)
        if not isinstance(term, Mapping):
            return repr(term)
        if "mock" in term:
            return str(term.get("name", "MagicMock()"))
        if "seen" in term:
            return str(term["seen"])
        if "new" in term:
            fields = [(f"{name}=", self.piece(each)) for name, each in term.get("fields", {}).items()]
            return self.call(
                self.name(term["new"]), [*(("", self.piece(each)) for each in term.get("args", [])), *fields]
            )
        if "member" in term:
            return self.name(term["member"])
        if "dict" in term:
            return Bracket(
                "{", tuple((f"{_flat(self.piece(key))}: ", self.piece(each)) for key, each in term["dict"]), "}"
            )
        if "number" in term:
            return f"float({quote(term['number'])})"
        if "bytes" in term:
            return repr(bytes.fromhex(term["bytes"]))
        ((tag, items),) = term.items()
        return self._collection(tag, [self.piece(each) for each in items])

    def json(self, value: Any) -> Piece:
        """Return the piece that makes a JSON value."""
        if isinstance(value, Mapping):
            return Bracket("{", tuple((f"{quote(key)}: ", self.json(each)) for key, each in value.items()), "}")
        if isinstance(value, list) and len(value) > 4 and all(each == value[0] for each in value):
            return f"{_flat(self.json(value[:1]))} * {len(value)}"
        if isinstance(value, list):
            return Bracket("[", tuple(("", self.json(each)) for each in value), "]")
        return quote(value) if isinstance(value, str) else repr(value)

    def name(self, name: str) -> str:
        """Return what the file calls `module:qualified.name`, and see that it is imported."""
        home, _, path = name.partition(":")
        if not home:
            return f"{self.module}.{path}"
        if home != "builtins":
            self.imports.setdefault(home, set()).add(path.partition(".")[0])
        return path

    def call(self, name: str, arguments: Sequence[tuple[str, Piece]]) -> Piece:
        """Return the piece that calls something."""
        return Bracket(f"{name}(", tuple(arguments), ")")

    def _collection(self, tag: str, items: list[Piece]) -> Piece:
        parts = tuple(("", each) for each in items)
        match tag:
            case "list":
                return Bracket("[", parts, "]")
            case "tuple":
                return Bracket("(", parts, ")", is_open=True)
            case "set" if items:
                return Bracket("{", parts, "}")
            case _:
                return Bracket(f"{tag}(", (("", Bracket("[", parts, "]")),) if items else (), ")")


def layout(piece: Piece, indent: int, before: str = "", after: str = "") -> str:
    """Return `before` + piece + `after`, on one line if it fits into the width, else one item to a line."""
    flat = f"{before}{_flat(piece)}{after}"
    if isinstance(piece, str) or not piece.items or indent + len(flat) <= WIDTH:
        return flat
    inner = " " * (indent + 4)
    lines = [inner + layout(each, indent + 4, name, ",") for name, each in piece.items]
    return "\n".join([f"{before}{piece.opening}", *lines, f"{' ' * indent}{piece.closing}{after}"])


def quote(text: str) -> str:
    """Return a text as Python writes it, in double quotes where that needs no more escapes."""
    if len(text) >= _LONG and len(set(text)) == 1:
        return f"{quote(text[0])} * {len(text)}"
    plain = repr(text)
    if plain.startswith('"') or '"' in text:
        return plain
    return f'"{plain[1:-1]}"'


def _flat(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    items = ", ".join(name + _flat(each) for name, each in piece.items)
    comma = "," if piece.is_open and len(piece.items) == 1 else ""
    return f"{piece.opening}{items}{comma}{piece.closing}"
