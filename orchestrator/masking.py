"""Secrets stay out of everything a person or a file gets to see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

MASK: Final = "***"
MIN_LENGTH: Final = 4
"""Shorter values are not masked: they would blot out ordinary text."""


class Masker:
    """Replaces secret values in text and in streams of bytes."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        known = {part for value in values for part in (value, *value.splitlines()) if len(part) >= MIN_LENGTH}
        ordered = sorted(known, key=len, reverse=True)
        self._text = re.compile("|".join(map(re.escape, ordered))) if ordered else None
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
