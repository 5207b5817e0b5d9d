"""What a program wrote, as text: with its escape sequences and without. Bounded: the oldest text is let go.

Bytes become text only when somebody looks, so that a flood costs next to nothing.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

LIMIT: Final = 1 << 20
"""Characters that are kept, and bytes that wait to become characters."""

# ECMA-48: control sequences, OSC and the other strings, two-character sequences; and returns before a line feed.
_CUT = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-Z\\^-~]"
    r"|\r+(?=\n)|[\x0e\x0f\x07]"
)
_UNFINISHED = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)|\r+)\Z")
_MARK_BEGINS: Final = "\x1b]133;"
_MARK = re.compile(r"\x1b\]133;([A-DP])(?:;([^;\x07\x1b]*))?")


class Mark(NamedTuple):
    """A mark that a shell made (OSC 133), and where in the plain text."""

    letter: str
    status: int | None
    at: int


class Transcript:
    """The output so far."""

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._tail = ""
        self._raw = self._plain = ""
        self._raw_at = self._plain_at = 0
        self._dropped = 0  # characters of plain text that were let go
        self._chunks = [(0, 0)]  # where in the plain and in the raw text each read began

    def feed(self, data: bytes) -> None:
        """Take what the program wrote."""
        self._waiting.append(data)
        self._waiting_size += len(data)
        if self._waiting_size > 2 * LIMIT:
            kept = b"".join(self._waiting)[-LIMIT:]
            self._waiting, self._waiting_size = [kept], len(kept)

    @property
    def position(self) -> int:
        """How much plain text there was so far."""
        self._absorb()
        return self._dropped + len(self._plain)

    @property
    def mark_count(self) -> int:
        """How many marks there were so far."""
        self._absorb()
        return len(self._marks)

    def marks_since(self, count: int) -> list[Mark]:
        """Return the marks behind the first `count`: several can be at one position."""
        self._absorb()
        return self._marks[count:]

    def between(self, start: int, end: int | None = None) -> str:
        """Return the plain text between two positions, as far as it is still known."""
        self._absorb()
        return self._plain[max(start - self._dropped, 0) : None if end is None else max(end - self._dropped, 0)]

    def remaining(self) -> str:
        """Return the plain text that nothing has consumed."""
        self._absorb()
        return self._plain[self._plain_at :]

    def consume(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Search what is not consumed, without escape sequences and with them; consume it to the match's end."""
        self._absorb()
        if found := pattern.search(self._plain[self._plain_at :]):
            self._plain_at += found.end()
            self._raw_at = max(self._raw_at, self._raw_of(self._plain_at))
        elif found := pattern.search(self._raw[self._raw_at :]):
            self._raw_at += found.end()
            self._plain_at = max(self._plain_at, self._plain_of(self._raw_at))
        return found

    # --- bytes to text ------------------------------------------------------------------------------------------

    def _absorb(self) -> None:
        if not self._waiting:
            return
        text = self._tail + self._decoder.decode(b"".join(self._waiting))
        self._waiting, self._waiting_size = [], 0
        unfinished = _UNFINISHED.search(text, max(0, len(text) - LIMIT))
        end = unfinished.start() if unfinished else len(text)
        text, self._tail = text[:end], text[end:]
        if _MARK_BEGINS in text:
            self._note_marks(text)
        self._chunks.append((len(self._plain), len(self._raw)))
        self._plain += _CUT.sub("", text)
        self._raw += text
        if len(self._raw) > 2 * LIMIT:
            self._let_go(len(self._raw) - LIMIT)

    def _note_marks(self, text: str) -> None:
        before = self._dropped + len(self._plain)
        for mark in _MARK.finditer(text):
            status = int(mark[2]) if mark[2] and mark[2].isdigit() else None
            self._marks.append(Mark(mark[1], status, before + len(_CUT.sub("", text[: mark.start()]))))

    def _let_go(self, size: int) -> None:
        """Forget the first `size` characters of the raw text."""
        plain = self._plain_of(size)
        self._dropped += plain
        self._raw, self._plain = self._raw[size:], self._plain[plain:]
        self._raw_at, self._plain_at = max(self._raw_at - size, 0), max(self._plain_at - plain, 0)
        self._chunks = [(0, 0), *((p - plain, r - size) for p, r in self._chunks if r > size)]

    def _raw_of(self, plain: int) -> int:
        """Return where the raw text goes on behind so much plain text."""
        start, raw = self._chunks[bisect_right(self._chunks, plain, key=lambda chunk: chunk[0]) - 1]
        for piece, end in _pieces(self._raw, raw):
            if start + piece > plain:
                return end - (start + piece - plain)
            start += piece
            raw = end
        return raw

    def _plain_of(self, raw: int) -> int:
        """Return how much plain text is before a place in the raw text."""
        plain, start = self._chunks[bisect_right(self._chunks, raw, key=lambda chunk: chunk[1]) - 1]
        return plain + len(_CUT.sub("", self._raw[start:raw]))


def _pieces(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the length and the end of each piece of text between two cuts."""
    for cut in _CUT.finditer(text, start):
        yield cut.start() - start, cut.start()
        yield 0, cut.end()
        start = cut.end()
    yield len(text) - start, len(text)
