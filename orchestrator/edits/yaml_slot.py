"""The place behind a key or a dash, in block style, and how the value there becomes another."""

from __future__ import annotations

import re
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from typing import Any, Final

from orchestrator.edits.mutation import Noted, last_text
from orchestrator.edits.text import SourceText, Splice
from orchestrator.edits.yaml_block import below, deeper_end
from orchestrator.edits.yaml_style import Style, Written, block_scalar
from orchestrator.edits.yaml_tree import Mapping, Node, Scalar, Sequence, content_start

_COLON: Final = re.compile(r"\s*:")
_INDICATOR: Final = re.compile(r"[|>][-+0-9]*")
_FIRST_LINE: Final = re.compile(r"\n( *)[^ \r\n]")
_BESIDE: Final = re.compile(r"([ \t]*)(#[^\r\n]*)?")


@dataclass(frozen=True)
class Slot:
    """A value with what stands before it."""

    source: SourceText
    style: Style
    column: int
    """Of the key or the dash."""
    start: int
    """Behind the colon or the dash."""
    node: Node

    @classmethod
    def of_key(cls, source: SourceText, style: Style, key: Node, value: Node) -> Slot:
        """Return the slot of an entry of a mapping."""
        colon = _COLON.match(source.text, key.end)
        return cls(source, style, _column(source, key.start), colon.end() if colon else key.end, value)

    @classmethod
    def of_item(cls, source: SourceText, style: Style, dash: int, item: Node) -> Slot:
        """Return the slot of an item of a list. What comes there starts where it starts, if in its line."""
        is_beside = item.start < item.end and "\n" not in source.text[dash : item.start]
        style = replace(style, item=item.start - dash if is_beside else 2)
        return cls(source, style, _column(source, dash), dash + 1, item)

    @property
    def comment(self) -> str:
        """The comment beside the value, or beside the key when the value stands below it."""
        found = _BESIDE.match(self.source.text, self._head_end)
        return (found and found[2]) or ""

    def filled(self, value: Any) -> list[Splice]:
        """Give the slot another value, which keeps the quotes, the block indicator, and the comment."""
        comment = value.comment if isinstance(value, Noted) else None
        bare = value.value if isinstance(value, Noted) else value
        written = self._written(bare)
        takes_line = self._is_item and isinstance(bare, dict | list) and bool(bare)
        head = self._head(written.head, self.node.start if takes_line else self._content_start)
        is_text = "\n" in last_text(bare)
        splices = [*head, *self._comment(comment), *self._body(written.body, is_text=is_text)]
        return [splice for splice in splices if splice.text or splice.start < splice.end]

    def _written(self, value: Any) -> Written:
        old = self.node
        if isinstance(old, Scalar) and old.style in ("|", ">") and type(value) is str:
            takes_blank_lines = value.endswith("\n\n") and old.chomping != "+"
            block = block_scalar(value, self.column, self._content_column, old.style)
            if block and not takes_blank_lines and not self._has_deeper_below:
                return block
        quote = old.style if isinstance(old, Scalar) and old.style in ("'", '"') else ""
        style = self.style
        begins_here = self._is_item or type(value) is str
        if begins_here and "\n" in last_text(value) and self._has_deeper_below:
            style = replace(style, has_blocks=False)
        if self._is_item:
            return style.item_value(value, self.column, quote=quote)
        return style.value(value, self.column, quote=quote)

    def _head(self, head: str, start: int) -> list[Splice]:
        """Replace what stands in the line of the key or dash. An anchor would be that of its first key."""
        end = self._head_end
        if start >= end:
            return [Splice(end, end, f" {head}" if head else "")]
        return [Splice(start, end, head) if head else Splice(self.start, end, "")]

    def _comment(self, comment: str | None) -> list[Splice]:
        at = self._head_end
        found = _BESIDE.match(self.source.text, at)
        if comment is None or found is None:
            return []
        space = found[1] if found[2] else " "
        return [Splice(at, found.end(), f"{space}# {comment}")]

    def _body(self, lines: Items[str], *, is_text: bool) -> list[Splice]:
        """Replace the whole lines below it. A text at their end must not come above lines that it would take in."""
        start = self.source.line_end(self._head_end)
        end = self._body_end
        if lines and is_text:
            end = deeper_end(self.source, end, self.column, with_spaces=True)
        if start == end or not self._has_body:
            return [below(self.source, end, lines)]
        newline = self.source.newline
        last = newline if lines and self.source.text[end - 1] == "\n" else ""
        return [Splice(start, end, newline.join(lines) + last)]

    @property
    def _body_end(self) -> int:
        """Where the lines of the value end; comments below a collection, deeper than its key, are part of it."""
        if not self._has_body:
            return self.source.line_end(self._head_end)
        end = max(self.source.line_end(self._head_end), self.source.line_end(self.node.end))
        return deeper_end(self.source, end, self.column) if self._is_block else end

    @property
    def _has_deeper_below(self) -> bool:
        """Whether deeper lines stay below, which lines of text would take in."""
        return deeper_end(self.source, self._body_end, self.column, with_spaces=True) > self._body_end

    @property
    def _is_item(self) -> bool:
        return self.source.text[self.start - 1] == "-"

    @property
    def _has_body(self) -> bool:
        return self._is_block or (isinstance(self.node, Scalar) and self.node.style in ("|", ">"))

    @property
    def _is_block(self) -> bool:
        return isinstance(self.node, Mapping | Sequence) and not self.node.is_flow

    @property
    def _content_start(self) -> int:
        """Where the value starts in the line of the key or dash: right behind it when it stands on lines below."""
        start, text = content_start(self.source, self.node), self.source.text
        if self._is_block and "\n" in text[self.start : start]:
            return self.start
        if self._is_block and text[start : start + 1] in ("\r", "\n", "#"):  # what stands here is its anchor
            return self.start + len(text[self.start : start].rstrip())
        return start

    @property
    def _head_end(self) -> int:
        """Where the value ends in the line of the key or dash."""
        start = self._content_start
        if not self._has_body:
            return self.node.end
        if self._is_block:
            is_below = self.source.text[start : start + 1] in ("\r", "\n", " ", "#")
            return start if is_below else len(self.source.text[: self.source.line_end(start)].rstrip("\r\n"))
        indicator = _INDICATOR.match(self.source.text, start)
        return indicator.end() if indicator else start

    @property
    def _content_column(self) -> int:
        first = _FIRST_LINE.search(self.source.text, self._head_end, self.node.end)
        return len(first[1]) if first else self.column + self.style.step


def _column(source: SourceText, at: int) -> int:
    return at - source.line_start(at)
