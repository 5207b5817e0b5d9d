"""What a test is called: what comes of it, and under which circumstances. Made from the record, never from source."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_LONGEST: Final = 70


def title_of(case: Mapping[str, Any]) -> str:
    """Return the title of a recorded case."""
    conditions = [_condition(choice["at"], choice["label"], case) for choice in case["choices"]]
    when = " and ".join(dict.fromkeys(conditions[-3:]))
    return f"{_outcome(case)}{f' when {when}' if when else ''}"


def _outcome(case: Mapping[str, Any]) -> str:
    error = case.get("error")
    if error:
        if error["message"] in {"connection lost", "refused"}:
            return "passes a failure on"
        return f"throws {error['name']} {json.dumps(_short(error['message']), ensure_ascii=False)}"
    value = case.get("value")
    if value == {"$undefined": True}:
        last = case["script"][-1][0] if case["script"] else None
        return f"ends with {_call(last)}" if last else "does nothing"
    if isinstance(value, dict) and "$date" not in value and len(json.dumps(value)) > _LONGEST:
        return f"returns {', '.join(list(value)[:4])}{' and more' if len(value) > 4 else ''}"
    if isinstance(value, list) and len(json.dumps(value)) > _LONGEST:
        return f"returns {len(value)} {'item' if len(value) == 1 else 'items'}"
    return f"returns {_short(json.dumps(value, ensure_ascii=False))}"


def _condition(at: str, label: str, case: Mapping[str, Any]) -> str:
    kind, _, path = at.partition(":")
    name = re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
    if kind == "reply" and path.isdigit():
        return _answered(_call(case["script"][int(path)][0]) if int(path) < len(case["script"]) else "a call", label)
    if label in {"omitted", "undefined", "missing"}:
        return f"there is no {name}"
    if kind == "reply" and name.isdigit():
        return f"an item is {label}"
    if label.endswith(" of them"):
        return f"{name} has {label.split()[0]} {'item' if label.startswith('1 ') else 'items'}"
    return f"{name} is {label}"


def _answered(call: str, label: str) -> str:
    if label in {"undefined", "null", "an empty list"}:
        return f"{call} finds nothing"
    if label.endswith(" of them"):
        return f"{call} finds {label.split()[0]}"
    if label.startswith(("fails", "answers")):
        return f"{call} {label}"
    return f"{call} answers {label}"


def _call(line: str) -> str:
    """Return a call without what lies between its beginning and its last method."""
    table = re.match(r"(?:\w+)\('(\w+)'\)", line)
    methods = re.findall(r"\.(\w+)\(", line)
    if table and methods:
        return f"{table[1]}.{methods[-1]}"
    return line.partition("(")[0]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
