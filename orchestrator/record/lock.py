"""One run at a time on a project: a lock that the kernel frees, however its holder ends."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from orchestrator.errors import StateError, raise_os_error


class ProjectLock:
    """Held from `__enter__` to `__exit__`; the file says who holds it."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        self._path = path
        self._holder = holder
        self._descriptor = -1

    def __enter__(self) -> Self:
        """:raises StateError: when another process holds it, naming that."""
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise_os_error(error, self._path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.pread(self._descriptor, 4096, 0)
            os.close(self._descriptor)
            raise StateError(
                "state/locked",
                f"another run holds this project: {_describe(other)}",
                hint="wait for it, or stop it",
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(self._holder).encode(), 0)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def _describe(raw: bytes) -> str:
    try:
        holder = json.loads(raw)
        run = f"run {holder['run']}, " if holder["run"] else ""
        return f"`{holder['command']}` ({run}pid {holder['pid']}, since {holder['since']})"
    except (ValueError, KeyError, TypeError):
        return "it has not said who it is yet"
