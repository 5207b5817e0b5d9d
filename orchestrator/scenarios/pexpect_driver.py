"""Runs a program with pexpect, for those who must: where something else already relies on how pexpect starts programs.

It forks, which costs more than our own terminal does, and nothing of pexpect's waiting is used.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import Any

import pexpect

from orchestrator.scenarios.driver import GRACE, Exit, Launch, Listener
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.terminal import is_unseen
from orchestrator.signals import restore
from orchestrator.watchdog import boot_ticks, end_processes

CHUNK = 1 << 16


class PexpectDriver:
    """A program that pexpect has started."""

    def __init__(self, launch: Launch, listener: Listener) -> None:
        """Start it.

        :raises OSError: when it cannot be started.
        """
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        try:
            self._child: pexpect.spawn[bytes] = pexpect.spawn(
                launch.argv[0],
                list(launch.argv[1:]),
                cwd=str(launch.cwd),
                env=dict(launch.env),
                dimensions=(launch.size.rows, launch.size.columns),
                echo=launch.echo,
                preexec_fn=restore,
                timeout=0,
            )
        except pexpect.ExceptionPexpect as error:
            raise OSError(0, str(error).lower()) from error
        self._child.delaybeforesend = None
        process: Any = self._child.ptyproc  # type: ignore[attr-defined]  # its stub leaves that out
        process.delayafterclose = process.delayafterterminate = 0.0
        self.pid: int = process.pid
        self._started = boot_ticks()
        self._unwritten = b""
        self._is_reading = True
        self._over = asyncio.Event()
        os.set_blocking(self._child.child_fd, False)
        self._loop.add_reader(self._child.child_fd, self._read)
        self._waiting: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> None:
        if self._is_reading:
            if not self._unwritten:
                self._loop.add_writer(self._child.child_fd, self._flush)
            self._unwritten += data
            self._flush()

    def resize(self, size: Size) -> None:
        if self._is_reading:
            self._child.setwinsize(size.rows, size.columns)

    def hides_input(self) -> bool:
        return self._is_reading and is_unseen(self._child.child_fd)

    async def close(self) -> None:
        if not self._over.is_set():
            for number in (signal.SIGHUP, signal.SIGCONT):
                self._signal(number)
            await self._until_over()
        if not self._over.is_set():
            await asyncio.to_thread(end_processes, (), [(self.pid, self._started)], 0.0)
            await self._until_over()
        self._signal(signal.SIGKILL)
        self._stop()
        await asyncio.to_thread(self._child.close, True)

    def _read(self) -> None:
        try:
            self._listener.received(self._child.read_nonblocking(CHUNK, timeout=0))
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:  # it has ended: the kernel hangs a terminal up when the leader of its session ends
            self._stop()
            self._waiting = self._loop.create_task(self._await_end())

    def _flush(self) -> None:
        try:
            self._unwritten = self._unwritten[self._child.send(self._unwritten) :]
        except BlockingIOError:
            return
        except OSError:
            self._unwritten = b""
        if not self._unwritten:
            self._loop.remove_writer(self._child.child_fd)

    def _stop(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self._child.child_fd)
            self._loop.remove_writer(self._child.child_fd)

    async def _await_end(self) -> None:
        with suppress(pexpect.ExceptionPexpect):  # somebody else has buried it
            await asyncio.to_thread(self._child.wait)
        child = self._child
        self._listener.ended(Exit(-child.signalstatus if child.signalstatus else child.exitstatus))
        self._over.set()

    async def _until_over(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), GRACE)

    def _signal(self, number: signal.Signals) -> None:
        if not self._over.is_set():  # until then its number is not given to another
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
