"""How things are said: numbers, statuses and paths; and text from elsewhere, made fit for a screen."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Final

STATUSES: Final = (
    "succeeded", "would_change", "may_run", "unchanged", "skipped", "unverifiable",
    "failed", "tolerated", "blocked", "cancelled", "waiting", "retrying", "running",
)  # fmt: skip
"""In the order in which counts are told; `tolerated` is a failure that the plan says does not matter."""

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and other strings for the terminal
    r"|[ -/]*[0-~])"
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the direction of what follows
    "\ud800-\udfff\ufffe\uffff]"  # in no encoding and no XML
)


def clean(text: str) -> str:
    """Return `text` without what would move the cursor, colour the screen or be in nobody's encoding."""
    if text.isprintable():
        return text
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", text).expandtabs(4)


def one_line(text: str) -> str:
    """Return `text`, cleaned, on one line."""
    return " ".join(clean(text).split())


def encodable(text: str, encoding: str | None) -> str:
    """Return `text` with a `?` for each character that `encoding` does not have."""
    return text.encode(encoding or "utf-8", "replace").decode(encoding or "utf-8")


def duration(seconds: float) -> str:
    """Return seconds in words, such as `0.4 s` or `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def number_of(number: int, thing: str) -> str:
    """Return `1 task` or `7 tasks`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def tasks(number: int) -> str:
    """Return `1 task` or `7 tasks`."""
    return number_of(number, "task")


def counts(by_status: Mapping[str, int]) -> str:
    """Return how many tasks ended how, such as `7 succeeded, 1 failed`."""
    found = [f"{by_status[status]} {word(status)}" for status in STATUSES if by_status.get(status)]
    return ", ".join(found) or "no tasks"


def word(status: str) -> str:
    """Return a status as people write it."""
    return status.replace("_", " ")


def listing(names: Iterable[str], limit: int = 10) -> str:
    """Return the names with commas between them, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + more


def short_path(path: str) -> str:
    """Return a path as it is named from the current directory, if it is below that."""
    try:
        here = os.path.join(os.getcwd(), "")
    except OSError:
        return path
    return path.removeprefix(here)


class Output:
    """Puts the lines of tasks together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._rest: dict[str, str] = {}

    def add(self, task: str, piece: str) -> list[str]:
        """Return the lines that `piece` completes."""
        *whole, rest = (self._rest.pop(task, "") + piece).split("\n")
        if rest:
            self._rest[task] = rest
        return [_last_written(line) for line in whole]

    def end(self, task: str) -> list[str]:
        """Return what is left of a task that has ended."""
        rest = self._rest.pop(task, "")
        return [_last_written(rest)] if rest else []


def _last_written(line: str) -> str:
    """A line that was written over and over, as a progress bar is, says what it says at the end."""
    return clean(line.rstrip("\r").rpartition("\r")[2])
