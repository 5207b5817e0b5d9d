"""Runs a program on pipes, where there is no terminal or none is wanted. It sees no size, no keys and no echo."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from contextlib import suppress

from orchestrator.scenarios.driver import GRACE, LINGER, Exit, Launch, Listener
from orchestrator.scenarios.model import Size
from orchestrator.signals import restoring

CHUNK = 1 << 16
_LINE_END = re.compile(rb"(?<!\r)\n")


class PipeDriver:
    """A program on pipes."""

    def __init__(self, process: asyncio.subprocess.Process, listener: Listener) -> None:
        self.pid = process.pid
        self._process = process
        self._listener = listener
        self._task = asyncio.create_task(self._run())

    @classmethod
    async def start(cls, launch: Launch, listener: Listener) -> PipeDriver:
        """Start a program.

        :raises OSError: when that is not possible.
        """
        process = await asyncio.create_subprocess_exec(
            *launch.argv,
            cwd=launch.cwd,
            env=launch.env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=restoring(),
        )
        return cls(process, listener)

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            # Nothing turns Enter into a line end here, and Ctrl-D into the end of the input.
            self._process.stdin.write(data.partition(b"\x04")[0].replace(b"\r", b"\n"))
            if b"\x04" in data:
                self._process.stdin.close()

    def resize(self, size: Size) -> None:
        """Pipes have no size."""

    def hides_input(self) -> bool:
        return False  # some programs show what they read

    async def close(self) -> None:
        if self._process.returncode is None:
            self._signal(getattr(signal, "SIGHUP", signal.SIGTERM))
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._task), GRACE)
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        await self._task

    async def _run(self) -> None:
        reading = asyncio.create_task(self._read())
        code = await self._process.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(reading), LINGER)
        if not reading.done():  # something it left behind holds the pipe open
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            with suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(reading, LINGER)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._listener.ended(Exit(code))

    async def _read(self) -> None:
        assert self._process.stdout is not None
        was_return = False
        while data := await self._process.stdout.read(CHUNK):
            # What a terminal does with line ends: the screen needs it, and expectations are the same for both.
            text = _LINE_END.sub(b"\r\n", data)
            self._listener.received(text[1:] if was_return and data.startswith(b"\n") else text)
            was_return = data.endswith(b"\r")

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._process.send_signal(number)
            else:
                os.killpg(self.pid, number)
