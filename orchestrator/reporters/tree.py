"""A run as a tree that lives at the end of a terminal.

Events only move counters; a frame is made of those a few times a second, by rich's own timer, so that it
costs the same however many tasks there are.
"""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orchestrator.clock import Clock, SystemClock
from orchestrator.plan.model import Plan
from orchestrator.record.events import Entry, RunStarted, TaskFinished, TaskOutput
from orchestrator.record.state import RunState
from orchestrator.reporters import summary
from orchestrator.reporters.frame import STYLES, Painter
from orchestrator.reporters.progress import Progress
from orchestrator.reporters.text import Output

FRAMES_PER_SECOND: Final = 5


class Tree:
    """Draws a run on `console`, and its summary in the end.

    `selected` returns the ids of the tasks that the run is about; `verbose` shows what tasks print, above the tree.
    """

    def __init__(
        self,
        plan: Plan,
        console: Console | None = None,
        *,
        clock: Clock | None = None,
        selected: Callable[[], Collection[str]] | None = None,
        verbose: bool = False,
    ) -> None:
        self._plan = plan
        self._console = console or Console(highlight=False)
        self._clock = clock or SystemClock()
        self._progress = Progress(plan, selected or plan.tasks.keys)
        self._painter = Painter(plan, self._console.encoding)
        self._output = Output() if verbose else None
        self._live: Live | None = None
        self._is_over = False
        self._lock = threading.Lock()
        """Held while counters move: the timer that draws is a thread."""

    def see(self, entries: Sequence[Entry], state: RunState) -> None:
        now = self._clock.monotonic()
        with self._lock:
            self._progress.state = state
            for entry in entries:
                self._progress.note(entry, now)
        if self._live is None and any(isinstance(entry.event, RunStarted) for entry in entries):
            self.resume()
        if self._output is not None:
            for line in self._printed(entries, self._output):
                self._print(line)

    def pause(self) -> None:
        """Take the tree off the screen, so that a question can be asked there."""
        live, self._live = self._live, None
        if live is not None:
            live.transient = True
            live.stop()

    def resume(self) -> None:
        """Draw the tree again, below whatever the screen shows now."""
        if self._live is None and not self._is_over:
            self._live = Live(
                console=self._console,
                get_renderable=self.draw,
                auto_refresh=self._console.is_terminal,
                refresh_per_second=FRAMES_PER_SECOND,
            )
            self._live.start()

    def close(self) -> None:
        if not self._progress.state.run_id:
            return
        self.resume()
        self._is_over = True
        live, self._live = self._live, None
        if live is not None:
            live.stop()
        progress = self._progress
        self._print("")
        for line in summary.lines(
            progress.state, self._plan, seconds=progress.seconds, interrupted=progress.interrupted
        ):
            self._print(_wrapped(line.text, self._console.width), STYLES[line.tone])

    def draw(self) -> Text:
        """Return the tree as it is now, for the size the terminal has now."""
        width, height = self._console.size
        with self._lock:
            if self._is_over:
                ended = self._progress.run.ended
                now = self._clock.monotonic() if ended is None else ended
                return self._painter.last_frame(self._progress, now, width)
            return self._painter.frame(self._progress, self._clock.monotonic(), width, height)

    def _print(self, text: str, style: str = "") -> None:
        # rich would break a path that is longer than the line; whoever copies it wants it whole
        self._console.print(Text(self._painter.fit(text), style), soft_wrap=True)

    def _printed(self, entries: Sequence[Entry], output: Output) -> Iterator[str]:
        for entry in entries:
            event = entry.event
            if isinstance(event, TaskOutput):
                lines = output.add(event.task, event.text)
            elif isinstance(event, TaskFinished):
                lines = output.end(event.task)
            else:
                continue
            yield from (f"{event.task or 'prepare'} | {line}" for line in lines)


def _wrapped(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
