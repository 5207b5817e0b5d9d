"""The signals that no child process may find ignored, although this process ignores them.

`nohup` and a shell's `&` ignore some for everything below them, and a program that finds a signal ignored leaves it so:
Ctrl-C would do nothing to it, and its own handlers would never be asked. Nothing here sends or handles a signal.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Final


def _known(*names: str) -> tuple[signal.Signals, ...]:
    """Return those of the signals that this system has."""
    return tuple(number for number in signal.Signals if number.name in names)


_INHERITED: Final = _known("SIGINT", "SIGQUIT", "SIGHUP")
_RESTORED: Final = (*_INHERITED, *_known("SIGPIPE", "SIGXFSZ"))
"""Python ignores the last two itself."""
EVERY: Final = tuple(map(int, signal.valid_signals())) if sys.platform != "win32" else ()
"""For `posix_spawn`: of a signal that it does not restore, glibc asks in the child what becomes of it, one by one."""


def restore() -> None:
    """Ignore none of them any more: what a child does before it becomes the program."""
    for number in _RESTORED:
        signal.signal(number, signal.SIG_DFL)


def restoring() -> Callable[[], None] | None:
    """Return what `subprocess` must have a child do, as it restores Python's own only: most often nothing, cheaply."""
    if sys.platform == "win32" or not any(signal.getsignal(number) is signal.SIG_IGN for number in _INHERITED):
        return None
    return restore
