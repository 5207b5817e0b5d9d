"""Chooses the fewest cases that together show all that was found, and kill every mutant that any case can kill."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from types import CodeType

from .aiming import Aim
from .fence import Fence
from .loading import Broken, Target, execute
from .mutants import Mutant, mutants
from .search import Found
from .swapping import Swap
from .tracing import Trace
from .world import Unusable, World

MOST_MUTANTS = 400
_LINES = 500_000  # of changed files that are compiled: a file of 50 000 lines takes a second
_TRIES = 320  # cases that may try to kill one mutant
_TRIES_ANEW = 100  # the same, where any case may tell
_PATIENCE = 1.0  # seconds a case may take on a mutant, which may never end


@dataclass
class Choice:
    """The cases that are kept, in the order they were found."""

    cases: list[Found]
    mutants: int = 0
    killed: int = 0
    survivors: list[int] = field(default_factory=list)
    """Lines."""


def choose(found: list[Found], target: Target, fence: Fence, world: World, aim: Aim) -> Choice:
    """Return the kept cases and what they can tell; `world` makes others for other modules, `aim` more cases."""
    fence.rest()
    kept = _cover(found)
    killing = _Killing(found, kept, target, fence, world)
    killing.run(aim)
    needed = {id(each) for each in killing.killers}
    known = {id(each) for each in kept}
    whole = _without_useless([*kept, *(each for each in killing.killers if id(each) not in known)], needed)
    whole.sort(key=lambda each: each.rank)
    survivors = [each.line for each in killing.survivors]
    return Choice(whole, killing.killed + len(survivors), killing.killed, survivors)


def _cover(found: list[Found]) -> list[Found]:
    """Return few cases with every branch and every kind of outcome: the one that adds most for its size comes next."""
    missing = {item for each in found for item in each.shows}
    kept: list[Found] = []
    while missing:
        best = max(found, key=lambda each: (len(missing & each.shows) / (300 + each.size), -each.rank))
        kept.append(best)
        missing -= best.shows
    return kept


def _without_useless(kept: list[Found], needed: set[int]) -> list[Found]:
    """Drop cases whose every item others show too, the largest first."""
    for each in sorted(kept, key=lambda each: -each.size):
        if id(each) in needed:
            continue
        others = {item for other in kept if other is not each for item in other.shows}
        if each.shows <= others:
            kept = [other for other in kept if other is not each]
    return kept


class _Killing:
    """Tries the cases on every mutant: those that have killed one first, then the kept, then the others."""

    def __init__(self, found: list[Found], kept: list[Found], target: Target, fence: Fence, world: World) -> None:
        self._target = target
        self._fence = fence
        self._world = world
        self._kept = kept
        self._aside = _telling(found, kept)
        self._swap = Swap(target.path)
        self.killers: list[Found] = []
        self.killed = 0
        self.survivors: list[Mutant] = []

    def run(self, aim: Aim) -> None:
        """Try them all, and on those that survive what is made for their lines."""
        lines = max(1, getattr(self._target.tree.body[-1], "end_lineno", 1))
        self._try(mutants(self._target.tree, min(MOST_MUTANTS, max(20, _LINES // lines))))
        by_line: dict[int | None, list[Mutant]] = {}
        for mutant in self.survivors:
            by_line.setdefault(None if self._is_early(mutant) else mutant.line, []).append(mutant)
        self.survivors = []
        for line, alike in by_line.items():
            self._aside = aim.near(line)
            self._kept = []  # they have been tried
            self._try(alike)

    def _try(self, wanted: list[Mutant]) -> None:
        for mutant in wanted:
            self._fence.rest()
            with mutant.applied():
                try:
                    code = compile(self._target.tree, str(self._target.path), "exec", dont_inherit=True)
                except (ValueError, TypeError):
                    continue
            dead = self._dies_anew(mutant, code) if self._is_early(mutant) else self._dies(mutant, code)
            if dead:
                self.killed += 1
            elif dead is False:
                self.survivors.append(mutant)

    def _is_early(self, mutant: Mutant) -> bool:
        """Say whether it takes effect when the module is imported."""
        return mutant.is_module_level or mutant.line in self._target.ran

    def _dies(self, mutant: Mutant, code: CodeType) -> bool:
        with self._swap.swapped(code):
            return self._is_killed(mutant, self._world)

    def _dies_anew(self, mutant: Mutant, code: CodeType) -> bool | None:
        """Say whether a case kills what takes effect when the module is imported; None if it cannot be."""
        try:
            module = execute(code, self._target.path, self._target.name, self._fence, seconds=5.0)
            return self._is_killed(mutant, self._world.of(module))
        except (Broken, ValueError, TypeError, AttributeError):
            return None  # any test tells
        finally:
            sys.modules[self._target.name] = self._target.module

    def _is_killed(self, mutant: Mutant, world: World) -> bool:
        known = {id(each) for each in self.killers}
        order = [*self.killers, *(each for each in self._kept if id(each) not in known), *self._aside]
        if mutant.about:
            order.sort(key=lambda each: mutant.about not in each.case.get("label", ""))
        tries = [each for each in order if mutant.is_module_level or mutant.line in each.lines]
        tries = tries[: _TRIES_ANEW if mutant.is_module_level else _TRIES]
        killer = next((each for each in tries if _differs(each, world, str(self._target.path))), None)
        if killer is not None and id(killer) not in known:
            self.killers.append(killer)
            self._aside = [each for each in self._aside if each is not killer]
        return killer is not None


def _telling(found: list[Found], kept: list[Found]) -> list[Found]:
    """Return the cases that are not kept, shortest first, those that end as a shorter one does after the others."""
    known = {id(each) for each in kept}
    different: dict[str, Found] = {}
    alike: list[Found] = []
    for each in sorted(found, key=lambda each: (each.size, each.rank)):
        key = json.dumps([each.case["subject"], each.observed.outcome], sort_keys=True)
        if id(each) not in known and different.setdefault(key, each) is not each:
            alike.append(each)
    return [*different.values(), *alike]


def _differs(found: Found, world: World, path: str) -> bool:
    try:
        return world.run(found.case, Trace(path), _PATIENCE).outcome != found.observed.outcome
    except Unusable:
        return True
