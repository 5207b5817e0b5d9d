"""Secrets stay out of everything a person or a file gets to see."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

MASK: Final = "***"
MIN_LENGTH: Final = 4
"""Shorter values are not masked: they would blot out ordinary text."""

# What a terminal's output may have between two characters of a secret: a line's end where it wraps, a change of colour.
_BETWEEN = re.compile(
    r"(?:\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]| ?[\r\n\x08])+"
)


class Masker:
    """Replaces secret values, also encoded ones, in text and in streams of bytes."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        plain = {part for value in values for part in (value, *value.splitlines()) if len(part) >= MIN_LENGTH}
        known = {form for value in plain for form in _forms(value)}
        ordered = sorted(known, key=len, reverse=True)
        self._text = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        # At the end of a row a terminal does not show a blank, and nobody can tell it from one that was never there.
        self._shown = re.compile("|".join(re.escape(form).replace("\\ ", " ?") for form in ordered))
        raw = [value.encode("utf-8", "surrogateescape") for value in ordered]
        self._bytes = re.compile(b"|".join(map(re.escape, raw))) if raw else None
        self._longest = max(map(len, raw), default=0)

    @property
    def is_active(self) -> bool:
        """Say whether there is anything to mask."""
        return self._text is not None

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        return self._text.sub(MASK, text) if self._text else text

    def drawn(self, text: str) -> str:
        """Return what a terminal shows, or gets to show it, without secrets: wrapped and coloured ones too."""
        kept, last = [], 0
        for start, end in self._spans(text):
            kept += [text[last:start], MASK]
            last = end
        return "".join([*kept, text[last:]])

    def pieces(self, pieces: Sequence[bytes]) -> list[str]:
        """Return the pieces of a terminal's stream as text without secrets, which may go over several of them."""
        text, ends = _joined(pieces)
        kept: list[list[str]] = [[] for _ in pieces]
        last = 0
        for start, end in self._spans(text):
            _share_out(text, last, start, ends, kept)
            kept[bisect_right(ends, start)].append(MASK)
            last = end
        _share_out(text, last, len(text), ends, kept)
        return ["".join(parts) for parts in kept]

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where secrets are, in order: as they stand, and with what a terminal may have between."""
        if self._text is None:
            return
        bare = _Bare(text)
        found = [match.span() for match in self._text.finditer(text)]
        found += [
            (bare.place(match.start()), bare.place(match.end() - 1) + 1) for match in self._shown.finditer(bare.text)
        ]
        last = 0
        for start, end in sorted(found):
            if end > last:
                yield max(start, last), end
                last = end

    def data(self, data: object) -> object:
        """Return plain data without secrets in its strings."""
        if self._text is None:
            return data
        match data:
            case str():
                return self.text(data)
            case dict():
                return {self.text(str(key)): self.data(value) for key, value in data.items()}
            case list():
                return [self.data(item) for item in data]
            case tuple():
                return tuple(self.data(item) for item in data)
            case _:
                return data

    def stream(self, write: Callable[[bytes], object]) -> MaskedStream:
        """Return a stream in front of `write`, which a secret split over two chunks does not slip through."""
        return MaskedStream(self._bytes, self._longest, write)


class MaskedStream:
    """Holds back the last bytes that could be the beginning of a secret."""

    def __init__(self, pattern: re.Pattern[bytes] | None, longest: int, write: Callable[[bytes], object]) -> None:
        self._pattern = pattern
        self._hold = max(longest - 1, 0)
        self._write = write
        self._held = b""

    def feed(self, chunk: bytes) -> None:
        """Pass on `chunk`, as far as it is certain."""
        if self._pattern is None:
            self._write(chunk)
            return
        data = self._held + chunk
        safe = len(data) - self._hold
        for match in self._pattern.finditer(data):
            if match.start() < safe < match.end():
                safe = match.end()
        if safe <= 0:
            self._held = data
            return
        self._held = data[safe:]
        self._write(self._pattern.sub(MASK.encode(), data[:safe]))

    def close(self) -> None:
        """Pass on what was held back."""
        if self._held:
            assert self._pattern is not None
            self._write(self._pattern.sub(MASK.encode(), self._held))
            self._held = b""


class _Bare:
    """A text without what a terminal may have between two characters, and where each of them stands."""

    def __init__(self, text: str) -> None:
        self.text = _BETWEEN.sub("", text)
        self._starts, self._places = [0], [0]  # of each stretch, in the bare text and in the text
        for cut in _BETWEEN.finditer(text):
            self._starts.append(self._starts[-1] + cut.start() - self._places[-1])
            self._places.append(cut.end())

    def place(self, at: int) -> int:
        """Return where a character of the bare text stands in the text."""
        index = bisect_right(self._starts, at) - 1
        return self._places[index] + at - self._starts[index]


def _forms(value: str) -> Iterator[str]:
    """Yield a value and what it reads in the encodings that programs print."""
    import base64
    import json
    from urllib.parse import quote, quote_plus

    yield value
    raw = value.encode("utf-8", "surrogateescape")
    yield from (quote(raw), quote(raw, safe=""), quote_plus(raw), json.dumps(value)[1:-1])
    yield raw.hex()
    for offset in range(3):  # what stands before it decides how its bits fall into characters
        whole = base64.b64encode(bytes(offset) + raw)
        inner = whole[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6].decode()
        if len(inner) >= MIN_LENGTH + 2:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")


def _joined(pieces: Sequence[bytes]) -> tuple[str, list[int]]:
    """Return the text of all pieces, and where each ends in it; a character belongs to where it is complete."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    texts = [decoder.decode(piece) for piece in pieces]
    return "".join(texts), list(accumulate(map(len, texts)))


def _share_out(text: str, start: int, end: int, ends: Sequence[int], kept: Sequence[list[str]]) -> None:
    """Add the text from `start` to `end` to the pieces it is from."""
    index = bisect_right(ends, start)
    while start < end:
        stop = min(end, ends[index])
        kept[index].append(text[start:stop])
        start = stop
        index += 1
