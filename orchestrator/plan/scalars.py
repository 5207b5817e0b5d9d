"""What a plain YAML scalar means.

Scalars follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema): `no`, `on` and dates stay
text. A number that is not written the canonical way (`1.10`, `010`, `0x1F`) keeps its text, so that a field that wants
text gets what stands in the file.
"""

from __future__ import annotations

import re
from typing import Any, Final

_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_WORDS: Final[dict[str, bool | None]] = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip


class WrittenInt(int):
    """An integer that remembers how it was written, such as `0x1F`."""

    text: str

    def __str__(self) -> str:
        return self.text


class WrittenFloat(float):
    """A number that remembers how it was written, such as `1.10`."""

    text: str

    def __str__(self) -> str:
        return self.text


class WrittenBool(str):
    """A truth value written as `True` or `FALSE`: text for who wants text, a truth value for who wants that."""

    __slots__ = ()

    @property
    def value(self) -> bool:
        return self.lower() == "true"


def scalar(text: str) -> Any:
    """Return what a plain scalar means in the core schema."""
    if text in _WORDS:
        value = _WORDS[text]
        return WrittenBool(text) if isinstance(value, bool) and text != text.lower() else value
    if _INT.match(text):
        try:
            number = int(text, 0) if text[:2] in ("0x", "0o") else int(text)
            if str(number) == text:
                return number
        except ValueError:  # more digits than Python converts: nobody counts that far, so it is text
            return text
        written = WrittenInt(number)
        written.text = text
        return written
    if _FLOAT.match(text):
        value_ = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if repr(value_) == text:
            return value_
        written_float = WrittenFloat(value_)
        written_float.text = text
        return written_float
    return text
