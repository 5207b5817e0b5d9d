"""A file of JavaScript, TypeScript or JSON as a tree of values, each with its place in the text.

tree-sitter parses. Its tree counts bytes and keeps every token; this one counts characters and keeps what an edit has
to know: values, entries with their commas, comments. Never decides which value a file is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain, repeat
from typing import Any, Final, Literal, NamedTuple

from tree_sitter import Language, Parser, Query, QueryCursor
from tree_sitter import Node as Syntax

from orchestrator.edits.js_value import Opaque, number_value, string_value
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText

Dialect = Literal["JavaScript", "TypeScript", "JSON"]

_MAX_DEPTH: Final = 100
_WRAPPERS: Final = {
    "parenthesized_expression": 0,
    "as_expression": 0,
    "satisfies_expression": 0,
    "non_null_expression": 0,
    "type_assertion": -1,
}
"""What stands around a value without changing it, and which of its parts the value is."""
_WORDS: Final = {"true": True, "false": False, "null": None}
_TEMPLATE: Final = re.compile(r"\{\{[-~#/]?\s*\w|\{%|<%")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A literal, or something `Opaque`."""

    start: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of an object or an item of an array, from its first character to its last, without the comma."""

    start: int
    end: int
    value: Node
    key: str | None = None
    """None for an item. Of a spread, or a key that is computed, as it is written."""
    is_fixed: bool = True
    """Whether it is known which keys this entry gives a value."""
    comma: int | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """An object or an array, its brackets included."""

    start: int
    end: int
    is_list: bool
    entries: tuple[Entry, ...]


Node = Scalar | Container


class Span(NamedTuple):
    """Where something stands in the text."""

    start: int
    end: int


def data_of(node: Node) -> Any:
    """Return what a node says, as plain data. Of a key that stands twice the last counts, as in JavaScript."""
    if isinstance(node, Scalar):
        return node.value
    if node.is_list:
        return [data_of(entry.value) for entry in node.entries]
    return {entry.key: data_of(entry.value) for entry in node.entries}


def containers(node: Node) -> Iterator[Container]:
    """Return all objects and arrays from here on, in the order of the file."""
    if isinstance(node, Container):
        yield node
        for entry in node.entries:
            yield from containers(entry.value)


def unwrapped(syntax: Syntax) -> Syntax:
    """Return the value inside of parentheses, type assertions and the like."""
    while (part := _WRAPPERS.get(syntax.type)) is not None:
        syntax = parts(syntax)[part]
    return syntax


def parts(syntax: Syntax) -> list[Syntax]:
    """Return the named parts of a construct, without comments."""
    return [each for each in syntax.named_children if not each.is_extra]


class SyntaxTree:
    """What tree-sitter makes of a file, counted in characters."""

    def __init__(self, source: SourceText, dialect: Dialect) -> None:
        self.source = source
        self.dialect = dialect
        shift = 1 if dialect == "JSON" else 0
        # as a statement, `{"a": 1}` would be a block
        text = f"({source.text}\n)" if dialect == "JSON" else source.text
        self._offsets = _character_offsets(text, shift)
        self.root = Parser(_language(dialect)).parse(text.encode()).root_node
        if self.root.has_error:
            raise self._syntax_error()

    def span(self, syntax: Syntax) -> Span:
        """Return where a construct stands."""
        return Span(self._offsets[syntax.start_byte], self._offsets[syntax.end_byte])

    def text(self, syntax: Syntax) -> str:
        """Return a construct as it is written."""
        start, end = self.span(syntax)
        return self.source.text[start:end]

    @cached_property
    def comments(self) -> tuple[Span, ...]:
        """All comments in the order of the file; a comment to the line's end is without that end."""
        found = (self.span(each) for each in self.found("comment"))
        return tuple(Span(start, end - self.source.text[start:end].endswith("\r")) for start, end in found)

    def found(self, name: str) -> Sequence[Syntax]:
        """Return all `comment`s, `error`s, `missing` tokens, `name`s or `member` expressions, in the file's order."""
        captures = QueryCursor(_query(self.dialect)).captures(self.root)
        return sorted(captures.get(name, ()), key=lambda each: each.start_byte)

    def value(self, syntax: Syntax, depth: int = 0) -> Node:
        """Return the value that an expression is."""
        syntax = unwrapped(syntax)
        span = self.span(syntax)
        if depth > _MAX_DEPTH:
            message = f"`{self.source.path}` nests deeper than {_MAX_DEPTH} levels"
            raise Refusal("edit/too-large", message, location=self.source.location(span.start))
        if syntax.type in ("object", "array"):
            entries = self._entries(syntax, depth)
            if entries is not None:
                return Container(*span, syntax.type == "array", tuple(entries))
        return Scalar(*span, self._literal(syntax))

    def _entries(self, syntax: Syntax, depth: int) -> list[Entry] | None:
        """Return the entries, or None for an array with holes."""
        entries: list[Entry] = []
        for child in syntax.children[1:-1]:
            if child.type == ",":
                if not entries or entries[-1].comma is not None:
                    self._check_hole(child, syntax)
                    return None
                entries[-1] = replace(entries[-1], comma=self.span(child).start)
            elif not child.is_extra:
                entries.append(self._entry(child, depth + 1, is_item=syntax.type == "array"))
        return entries

    def _check_hole(self, comma: Syntax, holder: Syntax) -> None:
        if holder.type == "object" or self.dialect == "JSON":
            raise self._refused("a comma with nothing before it", self.span(comma).start)

    def _entry(self, syntax: Syntax, depth: int, *, is_item: bool) -> Entry:
        span, text = self.span(syntax), self.text(syntax)
        if is_item:
            is_value = syntax.type != "spread_element"
            return Entry(*span, self.value(syntax, depth) if is_value else Scalar(*span, Opaque(text)))
        name = syntax.child_by_field_name("name") or syntax.child_by_field_name("key")
        key = self._key(name) if name is not None else None
        if syntax.type == "pair" and key is not None:
            return Entry(*span, self.value(parts(syntax)[-1], depth), key)
        if syntax.type == "shorthand_property_identifier":
            key = text
        shown = key if key is not None else self.text(name or syntax)
        return Entry(*span, Scalar(*span, Opaque(text, is_entry=True)), shown, is_fixed=key is not None)

    def _key(self, syntax: Syntax) -> str | None:
        """Return a key that is written down, None for one that is computed."""
        text = self.text(syntax)
        match syntax.type:
            case "property_identifier" if "\\" not in text:
                return text
            case "string":
                value = string_value(text)
                return value if isinstance(value, str) else None
            case "number" if text == str(number_value(text)):
                return text
            case _:
                return None

    def _literal(self, syntax: Syntax) -> Any:
        text = self.text(syntax)
        match syntax.type:
            case "string":
                return string_value(text)
            case "template_string" if all(each.type != "template_substitution" for each in syntax.named_children):
                return string_value(text)
            case "number":
                return number_value(text)
            case "true" | "false" | "null":
                return _WORDS[text]
            case "unary_expression" if text.startswith("-") and parts(syntax)[0].type == "number":
                number = number_value(self.text(parts(syntax)[0]))
                return Opaque(text) if isinstance(number, Opaque) else -number
            case _ if self.dialect == "JSON":
                raise self._refused(f"`{text}` is no value", self.span(syntax).start)
            case _:
                return Opaque(text)

    def _syntax_error(self) -> Refusal:
        missing, errors = self.found("missing"), self.found("error")
        if missing and (not errors or missing[0].start_byte <= errors[0].start_byte):
            return self._refused(f"`{missing[0].type}` is missing", self.span(missing[0]).start)
        while inner := [each for each in errors[0].children if each.has_error]:
            errors = inner
        at = self.span(errors[0]).start
        word = self.source.text[at : self.source.line_end(at)].split(maxsplit=1)
        return self._refused(f"`{word[0][:40]}` is not expected here" if word else "it ends too early", at)

    def _refused(self, problem: str, offset: int) -> Refusal:
        return syntax_refusal(self.source, self.dialect, problem, offset)


def syntax_refusal(source: SourceText, dialect: Dialect, problem: str, offset: int) -> Refusal:
    """Say why a file is not what its name promises."""
    if marker := _TEMPLATE.search(source.text):
        message = f"`{source.path}` is a template, not {dialect}"
        return Refusal("edit/template", message, location=source.location(marker.start()))
    location = source.location(min(max(offset, 0), len(source.text)))
    return Refusal("edit/syntax", f"`{source.path}` is not {dialect}: {problem}", location=location)


@cache
def _language(dialect: Dialect) -> Language:
    if dialect == "TypeScript":
        import tree_sitter_typescript

        return Language(tree_sitter_typescript.language_typescript())
    import tree_sitter_javascript

    return Language(tree_sitter_javascript.language())


@cache
def _query(dialect: Dialect) -> Query:
    source = """
        (comment) @comment (ERROR) @error (MISSING) @missing (member_expression) @member
        [(identifier) (shorthand_property_identifier)] @name
    """
    return Query(_language(dialect), source)


def _character_offsets(text: str, shift: int) -> Sequence[int]:
    """Return the character that each byte of the UTF-8 text belongs to."""
    if text.isascii():
        return range(-shift, len(text) + 1 - shift)
    widths = (len(char.encode()) for char in text)
    each = chain.from_iterable(repeat(at - shift, width) for at, width in enumerate(widths))
    return [*each, len(text) - shift]
