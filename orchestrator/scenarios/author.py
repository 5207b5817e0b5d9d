"""Writes a scenario while a person uses a program: what was typed becomes steps, what was seen becomes their result.

What changes by itself, such as the time of day, is not taken for a result; what was typed unseen is never written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from orchestrator.scenarios.driver import Exit
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.screen import Cursor, Screen
from orchestrator.scenarios.typed import Input, Keyboard

UNSEEN: Final = "SECRET_{}"
_WORD = re.compile(r"\w")
# Times, dates, long numbers, addresses, temporary places, durations and amounts: other ones at the next play.
_VOLATILE = re.compile(
    r"\d:\d\d|\d{4}-\d\d|\d{5,}|\b0x[0-9a-f]+|/tmp/|/var/folders/|\d\s?(?:%|ms|s|sec|seconds|[kKMG]i?B?)\b"
)


class Author:
    """Turns a session into steps."""

    def __init__(self, screen: Screen, is_hidden: Callable[[], bool], is_calm: Callable[[], bool]) -> None:
        """`is_hidden` says whether the program hides what is typed now, `is_calm` whether it has drawn all."""
        self.steps: list[dict[str, Any]] = []
        self.secrets: list[str] = []
        """The names that stand for what was typed unseen."""
        self._screen = screen
        self._is_hidden = is_hidden
        self._is_calm = is_calm
        self._keyboard = Keyboard(screen)
        self._text = ""
        self._before: list[str] = []
        self._cursor_before = screen.cursor()
        """The rows, and where the cursor was, when the last step was done."""
        self._begun: list[str] = []
        """The rows when the text began."""
        self._hides = False

    def typed(self, data: bytes) -> None:
        """Take note of what is typed, before the program gets it."""
        for done in self._keyboard.read(data):
            if self._text and self._has_answered():
                self._finish_text()
            if not self._text:
                self._look()
                self._begun = self._screen.rows()
                self._hides = self._is_hidden()
            self._take(done)

    def resized(self, size: Size) -> None:
        """Take note of another size, before the program is told."""
        self._finish_text()
        self._look()
        self._add({"resize": [*size]})

    def ended(self, how: Exit) -> None:
        """Take note that the program has ended."""
        self._finish_text()
        self._see(self._result(), None)
        self.steps.append({"exit": "any" if how.code is None else how.code})

    def _take(self, done: Input) -> None:
        match done:
            case Input("text", text):
                self._text += text
            case Input("key", "backspace") if self._text:
                self._text = self._text[:-1]
            case Input("key", "enter"):
                self._add({"send": self._taken()})
            case Input("paste", text):
                self._finish_text()
                self._add({"paste": text.replace("\r", "\n")})
            case Input("raw", text):
                self._finish_text()
                self._add({"send": text, "raw": True})
            case Input(kind, name):
                self._finish_text()
                self._add({kind: name})

    def _finish_text(self) -> None:
        """Make a step of text that no Enter followed."""
        if self._text:
            self._add({"send": self._taken(), "raw": True})
            self._before = self._begun  # the program has answered while it was typed
            self._look()

    def _taken(self) -> str:
        text, self._text = self._text, ""
        if not (self._hides and text):
            return text
        self.secrets.append(UNSEEN.format(len(self.secrets) + 1))
        return f"{{{{ {self.secrets[-1]} }}}}"

    def _add(self, step: dict[str, Any]) -> None:
        self.steps.append(step)
        self._before, self._cursor_before = self._screen.rows(), self._screen.cursor()

    def _has_answered(self) -> bool:
        """Say whether the program has done more with the text than to show it where the cursor is."""
        row = self._screen.cursor().row
        pairs = enumerate(zip(self._begun, self._screen.rows(), strict=False), 1)
        return any(was != now for number, (was, now) in pairs if number != row)

    def _look(self) -> None:
        """Say what the last step came to, and where the cursor waits; not if the person did not wait for that."""
        if self._is_calm():
            cursor = self._screen.cursor()
            self._see(self._result(), cursor if cursor.is_visible and cursor != self._cursor_before else None)

    def _see(self, seen: Any, cursor: Cursor | None) -> None:
        found = {} if seen is None else {"see": seen}
        if cursor is not None:
            found["cursor"] = [cursor.row, cursor.column]
        if found and self.steps and not {"see", "cursor"} & self.steps[-1].keys():
            self.steps[-1] |= found
        elif found:
            self.steps.append(found)
        self._before, self._cursor_before = self._screen.rows(), self._screen.cursor()

    def _result(self) -> str | dict[str, Any] | None:
        rows = self._screen.rows()
        sent = str(self.steps[-1].get("send", "")) if self.steps else ""
        before = "\n".join(self._before)
        changed = [
            (number, row.strip())
            for number, row in enumerate(rows, 1)
            if _tells(row) and row != (self._before[number - 1] if number <= len(self._before) else "")
        ]
        answers = [(number, text) for number, text in changed if not (sent and text.endswith(sent))]
        fresh = [text for _, text in answers if text not in before]
        if fresh:
            return fresh[-1]
        return {"text": answers[-1][1], "row": answers[-1][0]} if answers else None


def _tells(row: str) -> bool:
    return _WORD.search(row) is not None and _VOLATILE.search(row) is None
