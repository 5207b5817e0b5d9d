"""The code blocks of Markdown documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
_FENCE = re.compile(r"^```([a-z]*) *(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Fence(NamedTuple):
    """A block between lines of three backticks."""

    language: str
    info: str
    """What stands behind the language."""
    text: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}"


def fences(document: Path) -> list[Fence]:
    """Return the blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Fence(found[1], found[2], found[3], text.count("\n", 0, found.start()) + 1) for found in _FENCE.finditer(text)
    ]
