"""A third way in which scenarios are written, as generators of them do: brought to the form that is read here.

Its first step names the command; a step has a name, and `keystroke`, `wait` or `comment`. The number of steps stays as
it is, so that every message still names the right place. What is not of this dialect stays as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, ClassVar, Final

from orchestrator.plan.fields import STRICT, Seconds, Text
from orchestrator.scenarios.keys import Key, parse_key

KEYS: Final = frozenset({"keystroke", "wait", "comment"})
PICTURES: Final = frozenset({".png", ".svg", ".txt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a step says in words of the dialect. It is checked as it was written, so that messages name these words."""

    __pydantic_config__: ClassVar[Any] = STRICT

    name: Text | None = None
    keystroke: Text | None = None
    wait: Seconds | None = None
    comment: Text | None = None


def words_of(step: Any) -> dict[str, Any]:
    """Return the part of a step that `Words` describes."""
    return {name: step[name] for name in Words.__slots__ if name in step} if _speaks(step) else {}


def translate(data: dict[str, Any]) -> dict[str, Any]:
    """Return a scenario's data without the words of the dialect; the same data if it has none."""
    steps = data.get("steps")
    if not isinstance(steps, list) or not _is_dialect(data, steps):
        return data
    made = [_step(step) if _speaks(step) else step for step in steps]
    first = steps[0]
    if not (isinstance(first, dict) and "command" in first) or "command" in data:
        return {**data, "steps": made}
    made[0] = {name: value for name, value in made[0].items() if name not in ("command", "timeout")}
    made[0].setdefault("note", "start")
    return {**data, "command": first["command"], "steps": made}


def _is_dialect(data: Mapping[str, Any], steps: list[Any]) -> bool:
    begins = bool(steps) and isinstance(steps[0], dict) and "command" in steps[0] and "command" not in data
    return begins or any(_speaks(step) and KEYS & step.keys() for step in steps)


def _speaks(step: Any) -> bool:
    """Say whether a step can be of the dialect; the fields of a plugin's step are its own."""
    return isinstance(step, dict) and "type" not in step


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
