"""Where the parts of a YAML text stand: a tree of spans, made from the parser's events.

A block collection ends where the last scalar or flow collection inside it ends, because the parser's own end of it lies
somewhere behind, often behind the next part's comment. Plain scalars mean what `plan.scalars` says. This module
changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the C parser has no types
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.plan.scalars import scalar

MAX_DEPTH: Final = 100
MAX_ALIASED_NODES: Final = 100_000

_CAN_START_NON_TEXT: Final = frozenset("+-.0123456789tTfFnN~")
_TEMPLATE_MARK: Final = re.compile(r"(?<!\$)\{\{|\{%|<%")
_TEMPLATE: Final = re.compile(r"\{%-?\s*(?:if|for|raw|set|block|macro|include|end\w+)\b|\{\{-?\s*cookiecutter\.")
_BLOCK_HEADER: Final = re.compile(r"(?:[&!]\S*\s+)*[|>]([-+0-9]*)")
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*[ \t]*)*")
_FIRST_LINE: Final = re.compile(r"\n( *)[^ \r\n]")
_SPACES: Final = re.compile(r"\n( *)")


@dataclass(slots=True, eq=False)
class Node:
    """A part of the text, from its anchor or tag to its end; `data` is what it means."""

    start: int
    end: int
    data: Any
    anchor: str | None
    tag: str | None
    last_alias: int = field(default=-1, init=False)
    """Where the last alias starts that stands for this node, or -1."""


@dataclass(slots=True, eq=False)
class Scalar(Node):
    style: str
    """One of nothing, `'`, `"`, `|`, `>`."""
    chomping: str = ""
    """`-` or `+` behind `|` or `>`."""


@dataclass(slots=True, eq=False)
class Alias(Node):
    """`*name`: its data is that of the anchor."""


@dataclass(slots=True, eq=False)
class Mapping(Node):
    is_flow: bool
    entries: list[tuple[Node, Node]]
    names: list[str]
    """Of the entries; a name is there twice when the key is."""


@dataclass(slots=True, eq=False)
class Sequence(Node):
    is_flow: bool
    items: list[Node]


def parse(source: SourceText) -> Node:
    """Return the top of the tree.

    :raises Refusal: for what is not one YAML document that an edit can understand.
    """
    found = _TEMPLATE.search(source.text)
    if found:
        raise _template(source, found.start())
    try:
        return _Builder(source).build()
    except yaml.MarkedYAMLError as error:
        _refuse_syntax(source, error)
    except ReaderError as error:
        at = len(source.text.encode()[: error.position].decode(errors="ignore"))
        message = f"the character U+{error.character:04X} cannot stand in YAML"
        raise Refusal("edit/syntax", message, location=source.location(at)) from None


def content_start(source: SourceText, node: Node) -> int:
    """Return where a node starts behind its anchor and tag."""
    if node.anchor is None and node.tag is None:
        return node.start
    found = _PROPERTIES.match(source.text, node.start, node.end)
    return found.end() if found else node.start


def nodes_below(node: Node) -> Iterator[Node]:
    """Yield a node and everything in it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Mapping):
            waiting += (each for entry in node.entries for each in entry)
        elif isinstance(node, Sequence):
            waiting += node.items


class _Builder:
    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._text = source.text
        self._anchors: dict[str, Node] = {}
        self._sizes: dict[int, int] = {}
        self._count = 0
        self._scalars: dict[str, Any] = {}

    def build(self) -> Node:
        next_event = CParser(self._text).get_event
        root: Node | None = None
        open_: list[Mapping | Sequence] = []
        keys: list[Node | None] = []  # of each open collection: the key that waits for its value
        documents = 0
        while type(event := next_event()) is not StreamEndEvent:
            kind = type(event)
            if kind is ScalarEvent:
                node: Node = self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                open_.append(self._collection(event, len(open_)))
                keys.append(None)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                node = self._close(open_.pop(), event)
                keys.pop()
            elif kind is AliasEvent:
                node = self._alias(event)
            else:
                documents += kind is DocumentStartEvent
                if documents > 1:
                    hint = "keep one document in each file, or edit this one by hand"
                    raise self._refuse("edit/multi-document", "a second YAML document starts here", event, hint)
                continue
            if not open_:
                root = node
            elif isinstance(parent := open_[-1], Sequence):
                parent.items.append(node)
                parent.data.append(node.data)
            elif (key := keys[-1]) is None:
                keys[-1] = node
            else:
                parent.entries.append((key, node))
                parent.names.append(name := self._key(key))
                parent.data[name] = node.data
                keys[-1] = None
        return root or Scalar(len(self._text), len(self._text), None, None, None, "")

    def _scalar(self, event: Any) -> Scalar:
        value, style, start, end = event.value, event.style or "", event.start_mark.index, event.end_mark.index
        self._count += 1
        chomping = ""
        if start == end:
            start = end = self._behind_content(start)
        elif style in ("|", ">"):
            chomping, end = _block_scalar_end(self._text, start, end, value)
        if style == "" and event.tag is None and not (value and value[0] not in _CAN_START_NON_TEXT):
            text = value
            value = self._scalars.get(text, self)
            if value is self:
                value = self._scalars[text] = scalar(text)
        node = Scalar(start, end, value, event.anchor, event.tag, style, chomping)
        if event.anchor is not None:
            self._remember(node, 1)
        return node

    def _behind_content(self, at: int) -> int:
        """An empty value may be said to stand where the next part starts; it stands behind its key or dash."""
        while at > 0 and self._text[at - 1].isspace():
            at -= 1
        return at

    def _collection(self, event: Any, depth: int) -> Mapping | Sequence:
        if depth >= MAX_DEPTH:
            raise self._refuse("edit/syntax", f"more than {MAX_DEPTH} levels of nesting", event)
        self._count += 1
        start, end = event.start_mark.index, event.end_mark.index
        made: Mapping | Sequence
        if type(event) is MappingStartEvent:
            made = Mapping(start, end, {}, event.anchor, event.tag, bool(event.flow_style), [], [])
        else:
            made = Sequence(start, end, [], event.anchor, event.tag, bool(event.flow_style), [])
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)  # until it is closed nobody can stand for it
            self._sizes[id(made)] = self._count
        return made

    def _close(self, node: Mapping | Sequence, event: Any) -> Node:
        if node.is_flow:
            node.end = event.end_mark.index
        else:
            node.end = (node.entries[-1][1] if isinstance(node, Mapping) else node.items[-1]).end
        if node.anchor is not None:
            self._remember(node, self._count - self._sizes[id(node)] + 1)
        return node

    def _remember(self, node: Node, size: int) -> None:
        if node.anchor is not None:
            self._anchors[node.anchor] = node
            self._sizes[id(node)] = size

    def _alias(self, event: Any) -> Alias:
        target = self._anchors.get(event.anchor)
        if target is None:
            raise self._refuse("edit/syntax", f"no anchor `&{event.anchor}` stands above this alias", event)
        target.last_alias = event.start_mark.index
        self._count += self._sizes[id(target)]
        if self._count > MAX_ALIASED_NODES:
            message = f"aliases stand for more than {MAX_ALIASED_NODES:,} values"
            raise self._refuse("edit/alias", message, event, "write out some of them")
        return Alias(event.start_mark.index, event.end_mark.index, target.data, event.anchor, None)

    def _key(self, node: Node) -> str:
        """Keys are text, whatever they look like; a collection as a key is known by how it is written."""
        if isinstance(node, Scalar):
            return node.data if type(node.data) is str else self._written(node)
        if self._text.startswith("{{", node.start - 1):
            raise _template(self._source, node.start - 1)
        return self._text[node.start : node.end]

    def _written(self, node: Scalar) -> str:
        return self._text[content_start(self._source, node) : node.end]

    def _refuse(self, code: str, message: str, event: Any, hint: str | None = None) -> Refusal:
        return Refusal(code, message, location=self._source.location(event.start_mark.index), hint=hint)


def _block_scalar_end(text: str, start: int, end: int, value: str) -> tuple[str, int]:
    """Return the chomping of a block scalar, and where its last line ends, before the line break.

    Blank lines behind it belong to it only when it keeps them (`|+`).
    """
    header = _BLOCK_HEADER.match(text, start)
    chomping = header[1].strip("123456789") if header else ""
    if chomping == "+":
        last = end - text.endswith("\n", start, end)
        return chomping, last - text.endswith("\r", start, last)
    last_line = value.rstrip("\n").rsplit("\n", 1)[-1]
    stripped = start + len(text[start:end].rstrip(" \r\n"))
    if last_line.strip(" "):
        return chomping, stripped + len(last_line) - len(last_line.rstrip(" "))
    return chomping, _end_of_spaces(text, start, end, stripped)


def _end_of_spaces(text: str, start: int, end: int, stripped: int) -> int:
    """The last line holds only spaces, and more of them than the indentation: find the last one that does."""
    at = stripped
    first = _FIRST_LINE.search(text, start, end)
    indent = len(first[1]) if first else 0
    for line in _SPACES.finditer(text, stripped, end):
        if len(line[1]) > indent:
            at = line.end()
    return at


def _refuse_syntax(source: SourceText, error: yaml.MarkedYAMLError) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, len(source.text)) if mark else 0
    problem = (error.problem or error.context or "it cannot be parsed").lower()
    line = source.text[source.line_start(at) : source.line_end(at)]
    marked = _TEMPLATE_MARK.search(line)
    if marked:
        raise _template(source, source.line_start(at) + marked.start()) from None
    if "\t" in line[: len(line) - len(line.lstrip())]:
        hint = "indent with spaces: tabs cannot indent YAML"
        raise Refusal("edit/tabs", "a tab indents this line", location=source.location(at), hint=hint) from None
    hint_ = None
    if error.context and error.context.startswith("while") and error.context_mark:
        hint_ = f"{error.context} that starts at {source.location(error.context_mark.index)}"
    raise Refusal("edit/syntax", problem, location=source.location(at), hint=hint_) from None


def _template(source: SourceText, at: int) -> Refusal:
    message = f"`{source.text[at : at + 2]}` makes this file a template of another"
    hint = "edit the file that is made of it, or the template by hand"
    return Refusal("edit/template", message, location=source.location(at), hint=hint)
