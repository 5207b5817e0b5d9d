"""Wakes whoever waits for something to happen: `asyncio.Event` with less to do at each wait."""

from __future__ import annotations

import asyncio


class Bell:
    """Rings once, until it is silenced. It is rung in the event loop in which somebody waits."""

    def __init__(self) -> None:
        self.has_rung = False
        self._waiting: list[asyncio.Future[None]] = []

    def ring(self) -> None:
        """Wake everybody who waits, and let nobody wait any more."""
        self.has_rung = True
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    def silence(self) -> None:
        """Let whoever waits from now on wait until it rings again."""
        self.has_rung = False

    async def wait(self) -> None:
        """Return once it has rung."""
        if not self.has_rung:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
