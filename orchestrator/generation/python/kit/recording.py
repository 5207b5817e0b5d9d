"""The stage that runs the target: search, record, choose. It reads a request and writes what it found, both as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from .aiming import Aim, Vary
from .annotations import Proposer
from .application import Client, find_application, operations, run_inline
from .calls import CallProposer
from .choosing import Choice, choose
from .fence import Fence
from .loading import Broken, Target, load
from .reading import is_awaited
from .requests import RequestProposer
from .samples import collect
from .search import Found, Search
from .settings import SUBJECT, find_needed, load_cases, watched
from .signatures import NotCovered
from .standins import find_standins
from .subjects import find_subjects, reaching
from .tracing import Trace, branching_lines, executable_lines
from .world import Observed, Unusable, World

MOST_SUBJECTS = 200  # functions of one file


def record(request: dict[str, Any]) -> dict[str, Any]:
    """Return the kept cases of the request's target and what is known of them.

    :raises Broken: when the target cannot be imported.
    """
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = request["paths"]
    sys.argv = [request["target"]]
    fence = Fence()
    fence.watched = request["target"]
    client = Client()
    run_inline()
    path = Path(request["target"])
    target, needed = find_needed(lambda: load(path, request["module"], fence, request["conftests"]), Broken)
    return _Recording(request, target, fence, client, needed).run()


class _Recording:
    def __init__(
        self, request: dict[str, Any], target: Target, fence: Fence, client: Client, needed: dict[str, str]
    ) -> None:
        self._target = target
        self._needed = needed
        self._fence = fence
        self._client = client
        self._budget = request["budget"]
        self._standins = find_standins(target.tree, target.module)
        self._application = find_application(target.module)
        self._pool = collect(target.tree, target.module)
        world = World(target.module, target.code, fence, client, self._standins, self._application)
        self._search = Search(world, Trace(str(target.path)))
        self._refused: dict[str, str] = {}
        self._plain: dict[str, Any] = {}
        self._vary: dict[str, Vary] = {}

    def run(self) -> dict[str, Any]:
        self._explore_loading()
        if self._needed:
            reason = f"the module cannot be imported unless `{'`, `'.join(self._needed)}` is set"
            self._refused["all that it holds"] = reason
        else:
            self._explore_calls(self._explore_application() if self._application else set())
        aim = Aim(self._search, self._vary, self._budget // 4)
        choice = choose(self._search.found, self._target, self._fence, self._search.world, aim)
        return {
            "application": self._application,
            "standins": self._standins,
            "state": sorted({name for each in choice.cases for name in each.observed.changed}),
            "cases": [self._written(each) for each in choice.cases],
            "plain": self._plain,
            "proposed": self._search.proposed,
            "unneeded": self._search.proposed - sum(self._search.dropped.values()) - len(choice.cases),
            "dropped": self._search.dropped,
            "refused": self._refused,
            "mutants": choice.mutants,
            "killed": choice.killed,
            "survivors": choice.survivors,
            "suspicious": _suspicious(choice),
            "coverage": self._coverage(choice),
            "libraries": _libraries(),
        }

    def _explore_loading(self) -> None:
        """Load fresh copies under other environments, if the module asks for any; keep what depends on them."""
        world = self._search.world
        with watched(str(self._target.path)) as asked, suppress(Unusable):
            world.run(next(load_cases([], self._needed, self._pool)))
        if not asked:
            return
        _say(f"search {SUBJECT}")
        usual, *others = load_cases(list(dict.fromkeys([*self._needed, *asked])), self._needed, self._pool)
        exports = [self._exports(case) for case in (usual, *others)]
        known = [each for each in exports if each is not None]
        names = {name for each in known for name in each}
        world.shown = {name for name in names if any(each.get(name, ...) != known[0].get(name, ...) for each in known)}
        telling = [case for case, each in zip(others, exports[1:], strict=True) if each != exports[0]]
        for case in (usual, *telling) if telling else ():
            self._search.evaluate(case)

    def _exports(self, case: dict[str, Any]) -> dict[str, Any] | None:
        """Return what a copy under the case's environment holds, None if there is no copy."""
        with suppress(Unusable):
            return self._search.world.run(case).outcome.get("exports")
        return None

    def _explore_application(self) -> set[str]:
        assert self._application
        found, document = operations(getattr(self._target.module, self._application))
        budget = self._budget // 2
        proposer = RequestProposer(found, document, self._pool)
        self._search.owners = proposer.owners()
        for operation in found:
            self._plain[operation.subject] = proposer.plain(operation)
            self._explore(operation.subject, proposer.proposals(operation), lambda *_: None, budget, proposer)
        for _ in range(2):
            for operation in found:
                self._explore(operation.subject, proposer.arranged(operation), proposer.mutate, budget, proposer)
        return {operation.subject for operation in found}

    def _explore(
        self,
        subject: str,
        proposals: Any,
        mutate: Any,
        budget: int,
        proposer: RequestProposer | None,
        follow: Any = lambda _case, _observed: (),
    ) -> None:
        _say(f"search {subject}")
        self._vary[subject] = mutate
        first = len(self._search.found)
        self._search.explore(proposals, mutate, budget, follow, budget if proposer else budget // 3)
        for each in self._search.found[first:] if proposer else ():
            assert proposer
            body = each.observed.outcome.get("body")
            proposer.hear(body)
            proposer.hear_refusal(each.case["act"], body.get("detail") if isinstance(body, dict) else None)
            if each.case["act"]["method"] != "GET":
                status = each.observed.outcome.get("status")
                proposer.learn(each.case, bool(each.observed.changed), status, each.is_new)

    def _explore_calls(self, endpoints: set[str]) -> None:
        subjects, self._refused = find_subjects(
            self._target.module, endpoints | {self._application or ""}, self._application is None
        )
        proposer = Proposer(self._target.module, self._pool)
        for subject in subjects[MOST_SUBJECTS:]:
            self._refused[subject.name] = f"more than {MOST_SUBJECTS} are too many for one file"
        for subject in subjects[:MOST_SUBJECTS]:
            try:
                calls = CallProposer(subject, proposer, self._target.module, self._target.tree)
            except NotCovered as error:
                self._refused[subject.name] = str(error)
                continue
            self._plain[subject.name] = next(calls.proposals())["act"]
            follow = partial(self._follow, calls)
            self._explore(subject.name, calls.proposals(), calls.mutate, self._budget, None, follow)

    def _follow(self, calls: CallProposer, case: dict[str, Any], observed: Observed) -> Iterator[dict[str, Any]]:
        if self._search.made is not None:
            yield from calls.then(case, self._search.made)
            return
        if self._search.reached is None:
            follow = calls.mended if self._search.misfit else calls.replies
            yield from follow(case, observed.leaves)
            return
        for place in reaching(self._target.tree, self._search.reached, self._target.module):
            if (changed := calls.patch(case, place)) is not None:
                yield changed

    def _written(self, found: Found) -> dict[str, Any]:
        awaited = [each for each in found.case.get("patches", ()) if is_awaited(each, self._target.module)]
        outcome, answers = found.observed.outcome, found.observed.answers
        return {**found.case, "awaited": awaited, "outcome": outcome, "answers": answers}

    def _coverage(self, choice: Choice) -> dict[str, float]:
        arcs = {arc for each in choice.cases for arc in each.observed.arcs}
        lines = _lines_of_functions(self._target)
        branches = branching_lines(self._target.tree)
        ran = {line for _, line in arcs}
        ways = {line: len({after for before, after in arcs if before == line}) for line in branches}
        functions = {arc[1] for arc in arcs if arc[1] < 0}
        total = _functions(self._target)
        return {
            "lines": _percent(len(lines & ran), len(lines)),
            "branches": _percent(sum(min(count, 2) for count in ways.values()), 2 * len(branches)),
            "functions": _percent(len(functions), total),
        }


def _libraries() -> list[str]:
    """Return the modules of others that are in use: each run of pytest needs them, and importing them is slow."""
    found = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    return sorted(name for name, file in found.items() if "site-packages" in file and name.isascii())


def _suspicious(choice: Choice) -> list[str]:
    found: dict[str, None] = {}
    for each in choice.cases:
        case, outcome = each.case, each.observed.outcome
        if case["kind"] != "route" or not case.get("is_valid", True):
            continue
        if outcome.get("raises") or outcome.get("status") == 500:
            found[f"`{case['act']['id']}` fails on a request that fits its schema: {outcome.get('raises', 500)}"] = None
    return list(found)


def _lines_of_functions(target: Target) -> set[int]:
    from types import CodeType

    inner = [each for each in target.code.co_consts if isinstance(each, CodeType)]
    functions: list[CodeType] = []
    while inner:
        code = inner.pop()
        inner += [each for each in code.co_consts if isinstance(each, CodeType)]
        if code.co_flags & 0x2:  # CO_NEWLOCALS: a function, not the body of a class
            functions.append(code)
    return {line for code in functions for line in executable_lines(code) if line != code.co_firstlineno}


def _functions(target: Target) -> int:
    import ast

    return sum(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in ast.walk(target.tree))


def _percent(part: int, whole: int) -> float:
    return round(min(100.0, 100 * part / whole), 1) if whole else 100.0


def _say(news: str) -> None:
    print(news, file=sys.__stdout__, flush=True)
