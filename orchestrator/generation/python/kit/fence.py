"""Keeps the target's code from doing harm: no network, no programs, no writing, an end to everything.

An audit hook sees what the interpreter does on anybody's behalf and cannot be removed. It is a fence around honest code
that was not meant to run here, not a prison for hostile code.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import random
import signal
import sys
from collections.abc import Iterator
from time import monotonic
from types import FrameType
from typing import Any, NoReturn

_DENIED = frozenset({
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "subprocess.Popen",
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.kill", "os.killpg", "os.remove", "os.rename",
    "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate",
    "shutil.rmtree", "shutil.move", "shutil.copyfile", "sqlite3.connect", "webbrowser.open", "smtplib.connect",
    "ftplib.connect", "pty.spawn", "signal.pthread_kill", "tempfile.mkstemp", "tempfile.mkdtemp",
})  # fmt: skip
_SETTINGS = frozenset({"os.putenv", "os.unsetenv"})  # what a module may do when it is imported, and no case
_MEMORY = 4 << 30  # bytes of address space
leave = os._exit  # the real one: what the target left running is not waited for
_PATIENCE = 6  # times as long as its processor time an import may take: on a busy machine it waits
_HANG = 20.0  # seconds beyond its own limit after which code that cannot be interrupted ends the process


class Denied(PermissionError):
    """The code wanted to touch the world."""


class TooLong(BaseException):
    """The code did not end in time. No `except Exception` of the target stops it."""


class Fence:
    """What is denied while the target's code runs, and what it has tried."""

    def __init__(self) -> None:
        self.attempts: list[int | None] = []
        """The line of the watched file that led to each; None where no line did."""
        self.watched = ""
        self._is_closed = False
        self._may_set = False
        self._armed = 0.0
        sys.addaudithook(self._look)
        os._exit = _refuse_exit
        with contextlib.suppress(ImportError, ValueError, OSError):
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, _expire)
        signal.signal(signal.SIGPROF, _expire)

    @contextlib.contextmanager
    def closed(self, seconds: float, is_import: bool = False) -> Iterator[None]:
        """Run the target's code: alike each time, denied the world, for `seconds` at most."""
        self.attempts = []
        self._may_set = is_import
        random.seed(0)
        wall = seconds * (_PATIENCE if is_import else 1)
        self._arm(wall)
        signal.setitimer(signal.ITIMER_PROF, seconds, 0.2)
        signal.setitimer(signal.ITIMER_REAL, wall, 0.2)
        self._is_closed = True
        try:
            yield
        finally:
            self._is_closed = False
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)

    def rest(self) -> None:
        """Let the kit's own work take the time that it takes."""
        faulthandler.cancel_dump_traceback_later()
        self._armed = 0.0

    def _arm(self, seconds: float) -> None:
        """End the process if nothing is begun for long; rarely, because it starts a thread."""
        now = monotonic()
        if now + seconds > self._armed:
            faulthandler.dump_traceback_later(seconds + _HANG + 10, exit=True, file=2)
            self._armed = now + seconds + 10

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_closed:
            return
        is_setting = event in _SETTINGS and not self._may_set
        if event in _DENIED or is_setting or (event == "open" and _is_writing(arguments)):
            self.attempts.append(self._line())
            raise Denied(f"{event} is denied while tests are generated")

    def _line(self) -> int | None:
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the hook is called too often for `inspect.stack`
        while frame is not None and frame.f_code.co_filename != self.watched:
            frame = frame.f_back
        return frame.f_lineno if frame is not None else None


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    path, mode, flags = (*arguments, None, None)[:3]
    if path in (os.devnull, 0, 1, 2):
        return False
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _expire(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TooLong


def _refuse_exit(status: int) -> NoReturn:
    raise SystemExit(status)
