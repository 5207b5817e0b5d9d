"""Where the lines of a block collection's entries begin and end, and how entries come and go.

An entry is a key with its value, or an item with its dash. Comments right above an entry, in its column, belong to it,
and so do deeper ones below. Never looks at what an entry means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as Items
from typing import Final

from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.edits.yaml_tree import Mapping, Node, Scalar, Sequence, content_start

_TO_DASH: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_COMMENT: Final = re.compile(r"( *)#")
_NO_CONTENT: Final = re.compile(r"( *)(#[^\n]*)?[ \t]*(?:\r?\n|\Z)")
_SPACES: Final = re.compile(r" *")
_BLANK: Final = re.compile(r"[ \t]*\r?\n|[ \t]+\Z")


class Block:
    """The entries of a block mapping or list as spans of lines."""

    def __init__(self, source: SourceText, node: Mapping | Sequence) -> None:
        self._source = source
        self._text = source.text
        self._nodes = [value for _, value in node.entries] if isinstance(node, Mapping) else node.items
        self.starts = [key.start for key, _ in node.entries] if isinstance(node, Mapping) else _dashes(source, node)
        """Where each entry's key or dash stands."""
        self._ends = [value.end for value in self._nodes]
        self.column = self.starts[0] - source.line_start(self.starts[0])

    def insertion(self, index: int, lines: Items[str], *, is_after: bool = False, is_text: bool = False) -> Splice:
        """Put the lines of a new entry before the entry at `index`; with `is_after`, close behind the one before it.

        `is_text` says that the last of the lines are a text that would take in deeper lines below.
        """
        if index == len(self.starts) or is_after:
            at = self._bottom(index - 1)
            at = deeper_end(self._source, at, self.column, with_spaces=True) if is_text else at
            return self._below(index - 1, at, lines, self._has_blank(index, lines))
        blank = [""] if self._has_blank(index, lines) else []
        newline = self._source.newline
        start = self.starts[index]
        if not self._is_inline(index):
            top = self._top(index)
            return Splice(top, top, "".join(line + newline for line in (*lines, *blank)))
        first, *rest = lines
        text = newline.join((first[self.column :], *rest, *blank, " " * self.column))
        return Splice(start, start, text)

    def removal(self, index: int) -> Splice:
        """Take out the lines of one of several entries, with its comments and one of the gaps around it."""
        bottom = self._bottom(index)
        below = self._skip_blank(bottom)
        if self._is_inline(index):
            return Splice(self.starts[index], _SPACES.match(self._text, below).end(), "")  # type: ignore[union-attr]  # matches always
        top = self._top(index)
        above = self._skip_blank_up(top, self._floor(index))
        is_last = index == len(self.starts) - 1
        if index == 0 or (above < top and not is_last) or self._takes_in(index - 1, bottom):
            bottom = below
        return Splice(above if is_last else top, bottom, "")

    def comment_above(self, index: int) -> str:
        """Return the comment lines that belong to the entry from above."""
        return self._text[self._top(index) : self._source.line_start(self.starts[index])]

    def _below(self, index: int, at: int, lines: Items[str], has_blank: bool) -> Splice:
        self._refuse_unended(index, at)
        blank = [""] if has_blank and not _keeps_blank_lines(self._nodes[index]) else []
        return below(self._source, at, (*blank, *lines))

    def _refuse_unended(self, index: int, at: int) -> None:
        last = _last_scalar(self._nodes[index])
        is_end = at == len(self._text) and not self._text.endswith("\n")
        if is_end and last and last.style in ("|", ">") and last.chomping != "-":
            message = "the file ends inside this text, without the line break that an addition would make part of it"
            hint = "end the file with a line break, then run again"
            raise Refusal("edit/not-text", message, location=self._source.location(last.start), hint=hint)

    def _takes_in(self, index: int, at: int) -> bool:
        """Whether the text at the end of the entry would take in the blank lines at `at`."""
        last = _last_scalar(self._nodes[index])
        if last is None or last.style not in ("|", ">"):
            return False
        return last.chomping == "+" or deeper_end(self._source, at, self.column, with_spaces=True) > at

    def _has_blank(self, index: int, lines: Items[str]) -> bool:
        """Whether the entry at `index`, or the new one there, is parted from its neighbours by a blank line."""
        count = len(self.starts)
        gaps = [self._is_parted(each) for each in range(1, count)]
        if not gaps:
            return False
        is_parted_here = gaps[min(max(index, 1), count - 1) - 1]
        if self._text[self.starts[0]] == "-" or (0 < index < count and not is_parted_here):
            return is_parted_here
        return sum(gaps) * 2 > len(gaps) and (len(gaps) > 1 or len(lines) > 1)

    def _is_parted(self, index: int) -> bool:
        gap = self._text[self._bottom(index - 1) : self._source.line_start(self.starts[index])]
        return any(_BLANK.fullmatch(line) for line in gap.splitlines(keepends=True))

    def _is_inline(self, index: int) -> bool:
        """Whether something else begins the line, such as the dash of an item before its first key."""
        start = self.starts[index]
        return bool(self._text[self._source.line_start(start) : start].strip(" "))

    def _floor(self, index: int) -> int:
        """Return where the lines end that cannot belong to the entry."""
        if index > 0:
            return self._bottom(index - 1)
        return 0

    def _top(self, index: int) -> int:
        """Return where the entry's first line starts, or that of its comments. Those that head the file are not its."""
        line = top = self._source.line_start(self.starts[index])
        floor = self._floor(index)
        while top > floor:
            above = self._source.line_start(top - 1)
            comment = _COMMENT.match(self._text, above, top)
            if comment is None or len(comment[1]) != self.column:
                return top
            top = above
        return top if top > 0 else line

    def _bottom(self, index: int) -> int:
        """Return where the entry's last line ends, or that of the deeper comments below it."""
        return deeper_end(self._source, self._source.line_end(self._ends[index]), self.column)

    def _skip_blank(self, at: int) -> int:
        while found := _BLANK.match(self._text, at):
            at = found.end()
        return at

    def _skip_blank_up(self, at: int, floor: int) -> int:
        while at > floor and not self._text[(above := self._source.line_start(at - 1)) : at].strip():
            at = above
        return at


def deeper_end(source: SourceText, at: int, column: int, *, with_spaces: bool = False) -> int:
    """Return where the comments end that stand deeper than `column`, from the line at `at` on.

    A text written above would take them in, and lines of nothing but as many spaces: `with_spaces` counts those too.
    """
    end = at
    while at < len(source.text) and (line := _NO_CONTENT.match(source.text, at)):
        if len(line[1]) > column and (line[2] or with_spaces):
            end = line.end()
        elif line[2]:
            break
        at = line.end()
    return end


def below(source: SourceText, at: int, lines: Items[str]) -> Splice:
    """Put whole lines at the start of a line, or behind a last line without a break; then the new last has none."""
    newline = source.newline
    if at == 0 or source.text[at - 1] == "\n":
        return Splice(at, at, "".join(line + newline for line in lines))
    return Splice(at, at, "".join(newline + line for line in lines))


def _dashes(source: SourceText, node: Sequence) -> list[int]:
    dashes = []
    at = content_start(source, node)
    for item in node.items:
        gap = _TO_DASH.match(source.text, at)
        dashes.append(gap.end() if gap else at)
        at = item.end
    return dashes


def _keeps_blank_lines(node: Node) -> bool:
    """Whether blank lines behind the node would become part of its text (`|+`)."""
    last = _last_scalar(node)
    return last is not None and last.chomping == "+"


def _last_scalar(node: Node) -> Scalar | None:
    while isinstance(node, Mapping | Sequence) and not node.is_flow:
        node = node.entries[-1][1] if isinstance(node, Mapping) else node.items[-1]
    return node if isinstance(node, Scalar) else None
