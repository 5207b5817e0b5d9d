"""Finds things on a screen: text, in a place, drawn in a style."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from wcwidth import clip, wcswidth

from orchestrator.scenarios.model import Region, Target
from orchestrator.scenarios.screen import Screen

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text


class Found(NamedTuple):
    """Where something is, from 1, and what it reads."""

    row: int
    column: int
    text: str
    value: str
    """The first group of the regular expression, if it has one, else the text."""


def find(screen: Screen, target: str | Target) -> Found | None:
    """Return the first thing on the screen that is what `target` says."""
    wanted = Target(text=target) if isinstance(target, str) else target
    look = _Look(screen, wanted)
    nth = wanted.nth or 1
    for number, found in enumerate(look.all(), 1):
        if number == nth:
            return found
    return None


def crop(rows: Sequence[str], region: Region | None) -> list[str]:
    """Return the part of the rows within a region, cut at its columns."""
    if region is None:
        return list(rows)
    kept = rows[region.top - 1 : region.bottom]
    if region.left == 1 and region.right is None:
        return list(kept)
    return [clip(row, region.left - 1, region.right or max(wcswidth(row), 0)) for row in kept]


def whole_rows(screen: Screen) -> list[str]:
    """Return the text of each row with the blanks at its end: people see no difference to other blanks."""
    columns = screen.size.columns
    return [row + " " * (columns - max(wcswidth(row), 0)) for row in screen.rows()]


class _Look:
    """One look at a screen."""

    def __init__(self, screen: Screen, target: Target) -> None:
        self._screen = screen
        self._target = target
        rows = whole_rows(screen) if (target.text or "").endswith(" ") else screen.rows()
        region = target.region or Region()
        self._top, self._left = region.top, region.left
        self._rows = crop(rows, target.region)
        if target.row is not None:
            row = target.row if target.row > 0 else len(rows) + 1 + target.row
            index = row - self._top
            self._rows = self._rows[index : index + 1] if index >= 0 else []
            self._top = row

    def all(self) -> Iterator[Found]:
        """Yield what fits, in reading order."""
        text = "\n".join(self._rows)
        pattern = self._target.regex if self._target.regex is not None else re.escape(self._target.text or "")
        for match in re.finditer(pattern, text, re.MULTILINE):
            if self._target.style is None or self._is_drawn_so(match, text):
                before = text[: match.start()]
                row, start = before.count("\n"), before.rfind("\n") + 1
                column = self._left + max(wcswidth(before[start:]), 0)
                value = match[1] if match.re.groups and match[1] is not None else match[0]
                yield Found(self._top + row, column, match[0], value)

    def _is_drawn_so(self, match: re.Match[str], text: str) -> bool:
        """Say whether every cell of a match has the style that is wanted."""
        from rich.style import Style

        wanted = Style.parse(self._target.style or "")
        row = self._top - 1 + text.count("\n", 0, match.start())
        line_start = text.rfind("\n", 0, match.start()) + 1
        # A region may begin in the middle of a row: its cells are those of the whole row further right.
        skipped = len(clip(self._texts[row].plain, 0, self._left - 1)) if self._left > 1 else 0
        offset = match.start() - line_start + skipped
        for character in match[0]:
            if character == "\n":
                row, offset = row + 1, skipped
            elif character != " " and not _has(_style_at(self._texts[row], offset), wanted):
                return False
            offset += character != "\n"
        return bool(match[0])

    @cached_property
    def _texts(self) -> list[Text]:
        from rich.ansi import AnsiDecoder

        decoder = AnsiDecoder()
        return [decoder.decode_line(line) for line in self._screen.drawn().split("\n")]


def _style_at(text: Text, offset: int) -> Style:
    from rich.style import Style

    covering = [span.style for span in text.spans if span.start <= offset < span.end]
    styles = [style if isinstance(style, Style) else Style.parse(style) for style in covering]
    return Style.combine([Style.null(), *styles])


def _has(found: Style, wanted: Style) -> bool:
    """Say whether a style has all that another one names."""
    for name in ("bold", "dim", "italic", "underline", "blink", "reverse", "conceal", "strike", "overline"):
        asked = getattr(wanted, name)
        if asked is not None and bool(getattr(found, name)) != asked:
            return False
    pairs = ((wanted.color, found.color), (wanted.bgcolor, found.bgcolor))
    return all(w is None or (f is not None and (w.number, w.triplet) == (f.number, f.triplet)) for w, f in pairs)
