"""Which of the recorded cases are needed: all that was covered and noticed, in as few and short cases as it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Candidate(NamedTuple):
    """A recorded case and what only it and its like prove."""

    proves: frozenset[str]
    cost: int
    """How long it is to read."""


def fewest(candidates: Sequence[Candidate]) -> list[int]:
    """Return the indices of a small set that proves all that any candidate does, in their order (greedy set cover)."""
    wanted = frozenset().union(*(one.proves for one in candidates)) if candidates else frozenset()
    chosen: list[int] = []
    while wanted:
        best = max(
            range(len(candidates)),
            key=lambda index: (len(candidates[index].proves & wanted), -candidates[index].cost, -index),
        )
        chosen.append(best)
        wanted -= candidates[best].proves
    return sorted(_needed(candidates, chosen))


def _needed(candidates: Sequence[Candidate], chosen: Sequence[int]) -> list[int]:
    """Leave out what later choices made unnecessary, the longest first."""
    kept = list(chosen)
    for index in sorted(chosen, key=lambda one: -candidates[one].cost):
        others = frozenset().union(*(candidates[one].proves for one in kept if one != index))
        if candidates[index].proves <= others:
            kept.remove(index)
    return kept
