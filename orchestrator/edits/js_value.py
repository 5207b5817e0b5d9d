"""What literals of JavaScript and JSON mean, and how values are spelled.

Knows neither files nor syntax trees, so that a recipe can ask for an `Opaque` without loading a parser.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL)
_MEANINGS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_LINE_BREAKS: Final = ("\n", "\r", "\r\n", "\u2028", "\u2029")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UNSPEAKABLE: Final = re.compile("[\\\\\x00-\x1f\x7f\u2028\u2029\ufeff\ud800-\udfff]")
_SHORT: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_NUMBER: Final = re.compile(
    r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?P<real>(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)"
)


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that is no plain data: a call, a variable, a function. Two are equal when they are written alike."""

    text: str
    is_entry: bool = False
    """Whether this is a whole entry of an object, such as a spread, a method, or one with a computed key."""

    def __str__(self) -> str:
        return self.text


def string_value(literal: str) -> str | Opaque:
    """Return what a string means, its quotes included; a template string must have no substitutions."""
    body = literal[1:-1]
    if literal[0] == "`":
        body = body.replace("\r\n", "\n")
    if "\\" not in body:
        return body
    try:
        return _paired(_ESCAPE.sub(_meaning, body))
    except ValueError:
        return Opaque(literal)


def number_value(literal: str) -> int | float | Opaque:
    """Return what a number means. Octal numbers of old (`010`), big integers and infinite ones stay as they are."""
    text = literal.replace("_", "")
    match = _NUMBER.fullmatch(text)
    try:
        if match is None:
            return Opaque(literal)
        if match["real"] is None:
            return int(text, 0)
        number = int(text) if text.isdecimal() else float(text)
        return number if math.isfinite(number) else Opaque(literal)
    except (OverflowError, ValueError):  # more digits than Python converts
        return Opaque(literal)


def quoted(text: str, quote: str) -> str:
    """Spell a string."""
    body = _UNSPEAKABLE.sub(lambda match: _escape(match[0]), text).replace(quote, "\\" + quote)
    return quote + (body.replace("${", "\\${") if quote == "`" else body) + quote


def spelled(value: Any, quote: str) -> str | None:
    """Spell a scalar; None for what JavaScript has no literal for."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return int.__repr__(value)
        case float():
            return float.__repr__(value) if math.isfinite(value) else None
        case str():
            return quoted(value, quote)
        case Opaque():
            return value.text
        case _:
            return None


def _meaning(match: re.Match[str]) -> str:
    code_point, unit, byte, other = match.groups()
    digits = code_point or unit or byte
    if digits:
        return chr(int(digits, 16))
    if other in _LINE_BREAKS:
        return ""
    follows_digit = match.string[match.end() : match.end() + 1].isdigit()
    if other in "ux" or (other.isdigit() and (other != "0" or follows_digit)):
        raise ValueError(other)  # malformed, or an octal escape of old
    return _MEANINGS.get(other, other)


def _paired(text: str) -> str:
    """Join the halves of characters beyond 16 bits."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _escape(char: str) -> str:
    return _SHORT.get(char) or f"\\u{ord(char):04x}"
