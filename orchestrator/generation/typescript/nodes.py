"""The node processes that the tasks of one run share, and what they have found out about the project.

A process is used by one task at a time and only while the project's files are what they were when it started.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from orchestrator.generation.ownership import SIGN
from orchestrator.generation.request import RunCommand
from orchestrator.generation.typescript.worker import Worker

Role = Literal["explore", "prove"]

_SKIPPED: Final = {"node_modules", "coverage", "dist", "build"}


class State(NamedTuple):
    """What a process was started for."""

    root: Path
    files: int
    """Stands for all files of the project, but for tests that are generated."""
    environ: tuple[tuple[str, str], ...]


class Nodes:
    """Lends processes, and remembers what holds for a whole project."""

    def __init__(self) -> None:
        self._idle: dict[tuple[Role, State], list[Worker]] = defaultdict(list)
        self._known: dict[State, Any] = {}
        self._asking: dict[State, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def lent(self, role: Role, state: State, command: RunCommand) -> AsyncIterator[Worker]:
        """A process that nobody else uses; one with which something went wrong is ended."""
        idle = [worker for worker in self._idle.pop((role, state), []) if worker.is_warm]
        worker = idle.pop() if idle else Worker(command, state.root, dict(state.environ))
        self._idle[role, state] += idle
        try:
            yield worker
        except BaseException:
            await worker.close()
            raise
        self._idle[role, state].append(worker)

    async def known(self, state: State, find: Callable[[], Awaitable[Any]]) -> Any:
        """Return what `find` found out about a project, the first time that it was asked."""
        async with self._asking[state]:
            if state not in self._known:
                self._known[state] = await find()
            return self._known[state]

    async def close(self) -> None:
        """End all processes."""
        idle, self._idle = self._idle, defaultdict(list)
        await asyncio.gather(*(worker.close() for workers in idle.values() for worker in workers))


def state_of(root: Path, environ: Mapping[str, str]) -> State:
    """Return what tells a project now from the same project after a change."""
    return State(root, hash(frozenset(_stamps(root))), tuple(sorted(environ.items())))


def _stamps(root: Path) -> Iterator[tuple[str, int, int]]:
    for place, directories, names in os.walk(root):
        directories[:] = [name for name in directories if name not in _SKIPPED and not name.startswith(".")]
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path) and not (".test." in name and _is_generated(path)):
                stamp = os.stat(path)
                yield path, stamp.st_size, stamp.st_mtime_ns


def _is_generated(path: str) -> bool:
    with open(path, "rb") as file:
        return SIGN.encode() in file.readline()
