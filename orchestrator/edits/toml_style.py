"""How keys and values are written in TOML. Knows no place in a file."""

from __future__ import annotations

import datetime
import re
from typing import Any, Final

from orchestrator.edits.refusal import Refusal

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_NOT_LITERAL: Final = re.compile(r"['\x00-\x08\x0a-\x1f\x7f]")
_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F)},
    **{ord(plain): f"\\{letter}" for plain, letter in zip('\b\t\n\f\r"\\', 'btnfr"\\', strict=True)},
}
_LINE_ESCAPES: Final = {code: text for code, text in _ESCAPES.items() if chr(code) not in '\n\t"'}
_WIDTH: Final = 88


def key(name: str) -> str:
    """Return a key, in quotes if it needs them."""
    return name if _BARE.fullmatch(name) else string(name, '"')


def header(path: tuple[str | int, ...]) -> str:
    """Return the path of a table as in its header."""
    return ".".join(key(part) for part in path if isinstance(part, str))


def string(text: str, like: str, newline: str = "\n") -> str:
    """Return a string in the quotes that another starts with, if they can hold it."""
    if like.startswith(('"""', "'''")) and "\n" in text:
        lines = text.translate(_LINE_ESCAPES).replace('"""', '\\"\\"\\"').replace("\n", newline)
        lines = f'{lines[:-1]}\\"' if lines.endswith('"') else lines
        return f'"""{newline}{lines}"""'
    if like.startswith("'") and not _NOT_LITERAL.search(text):
        return f"'{text}'"
    return f'"{text.translate(_ESCAPES)}"'


def value(data: Any, like: str, newline: str = "\n", indent: str | None = None) -> str:
    """Return a value with strings quoted as `like` is. A list that is too long for a line goes below `indent`.

    :raises Refusal: `edit/wrong-shape` for what TOML has no word for.
    """
    match data:
        case bool():
            return str(data).lower()
        case int():
            return int.__repr__(data)
        case float():
            return float.__repr__(data)
        case str():
            return string(data, like, newline)
        case datetime.date() | datetime.time():
            return data.isoformat()
        case dict():
            entries = [f"{key(name)} = {value(item, like, newline)}" for name, item in data.items()]
            return f"{{ {', '.join(entries)} }}" if entries else "{}"
        case list():
            return _array(data, like, newline, indent)
        case _:
            raise Refusal("edit/wrong-shape", f"TOML cannot say {data!r}")


def _array(items: list[Any], like: str, newline: str, indent: str | None) -> str:
    line = f"[{', '.join(value(item, like, newline) for item in items)}]"
    if indent is None or len(line) <= _WIDTH:
        return line
    return lines_of_array([value(item, like, newline) for item in items], newline, indent)


def lines_of_array(items: list[str], newline: str, indent: str) -> str:
    """Return an array with a line for each item, one step deeper than `indent`."""
    return newline.join(["[", *(f"{indent}    {item}," for item in items), f"{indent}]"])
