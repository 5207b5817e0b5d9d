"""YAML files: what their parts mean, and how an edit changes their text.

Nothing is ever dumped: an edit is splices of the text as it stands, in the style of its surroundings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Final, assert_never

from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, last_text, plain
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.edits.yaml_block import Block
from orchestrator.edits.yaml_flow import Flow
from orchestrator.edits.yaml_slot import Slot
from orchestrator.edits.yaml_style import Style, key_text, style_of
from orchestrator.edits.yaml_tree import Alias, Mapping, Node, Scalar, Sequence, content_start, nodes_below, parse
from orchestrator.errors import Location

_MARK: Final = re.compile(r"(?m)^[ \t]*#+ ?|[ \t\r]+$")
_ALIASED: Final = "edit what is written at the anchor, or write it out here"


@dataclass(frozen=True)
class YamlDocument:
    """One YAML file; see `document.Document`."""

    values_are_text: ClassVar[bool] = False
    source: SourceText
    root: Node

    @classmethod
    def parse(cls, source: SourceText) -> YamlDocument:
        """Parse a file.

        :raises Refusal: for what is not one YAML document.
        """
        return cls(source, parse(source))

    @property
    def data(self) -> Any:
        """Mappings, lists and scalars; keys are text. An alias means what its anchor means, `<<` is a key."""
        return self.root.data

    def location(self, path: Path) -> Location:
        """Return where the key or item at `path` starts, or the deepest part of it that exists."""
        node, start = self.root, self.root.start
        for part in path:
            entry = _entry(node, part)
            if entry is None:
                break
            start, node = entry[0].start, entry[1]
        return self.source.location(start)

    def comments(self, path: Path) -> str:
        """Return the comments above and beside the node, without marks."""
        if not path:
            return ""
        holder, index = self._place(path)
        if holder.is_flow:
            return ""
        above = Block(self.source, holder).comment_above(index)
        return _MARK.sub("", above + self._slot(holder, index).comment).strip("\n")

    def guard(self, path: Path) -> None:
        """Refuse to edit what does not stand alone.

        :raises Refusal: naming what is in the way, and its place.
        """
        node = self.root
        self._guard_node(node)
        for part in path:
            entry = _entry(node, part)
            if entry is None:
                raise self._refusal("edit/no-match", f"there is no `{part}` here", node.start)
            node = entry[1]
            self._guard_node(node)

    def splices(self, mutation: Mutation) -> Items[Splice]:
        """Return how the text changes.

        :raises Refusal: when this place cannot be edited safely.
        """
        match mutation:
            case Set(path, value):
                splices = self._set(path, value)
            case Add(path, value):
                splices = self._add(mutation)
            case Insert(path, _, value):
                splices = self._insert(mutation)
            case Remove(path):
                return [self._remove(path)]
            case _:
                assert_never(mutation)
        return self._closed(splices, value)

    def _guard_node(self, node: Node) -> None:
        if isinstance(node, Alias):
            raise self._refusal(
                "edit/alias", f"`*{node.anchor}` stands for what is written elsewhere", node.start, _ALIASED
            )
        if node.last_alias >= 0:
            raise self._refusal("edit/anchor", f"an alias elsewhere stands for `&{node.anchor}`", node.start)
        if node.tag is not None:
            raise self._refusal("edit/tag", "a tag says how this value is read", node.start)
        if isinstance(node, Mapping) and len(node.data) < len(node.entries):
            key = _first_repeated(node)
            name = self.source.text[key.start : key.end]
            raise self._refusal(
                "edit/duplicate-key", f"the key `{name}` is there twice", key.start, "remove one of them"
            )
        if isinstance(node, Mapping) and (merge := _entry(node, "<<")):
            raise self._refusal(
                "edit/merge-key", "`<<` takes over the keys of another mapping", merge[0].start, _ALIASED
            )

    def _guard_anchors(self, old: Node) -> None:
        """Refuse to take away what an alias behind it stands for."""
        for node in nodes_below(old):
            if node.last_alias >= old.end:
                raise self._refusal("edit/anchor", f"an alias elsewhere stands for `&{node.anchor}`", node.start)

    def _set(self, path: Path, value: Any) -> Items[Splice]:
        holder, index = self._place(path)
        self._guard_anchors(_entries(holder)[index][1])
        if not self._is_in_flow(path[:-1]):
            return self._slot(holder, index).filled(value)
        old = _entries(holder)[index][1]
        start = content_start(self.source, old)
        if start == old.end or "\n" in self.source.text[start : old.end]:
            raise self._refusal("edit/flow-style", "this value stands in brackets", old.start)
        quote = old.style if isinstance(old, Scalar) else ""
        return [Splice(start, old.end, self._style.flow(value, quote))]

    def _add(self, mutation: Add) -> Items[Splice]:
        *above, key = mutation.path
        path = tuple(above)
        holder = self._holder(path, Mapping)
        if key in holder.data:
            raise self._refusal("edit/conflict", f"the key `{key}` is there already", holder.start)
        index = len(holder.entries)
        if (neighbour := mutation.before or mutation.after) is not None:
            index = self._place((*path, neighbour))[1] + (mutation.before is None)
        if not self._is_in_flow(path):
            block = Block(self.source, holder)
            lines = self._style.entry(str(key), mutation.value, block.column, quote=_quote_of(holder))
            is_text = "\n" in last_text(mutation.value)
            return [block.insertion(index, lines, is_after=mutation.after is not None, is_text=is_text)]
        if not holder.entries and path and not self._is_in_flow(path[:-1]):
            return self._set(path, {key: mutation.value})
        text = f"{key_text(str(key), self._style.quote)}: {self._in_flow(mutation.value, holder)}"
        return [Flow(self.source, holder).insertion(index, text)]

    def _insert(self, mutation: Insert) -> Items[Splice]:
        path, index, value = mutation
        holder = self._holder(path, Sequence)
        if not 0 <= index <= len(holder.items):
            message = f"nothing can come to place {index} of a list with a length of {len(holder.items)}"
            raise self._refusal("edit/no-match", message, holder.start)
        if not self._is_in_flow(path):
            block = Block(self.source, holder)
            lines = self._style_of_items(holder, block).item_lines(value, block.column, quote=_quote_of(holder))
            return [block.insertion(index, lines, is_text="\n" in last_text(value))]
        is_collection = isinstance(plain(value), dict | list)
        if not holder.items and is_collection and path and not self._is_in_flow(path[:-1]):
            return self._set(path, [value])
        return [Flow(self.source, holder).insertion(index, self._in_flow(value, holder))]

    def _remove(self, path: Path) -> Splice:
        holder, index = self._place(path)
        self._guard_anchors(_entries(holder)[index][1])
        if len(_entries(holder)) == 1:
            message = f"nothing would be left beside `{path[-1]}`"
            start = _entries(holder)[0][0].start
            raise self._refusal("edit/null", message, start, hint="remove what holds it instead")
        if self._is_in_flow(path[:-1]):
            return Flow(self.source, holder).removal(index)
        return Block(self.source, holder).removal(index)

    def _in_flow(self, value: Any, holder: Mapping | Sequence) -> str:
        if isinstance(plain(value), dict | list):
            message = "this stands in brackets, and what is added to it needs lines of its own"
            raise self._refusal("edit/flow-style", message, holder.start)
        return self._style.flow(value, _quote_of(holder))

    def _closed(self, splices: Items[Splice], value: Any) -> Items[Splice]:
        """End the file with a line break when the new value's text ends in one, and the value ends the file."""
        *others, last = splices
        text = self.source.text
        is_ended = last.text.endswith("\n") and text.endswith("\n")  # else its last line break is a blank line's
        if last.end != len(text) or not last.text or is_ended or not last_text(value).endswith("\n"):
            return splices
        return [*others, last._replace(text=last.text + self.source.newline)]

    def _place(self, path: Path) -> tuple[Mapping | Sequence, int]:
        """Return what holds the entry at `path`, and the number of the entry."""
        node = self._node(path[:-1])
        if path and isinstance(node, Mapping | Sequence):
            for index, name in enumerate(_names(node)):
                if name == path[-1]:
                    return node, index
        if not path:
            raise self._refusal("edit/wrong-shape", "an edit changes parts of a file, not all of it", node.start)
        raise self._refusal("edit/no-match", f"there is no `{path[-1]}` here", node.start)

    def _holder(self, path: Path, kind: type[Any]) -> Any:
        node = self._node(path)
        if isinstance(node, kind):
            return node
        if node.data is None:
            message = "there is a key here, but no value" if path else "there is nothing but comments here"
            raise self._refusal("edit/null", message, node.start)
        needed = "a mapping" if kind is Mapping else "a list"
        raise self._refusal("edit/wrong-shape", f"{needed} is needed here", node.start)

    def _node(self, path: Path) -> Node:
        node = self.root
        for part in path:
            entry = _entry(node, part)
            if entry is None:
                raise self._refusal("edit/no-match", f"there is no `{part}` here", node.start)
            node = entry[1]
        return node

    def _is_in_flow(self, path: Path) -> bool:
        """Whether the entries of the collection at `path` stand in brackets."""
        node = self._node(path)
        return isinstance(node, Mapping | Sequence) and node.is_flow

    def _slot(self, holder: Mapping | Sequence, index: int) -> Slot:
        if isinstance(holder, Mapping):
            return Slot.of_key(self.source, self._style, *holder.entries[index])
        block = Block(self.source, holder)
        return Slot.of_item(self.source, self._style, block.starts[index], holder.items[index])

    def _style_of_items(self, holder: Sequence, block: Block) -> Style:
        offset = holder.items[0].start - block.starts[0]
        is_inline = "\n" not in self.source.text[block.starts[0] : holder.items[0].start]
        return replace(self._style, item=offset) if is_inline and offset > 1 else self._style

    @cached_property
    def _style(self) -> Style:
        return style_of(self.source, self.root)

    def _refusal(self, code: str, message: str, at: int, hint: str | None = None) -> Refusal:
        return Refusal(code, message, location=self.source.location(at), hint=hint)


def _entries(node: Mapping | Sequence) -> list[tuple[Node, Node]]:
    return node.entries if isinstance(node, Mapping) else [(item, item) for item in node.items]


def _names(node: Mapping | Sequence) -> Items[str | int]:
    if isinstance(node, Sequence):
        return range(len(node.items))
    return node.names


def _entry(node: Node, part: str | int) -> tuple[Node, Node] | None:
    if not isinstance(node, Mapping | Sequence) or part not in (names := _names(node)):
        return None
    return _entries(node)[names.index(part)]


def _first_repeated(node: Mapping) -> Node:
    return next(key for index, (key, _) in enumerate(node.entries) if node.names[index] in node.names[:index])


def _quote_of(node: Mapping | Sequence) -> str:
    """Return the quotes that all texts of a collection are written in, or nothing."""
    styles = {value.style for _, value in _entries(node) if isinstance(value, Scalar) and type(value.data) is str}
    quote = styles.pop() if len(styles) == 1 else ""
    return quote if quote in ("'", '"') else ""
