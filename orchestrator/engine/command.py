"""The commands of one task, and the log that their output goes to."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestrator.errors import TaskError
from orchestrator.masking import MaskedStream, Masker
from orchestrator.process import Children, ProcessId
from orchestrator.record.events import ProcessStarted


class TaskLog:
    """The output of one attempt; the file is made with the first line of it."""

    def __init__(
        self, run_directory: Path, task_id: str, number: int, masker: Masker, show: Callable[[str], None]
    ) -> None:
        self._place = (run_directory, task_id, number)
        self._path: Path | None = None
        self._file: Any = None
        self._masker = masker
        self._show = show

    @property
    def name(self) -> str | None:
        """The file's path, None while there is no output."""
        return str(self._path) if self._path is not None else None

    def write(self, data: bytes) -> None:
        """Add output."""
        self._stream.feed(data)

    @cached_property
    def _stream(self) -> MaskedStream:
        return self._masker.stream(self._put)

    @cached_property
    def _decoder(self) -> codecs.IncrementalDecoder:
        return codecs.getincrementaldecoder("utf-8")("replace")

    def close(self) -> None:
        """Write what is left and close the file."""
        if "_stream" in self.__dict__:
            self._stream.close()
        if self._file is not None:
            self._file.close()

    def _put(self, data: bytes) -> None:
        with suppress(OSError):  # a full disk costs the log, not the task
            if self._file is None:
                self._open()
            self._file.write(data)
        self._show(self._decoder.decode(data))

    def _open(self) -> None:
        directory, task_id, number = self._place
        path = directory / "logs" / f"{file_name(task_id)}.{number}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)
        self._path = path


class Command:
    """Runs commands for one task."""

    def __init__(self, children: Children, task_id: str, log: TaskLog, note: Callable[[ProcessStarted], None]) -> None:
        """`note` is told of each child that lasts; one that a kill leaves behind sooner is found by its marks."""
        self._children = children
        self._task_id = task_id
        self._log = log
        self._note = note

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        output: Callable[[bytes], None] | None = None,
    ) -> int:
        def take(chunk: bytes) -> None:
            self._log.write(chunk)
            if output is not None:
                output(chunk)

        def note(child: ProcessId) -> None:
            self._note(ProcessStarted(self._task_id, child.pid, child.started))

        try:
            ended = await self._children.run(argv, cwd=cwd, env=env, output=take, on_lasting=note)
        except FileNotFoundError:
            missing = argv[0] if os.path.isdir(cwd) else str(cwd)  # noqa: ASYNC240  # after a failure, once
            raise TaskError("task/command", f"`{missing}` was not found", hint="is it on PATH?") from None
        except OSError as error:
            raise TaskError("task/command", f"`{argv[0]}` cannot be run: {error.strerror}") from None
        return ended.code if ended.code is not None else -(ended.signal or 0)


def file_name(task_id: str) -> str:
    """Return a task id as it may be part of a file name."""
    return re.sub(r"[^\w.\[\]-]", "_", task_id)
