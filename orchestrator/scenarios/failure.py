"""The report of a failure: what was looked for, what comes nearest, and what the terminal looked like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from orchestrator.masking import Masker
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.screen import Cursor, open_screen
from orchestrator.scenarios.session import Session

RECENT: Final = 1.0
"""Seconds before the failure in which changes are told."""
REMAINING: Final = 400
"""Characters of unread output that are shown."""
ENOUGH: Final = 60.0
"""How similar, of 100, a text must be to be called near."""


class StepFailed(Exception):
    """A step did not find what it should; `wanted` is what it looked for."""

    def __init__(self, message: str, wanted: str | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.wanted = wanted
        self.detail = detail


@dataclass(frozen=True)
class Report:
    """All that helps to see why a step failed."""

    message: str
    where: str
    wanted: str | None
    nearest: str | None
    rows: Sequence[str]
    size: Size
    cursor: Cursor
    changes: Sequence[str] = ()
    keys: Sequence[str] = ()
    remaining: str = ""
    seconds: float = 0.0
    """Where in the recording it failed."""
    detail: str = ""
    notes: Sequence[str] = field(default_factory=tuple)

    def __str__(self) -> str:
        lines = [self.message, f"  --> {self.where}"]
        if self.wanted is not None:
            lines.append(f"  looked for: {self.wanted}")
        if self.nearest is not None:
            lines.append(f"  nearest:    {self.nearest}")
        lines += [f"  {line}" for line in self.detail.splitlines()]
        if self.keys:
            lines.append(f"  last keys:  {' '.join(self.keys)}")
        lines.append(f"  recording:  {self.seconds:.2f} s")
        lines += ["", *self._screen()]
        if self.changes:
            lines += ["", f"changed in the last {RECENT:g} s:", *(f"  {line}" for line in self.changes)]
        if self.remaining.strip():
            lines += ["", "output that nothing has consumed:", *(f"  {line}" for line in self._tail())]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _screen(self) -> list[str]:
        """Draw the screen in a frame, down to the last row that shows something, with the cursor pointed at."""
        last = max([self.cursor.row, *(number for number, row in enumerate(self.rows, 1) if row)])
        width = max([self.cursor.column, 20, *(len(row) for row in self.rows)])
        size = f" {self.size.columns} x {self.size.rows} "
        drawn = [f"+{size:-<{width}}+"]
        for number, row in enumerate(self.rows[:last], 1):
            drawn.append(f"|{row:<{width}}|")
            if number == self.cursor.row:
                pointer = " " * (self.cursor.column - 1) + "^"
                drawn.append(f"|{pointer:<{width}}| cursor{'' if self.cursor.is_visible else ', hidden'}")
        if last < len(self.rows):
            drawn.append(f"|{f'({len(self.rows) - last} empty rows)':<{width}}|")
        return [*drawn, f"+{'':-<{width}}+"]

    def _tail(self) -> list[str]:
        shown = self.remaining[-REMAINING:]
        return [repr(line)[1:-1] for line in shown.splitlines()]


def report(session: Session, failed: StepFailed, where: str, seconds: float, masker: Masker) -> Report:
    """Return the report of a failure that has just happened.

    Secrets are taken out of the parts: in the whole, the frame of the screen would stand between two rows of one.
    """
    rows = _masked([f"{row}\n" for row in session.screen.rows()], masker)
    remaining = masker.drawn(session.transcript.remaining())
    wanted = failed.wanted
    return Report(
        message=failed.message,
        where=where,
        wanted=wanted,
        nearest=nearest(wanted, rows, remaining[-REMAINING * 10 :].splitlines()) if wanted else None,
        rows=rows,
        size=session.screen.size,
        cursor=session.screen.cursor(),
        changes=recent_changes(session, rows, seconds, masker),
        keys=_masked(session.keys, masker),
        remaining=remaining,
        seconds=seconds,
        detail=failed.detail,
    )


def nearest(wanted: str, rows: Sequence[str], output: Sequence[str]) -> str | None:
    """Return the row or line of output that is most like what was looked for, by edit distance."""
    from rapidfuzz import fuzz, process

    candidates = {index: line.strip() for index, line in enumerate([*rows, *output]) if line.strip()}
    plain = wanted.replace("\\", "")
    found = process.extractOne(plain, candidates, scorer=fuzz.partial_ratio, score_cutoff=ENOUGH)
    if found is None:
        return None
    line, alike, index = found
    return f"{line}  ({alike:.0f} % alike{f', row {index + 1}' if index < len(rows) else ''})"


def recent_changes(session: Session, rows: Sequence[str], now: float, masker: Masker) -> list[str]:
    """Return which rows changed in the last second, played again from the recording."""
    recording = session.recording
    if recording.is_cut:
        return []
    before = open_screen(recording.size)
    for moment in recording.moments:
        if moment.seconds > now - RECENT:
            break
        if moment.kind == "o":
            before.feed(moment.data)
    old = _masked([f"{row}\n" for row in before.rows()], masker)
    before.close()
    pairs = zip(range(1, len(rows) + 1), old, rows, strict=False)
    return [f"row {number}: `{was}` -> `{row}`" for number, was, row in pairs if was != row][:10]


def _masked(texts: Iterable[str], masker: Masker) -> list[str]:
    """Return texts, such as the rows of a screen, without the secrets that go over several of them."""
    return [text.rstrip("\n") for text in masker.pieces([text.encode() for text in texts])]
