"""A node process of the target that answers one question after the other; it stays warm between them.

It reads no project code itself: what is asked and answered are JSON files in a directory of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from orchestrator.generation.request import RunCommand

HERE: Final = Path(__file__).parent
_NODE: Final = ("node", "--experimental-vm-modules", "--no-warnings", "--max-semi-space-size=64")
"""Modules of either kind, and room for what a search makes and drops at once."""
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_PROGRESS: Final = re.compile(rb"^progress: (.*)$", re.MULTILINE)
_MOST_OUTPUT: Final = 200
_MOST_IDLE: Final = 60.0
"""Seconds; shorter than what the process itself waits for a question."""


class Ended(Exception):
    """It ended before it answered: by itself, or because the time was up."""

    def __init__(self, output: str, *, is_late: bool = False) -> None:
        super().__init__(output)
        self.output = output
        self.is_late = is_late


class Worker:
    """Started with the first question; `close` ends it."""

    def __init__(self, command: RunCommand, root: Path, environ: Mapping[str, str]) -> None:
        self._command = command
        self._root = root
        self._environ = environ
        self._number = 0
        self._heard: list[bytes] = []
        self._news = asyncio.Event()
        self._process: asyncio.Task[None] | None = None
        self._place = Path()
        self._answered = 0.0
        self._tell: Callable[[str], None] | None = None

    async def ask(
        self, what: str, asked: Mapping[str, Any], seconds: float, tell: Callable[[str], None] | None = None
    ) -> dict[str, Any]:
        """Return the answer to a question; a worker that does not give one in `seconds` is ended.

        `tell` hears how far it is.

        :raises Ended: when there is none.
        """
        place = self._started()
        self._number += 1
        self._tell = tell
        waiting = place / "ask"
        waiting.write_text(json.dumps({"what": what, **asked}), "utf-8")
        waiting.rename(place / f"ask-{self._number}.json")
        answer = place / f"answer-{self._number}.json"
        try:
            async with asyncio.timeout(seconds):
                await self._wait_for(answer)
        except TimeoutError:
            raise Ended(await self._end(), is_late=True) from None
        if not answer.is_file():
            raise Ended(await self._end())
        found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        self._answered = asyncio.get_running_loop().time()
        return found

    @property
    def is_warm(self) -> bool:
        """Say whether the next question will find what the last one left. A process that nobody asks ends itself."""
        is_running = self._process is not None and not self._process.done()
        return is_running and asyncio.get_running_loop().time() - self._answered < _MOST_IDLE

    async def close(self) -> None:
        """End the process."""
        await self._end()

    def _started(self) -> Path:
        """Return the directory of the process, which is started if there is none."""
        if self._process is None or self._process.done():
            directory = tempfile.TemporaryDirectory(prefix="orchestrate-")
            self._number, self._heard, self._place = 0, [], Path(directory.name)
            self._process = asyncio.ensure_future(self._run(directory))
        return self._place

    async def _run(self, directory: tempfile.TemporaryDirectory[str]) -> None:
        argv = [*_NODE, str(HERE / "worker.cjs"), directory.name]
        try:
            await self._command(argv, cwd=self._root, env=self._environ, output=self._hear)
        finally:
            directory.cleanup()
            self._news.set()

    def _hear(self, chunk: bytes) -> None:
        self._heard = [*self._heard[-_MOST_OUTPUT:], chunk]
        if self._tell is not None:
            for line in _PROGRESS.findall(chunk):
                self._tell(line.decode("utf-8", "replace"))
        self._news.set()

    async def _wait_for(self, answer: Path) -> None:
        assert self._process is not None
        while not (os.path.exists(answer) or self._process.done()):  # noqa: ASYNC240  # one look at what is in memory
            self._news.clear()
            await self._news.wait()

    async def _end(self) -> str:
        """End what runs; return the last of what it said."""
        process, self._process = self._process, None
        if process is not None:
            process.cancel()
            with suppress(asyncio.CancelledError):
                await process
        return _ANSI.sub("", b"".join(self._heard).decode("utf-8", "replace"))
