"""Tries inputs and keeps the cases that show something new. The same target and budget always give the same cases."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .tracing import Trace
from .world import Observed, Unusable, World

_MOST_ALIKE = 60  # cases that end alike: a limit that is kept and one that is far away do


@dataclass
class Found:
    """A case that can be a test."""

    case: dict[str, Any]
    observed: Observed
    is_new: bool
    """It covers a branch or ends in a way that no case before it did."""
    rank: int

    size: int = field(init=False)
    """How much there is to read."""
    shows: frozenset[Any] = field(init=False)
    """The branches it runs through and the way it ends."""
    lines: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.size = len(json.dumps([self.case["arrange"], self.case["act"]])) + 200 * len(self.case["arrange"])
        self.shows = self.observed.arcs | {outcome_class(self.case, self.observed.outcome)}
        self.lines = frozenset(line for _, line in self.observed.arcs)


@dataclass
class Search:
    """What was tried so far, on one target."""

    world: World
    trace: Trace
    found: list[Found] = field(default_factory=list)
    arcs: set[tuple[int, int]] = field(default_factory=set)
    dropped: dict[str, int] = field(default_factory=dict)
    proposed: int = 0
    _outcomes: set[str] = field(default_factory=set)
    _endings: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def explore(
        self, proposals: Iterable[dict[str, Any]], mutate: Callable[[dict[str, Any], random.Random], Any], budget: int
    ) -> int:
        """Try the proposals, then changes of what was worth keeping; return how many evaluations it took."""
        first, spent = len(self.found), 0
        for case in proposals:
            if spent >= budget:
                return spent
            spent += self.evaluate(case) is not None
        chance = random.Random(f"{budget}")  # noqa: S311 - the same each time is what is wanted
        for _ in range(budget * 3):
            corpus = [each for each in self.found[first:] if each.is_new]
            if spent >= budget or not corpus:
                break
            changed = mutate(chance.choice(corpus).case, chance)
            if changed is not None:
                spent += self.evaluate(changed) is not None
        return spent

    def evaluate(self, case: dict[str, Any]) -> Observed | None:
        """Run a case unless it was run before; None then, and an observation or `Observed({})` else."""
        key = json.dumps([case["subject"], case.get("receiver"), case["arrange"], case["act"]], sort_keys=True)
        if key in self._seen:
            return None
        self._seen.add(key)
        self.proposed += 1
        try:
            observed = self.world.run(case, self.trace)
            self._refuse_misfits(case, observed)
            if self._is_new(case, observed):
                self._refuse_chance(observed, self.world.run(case, self.trace))
        except Unusable as reason:
            self.dropped[f"record: {reason}"] = self.dropped.get(f"record: {reason}", 0) + 1
            return Observed({})
        self._keep(case, observed)
        return observed

    def _keep(self, case: dict[str, Any], observed: Observed) -> None:
        is_new = self._is_new(case, observed)
        ending = json.dumps([case["subject"], observed.outcome], sort_keys=True)
        repeats = self._endings.get(ending, 0)
        if not is_new and repeats >= _MOST_ALIKE:
            return
        self._endings[ending] = repeats + 1
        self._outcomes.add(outcome_class(case, observed.outcome))
        self.arcs |= observed.arcs
        self.found.append(Found(case, observed, is_new, len(self.found)))

    def _is_new(self, case: dict[str, Any], observed: Observed) -> bool:
        return not observed.arcs <= self.arcs or outcome_class(case, observed.outcome) not in self._outcomes

    def _refuse_chance(self, first: Observed, again: Observed) -> None:
        if again.outcome != first.outcome or again.arcs != first.arcs:
            raise Unusable("does not do the same twice")

    def _refuse_misfits(self, case: dict[str, Any], observed: Observed) -> None:
        raised = observed.outcome.get("raises", "")
        if not case.get("is_typed", True) and raised in (
            "builtins:TypeError",
            "builtins:AttributeError",
            "builtins:KeyError",
        ):
            raise Unusable("its input does not fit")


def outcome_class(case: dict[str, Any], outcome: dict[str, Any]) -> str:
    """Return a text that is equal for outcomes of the same kind."""
    kind: list[Any] = [case["subject"], outcome.get("status"), outcome.get("raises")]
    body = outcome.get("body")
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, list):
        kind += [[each.get("loc"), each.get("type")] for each in detail if isinstance(each, dict)]
    elif "errors" in outcome:
        kind += outcome["errors"]
    if "returns" in outcome and (outcome["returns"] in (None, True, False) or "member" in str(outcome["returns"])[:12]):
        kind.append(outcome["returns"])
    return json.dumps(kind)
