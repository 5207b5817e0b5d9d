"""One running program, with all that is known of it: its screen, its output, what was typed, what happened when.

Whoever waits is woken by what the program does. Nothing here looks again and again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from orchestrator.scenarios.driver import Driver, Exit, Launch, start
from orchestrator.scenarios.model import DriverName, Size
from orchestrator.scenarios.recording import Recording
from orchestrator.scenarios.screen import Screen
from orchestrator.scenarios.stream import Transcript

T = TypeVar("T")

QUIET: Final = 0.001
"""Seconds without output after which a frame counts as drawn."""
MOST_QUIET: Final = 0.05
"""Seconds that typing waits for a frame at most: one that draws all the time, or never, can be typed to as well."""
LAST_KEYS: Final = 12
COSTLY: Final = 0.0005
"""Seconds that a look may take and still be repeated at every change."""
LONGEST_NAP: Final = 0.05
"""Seconds without looks after a costly one: the very first takes long once, and not because of a flood."""


class Over(Exception):
    """What was waited for cannot come any more: the program has ended."""


class TooLate(Exception):
    """What was waited for did not come in time."""


class Session:
    """A program that a scenario drives."""

    def __init__(self, screen: Screen, recording: Recording) -> None:
        self.screen = screen
        self.recording = recording
        self.transcript = Transcript()
        self.exit: Exit | None = None
        self.keys: deque[str] = deque(maxlen=LAST_KEYS)
        """What was typed last, for people."""
        self._driver: Driver | None = None
        self._loop = asyncio.get_running_loop()
        self._changed: asyncio.Future[bool] | None = None
        self._last_output = self._last_input = 0.0
        self._early = b""  # answers to what came before the driver was there

    async def start(self, launch: Launch, kind: DriverName) -> None:
        """Start the program.

        :raises TaskError: when that is not possible.
        """
        self._driver = await start(kind, launch, self)
        self._answer(b"")

    # --- what the driver tells ----------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        self._last_output = now = self._loop.time()
        self.recording.add(now, "o", data)
        self.transcript.feed(data)
        if replies := self.screen.feed(data):
            self._answer(replies)
        self._announce()

    def ended(self, how: Exit) -> None:
        self.exit = how
        if how.code is not None:
            self.recording.add(self._loop.time(), "x", str(how.code).encode())
        self._announce()

    # --- what is done to the program ----------------------------------------------------------------------------

    def type(self, data: bytes, shown: str) -> None:
        """Pass on what is typed; `shown` is what people call it."""
        if data and self._driver is not None:
            self.keys.append(shown)
            self._last_input = now = self._loop.time()
            self.recording.add(now, "i", data)
            self._driver.write(data)

    def hides_input(self) -> bool:
        """Say whether nobody shows a line that is typed now, neither the terminal nor the program."""
        return self._driver is not None and self._driver.hides_input()

    def mark_hidden(self) -> None:
        """Note in the recording that nobody showed the line that was typed last."""
        self.recording.add(self._loop.time(), "h", b"")

    def resize(self, size: Size) -> None:
        """Give the terminal another size."""
        assert self._driver is not None
        self.screen.resize(size)
        self.recording.add(self._loop.time(), "r", f"{size.columns}x{size.rows}".encode())
        self._driver.resize(size)
        if replies := self.screen.feed(b""):  # a program may have asked to be told in the stream too
            self._answer(replies)

    def mark(self, label: str) -> None:
        """Note in the recording that a step begins."""
        self.recording.add(self._loop.time(), "m", label.encode())

    async def close(self) -> None:
        """End the program."""
        if self._driver is not None:
            await self._driver.close()
        self.screen.close()

    # --- waiting ------------------------------------------------------------------------------------------------

    async def until(self, look: Callable[[], T | None], patience: float) -> T:
        """Return what `look` finds as soon as it finds something; it looks after every change.

        :raises Over: when the program has ended and all it wrote was looked at.
        :raises TooLate: after `patience` seconds.
        """
        began = self._loop.time()
        deadline = began + patience
        while (found := look()) is None:
            if self.exit is not None:
                raise Over
            cost = self._loop.time() - began
            if not await self._change(deadline):
                raise TooLate
            if cost > COSTLY:  # a flood must not be slowed down by looking at it
                await asyncio.sleep(min(2 * cost, LONGEST_NAP))
            began = self._loop.time()
        return found

    async def drawn(self) -> None:
        """Wait until the program has answered what was typed and drawn what it is drawing, but not for long."""
        began = self._loop.time()
        while self.exit is None and (now := self._loop.time()) < began + MOST_QUIET:
            has_answered = self._last_output > self._last_input
            calm = self._last_output + QUIET if has_answered else self._last_input + MOST_QUIET
            if now >= calm and not self.screen.is_held():
                return
            await self._change(min(began + MOST_QUIET, calm if now < calm else now + QUIET))

    async def settle(self, quiet: float, patience: float) -> None:
        """Wait until there was no output for `quiet` seconds.

        :raises TooLate: when there is no such time within `patience` seconds more.
        """
        began = self._loop.time()
        while self.exit is None and self._loop.time() < (calm := max(began, self._last_output) + quiet):
            if self._loop.time() > began + quiet + patience:
                raise TooLate
            await self._change(calm)

    async def _change(self, deadline: float) -> bool:
        """Wait for a change; return whether there was one by `deadline`."""
        self._changed = self._loop.create_future()
        timer = self._loop.call_at(deadline, _resolve, self._changed, False)
        try:
            return await self._changed
        finally:
            timer.cancel()
            self._changed = None

    def _announce(self) -> None:
        if self._changed is not None:
            _resolve(self._changed, True)

    def _answer(self, replies: bytes) -> None:
        self._early += replies
        if self._driver is not None and self._early:
            self._driver.write(self._early)
            self._early = b""


def _resolve(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)
