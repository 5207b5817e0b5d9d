"""One picture of a run that is going on, never larger than the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.text import Text

from orchestrator.plan.model import Plan, Task
from orchestrator.record.events import TaskFinished
from orchestrator.reporters.progress import Progress, Running, Tally
from orchestrator.reporters.summary import approval
from orchestrator.reporters.text import clean, encodable, one_line

FIRST_FAILURES: Final = 3
"""Failed tasks that are shown before all that runs."""
REQUESTS: Final = 3
"""Tasks waiting for a person that are shown in full."""
NOTE_WIDTH: Final = 24
"""A narrower column of notes says nothing; it is left out."""
BAR_WIDTH: Final = 24
STYLES: Final[dict[str, str]] = {
    "": "", "good": "green", "bad": "red", "waiting": "yellow", "warning": "yellow", "quiet": "bright_black",
    "running": "cyan", "title": "bold", "request": "bold yellow",
}  # fmt: skip


class _Symbols(NamedTuple):
    done: str
    failed: str
    running: str
    pending: str
    waiting: str
    blocked: str
    more: str
    bar: str
    rest: str


_UNICODE = _Symbols("✓", "✗", "●", "○", "◆", "◌", "…", "━", "─")
_ASCII = _Symbols("+", "x", ">", ".", "?", "-", "...", "#", "-")


class _Row(NamedTuple):
    """A line of the picture; where there is no room for all, those with the highest rank go first."""

    rank: int
    text: Text


class _Columns(NamedTuple):
    """The width of the terminal, and of what stands side by side in it."""

    width: int
    label: int
    counts: int
    time: int
    note: int


class Painter:
    """Makes frames for a terminal with this encoding."""

    def __init__(self, plan: Plan, encoding: str) -> None:
        self._plan = plan
        self._encoding = encoding
        self._is_unicode = encoding.lower().startswith("utf")
        self._symbols = _UNICODE if self._is_unicode else _ASCII
        self._groups = {group.ref: group.name for phase in plan.phases for group in phase.groups}
        self._longest = _longest_label(plan)

    def frame(self, progress: Progress, now: float, width: int, height: int) -> Text:
        """Return what is going on, in at most `height` - 1 lines of `width`.

        Whom the run waits for, what failed and what runs come before all else.
        """
        room = max(height - 1, 2)
        columns = self._columns(progress, now, width)
        rows = [
            self._head(progress, now, columns),
            *self._phases(progress, now, columns, room),
            *self._requests(progress, columns),
        ]
        if len(rows) <= room:
            return _join(rows)
        by_rank = sorted(range(len(rows)), key=lambda index: (rows[index].rank, index))
        kept = sorted(by_rank[: room - 1])
        more = f"  {self._symbols.more} {len(rows) - len(kept)} more lines"
        return _join([*(rows[index] for index in kept), _Row(0, self._cut(self._text(more, "quiet"), width))])

    def last_frame(self, progress: Progress, now: float, width: int) -> Text:
        """Return what stays on the screen when the run is over: its phases."""
        columns = self._columns(progress, now, width)
        phases = [
            self._phase(phase.key, phase.name, progress.phases[phase.key], now, columns, is_last=True)
            for phase in self._plan.phases
            if phase.key in progress.phases
        ]
        return _join([self._head(progress, now, columns), *phases])

    def fit(self, text: str) -> str:
        """Return text as this terminal can show it."""
        return text if self._is_unicode else encodable(text, self._encoding)

    # --- rows ---------------------------------------------------------------------------------------------

    def _head(self, progress: Progress, now: float, columns: _Columns) -> _Row:
        bar = self._bar(progress.run, min(columns.note, BAR_WIDTH))
        return _Row(0, self._tally_row(self._text(self._plan.name, "title"), progress.run, bar, now, columns))

    def _phases(self, progress: Progress, now: float, columns: _Columns, room: int) -> Iterator[_Row]:
        """Yield the phases; below each the groups in which something runs or failed."""
        below: dict[str, dict[str, list[_Row]]] = {}

        def put(task: Task, *rows: _Row) -> None:
            below.setdefault(task.phase, {}).setdefault(task.group, []).extend(rows)

        for index, failure in enumerate(progress.failures.values()):
            if (task := self._plan.tasks.get(failure.task)) is not None:
                rank = 2 if index < FIRST_FAILURES else 4
                put(task, *(_Row(rank, text) for text in self._failure(task, failure, columns)))
        for running in islice(progress.running.values(), room):
            put(running.task, self._running(running, now, columns))
        for phase in self._plan.phases:
            if (tally := progress.phases.get(phase.key)) is None:
                continue
            yield self._phase(phase.key, phase.name, tally, now, columns)
            for key, rows in below.get(phase.key, {}).items():
                ref = f"{phase.key}/{key}"
                if ref in progress.groups:
                    label = self._text(f"  {one_line(self._groups.get(ref, key))}")
                    tally = progress.groups[ref]
                    yield _Row(6, self._tally_row(label, tally, Text(), now, columns))
                yield from rows

    def _phase(
        self, key: str, name: str, tally: Tally, now: float, columns: _Columns, *, is_last: bool = False
    ) -> _Row:
        is_pending = tally.began is None and not tally.is_over
        label = self._mark(tally, is_last=is_last).append_text(
            self._text(f" {one_line(name or key)}", "quiet" if is_pending else "")
        )
        rank = 5 if tally.number("running", "retrying") else 7 if is_pending else 8
        return _Row(rank, self._tally_row(label, tally, self._troubles(tally), now, columns))

    def _running(self, running: Running, now: float, columns: _Columns) -> _Row:
        label = self._task(running.task, self._symbols.running, "running")
        if running.retry_at is None:
            note = self._text(_last_line(running.tail), "quiet")
        else:
            wait = max(running.retry_at - now, 0.0)
            note = self._text(f"again in {wait:.0f} s: {one_line(running.trouble)}", "warning")
        return _Row(3, self._row(label, Text(), now - running.since, note, columns))

    def _failure(self, task: Task, failure: TaskFinished, columns: _Columns) -> Iterator[Text]:
        tone = "warning" if failure.tolerated else "bad"
        label = self._task(task, self._symbols.failed, tone)
        reason = one_line(failure.message or failure.summary)
        if columns.note >= 2 * NOTE_WIDTH:
            yield self._row(label, Text(), failure.seconds, self._text(reason, tone), columns)
        else:
            yield self._row(label, Text(), failure.seconds, Text(), columns)
            yield self._cut(self._text(f"      {reason}", tone), columns.width)

    def _requests(self, progress: Progress, columns: _Columns) -> Iterator[_Row]:
        """Yield what people are asked for, at the end, where they look."""
        symbol = self._symbols.waiting
        if progress.waiting:
            yield _Row(9, Text())
        for task_id, asked in islice(progress.waiting.items(), REQUESTS):
            task = self._plan.tasks.get(task_id)
            title = f"{symbol} {task_id}  {one_line(task.name) if task else ''}  waits for you"
            yield _Row(1, self._cut(self._text(title, "request"), columns.width))
            first = next(iter(clean(asked.instructions).strip().splitlines()), "")
            yield _Row(6, self._cut(self._text(f"  {first}"), columns.width))
            yield _Row(1, self._cut(self._text(f"  {approval(task_id)}", "waiting"), columns.width))
        if len(progress.waiting) > REQUESTS:
            more = f"{symbol} {len(progress.waiting) - REQUESTS} more wait for you: orchestrate status"
            yield _Row(1, self._cut(self._text(more, "waiting"), columns.width))

    # --- parts of a row -----------------------------------------------------------------------------------

    def _columns(self, progress: Progress, now: float, width: int) -> _Columns:
        counts = len(f"{progress.run.total}/{progress.run.total}")
        time = max(len(_clock_face(now - (progress.run.began or now))), len("00:00"))
        fixed = 2 + counts + 2 + time
        label = width - fixed - 2 - NOTE_WIDTH
        if label < NOTE_WIDTH:
            return _Columns(width, min(self._longest, max(width - fixed, 8)), counts, time, 0)
        label = min(self._longest, label)
        return _Columns(width, label, counts, time, width - fixed - 2 - label)

    def _tally_row(self, label: Text, tally: Tally, note: Text, now: float, columns: _Columns) -> Text:
        seconds = None
        if tally.began is not None:
            seconds = (tally.ended if tally.is_over and tally.ended is not None else now) - tally.began
        count = self._text(f"  {tally.done}/{tally.total}", "" if tally.done or seconds is not None else "quiet")
        return self._row(label, count, seconds, note, columns)

    def _row(self, label: Text, count: Text, seconds: float | None, note: Text, columns: _Columns) -> Text:
        room = columns.label + 2 + columns.counts - len(count)
        row = self._cut(label, room)
        row.pad_right(room - row.cell_len)
        row.append_text(count).append("  ")
        row.append(f"{'' if seconds is None else _clock_face(seconds):>{columns.time}}", STYLES["quiet"])
        if columns.note and note.plain:
            row.append("  ").append_text(self._cut(note, columns.note))
        row.rstrip()
        return self._cut(row, columns.width)

    def _task(self, task: Task, symbol: str, tone: str) -> Text:
        return self._text(f"    {symbol} ", tone).append(self.fit(f"{task.id}  {one_line(task.name)}"))

    def _mark(self, tally: Tally, *, is_last: bool) -> Text:
        symbols = self._symbols
        if tally.number("failed"):
            return self._text(symbols.failed, "bad")
        if tally.number("waiting"):
            return self._text(symbols.waiting, "waiting")
        if tally.is_over and tally.done < tally.total:
            return self._text(symbols.blocked, "quiet")
        if tally.is_over:
            return self._text(symbols.done, "good")
        if tally.began is None or is_last:
            return self._text(symbols.pending, "quiet")
        return self._text(symbols.running, "running")

    def _troubles(self, tally: Tally) -> Text:
        told = (("failed", "bad"), ("waiting", "waiting"), ("blocked", "quiet"), ("cancelled", "quiet"))
        found = [(tally.number(status), status, tone) for status, tone in told]
        return Text(", ").join(self._text(f"{number} {status}", tone) for number, status, tone in found if number)

    def _bar(self, tally: Tally, width: int) -> Text:
        total = max(tally.total, 1)
        failed = min(-(-width * tally.number("failed") // total), width)
        done = min(width * tally.done // total, width - failed)
        bar = self._text(self._symbols.bar * done, "good")
        bar.append(self._symbols.bar * failed, STYLES["bad"])
        return bar.append(self._symbols.rest * (width - done - failed), STYLES["quiet"])

    def _text(self, text: str, tone: str = "") -> Text:
        made = Text(no_wrap=True, end="")
        return made.append(self.fit(text), STYLES[tone])

    def _cut(self, text: Text, width: int) -> Text:
        text.truncate(max(width, 1), overflow="ellipsis" if self._is_unicode else "crop")
        return text


def _join(rows: list[_Row]) -> Text:
    return Text("\n", no_wrap=True, end="").join(row.text for row in rows)


def _longest_label(plan: Plan) -> int:
    phases = (2 + cell_len(phase.name) for phase in plan.phases)
    groups = (2 + cell_len(group.name) for phase in plan.phases for group in phase.groups)
    tasks = (8 + cell_len(task.id) + cell_len(task.name) for task in plan.tasks.values())
    return max(cell_len(plan.name), *phases, *groups, *tasks)


def _last_line(output: str) -> str:
    lines = clean(output).rstrip().splitlines()
    return lines[-1].strip() if lines else ""


def _clock_face(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
