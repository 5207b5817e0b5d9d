"""Runs a program on a pseudo terminal: it leads a session, and the terminal is its controlling one.

The kernel tells of output and of the exit; nothing here waits by looking again and again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import termios
from contextlib import suppress
from functools import partial
from typing import ClassVar

from orchestrator.scenarios.driver import GRACE, LINGER, Exit, Launch, Listener
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.spawning import spawn
from orchestrator.watchdog import boot_ticks, end_processes

BATCH = 1 << 16
"""Bytes that are read before anybody looks at them: a terminal gives at most 4 kB at a time."""


class TerminalDriver:
    """A program on a terminal."""

    _driven: ClassVar[set[TerminalDriver]] = set()
    """Those that are not closed, of all plays."""

    def __init__(self, pid: int, master: int, listener: Listener) -> None:
        self.pid = pid
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._master = master
        self._started = boot_ticks()
        os.set_blocking(self._master, False)
        self._unwritten = b""
        self._exit: Exit | None = None
        self._is_drained = self._is_over = False
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._master, self._read)
        self._watch()
        self._driven.add(self)

    @classmethod
    async def start(cls, launch: Launch, listener: Listener) -> TerminalDriver:
        """Start a program.

        :raises OSError: when there is no terminal left, or the program cannot be started.
        """
        master, slave = os.openpty()
        try:
            _prepare(slave, launch)
            start = partial(spawn, launch.argv, launch.cwd, launch.env, os.ttyname(slave))
            if cls._driven:  # the C library waits until the kernel runs the program, and the other plays should not
                pid, is_cancelled = await _outlast(asyncio.get_running_loop().run_in_executor(None, start))
            else:
                pid, is_cancelled = start(), False
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        driver = cls(pid, master, listener)
        if is_cancelled:
            await driver.close()
            raise asyncio.CancelledError
        return driver

    def write(self, data: bytes) -> None:
        if self._is_drained:
            return
        is_waiting = bool(self._unwritten)
        self._unwritten += data
        if not is_waiting:
            self._flush()
            if self._unwritten:
                self._loop.add_writer(self._master, self._flush_rest)

    def resize(self, size: Size) -> None:
        if not self._is_drained:
            termios.tcsetwinsize(self._master, (size.rows, size.columns))

    def hides_input(self) -> bool:
        return not self._is_drained and is_unseen(self._master)

    async def close(self) -> None:
        try:
            if self._exit is None:
                self._hang_up()
                await asyncio.wait([self._over], timeout=GRACE)
            if not self._is_over:
                await self._end_session()
                await asyncio.wait([self._over], timeout=GRACE)
        finally:
            self._finish()

    # --- reading and writing ------------------------------------------------------------------------------------

    def _read(self) -> None:
        chunks, size = [], 0
        try:
            while size < BATCH and (chunk := os.read(self._master, BATCH)):
                chunks.append(chunk)
                size += len(chunk)
            ended = size < BATCH
        except BlockingIOError:
            ended = False
        except OSError:  # EIO: nobody holds the other side any more
            ended = True
        if chunks:
            self._listener.received(b"".join(chunks))
        if ended:
            self._stop_reading()
            self._settle()

    def _flush(self) -> None:
        try:
            self._unwritten = self._unwritten[os.write(self._master, self._unwritten) :]
        except BlockingIOError:
            return
        except OSError:
            self._unwritten = b""

    def _flush_rest(self) -> None:
        self._flush()
        if not self._unwritten:
            self._loop.remove_writer(self._master)

    def _stop_reading(self) -> None:
        if not self._is_drained:
            self._is_drained = True
            self._loop.remove_reader(self._master)
            self._loop.remove_writer(self._master)

    # --- the end ------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        self._pidfd: int | None = None
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # macOS, an old kernel, a strict container
            self._waiting = self._loop.run_in_executor(None, _await_exit, self.pid)
            self._waiting.add_done_callback(lambda _done: self._notice_exit())
        else:
            self._loop.add_reader(self._pidfd, self._notice_exit)

    def _notice_exit(self) -> None:
        if self._exit is not None:
            return
        self._forget_pidfd()
        self._exit = _exit_of(self.pid)
        if self._is_drained:
            self._settle()
        else:  # most often the end of the output comes with the exit
            self._read()
            if not self._is_drained:
                self._timer = self._loop.call_later(LINGER, self._cut)

    def _cut(self) -> None:
        """End what the program left behind in its group, and so the output."""
        self._signal(signal.SIGKILL)
        self._timer = self._loop.call_later(LINGER, self._settle, True)

    def _settle(self, is_late: bool = False) -> None:
        if self._exit is None or self._is_over or not (self._is_drained or is_late):
            return
        self._is_over = not is_late
        self._listener.ended(self._exit)
        if not self._over.done():
            self._over.set_result(None)

    def _hang_up(self) -> None:
        """Tell the program that its terminal is gone, as closing a window does."""
        for group in {self.pid, _foreground(self._master) or self.pid}:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGHUP)
                os.killpg(group, signal.SIGCONT)

    async def _end_session(self) -> None:
        """Kill every process of the session: jobs of a shell are in groups of their own."""
        self._signal(signal.SIGKILL)
        known = [(self.pid, self._started)]
        await asyncio.to_thread(end_processes, (), known, 0.0)

    def _finish(self) -> None:
        self._driven.discard(self)
        self._signal(signal.SIGKILL)
        self._stop_reading()
        self._forget_pidfd()
        if self._timer is not None:
            self._timer.cancel()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
            with suppress(ChildProcessError):
                os.waitpid(self.pid, 0)

    def _forget_pidfd(self) -> None:
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    def _signal(self, number: signal.Signals) -> None:
        if self._master >= 0:  # until then the program is not buried, and its number not given to another
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


async def _outlast(call: asyncio.Future[int]) -> tuple[int, bool]:
    """Return what a call returns, also when we are cancelled meanwhile, and whether we were."""
    try:
        return await asyncio.shield(call), False
    except asyncio.CancelledError:
        await asyncio.wait([call])
        return call.result(), True


def is_unseen(master: int) -> bool:
    """Say whether a terminal waits for the end of a line and shows nothing: the program sees none of it before."""
    flags = termios.tcgetattr(master)[3]
    return bool(flags & termios.ICANON) and not flags & termios.ECHO


def _prepare(slave: int, launch: Launch) -> None:
    termios.tcsetwinsize(slave, (launch.size.rows, launch.size.columns))
    if not launch.echo:
        attributes = termios.tcgetattr(slave)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)


def _foreground(master: int) -> int:
    """Return the group that the terminal's keys go to, 0 if there is none; never our own, which 0 would mean."""
    try:
        return max(os.tcgetpgrp(master), 0)
    except OSError:
        return 0


def _await_exit(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _exit_of(pid: int) -> Exit:
    """Return how a process ended; it stays a zombie, so that its number is not given to another."""
    try:
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    except ChildProcessError:  # the kernel threw its status away, because SIGCHLD is ignored
        return Exit(None)
    if found is None:
        return Exit(None)
    return Exit(found.si_status if found.si_code == os.CLD_EXITED else -found.si_status)
