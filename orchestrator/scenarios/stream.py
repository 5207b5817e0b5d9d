"""What a program wrote, as text: with its escape sequences and without. Bounded: the oldest text is let go.

Bytes become text only when somebody looks, so that a flood costs next to nothing.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from typing import Final, NamedTuple

LIMIT: Final = 1 << 20
"""Characters that are kept, and bytes that wait to become characters."""

# ECMA-48: control sequences, OSC and the other strings, two-character sequences; and a return before a line feed.
_CUT = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-Z\\^-~]"
    r"|\r(?=\n)|[\x0e\x0f\x07]"
)
_UNFINISHED = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)|\r)\Z")
_MARK = re.compile(r"\x1b\]133;([A-D])(?:;([^;\x07\x1b]*))?")


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
        self._cuts: list[tuple[int, int]] = []  # lengths of the plain and the raw text behind each cut

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

    def marks_since(self, position: int) -> list[Mark]:
        """Return the marks behind a position."""
        self._absorb()
        return [mark for mark in self._marks if mark.at >= position]

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
        self._cut(text)
        if len(self._raw) > 2 * LIMIT:
            self._let_go(len(self._raw) - LIMIT)

    def _cut(self, text: str) -> None:
        pieces, plain, raw, last = [], len(self._plain), len(self._raw), 0
        for cut in _CUT.finditer(text):
            if cut.start() > last:
                pieces.append(text[last : cut.start()])
                plain += cut.start() - last
            last = cut.end()
            self._cuts.append((plain, raw + last))
            if mark := _MARK.match(cut[0]):
                status = int(mark[2]) if mark[2] and mark[2].isdigit() else None
                self._marks.append(Mark(mark[1], status, self._dropped + plain))
        pieces.append(text[last:])
        self._plain += "".join(pieces)
        self._raw += text

    def _let_go(self, size: int) -> None:
        """Forget the first `size` characters of the raw text."""
        plain = self._plain_of(size)
        self._dropped += plain
        self._raw, self._plain = self._raw[size:], self._plain[plain:]
        self._raw_at, self._plain_at = max(self._raw_at - size, 0), max(self._plain_at - plain, 0)
        self._cuts = [(p - plain, r - size) for p, r in self._cuts if r >= size]

    def _raw_of(self, plain: int) -> int:
        index = bisect_right(self._cuts, plain, key=lambda cut: cut[0]) - 1
        return plain if index < 0 else self._cuts[index][1] + plain - self._cuts[index][0]

    def _plain_of(self, raw: int) -> int:
        index = bisect_right(self._cuts, raw, key=lambda cut: cut[1]) - 1
        if index < 0:
            limit = self._cuts[0][0] if self._cuts else len(self._plain)
            return min(raw, limit)
        following = self._cuts[index + 1][0] if index + 1 < len(self._cuts) else len(self._plain)
        return min(self._cuts[index][0] + raw - self._cuts[index][1], following)
