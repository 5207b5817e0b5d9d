"""Runs what was called to its end: a coroutine, a generator, an asynchronous generator."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any

from .tracing import TooManySteps

_MOST = 30  # things that are taken from a generator


def ended(value: Any, way: str) -> Any:
    """Return what comes of a call in the end."""
    if way in ("await", "everything"):
        return asyncio.run(value if way == "await" else _everything(value))
    return _all_of(value) if way == "list" else value


def _all_of(generator: Any) -> list[Any]:
    found = list(islice(generator, _MOST + 1))
    if len(found) > _MOST:
        raise TooManySteps
    return found


async def _everything(generator: Any) -> list[Any]:
    found = []
    async for each in generator:
        found.append(each)
        if len(found) > _MOST:
            raise TooManySteps
    return found
