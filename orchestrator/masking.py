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
_BETWEEN: Final = r"(?:\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]| ?[\r\n\x08])*"


class Masker:
    """Replaces secret values, also encoded ones, in text and in streams of bytes."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        plain = {part for value in values for part in (value, *value.splitlines()) if len(part) >= MIN_LENGTH}
        known = {form for value in plain for form in _forms(value)}
        ordered = sorted(known, key=len, reverse=True)
        self._text = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._drawn = re.compile("|".join(_BETWEEN.join(map(re.escape, form)) for form in ordered)) if ordered else None
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
        return self._drawn.sub(MASK, text) if self._drawn else text

    def pieces(self, pieces: Sequence[bytes]) -> list[str]:
        """Return the pieces of a terminal's stream as text without secrets, which may go over several of them."""
        text, ends = _joined(pieces)
        starts = [0, *ends][:-1]
        if self._drawn is None or not pieces:
            return [text[start:end] for start, end in zip(starts, ends, strict=True)]
        kept: list[list[str]] = [[] for _ in pieces]
        last = 0
        for match in self._drawn.finditer(text):
            _share_out(text, last, match.start(), ends, kept)
            kept[bisect_right(ends, match.start())].append(MASK)
            last = match.end()
        _share_out(text, last, len(text), ends, kept)
        return ["".join(parts) for parts in kept]

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


def _forms(value: str) -> Iterator[str]:
    """Yield a value and what it reads in the encodings that programs print."""
    import base64
    import json
    from urllib.parse import quote, quote_plus

    yield value
    yield from (quote(value), quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1])
    raw = value.encode("utf-8", "surrogateescape")
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
