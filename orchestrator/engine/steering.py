"""How many tasks run at once where nobody says: more while the processors keep up, fewer while work waits for them.

It starts at four for each core, because most of what is run waits. Every half second it looks at how long something
waited for a processor meanwhile (Linux says that in /proc/pressure/cpu). Below a fifth of the time there is room for
one more per core, if all that may run does; above two thirds a quarter less may start, down to one for each core. What
runs is never ended. It decides on a number only: which task goes next is none of its business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

START: Final = 4
MOST: Final = 32
EVERY: Final = 0.5
"""Seconds between two looks."""
FREE: Final = 0.2
"""The share of the time in which something waited for a processor, below which more may run."""
BUSY: Final = 0.67
"""The share above which fewer may."""
_STALLED = re.compile(r"^some .*total=(\d+)", re.MULTILINE)


def stalled_seconds(file: Path = Path("/proc/pressure/cpu")) -> float | None:
    """Return how many seconds something has waited for a processor since the machine started, None if nobody knows."""
    try:
        found = _STALLED.search(file.read_text("ascii"))
    except OSError:
        return None
    return int(found[1]) / 1e6 if found else None


class Steering:
    """The number of tasks that may run at once."""

    def __init__(self, cores: int, stalled: Callable[[], float | None] = stalled_seconds) -> None:
        self.limit = START * cores
        self._cores = cores
        self._stalled = stalled
        self._before: tuple[float, float] | None = None

    def adjust(self, now: float, running: int) -> int:
        """Return how many tasks may run while `running` do; it looks only now and then."""
        if self._before is not None and now < self._before[0] + EVERY:
            return self.limit
        stalled = self._stalled()
        if stalled is None:
            return self.limit
        if self._before is not None:
            share = (stalled - self._before[1]) / (now - self._before[0])
            if share > BUSY:
                self.limit = max(self._cores, self.limit * 3 // 4)
            elif share < FREE and running >= self.limit:
                self.limit = min(MOST * self._cores, self.limit + self._cores)
        self._before = now, stalled
        return self.limit
