"""Tries inputs and keeps the cases that show something new. The same target and budget always give the same cases."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .asked import Leaf
from .steadiness import differing
from .tracing import Trace
from .world import Making, Observed, Reaching, Unusable, World

_CHANGE = 20  # characters that an argument counts for which is another than the plain one
_MOST_ANSWERED = 8  # replies of one case
_MOST_ALIKE = 60  # cases that end alike: a limit that is kept and one that is far away do


@dataclass
class Found:
    """A case that can be a test."""

    case: dict[str, Any]
    observed: Observed
    is_new: bool
    """It covers a branch or ends in a way that no case before it did."""
    rank: int
    shows: frozenset[Any]
    """The branches it runs through and the way it ends."""

    size: int = field(init=False)
    """How much there is to read."""
    lines: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        written = json.dumps([self.case["arrange"], self.case["act"], self.case.get("replies")])
        self.size = len(written) + 200 * len(self.case["arrange"])
        self.size += _CHANGE * self.case.get("changes", 0)
        self.size += sum(80 for *_, term in self.case.get("replies", ()) if isinstance(term, (int, float, str)))
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
    case: dict[str, Any] = field(default_factory=dict)
    """The last one, with what its mocks must reply."""
    reached: int | None = None
    """The line of the target by which the last case reached for the world."""
    made: Any = None
    """The function that the last case has made."""
    misfit: bool = False
    """The last case failed by what its mocks replied."""
    owners: dict[str, str] = field(default_factory=dict)
    """The model that each field belongs to, by `subject place.of.field`."""
    _changing: dict[str, list[str]] = field(default_factory=dict)
    """The places of each subject's outcomes that are never twice the same."""
    _forms: set[tuple[str, ...]] = field(default_factory=set)
    _outcomes: set[str] = field(default_factory=set)
    _endings: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def explore(
        self,
        proposals: Iterable[dict[str, Any]],
        mutate: Callable[[dict[str, Any], random.Random], Any],
        budget: int,
        follow: Callable[[dict[str, Any], Observed], Iterable[dict[str, Any]]],
        patience: int,
    ) -> int:
        """Try the proposals, what follows from each, then changes of what was worth keeping; return how many.

        It ends early when `patience` changes in a row have shown nothing new.
        """
        first, spent = len(self.found), 0
        for case in proposals:
            waiting = [case]
            while waiting and spent < budget:
                one = waiting.pop(0)
                observed = self.evaluate(one)
                spent += observed is not None
                is_open = self.reached or self.made or self.misfit
                if observed is not None and (is_open or self._is_last()):
                    is_telling = is_open or self.found[-1].is_new
                    waiting += follow(self.case, observed) if is_telling else ()
        chance = random.Random(f"{budget}")  # noqa: S311 - the same each time is what is wanted
        quiet, known = 0, len(self.found)
        for _ in range(budget * 3):
            corpus = [each for each in self.found[first:] if each.is_new]
            if spent >= budget or not corpus or quiet > patience:
                break
            quiet = 0 if self.found[-1].is_new and len(self.found) > known else quiet + 1
            known = len(self.found)
            changed = mutate(chance.choice(corpus).case, chance)
            if changed is not None:
                spent += self.evaluate(changed) is not None
        return spent

    def evaluate(self, case: dict[str, Any]) -> Observed | None:
        """Run a case unless it was run before; None then, and an observation or `Observed({})` else."""
        parts = ("subject", "receiver", "arrange", "act", "replies", "patches")
        key = json.dumps([case.get(part) for part in parts], sort_keys=True)
        if key in self._seen:
            return None
        self._seen.add(key)
        self.proposed += 1
        case = {**case, "changing": self._changing.get(case["subject"], [])}
        self.reached, self.made, self.misfit = None, None, False
        leaves: list[Leaf] = []
        try:
            observed = self._answered(case)
            case, leaves = self.case, observed.leaves
            self._refuse_misfits(case, observed)
            if self._is_new(case, observed) or self._is_of_new_form(case):
                case, observed = self._steady(case, observed)
        except Unusable as reason:
            self.reached = reason.line if isinstance(reason, Reaching) else None
            self.made = reason.made if isinstance(reason, Making) else None
            self.misfit = bool(leaves) and not self.reached
            if self.made is not None:
                return Observed({})
            self.dropped[f"record: {reason}"] = self.dropped.get(f"record: {reason}", 0) + 1
            return Observed({}, leaves=leaves)
        self._keep(case, observed)
        return observed

    def _answered(self, case: dict[str, Any]) -> Observed:
        """Run a case with the replies that it cannot do without, and keep it with them."""
        self.case = case
        observed = self.world.run(case, self.trace)
        while observed.unanswered and len(self.case["replies"]) < _MOST_ANSWERED:
            self.case = {**self.case, "replies": [*self.case["replies"], *observed.unanswered]}
            observed = self.world.run(self.case, self.trace)
        return observed

    def _keep(self, case: dict[str, Any], observed: Observed) -> None:
        is_new = self._is_new(case, observed)
        ending = json.dumps([case["subject"], observed.outcome], sort_keys=True)
        repeats = self._endings.get(ending, 0)
        if not is_new and repeats >= _MOST_ALIKE:
            return
        self._endings[ending] = repeats + 1
        classes = outcome_classes(case, observed.outcome, self.owners)
        self._outcomes |= classes
        self.arcs |= observed.arcs
        self.found.append(Found(case, observed, is_new, len(self.found), observed.arcs | classes))

    def _is_last(self) -> bool:
        return bool(self.found) and self.found[-1].case is self.case

    def _is_new(self, case: dict[str, Any], observed: Observed) -> bool:
        return not (
            observed.arcs <= self.arcs and outcome_classes(case, observed.outcome, self.owners) <= self._outcomes
        )

    def _is_of_new_form(self, case: dict[str, Any]) -> bool:
        """Say whether no call before it had the same arguments left out: a default may be made afresh each time."""
        form = case["subject"], *sorted(case["act"].get("args", ()))
        is_new = case["kind"] == "call" and form not in self._forms
        self._forms.add(form)
        return is_new

    def _steady(self, case: dict[str, Any], first: Observed) -> tuple[dict[str, Any], Observed]:
        """Return the case and what is the same of it each time.

        :raises Unusable: when nothing is.
        """
        again = self.world.run(case, self.trace)
        if again.outcome != first.outcome and again.arcs == first.arcs:
            places = [*case.get("changing", []), *differing(first.outcome, again.outcome)]
            case["changing"] = self._changing[case["subject"]] = sorted(set(places))
            first, again = self.world.run(case, self.trace), self.world.run(case, self.trace)
        if again.outcome != first.outcome or again.arcs != first.arcs:
            raise Unusable("does not do the same twice")
        return case, first

    def _refuse_misfits(self, case: dict[str, Any], observed: Observed) -> None:
        raised = observed.outcome.get("raises", "")
        if "Mock name=" in str(observed.outcome) or (raised and "MagicMock" in observed.outcome.get("message", "")):
            raise Unusable("its input does not fit")
        if not case.get("is_typed", True) and raised in (
            "builtins:TypeError",
            "builtins:AttributeError",
            "builtins:KeyError",
        ):
            raise Unusable("its input does not fit")


def outcome_classes(case: dict[str, Any], outcome: dict[str, Any], owners: Mapping[str, str]) -> frozenset[str]:
    """Return texts that are equal for outcomes of the same kind; none for one that a mock was told to have."""
    if case.get("replies"):
        return frozenset()
    kind: list[Any] = [case["subject"], outcome.get("status"), outcome.get("raises")]
    body = outcome.get("body")
    detail = body.get("detail") if isinstance(body, dict) else None
    rules: list[Any] = []
    if isinstance(detail, list):
        rules = [_rule(case["subject"], each, owners) for each in detail if isinstance(each, dict)]
    elif "errors" in outcome:
        kind += outcome["errors"]
    if case["kind"] == "load":
        shown = outcome.get("exports", {}).items()
        told = [[name, type(each).__name__, each if isinstance(each, bool) else ""] for name, each in shown]
        kind += [case["label"], sorted(case["act"]["environment"]), told]
    if "returns" in outcome and (outcome["returns"] in (None, True, False) or "member" in str(outcome["returns"])[:12]):
        kind.append(outcome["returns"])
    return frozenset(json.dumps(each) for each in (kind, *rules))


def _rule(subject: str, problem: dict[str, Any], owners: Mapping[str, str]) -> list[Any]:
    """Return which rule was broken: of a model wherever it is used, of a type whichever field or item has it."""
    place, kind = problem.get("loc", []), str(problem.get("type"))
    path = ".".join(each for each in place if isinstance(each, str))
    is_of_type = (bool(place) and isinstance(place[-1], int)) or kind.endswith(("_type", "_parsing"))
    return [owners.get(f"{subject} {path}", subject), "" if is_of_type else path.rpartition(".")[2], kind]
