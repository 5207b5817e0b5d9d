"""Chooses the fewest cases that together show all that was found, and kill every mutant that any case can kill."""

from __future__ import annotations

import ast
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType

from .aiming import Aim
from .fence import Fence
from .infection import Infection
from .loading import Broken, Target, execute
from .mutants import Mutant, mutants
from .search import Found
from .swapping import Swap
from .tracing import Trace
from .world import Unusable, World

MOST_MUTANTS = 400
_LINES = 500_000  # of changed files that are compiled: a file of 50 000 lines takes a second
_TRIES = 120  # cases that may try to kill one mutant
_TRIES_ANEW = 40  # the same, of those that may tell and of any others, where that needs the module anew
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
        self._others = [*kept, *_telling(found, kept)]
        self._swap = Swap(target.path, target.module)
        lines = max(1, getattr(target.tree.body[-1], "end_lineno", 1))
        self._mutants = mutants(target.tree, min(MOST_MUTANTS, max(20, _LINES // lines)))
        self._infection = Infection(target.tree, target.path, self._mutants)
        self._infected: dict[int, set[int]] = {}
        """By the rank of a case: the judged mutants that it could notice."""
        self._codes: dict[int, CodeType | None] = {}
        """By the id of a mutant; None for one that is no Python."""
        self._may_last = any(isinstance(node, ast.While) for node in ast.walk(target.tree))
        self.killers: list[Found] = []
        self.killed = 0
        self.survivors: list[Mutant] = []

    def run(self, aim: Aim) -> None:
        """Try them all, and on those that survive what is made for their lines."""
        for mutant in self._mutants:
            self._settle(mutant, self._killer(mutant, [*self.killers, *self._others]))
        by_line: dict[int, list[Mutant]] = {}
        for mutant in self.survivors:
            if not self._is_early(mutant):  # to try one of these anew, the module must be
                by_line.setdefault(mutant.line, []).append(mutant)
        self.survivors = [mutant for mutant in self.survivors if self._is_early(mutant)]
        for line, alive in by_line.items():
            self._hunt(aim.near(line), alive)

    def _hunt(self, made: Iterator[Found], alive: list[Mutant]) -> None:
        """Try each new case on the mutants that are left, until there are no more of either."""
        for case in made:
            killed = [mutant for mutant in alive if self._killer(mutant, [case])]
            for mutant in killed:
                self._settle(mutant, case)
            alive = [mutant for mutant in alive if mutant not in killed]
            if not alive:
                return
        self.survivors += alive

    def _settle(self, mutant: Mutant, killer: Found | bool | None) -> None:
        if isinstance(killer, Found):
            self.killed += 1
            if not any(each is killer for each in self.killers):
                self.killers.append(killer)
                self._others = [each for each in self._others if each is not killer]
        elif killer is None:
            self.survivors.append(mutant)

    def _killer(self, mutant: Mutant, order: list[Found]) -> Found | bool | None:
        """Return the first case that notices, None if none does, False if it is no mutant: any test would tell."""
        tries = self._worth_trying(mutant, order)
        if not tries:
            return None
        if (code := self._code_of(mutant)) is None:
            return False
        if self._is_early(mutant):
            return self._first_anew(code, tries)
        with self._swap.swapped(code):
            return self._first(tries, self._world)

    def _code_of(self, mutant: Mutant) -> CodeType | None:
        if id(mutant) not in self._codes:
            with mutant.applied():
                try:
                    code = compile(self._target.tree, str(self._target.path), "exec", dont_inherit=True)
                except (ValueError, TypeError):
                    code = None
            self._codes[id(mutant)] = code
        return self._codes[id(mutant)]

    def _worth_trying(self, mutant: Mutant, order: list[Found]) -> list[Found]:
        if mutant.is_module_level:
            about: list[Found] = []
            others: list[Found] = []
            for each in order:
                is_about = bool(mutant.about) and mutant.about in each.case.get("label", "")
                (about if is_about else others).append(each)
            return [*about[:_TRIES_ANEW], *others[:_TRIES_ANEW]]
        reaching = (each for each in order if mutant.line in each.lines)
        return list(islice((each for each in reaching if self._could_notice(each, mutant)), _TRIES))

    def _could_notice(self, case: Found, mutant: Mutant) -> bool:
        if not self._infection.is_judged(mutant) or self._is_early(mutant):
            return True
        if case.rank not in self._infected:
            with self._swap.swapped(self._infection.code), contextlib.suppress(Unusable):
                self._world.run(case.case, self._guard(), _PATIENCE)
            self._infected[case.rank] = self._infection.taken()
        return id(mutant) in self._infected[case.rank]

    def _is_early(self, mutant: Mutant) -> bool:
        """Say whether it takes effect when the module is imported."""
        return mutant.is_module_level or mutant.line in self._target.ran

    def _first_anew(self, code: CodeType, tries: list[Found]) -> Found | bool | None:
        """Return the first case that notices what takes effect when the module is imported."""
        try:
            module = execute(code, self._target.path, self._target.name, self._fence, seconds=5.0)
            return self._first(tries, self._world.of(module, code))
        except (Broken, ValueError, TypeError, AttributeError):
            return False
        finally:
            sys.modules[self._target.name] = self._target.module

    def _first(self, tries: list[Found], world: World) -> Found | None:
        return next((each for each in tries if _differs(each, world, self._guard())), None)

    def _guard(self) -> Trace | None:
        """Return what ends a loop without an end, where there is one that a change could make so."""
        return Trace(str(self._target.path)) if self._may_last else None


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


def _differs(found: Found, world: World, guard: Trace | None) -> bool:
    try:
        return world.run(found.case, guard, _PATIENCE).outcome != found.observed.outcome
    except Unusable:
        return True
