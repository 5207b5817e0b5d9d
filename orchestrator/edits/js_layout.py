"""Where an entry of an object or an array goes in and comes out, with the comma, the comments and the lines it needs.

Finds places only: what an entry means and whether it may be there is decided elsewhere, how it is spelled too.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, NamedTuple

from orchestrator.edits.js_style import Style
from orchestrator.edits.js_tree import Container, Entry, Span
from orchestrator.edits.text import Splice


class New(NamedTuple):
    """An entry that is to come: a key and its value, or an item."""

    key: str | None
    value: Any


@dataclass(frozen=True)
class Layout:
    """The room between the entries of one file's objects and arrays."""

    style: Style
    comments: tuple[Span, ...]
    """In the order of the file."""

    @property
    def text(self) -> str:
        return self.style.source.text

    def before(self, container: Container, index: int, new: New) -> list[Splice]:
        """Put an entry before another, and before the comments above that one."""
        entry = container.entries[index]
        if not (self.style.hangs(container) and self.style.starts_line(entry.start)):
            return self._beside_next(container, index, new)
        at = self.style.source.line_start(self.lead(container, index))
        indent = self.style.indent_at(entry.start)
        text, note = self._line(container, new, indent)
        return [Splice(at, at, f"{indent}{text},{note}{self._newlines(container)}")]

    def after(self, container: Container, index: int, new: New) -> list[Splice]:
        """Put an entry behind another, and behind the comment beside that one."""
        entry, is_last = container.entries[index], index == len(container.entries) - 1
        end = self.line_end(entry)
        if end is None or not self.style.hangs(container):
            return self._beside_last(container, new) if is_last else self.before(container, index + 1, new)
        indent = self.style.indent_at(entry.start)
        text, note = self._line(container, new, indent)
        line = f"{self._newlines(container)}{indent}{text}"
        if entry.comma is not None:
            return [Splice(end, end, f"{line},{note}")]
        if end == entry.end:
            return [Splice(end, end, f",{line}{note}")]
        return [Splice(entry.end, entry.end, ","), Splice(end, end, line + note)]

    def into_empty(self, container: Container, new: New, *, flat: bool) -> list[Splice]:
        """Put the first entry into an object or array; `flat` keeps it on one line."""
        start, end = container.start + 1, container.end - 1
        outer = self.style.indent_at(container.start)
        inner = outer + self.style.unit(container)
        newline, comma = self.style.source.newline, "," if self.style.ends_in_comma else ""
        if inside := self._comments(start, end):
            if not self.style.starts_line(end):
                at = inside[-1].end
                return [Splice(at, end, f" {self._inline(container, new, outer, flat=True)} ")]
            if self.style.starts_line(inside[-1].start):
                inner = self.style.indent_at(inside[-1].start)
            at = self.style.source.line_start(end)
            text, note = self._line(container, new, inner)
            return [Splice(at, at, f"{inner}{text}{comma}{note}{newline}")]
        if flat:
            text = self._inline(container, new, outer, flat=True)
            space = "" if container.is_list else self.style.padding(container)
            return [Splice(start, end, f"{space}{text}{space}")]
        text, note = self._line(container, new, inner)
        return [Splice(start, end, f"{newline}{inner}{text}{comma}{note}{newline}{outer}")]

    def without(self, container: Container, index: int) -> list[Splice]:
        """Take an entry out, with its comments and its comma.

        The last one takes a comma that is its neighbour's: that splice says the neighbour's end anew, so that it
        cannot be combined with another edit there, which could leave a comma too many.
        """
        entry = container.entries[index]
        if len(container.entries) == 1 and not self._others(container):
            return [Splice(container.start, container.end, "[]" if container.is_list else "{}")]
        end = self.line_end(entry)
        if end is None or not self.style.hangs(container) or not self.style.starts_line(entry.start):
            return self._pulled(container, index)
        start = self.style.source.line_start(self.lead(container, index))
        splices = [Splice(*self._lines(container, start, self.style.source.line_end(end)), "")]
        if index > 0 and index == len(container.entries) - 1 and entry.comma is None:
            splices.append(self._uncomma(container.entries[index - 1]))
        return splices

    def lead(self, container: Container, index: int) -> int:
        """Return where an entry starts together with the comments that belong to it: right above, or right before."""
        entry = container.entries[index]
        limit = container.start + 1 if index == 0 else _behind(container.entries[index - 1])
        at = entry.start
        for comment in reversed(self._comments(limit, entry.start)):
            between = self.text[comment.end : at]
            is_above = between.count("\n") == 1 and self.style.starts_line(comment.start)
            if between.strip() or not (is_above or "\n" not in between):
                break
            at = comment.start
        return at

    def beside(self, entry: Entry) -> tuple[Span, ...]:
        """Return the comments behind an entry that only the end of the line follows."""
        at, found = _behind(entry), []
        for comment in self._comments(at, self.style.source.line_end(at)):
            if self.text[at : comment.start].strip(" \t"):
                break
            found.append(comment)
            at = comment.end
        rest = self.text[at : self.style.source.line_end(at)].strip()
        return tuple(found) if not rest else ()

    def line_end(self, entry: Entry) -> int | None:
        """Return where an entry's last line ends, or None when something follows on that line."""
        comments = self.beside(entry)
        at = comments[-1].end if comments else _behind(entry)
        rest = self.text[at : self.style.source.line_end(at)]
        return at + len(rest) - len(rest.lstrip(" \t")) if not rest.strip() else None

    def _beside_next(self, container: Container, index: int, new: New) -> list[Splice]:
        at = self.lead(container, index)
        return [Splice(at, at, self._shared(container, new) + self._separator(container, index))]

    def _beside_last(self, container: Container, new: New) -> list[Splice]:
        at = container.entries[-1].end
        separator = self._separator(container, len(container.entries) - 1)
        return [Splice(at, at, separator + self._shared(container, new))]

    def _shared(self, container: Container, new: New) -> str:
        """Spell an entry for a line that it shares."""
        indent = self.style.indent_at(container.entries[0].start)
        return self._inline(container, new, indent, flat=self.style.is_on_one_line(container))

    def _inline(self, container: Container, new: New, indent: str, *, flat: bool) -> str:
        return self.style.entry(*new, container, indent, flat=flat) + self.style.note(new.value, ends_line=False)

    def _line(self, container: Container, new: New, indent: str) -> tuple[str, str]:
        """Spell an entry for a line of its own, and the comment that ends that line."""
        return self.style.entry(*new, container, indent), self.style.note(new.value, ends_line=True)

    def _separator(self, container: Container, index: int) -> str:
        """Return what stands between two entries, as near as there is a pair without comments."""
        pairs = list(pairwise(container.entries))
        near = chain(pairs[max(index - 1, 0) :], pairs)
        found = (self.text[one.end : two.start] for one, two in near)
        return next((each for each in found if each.strip() == ","), ", ")

    def _newlines(self, container: Container) -> str:
        """Return one line break, or two where blank lines stand between all entries."""
        pairs = range(1, len(container.entries))
        is_spaced = bool(pairs) and all(self._is_apart(container, index) for index in pairs)
        return self.style.source.newline * (2 if is_spaced else 1)

    def _is_apart(self, container: Container, index: int) -> bool:
        start = _behind(container.entries[index - 1])
        return self.text.count("\n", start, self.lead(container, index)) > 1

    def _lines(self, container: Container, start: int, end: int) -> tuple[int, int]:
        """Return the lines to take out: of two blank lines, or one beside a bracket, one goes too."""
        source = self.style.source
        above, below = source.line_start(max(start - 1, 0)), source.line_end(end)
        is_blank_above = above > container.start and not self.text[above:start].strip()
        is_blank_below = below < container.end and not self.text[end:below].strip()
        closes = not self.text[end : container.end - 1].strip()
        opens = not self.text[container.start + 1 : start].strip()
        if is_blank_above and (is_blank_below or closes):
            return above, end
        return (start, below) if is_blank_below and opens else (start, end)

    def _pulled(self, container: Container, index: int) -> list[Splice]:
        """Take an entry out of a line that it shares."""
        entries, entry = container.entries, container.entries[index]
        start = self.lead(container, index)
        if index < len(entries) - 1:
            return [Splice(start, self.lead(container, index + 1), "")]
        if index == 0:
            return [Splice(start, max([_behind(entry), *(each.end for each in self.beside(entry))]), "")]
        previous = entries[index - 1]
        beside = self.beside(previous)
        if beside:  # a comment to the line's end needs that end
            start = self.style.source.line_end(beside[-1].end)
        elif entry.comma is not None:
            return [Splice(_behind(previous), entry.comma + 1, "")]
        else:
            return [self._uncomma(previous)._replace(end=self._tail(container))]
        if entry.comma is not None:
            return [Splice(start, entry.comma + 1, "")]
        return [self._uncomma(previous), Splice(start, self._tail(container), "")]

    def _tail(self, container: Container) -> int:
        """Return the end of the last entry and of the comments behind it on its line."""
        last = container.entries[-1]
        line = self.style.source.line_end(last.end)
        return max([last.end, *(each.end for each in self._comments(last.end, min(line, container.end)))])

    def _uncomma(self, entry: Entry) -> Splice:
        """Take the comma behind an entry out, with the white space before it."""
        assert entry.comma is not None
        start = entry.comma if self.text[entry.end : entry.comma].strip() else entry.end
        return Splice(start - 1, entry.comma + 1, self.text[start - 1])

    def _others(self, container: Container) -> bool:
        """Whether there are comments that do not belong to the only entry."""
        entry = container.entries[0]
        own = (self.lead(container, 0), self.line_end(entry) or entry.end)
        inside = self._comments(container.start, container.end)
        return any(not (own[0] <= each.start < own[1]) for each in inside if not entry.start <= each.start < entry.end)

    def _comments(self, start: int, end: int) -> tuple[Span, ...]:
        low = bisect_left(self.comments, (start, start))
        return self.comments[low : bisect_left(self.comments, (end, end))]


def _behind(entry: Entry) -> int:
    return entry.end if entry.comma is None else entry.comma + 1
