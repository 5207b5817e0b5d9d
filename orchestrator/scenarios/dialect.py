"""A third way in which scenarios are written, as generators of them do: brought to the form that is read here.

Its first step names the command; a step has a name, and `keystroke`, `wait` or `comment`. The number of steps stays as
it is, so that every message still names the right place. What is not of this dialect stays as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

from orchestrator.scenarios.keys import Key, parse_key

KEYS: Final = frozenset({"keystroke", "wait", "comment"})
PICTURES: Final = frozenset({".png", ".svg", ".txt"})


def translate(data: dict[str, Any]) -> dict[str, Any]:
    """Return a scenario's data without the words of the dialect; the same data if it has none."""
    steps = data.get("steps")
    if not isinstance(steps, list) or not _is_dialect(data, steps):
        return data
    made = [_step(step) if isinstance(step, dict) else step for step in steps]
    first = steps[0]
    if not (isinstance(first, dict) and "command" in first) or "command" in data:
        return {**data, "steps": made}
    made[0] = {name: value for name, value in made[0].items() if name not in ("command", "timeout")}
    made[0].setdefault("note", "start")
    return {**data, "command": first["command"], "steps": made}


def _is_dialect(data: Mapping[str, Any], steps: list[Any]) -> bool:
    begins = bool(steps) and isinstance(steps[0], dict) and "command" in steps[0] and "command" not in data
    return begins or any(isinstance(step, dict) and KEYS & step.keys() for step in steps)


def _step(step: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in step.items():
        match name:
            case "keystroke":
                made |= _keystroke(str(value))
            case "wait":
                made["settle"] = value
            case "name" | "comment":
                made["note"] = f"{made['note']}: {value}" if "note" in made else value
            case "screenshot" if isinstance(value, str) and PurePath(value).suffix in PICTURES:
                made[name] = PurePath(value).stem
            case _:
                made[name] = value
    return made


def _keystroke(text: str) -> dict[str, Any]:
    """Return what a keystroke is: a key with a name, or text as it stands."""
    if len(text) > 1 and isinstance(parse_key(text), Key):
        return {"key": text}
    return {"send": text, "raw": True}
