"""A run as a tree that lives at the end of a terminal: phases, what runs in them, what failed, who is waited for.

Events only move counters; the frame is made from those a few times a second, by rich's own timer, and never holds more
rows than the terminal. So a frame costs the same however many tasks there are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.text import Text

from orchestrator.clock import Clock, SystemClock
from orchestrator.plan.model import Plan, Task
from orchestrator.record.events import (
    ApprovalAsked,
    AttemptFailed,
    Entry,
    RunFinished,
    RunPaused,
    RunStarted,
    TaskFinished,
    TaskOutput,
    TaskStarted,
)
from orchestrator.record.state import SATISFIED, RunState, TaskState
from orchestrator.reporters import summary
from orchestrator.reporters.text import Output, clean, encodable, one_line

FRAMES_PER_SECOND: Final = 8
TAIL: Final = 400
"""Characters of output that are kept of a running task, to find its last line in."""
FAILURES: Final = 20
"""Failed tasks that stay in view; a frame has rarely room for more."""
REQUESTS: Final = 3
"""Tasks waiting for a person that are shown in full."""
TIME_WIDTH: Final = 7
"""`1:02:03`."""
NOTE_WIDTH: Final = 24
"""Below this, a column of notes says nothing; it is left out."""
BAR_WIDTH: Final = 24

STYLES: Final[dict[str, str]] = {
    "": "", "good": "green", "bad": "red", "waiting": "yellow", "warning": "yellow", "quiet": "bright_black",
    "running": "cyan", "title": "bold",
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


_UNICODE = _Symbols("✓", "✗", "●", "○", "◆", "–", "…", "━", "─")
_ASCII = _Symbols("+", "x", ">", ".", "?", "-", "...", "#", "-")


@dataclass(slots=True)
class _Tally:
    """How far a phase, a group or the run is."""

    total: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    began: float | None = None
    ended: float | None = None

    def count(self, *statuses: str) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)

    @property
    def done(self) -> int:
        return self.count(*SATISFIED, "tolerated")

    @property
    def is_over(self) -> bool:
        return self.done + self.count("failed", "blocked", "cancelled") >= self.total

    def move(self, old: str | None, new: str, now: float) -> None:
        if old is not None:
            self.by_status[old] -= 1
        self.by_status[new] = self.by_status.get(new, 0) + 1
        if self.began is None:
            self.began = now
        self.ended = now


@dataclass(slots=True)
class _Running:
    task: Task
    since: float
    tail: str = ""
    """The end of what it printed."""
    trouble: str = ""
    """Why it has to be tried again."""
    retry_at: float | None = None


class _Row(NamedTuple):
    """A line of the frame; where there is no room for all, those with the highest rank go first."""

    rank: int
    text: Text


class _Columns(NamedTuple):
    """The width of each."""

    label: int
    count: int
    time: int
    note: int


class Tree:
    """Draws a run on `console`.

    `before` is the state of the last run, which this one may go on with; `selected` returns the ids of the tasks that
    the run is about; `verbose` prints what the tasks print, above the tree.
    """

    def __init__(
        self,
        plan: Plan,
        console: Console | None = None,
        *,
        clock: Clock | None = None,
        before: RunState | None = None,
        selected: Callable[[], Collection[str]] | None = None,
        verbose: bool = False,
    ) -> None:
        self._plan = plan
        self._console = console or Console(highlight=False)
        self._clock = clock or SystemClock()
        self._before = before
        self._selected = selected or plan.tasks.keys
        self._verbose = verbose
        self._encoding = self._console.encoding
        self._is_unicode = self._encoding.lower().startswith("utf")
        self._symbols = _UNICODE if self._is_unicode else _ASCII
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._is_closing = False
        self._state = RunState()
        self._interrupted: list[str] = []
        self._run = _Tally()
        self._tallies: dict[str, _Tally] = {}
        self._counted: set[str] = set()
        self._running: dict[str, _Running] = {}
        self._failures: dict[str, TaskFinished] = {}
        self._waiting: dict[str, ApprovalAsked] = {}
        self._output = Output()
        self._group_names = {group.ref: group.name for phase in plan.phases for group in phase.groups}
        self._longest = self._longest_label()

    # --- watching -----------------------------------------------------------------------------------------------

    def see(self, entries: Sequence[Entry]) -> None:
        printed: list[str] = []
        with self._lock:
            now = self._clock.monotonic()
            for entry in entries:
                self._note(entry, now, printed)
        if self._live is None and any(isinstance(entry.event, RunStarted) for entry in entries):
            self.resume()
        for line in printed:
            self._console.print(Text(self._fit(line)), soft_wrap=True)

    def pause(self) -> None:
        """Take the tree off the screen, so that something else can be shown or asked."""
        live, self._live = self._live, None
        if live is not None:
            live.transient = True
            live.stop()

    def resume(self) -> None:
        """Draw the tree again, below whatever is on the screen now."""
        if self._live is None and self._state.run_id and not self._is_closing:
            self._live = Live(
                console=self._console,
                get_renderable=self.draw,
                auto_refresh=self._console.is_terminal,
                refresh_per_second=FRAMES_PER_SECOND,
            )
            self._live.start()

    def close(self) -> None:
        if not self._state.run_id:
            return
        self.resume()
        self._is_closing = True
        live, self._live = self._live, None
        if live is not None:
            live.stop()
        self._console.print()
        seconds = (self._run.ended or 0.0) - (self._run.began or 0.0)
        for line in summary.lines(self._state, self._plan, seconds=seconds, interrupted=self._interrupted):
            self._console.print(Text(self._fit(line.text), STYLES[line.tone]), soft_wrap=True)

    def draw(self) -> Text:
        """Return the tree as it is now, made for the size that the terminal has now."""
        width, height = self._console.size
        with self._lock:
            rows = self._last_rows(width) if self._is_closing else self._rows(width, height)
        return Text("\n", no_wrap=True, end="").join(row.text for row in rows)

    # --- events -------------------------------------------------------------------------------------------------

    def _note(self, entry: Entry, now: float, printed: list[str]) -> None:
        event = entry.event
        match event:
            case TaskOutput():
                self._note_output(event, printed)
                return
            case TaskStarted() | TaskFinished() | AttemptFailed() | ApprovalAsked():
                known = self._state.tasks.get(event.task)
                old = None if known is None else _status(known)
                self._state.advance(entry)
                self._count(event.task, old, now)
                self._note_task(event, now, printed)
                return
            case RunStarted(resumed=resumed):
                if resumed and self._before is not None and self._before.run_id == entry.run_id:
                    self._state = self._before
                    self._interrupted = self._before.interrupted
            case RunFinished() | RunPaused():
                self._run.ended = now
            case _:
                pass
        self._state.advance(entry)
        if isinstance(event, RunStarted):
            self._count_all(now)

    def _count_all(self, now: float) -> None:
        """Begin to count: what the run is about, and what of it was done before it was interrupted."""
        self._run = _Tally(began=now)
        self._tallies = {}
        self._counted = set()
        for task_id in self._selected():
            self._expect(task_id)
        for task in self._state.tasks.values():
            if task.id in self._counted:
                for tally in self._tallies_of(task.id):
                    status = _status(task)
                    tally.by_status[status] = tally.by_status.get(status, 0) + 1

    def _expect(self, task_id: str) -> None:
        self._counted.add(task_id)
        for tally in self._tallies_of(task_id):
            tally.total += 1

    def _count(self, task_id: str, old: str | None, now: float) -> None:
        if task_id not in self._counted:
            self._expect(task_id)
            old = None
        new = _status(self._state.tasks[task_id])
        for tally in self._tallies_of(task_id):
            tally.move(old, new, now)

    def _tallies_of(self, task_id: str) -> Iterator[_Tally]:
        yield self._run
        task = self._plan.tasks.get(task_id)
        if task is not None:
            yield self._tally(task.phase)
            if task.group:
                yield self._tally(f"{task.phase}/{task.group}")

    def _tally(self, name: str) -> _Tally:
        tally = self._tallies.get(name)
        if tally is None:
            tally = self._tallies[name] = _Tally()
        return tally

    def _note_task(
        self, event: TaskStarted | TaskFinished | AttemptFailed | ApprovalAsked, now: float, printed: list[str]
    ) -> None:
        task_id = event.task
        match event:
            case TaskStarted():
                self._waiting.pop(task_id, None)
                self._failures.pop(task_id, None)
                if task_id in self._plan.tasks:
                    self._running[task_id] = _Running(self._plan.tasks[task_id], now)
            case TaskFinished(status=status):
                self._running.pop(task_id, None)
                self._waiting.pop(task_id, None)
                if status == "failed" and len(self._failures) < FAILURES:
                    self._failures[task_id] = event
                if self._verbose:
                    printed.extend(f"{task_id} | {line}" for line in self._output.end(task_id))
            case AttemptFailed(message=message, delay=delay):
                running = self._running.get(task_id)
                if running is not None:
                    running.trouble, running.retry_at = message, now + delay
            case ApprovalAsked():
                self._running.pop(task_id, None)
                self._waiting[task_id] = event

    def _note_output(self, event: TaskOutput, printed: list[str]) -> None:
        running = self._running.get(event.task)
        if running is not None:
            running.tail = (running.tail + event.text)[-TAIL:]
        if self._verbose:
            who = event.task or "prepare"
            printed.extend(f"{who} | {line}" for line in self._output.add(event.task, event.text))

    # --- the frame ----------------------------------------------------------------------------------------------

    def _rows(self, width: int, height: int) -> list[_Row]:
        """Return what fits: people who are waited for, failures and running tasks before all else."""
        room = max(height - 1, 1)
        columns = self._columns(width)
        rows = [self._head(columns), *self._tree(columns, room), *self._requests(columns)]
        if len(rows) <= room:
            return rows
        by_rank = sorted(range(len(rows)), key=lambda index: (rows[index].rank, index))
        kept = sorted(by_rank[: room - 1])
        text = f"  {self._symbols.more} {len(rows) - len(kept)} more lines"
        return [*(rows[index] for index in kept), _Row(0, Text(text[:width], STYLES["quiet"]))]

    def _last_rows(self, width: int) -> list[_Row]:
        """Return what stays on the screen: the phases that took part, without their tasks."""
        columns = self._columns(width)
        phases = [phase.key for phase in self._plan.phases if phase.key in self._tallies]
        return [self._head(columns), *(self._phase(phase, columns, is_last=True) for phase in phases)]

    def _columns(self, width: int) -> _Columns:
        count = len(f"{self._run.total}/{self._run.total}")
        fixed = 2 + count + 2 + TIME_WIDTH
        with_note = width - fixed - 2 - NOTE_WIDTH
        if with_note < NOTE_WIDTH:
            return _Columns(min(self._longest, max(width - fixed, 8)), count, TIME_WIDTH, 0)
        label = min(self._longest, with_note)
        return _Columns(label, count, TIME_WIDTH, width - fixed - 2 - label)

    def _head(self, columns: _Columns) -> _Row:
        bar = self._bar(min(columns.note, BAR_WIDTH)) if columns.note else Text()
        return _Row(0, self._row(columns, Text(self._say(self._plan.name), STYLES["title"]), self._run, bar))

    def _tree(self, columns: _Columns, room: int) -> Iterator[_Row]:
        """Yield the phases; below each the groups in which something runs or failed."""
        below: dict[str, dict[str, list[_Row]]] = {}
        for failure in self._failures.values():
            task = self._plan.tasks.get(failure.task)
            if task is not None:
                rows = below.setdefault(task.phase, {}).setdefault(task.group, [])
                rows.extend(self._failure(task, failure, columns))
        for running in islice(self._running.values(), room):
            task = running.task
            below.setdefault(task.phase, {}).setdefault(task.group, []).append(self._running_task(running, columns))
        for phase in self._plan.phases:
            if phase.key not in self._tallies:
                continue
            yield self._phase(phase.key, columns)
            for group, rows in below.get(phase.key, {}).items():
                if group:
                    yield self._group(f"{phase.key}/{group}", columns)
                yield from rows

    def _phase(self, key: str, columns: _Columns, *, is_last: bool = False) -> _Row:
        tally = self._tallies[key]
        name = next(phase.name for phase in self._plan.phases if phase.key == key)
        symbol, tone = self._mark(tally, is_last=is_last)
        is_pending = tally.began is None and not tally.is_over
        label = Text.assemble((f"{symbol} ", STYLES[tone]), (self._say(name), STYLES["quiet"] if is_pending else ""))
        rank = 3 if tally.count("running", "retrying") else 5 if is_pending else 6
        return _Row(rank, self._row(columns, label, tally, self._troubles(tally)))

    def _group(self, ref: str, columns: _Columns) -> _Row:
        tally = self._tallies[ref]
        label = Text(f"  {self._say(self._group_names.get(ref, ref))}")
        return _Row(4, self._row(columns, label, tally, self._troubles(tally)))

    def _running_task(self, running: _Running, columns: _Columns) -> _Row:
        label = Text.assemble(
            (f"    {self._symbols.running} ", STYLES["running"]), self._say(f"{running.task.id}  {running.task.name}")
        )
        now = self._clock.monotonic()
        if running.retry_at is not None:
            wait = max(running.retry_at - now, 0.0)
            note = Text(self._say(f"again in {wait:.0f} s: {running.trouble}"), STYLES["warning"])
        else:
            note = Text(self._say(_last_line(running.tail)), STYLES["quiet"])
        return _Row(2, self._row(columns, label, now - running.since, note))

    def _failure(self, task: Task, failure: TaskFinished, columns: _Columns) -> Iterator[_Row]:
        tone = "warning" if failure.tolerated else "bad"
        label = Text.assemble((f"    {self._symbols.failed} ", STYLES[tone]), self._say(f"{task.id}  {task.name}"))
        reason = Text(self._say(failure.message or failure.summary), STYLES[tone])
        if columns.note >= 2 * NOTE_WIDTH:
            yield _Row(1, self._row(columns, label, failure.seconds, reason))
        else:
            yield _Row(1, self._row(columns, label, failure.seconds, Text()))
            yield _Row(1, self._cut(Text.assemble(" " * 6, reason), self._console.size.width))

    def _requests(self, columns: _Columns) -> Iterator[_Row]:
        """Yield what people are asked for, at the end, where they look."""
        width = self._console.size.width
        for task_id, asked in islice(self._waiting.items(), REQUESTS):
            task = self._plan.tasks.get(task_id)
            title = f"{self._symbols.waiting} {task_id}  {task.name if task else ''}"
            yield _Row(1, self._cut(Text(self._say(f"{title} waits for you"), "bold yellow"), width))
            first = next(iter(clean(asked.instructions).strip().splitlines()), "")
            yield _Row(4, self._cut(Text(f"  {self._say(first)}"), width))
            yield _Row(1, self._cut(Text(f"  {summary.approval(task_id)}", STYLES["waiting"]), width))
        if len(self._waiting) > REQUESTS:
            more = len(self._waiting) - REQUESTS
            text = f"{self._symbols.waiting} {more} more wait for you: orchestrate status"
            yield _Row(1, self._cut(Text(text, STYLES["waiting"]), width))

    # --- parts of a row -----------------------------------------------------------------------------------------

    def _row(self, columns: _Columns, label: Text, about: _Tally | float, note: Text) -> Text:
        if isinstance(about, _Tally):
            count, seconds = f"{about.done}/{about.total}", self._elapsed(about)
        else:
            count, seconds = "", about
        label = self._cut(label, columns.label)
        label.pad_right(columns.label - label.cell_len)
        time = _clock_face(seconds) if seconds is not None else ""
        text = Text.assemble(
            label, "  ", f"{count:>{columns.count}}", "  ", (f"{time:>{columns.time}}", STYLES["quiet"])
        )
        if columns.note and note.plain:
            text.append("  ")
            text.append_text(self._cut(note, columns.note))
        text.rstrip()
        return text

    def _elapsed(self, tally: _Tally) -> float | None:
        if tally.began is None:
            return None
        is_still = tally.is_over or self._is_closing
        return (tally.ended if is_still and tally.ended is not None else self._clock.monotonic()) - tally.began

    def _mark(self, tally: _Tally, *, is_last: bool) -> tuple[str, str]:
        symbols = self._symbols
        if tally.count("failed"):
            return symbols.failed, "bad"
        if tally.count("waiting"):
            return symbols.waiting, "waiting"
        if tally.is_over:
            return (symbols.done, "good") if tally.done >= tally.total else (symbols.blocked, "quiet")
        if tally.began is None or is_last:
            return symbols.pending, "quiet"
        return symbols.running, "running"

    def _troubles(self, tally: _Tally) -> Text:
        told = (("failed", "bad"), ("waiting", "waiting"), ("blocked", "quiet"), ("cancelled", "quiet"))
        found = [(tally.count(status), status, tone) for status, tone in told]
        return Text(", ").join(Text(f"{number} {status}", STYLES[tone]) for number, status, tone in found if number)

    def _bar(self, width: int) -> Text:
        total = max(self._run.total, 1)
        good = width * self._run.done // total
        bad = -(-width * self._run.count("failed", "blocked", "cancelled") // total)
        bad = min(bad, width - good)
        bar = self._symbols.bar
        rest = self._symbols.rest * (width - good - bad)
        return Text.assemble((bar * good, STYLES["good"]), (bar * bad, STYLES["bad"]), (rest, STYLES["quiet"]))

    def _cut(self, text: Text, width: int) -> Text:
        text.truncate(max(width, 1), overflow="ellipsis" if self._is_unicode else "crop")
        return text

    def _say(self, text: str) -> str:
        return self._fit(one_line(text)) if not text[:1].isspace() else self._fit(text)

    def _fit(self, text: str) -> str:
        return text if self._is_unicode else encodable(text, self._encoding)

    def _longest_label(self) -> int:
        phases = (2 + cell_len(phase.name) for phase in self._plan.phases)
        groups = (2 + cell_len(name) for name in self._group_names.values())
        every = (8 + cell_len(task.id) + cell_len(task.name) for task in self._plan.tasks.values())
        return max(cell_len(self._plan.name), *phases, *groups, *every)


def _status(task: TaskState) -> str:
    return "tolerated" if summary.is_tolerated(task) else task.status


def _last_line(output: str) -> str:
    lines = clean(output).rstrip().splitlines()
    return lines[-1] if lines else ""


def _clock_face(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
