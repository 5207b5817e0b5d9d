"""Chooses the fewest cases that together show all that was found, and kill every mutant that any case can kill."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .fence import Fence
from .loading import Broken, Target, execute
from .mutants import Mutant, mutants
from .search import Found, outcome_class
from .world import Unusable, World

MOST_MUTANTS = 250
_TRIES = 40  # cases that may try to kill one mutant
_PATIENCE = 1.0  # seconds a case may take on a mutant, which may never end


@dataclass
class Choice:
    """The cases that are kept, in the order they were found."""

    cases: list[Found]
    mutants: int = 0
    killed: int = 0
    survivors: list[int] = field(default_factory=list)
    """Lines."""


def choose(found: list[Found], target: Target, fence: Fence, make_world: Callable[[Any], World]) -> Choice:
    """Return the kept cases and what they can tell."""
    kept = _cover(found)
    killers, killed, survivors = _kill(found, kept, target, fence, make_world)
    needed = {id(each) for each in killers}
    whole = _without_useless([*kept, *(each for each in killers if not any(each is one for one in kept))], needed)
    return Choice(sorted(whole, key=lambda each: each.rank), killed + len(survivors), killed, survivors)


def _cover(found: list[Found]) -> list[Found]:
    """Return few cases with every branch and every kind of outcome: the one that adds most for its size comes next."""
    missing = {item for each in found for item in _items(each)}
    kept: list[Found] = []
    while missing:
        best = max(found, key=lambda each: (len(missing & _items(each)) / (300 + each.size), -each.rank))
        kept.append(best)
        missing -= _items(best)
    return kept


def _without_useless(kept: list[Found], needed: set[int]) -> list[Found]:
    """Drop cases whose every item others show too, the largest first."""
    for each in sorted(kept, key=lambda each: -each.size):
        if id(each) in needed:
            continue
        others = {item for other in kept if other is not each for item in _items(other)}
        if _items(each) <= others:
            kept = [other for other in kept if other is not each]
    return kept


def _items(found: Found) -> set[Any]:
    return {*found.observed.arcs, outcome_class(found.case, found.observed.outcome)}


def _kill(
    found: list[Found], kept: list[Found], target: Target, fence: Fence, make_world: Callable[[Any], World]
) -> tuple[list[Found], int, list[int]]:
    """Return the cases that killed a mutant, how many died, and the lines of those that live."""
    killers: list[Found] = []
    killed, survivors = 0, []
    lines = {id(each): {line for _, line in each.observed.arcs} for each in found}
    aside = _telling(found, kept)
    for mutant in mutants(target.tree, MOST_MUTANTS):
        world = _world(mutant, target, fence, make_world)
        if world is None:  # it cannot even be imported: any test tells
            continue
        order = [*killers, *(each for each in kept if not any(each is one for one in killers)), *aside]
        tries = [each for each in order if mutant.is_module_level or mutant.line in lines[id(each)]][: _limit(mutant)]
        killer = next((each for each in tries if _differs(each, world)), None)
        if killer is None:
            survivors.append(mutant.line)
            continue
        killed += 1
        if not any(killer is each for each in killers):
            killers.append(killer)
            aside = [each for each in aside if each is not killer]
    return killers, killed, survivors


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


def _limit(mutant: Mutant) -> int:
    return _TRIES * 8 if mutant.is_module_level else _TRIES * 10


def _world(mutant: Mutant, target: Target, fence: Fence, make_world: Callable[[Any], World]) -> World | None:
    try:
        code = compile(mutant.tree, str(target.path), "exec", dont_inherit=True)
        return make_world(execute(code, target.path, target.name, fence, seconds=5.0))
    except (Broken, ValueError, TypeError, AttributeError):
        return None


def _differs(found: Found, world: World) -> bool:
    try:
        return world.run(found.case, seconds=_PATIENCE).outcome != found.observed.outcome
    except Unusable:
        return True
