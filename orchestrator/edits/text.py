"""The text of one file, and splices of it. Bytes outside the splices stay what they were, whatever they are."""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from orchestrator.edits.refusal import Refusal
from orchestrator.errors import Location

MAX_BYTES: Final = 2_000_000
_BOM: Final = codecs.BOM_UTF8


class Splice(NamedTuple):
    """Replaces the characters from `start` up to `end` (offsets in `SourceText.text`); `start == end` inserts."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class SourceText:
    """A file's text without its byte-order mark, line endings as they stand in the file."""

    path: str
    """Relative to the project's root, for messages."""
    text: str
    has_bom: bool = False

    @classmethod
    def read(cls, path: str, content: bytes) -> SourceText:
        """Decode a file.

        :raises Refusal: when it is too large, not UTF-8, or has NUL characters or carriage returns as line endings.
        """
        if len(content) > MAX_BYTES:
            raise Refusal("edit/too-large", f"`{path}` has {len(content):,} bytes; an edit stops at {MAX_BYTES:,}")
        has_bom = content.startswith(_BOM)
        try:
            text = content[len(_BOM) :].decode() if has_bom else content.decode()
        except UnicodeDecodeError as error:
            line, column = _place(error.object[: error.start].decode(errors="replace"))
            raise Refusal(
                "edit/not-text", f"`{path}` is not UTF-8 text", location=Location(path, line, column)
            ) from None
        source = cls(path, text, has_bom)
        if "\0" in text:
            raise Refusal("edit/not-text", f"`{path}` has a NUL character", location=source.location(text.index("\0")))
        if "\r" in text and "\n" not in text:
            raise Refusal(
                "edit/not-text", f"`{path}` ends its lines with CR alone", location=source.location(text.index("\r"))
            )
        return source

    @property
    def newline(self) -> str:
        """How the file ends its first line; `\\n` when it has only one."""
        end = self.text.find("\n")
        return "\r\n" if end > 0 and self.text[end - 1] == "\r" else "\n"

    def location(self, offset: int) -> Location:
        """Return the place of a character."""
        line = bisect_right(self._line_starts, offset)
        return Location(self.path, line, offset - self._line_starts[line - 1] + 1)

    def line_start(self, offset: int) -> int:
        """Return the offset of the first character of the line that holds `offset`."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Return the offset behind the line break of the line that holds `offset`, or the end of the text."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end + 1

    def spliced(self, splices: Sequence[Splice]) -> SourceText:
        """Return the text with all splices made. Those at one offset are made in the order given.

        :raises ValueError: when two of them overlap and do more than delete.
        """
        parts: list[str] = []
        at = 0
        is_deletion = True
        for splice in sorted(splices, key=lambda each: (each.start, each.end)):
            if splice.start < at and (splice.text or not is_deletion):
                raise ValueError("splices overlap")
            parts += (self.text[at : splice.start], splice.text)
            at, is_deletion = max(at, splice.end), not splice.text
        return SourceText(self.path, "".join((*parts, self.text[at:])), self.has_bom)

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        return (_BOM if self.has_bom else b"") + self.text.encode()

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")
