"""Values as plans write them and as files hold them: when two are the same, and where words stand in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from orchestrator.edits.document import Document
from orchestrator.edits.mutation import differences
from orchestrator.plan.scalars import WrittenBool, WrittenFloat, WrittenInt

Span = tuple[int, int]
_IN_WORD: Final = r"[^\s'\"`=,;|&()<>\[\]{}$]"


def spelled(document: Document, value: Any) -> Any:
    """Return a plan's value as a file can hold it: only YAML and formats of texts keep how `3.10` was written."""
    match value:
        case dict():
            return {key: spelled(document, item) for key, item in value.items()}
        case list() | tuple():
            return [spelled(document, item) for item in value]
        case bool() if document.values_are_text:
            return str(value).lower()
        case int() | float() | WrittenBool() if document.values_are_text:
            return str(value)
        case WrittenBool():
            return value.value
        case WrittenInt() | WrittenFloat() if not document.source.path.endswith((".yml", ".yaml")):
            return int(value) if isinstance(value, int) else float(value)
        case _:
            return value


def as_written(value: Any, old: Any) -> Any:
    """Return a plan's value for the place of an old one: numbers stay text, as they were written, where text was."""
    match value, old:
        case (int() | float(), str()) if not isinstance(value, bool) and not isinstance(old, WrittenBool):
            return str(value)
        case dict(), dict():
            return {key: as_written(item, old.get(key)) for key, item in value.items()}
        case ((list() | tuple()), list()):
            return [as_written_among(item, old) for item in value]
        case _:
            return value


def as_written_among(value: Any, neighbours: Sequence[Any]) -> Any:
    """Return a plan's value for a list: a number beside nothing but texts is one, too."""
    are_texts = bool(neighbours) and all(isinstance(each, str) for each in neighbours)
    return as_written(value, neighbours[-1]) if are_texts else value


def is_same(one: Any, other: Any) -> bool:
    """Say whether two values are the same, also in type: `1` is not `'1'`."""
    return not any(True for _ in differences(one, other))


def find_words(words: str, text: str) -> list[Span]:
    """Return where `words` stand in a text as whole words: no other part of a word touches them."""
    before = rf"(?<!{_IN_WORD})" if re.match(_IN_WORD, words) else ""
    after = rf"(?!{_IN_WORD})" if re.match(_IN_WORD, words[-1:]) else ""
    return [match.span() for match in re.finditer(f"{before}{re.escape(words)}{after}", text)]


def is_within(span: Span, other: Span) -> bool:
    """Say whether one part of a text lies in another, which is more than it."""
    return other[0] <= span[0] and span[1] <= other[1] and span != other
