"""Many deadlines, one timer of the event loop: most deadlines are never reached and should cost next to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarms:
    """Calls what is due; belongs to the event loop it was made in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due: dict[int, tuple[float, Callable[[], object]]] = {}
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float, action: Callable[[], object]) -> int:
        """Call `action` in so many seconds; return what `clear` wants."""
        at = self._loop.time() + seconds
        self._next += 1
        self._due[self._next] = (at, action)
        if self._timer is None or at < self._timer.when():
            self._arm(at)
        return self._next

    def clear(self, alarm: int) -> None:
        """Forget an alarm, if it has not rung yet. The timer stays as it is: ringing for nothing is cheaper."""
        self._due.pop(alarm, None)

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        for alarm, (at, action) in list(self._due.items()):
            if at <= now:
                del self._due[alarm]
                action()
        if self._due:
            self._arm(min(at for at, _ in self._due.values()))
