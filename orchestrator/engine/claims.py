"""Who may touch which paths now: many readers or one writer, a directory standing for all below it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from functools import lru_cache

from orchestrator.handler import Claims

ROOT = ""


class PathLocks:
    """The claims of the tasks that run. The cost of a question is the depth of the path."""

    def __init__(self) -> None:
        self._at: dict[str, list[int]] = {}  # path -> [readers, writers] of exactly this path
        self._below: dict[str, list[int]] = {}  # path -> the same of everything below it

    def conflict(self, claims: Claims) -> str | None:
        """Return the path in the way of `claims`, None when they can be had."""
        for kind, paths in enumerate((claims.reads, claims.writes)):
            for path in paths:
                found = self._conflict(path, writing=kind == 1)
                if found is not None:
                    return found
        return None

    def acquire(self, claims: Claims) -> None:
        """Hand `claims` out."""
        self._count(claims, 1)

    def release(self, claims: Claims) -> list[str]:
        """Take `claims` back; return the paths where somebody may be waiting."""
        self._count(claims, -1)
        return list({up: None for path in (*claims.reads, *claims.writes) for up in ancestry(path)})

    def _conflict(self, path: str, *, writing: bool) -> str | None:
        for up in ancestry(path):
            if _excludes(self._at.get(up), writing=writing):
                return up
        return path if _excludes(self._below.get(path), writing=writing) else None

    def _count(self, claims: Claims, step: int) -> None:
        for kind, paths in enumerate((claims.reads, claims.writes)):
            for path in paths:
                _add(self._at, path, kind, step)
                for up in ancestry(path)[1:]:
                    _add(self._below, up, kind, step)


def normalise(claims: Claims) -> Claims:
    """Return `claims` with one spelling for each path and no path twice; writing includes reading."""
    if not claims.reads and not claims.writes:
        return claims
    writes = _normal(claims.writes)
    return Claims(tuple(path for path in _normal(claims.reads) if path not in writes), writes)


def covers(claimed: Iterable[str], path: str) -> bool:
    """Say whether `path` is one of the claimed paths or below one."""
    return not set(ancestry(posixpath.normpath(path))).isdisjoint(_normal(claimed))


@lru_cache(maxsize=65536)
def ancestry(path: str) -> Sequence[str]:
    """Return the path and all above it, the root last."""
    ups = [path]
    while path:
        path = path.rpartition("/")[0]
        ups.append(path)
    return tuple(ups)


def _normal(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ROOT if (normal := posixpath.normpath(path)) == "." else normal for path in paths))


def _excludes(counts: list[int] | None, *, writing: bool) -> bool:
    return counts is not None and (counts[1] > 0 or (writing and counts[0] > 0))


def _add(table: dict[str, list[int]], path: str, kind: int, step: int) -> None:
    counts = table.setdefault(path, [0, 0])
    counts[kind] += step
    if not any(counts):
        del table[path]
