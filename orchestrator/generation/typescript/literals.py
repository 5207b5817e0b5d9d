"""The one place where recorded values become TypeScript. Nothing of the target's text passes through unescaped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from orchestrator.generation.result import Value

ROOT: Final = "<root>"
"""Stands for the project's directory in what was recorded."""
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*\Z")
_LONG: Final = 60


def literal(value: Value) -> str:
    """Return the expression that makes a value."""
    if isinstance(value, str):
        return _repeated(value) or placed(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if not isinstance(value, dict):
        return json.dumps(value)
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key in _SPECIAL:
            return _SPECIAL[key](inner)
    return braced(value)


def braced(value: dict[str, Value], spread: str | None = None) -> str:
    """Return an object literal, laid over another object if there is one to `spread`."""
    parts = [key if inner == {"$given": key} else f"{key_of(key)}: {literal(inner)}" for key, inner in value.items()]
    if spread is not None:
        parts.insert(0, f"...{spread}")
    return f"{{ {', '.join(parts)} }}" if parts else "{}"


def quoted(text: str) -> str:
    """Return text as a literal, in the quotes that need fewer escapes."""
    body = json.dumps(text, ensure_ascii=False)[1:-1].replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if "'" in text and '"' not in text:
        return f'"{body}"'
    return "'" + body.replace('\\"', '"').replace("'", "\\'") + "'"


def placed(text: str) -> str:
    """Return text as an expression that says where the project is wherever it is."""
    if ROOT not in text:
        return quoted(text)
    body = re.sub(r"[\\\\`]|\$\{", r"\\\g<0>", text)
    return f"`{body.replace(ROOT, '${projectRoot}')}`"


def unquoted(text: str) -> str:
    """Return what a literal of `quoted` says."""
    body = text[1:-1]
    if text.startswith("'"):
        body = body.replace("\\'", "'").replace('"', '\\"')
    return str(json.loads(f'"{body}"'))


def key_of(name: str) -> str:
    """Return a property name, quoted where it must be."""
    return name if _NAME.match(name) else quoted(name)


def access(name: str) -> str:
    """Return how a property is read."""
    return f".{name}" if _NAME.match(name) else f"[{quoted(name)}]"


def _repeated(text: str) -> str | None:
    """Return long text that repeats itself as a repetition."""
    if len(text) <= _LONG:
        return None
    period = (text + text).find(text[: _LONG // 2], 1)
    if not 0 < period <= _LONG // 2:
        return None
    unit, times = text[:period], -(-len(text) // period)
    if (unit * times)[: len(text)] != text:
        return None
    end = "" if len(text) % period == 0 else f".slice(0, {len(text)})"
    return f"{quoted(unit)}.repeat({times}){end}"


def _error(error: dict[str, Any]) -> str:
    made = f"new Error({quoted(error['message'])})"
    return f"Object.assign({made}, {literal(error['props'])})" if error["props"] else made


def _response(response: dict[str, Any]) -> str:
    return f"Response.json({literal(response['json'])}, {{ status: {int(response['status'])} }})"


_SPECIAL: Final[dict[str, Callable[[Any], str]]] = {
    "$undefined": lambda _: "undefined",
    "$number": str,
    "$bigint": lambda digits: f"{int(digits)}n",
    "$date": lambda moment: f"new Date({quoted(moment)})",
    "$set": lambda items: f"new Set({literal(items)})",
    "$map": lambda pairs: f"new Map({literal(pairs)})",
    "$buffer": lambda data: f"Buffer.from({quoted(data)}, 'base64')",
    "$error": _error,
    "$response": _response,
    "$function": lambda _: "expect.any(Function)",
    "$given": str,
    "$something": lambda _: "expect.any(Object)",
    "$text": lambda _: "expect.any(String)",
    "$new": lambda made: f"new {made['name']}({', '.join(map(literal, made['args']))})",
}
