"""A node process of the target that answers one question after the other; it stays warm between them.

It reads no project code itself: what is asked and answered are JSON files in a directory of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from orchestrator.generation.request import RunCommand

HERE: Final = Path(__file__).parent
_NODE: Final = ("node", "--experimental-vm-modules", "--no-warnings")  # modules of either kind
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_MOST_OUTPUT: Final = 200


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
        self._process: asyncio.Task[int] | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    async def ask(self, what: str, asked: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Return the answer to a question; a worker that does not give one in `seconds` is ended.

        :raises Ended: when there is none.
        """
        place = self._started()
        self._number += 1
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
        return found

    async def close(self) -> None:
        """End the process and remove its directory."""
        await self._end()

    def _started(self) -> Path:
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="orchestrate-")
            argv = [*_NODE, str(HERE / "worker.cjs"), self._directory.name]
            self._number = 0
            self._process = asyncio.ensure_future(
                self._command(argv, cwd=self._root, env=self._environ, output=self._hear)
            )
            self._process.add_done_callback(lambda _: self._news.set())
        return Path(self._directory.name)

    def _hear(self, chunk: bytes) -> None:
        self._heard = [*self._heard[-_MOST_OUTPUT:], chunk]
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
        directory, self._directory = self._directory, None
        if directory is not None:
            directory.cleanup()
        output = _ANSI.sub("", b"".join(self._heard).decode("utf-8", "replace"))
        self._heard = []
        return output
