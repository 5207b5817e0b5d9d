"""From a target to a test file that has passed: analyse, search, replay on mutants, minimise, emit, prove.

Nothing is written into the project: the file is proven before it exists.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import Location, TaskError
from orchestrator.generation.minimal import Candidate, fewest
from orchestrator.generation.request import Request, RunCommand
from orchestrator.generation.result import Funnel, Generated
from orchestrator.generation.typescript import emission
from orchestrator.generation.typescript.jest import Jest, Suite, cause_in, check_package, check_tools, environ_of
from orchestrator.generation.typescript.kinds import clash_in, has_subjects
from orchestrator.generation.typescript.nodes import Nodes, state_of
from orchestrator.generation.typescript.proof import Prover

_SEARCH_SECONDS: Final = 300
_MOST_LINES: Final = 10_000

Recorded = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """What was found out about one module."""

    model: Recorded = field(default_factory=dict)
    found: Recorded = field(default_factory=dict)
    noticed: Recorded = field(default_factory=dict)
    cases: list[Recorded] = field(default_factory=list)
    """Those that are needed."""
    left_out: str = ""
    """Why nothing of a module of a directory was tried."""

    @property
    def is_truncated(self) -> bool:
        """Say whether the clock ended the search."""
        return bool(self.found.get("truncated") or self.noticed.get("truncated"))

    @property
    def suspicious(self) -> list[str]:
        """What a person should look at."""
        dropped = self.found.get("dropped", {})
        crashes = [f"{count} inputs: {reason}" for reason, count in dropped.items() if "ends in a" in reason]
        return [*self.found.get("suspicious", ()), *crashes, *([f"left out: {self.left_out}"] if self.left_out else [])]

    def score(self, kept: Sequence[Recorded]) -> tuple[int, int]:
        """Return how many mutants there are, and how many of them the kept cases notice."""
        chosen, all_kills = {id(case) for case in kept}, self.noticed.get("kills", ())
        cases = self.found.get("cases", ())
        dead = {one for case, kills in zip(cases, all_kills, strict=True) if id(case) in chosen for one in kills}
        return len(self.noticed.get("mutants", ())), len(dead)


async def generate(
    request: Request,
    command: RunCommand,
    directory: Path,
    progress: Callable[[str], None],
    environ: Mapping[str, str],
    nodes: Nodes,
) -> Generated:
    """Return tests for a TypeScript or JavaScript target, proven under the project's own configuration.

    :raises TaskError: `generation/...`, when there is nothing to test or nothing to test with.
    """
    check_tools(request.root, environ)
    _check_size(request)
    state = state_of(request.root, environ_of(environ))
    async with nodes.lent("explore", state, command) as explorer, nodes.lent("prove", state, command) as prover:
        jest = Jest(request, directory, explorer, prover)
        suite = asyncio.ensure_future(nodes.known(state, jest.suite))
        try:
            return await _generate(request, jest, suite, progress)
        finally:
            suite.cancel()


async def _generate(
    request: Request, jest: Jest, running: Awaitable[Suite], progress: Callable[[str], None]
) -> Generated:
    started = time.monotonic()
    funnel = Funnel()
    tries = [one for name in request.entries if (one := await _tried(jest.of(name), request, funnel, progress))]
    if not any(one.cases for one in tries):
        raise TaskError("generation/not-covered", f"nothing of `{request.target}` can be tried: {_told(tries)}")
    model, cases = _together(request, tries)
    suite = await running
    progress(f"proving {len(cases)} cases")
    proof, kept = await Prover(request, jest, model, funnel, suite).proven(cases)
    funnel.kept = len(kept)
    score = [one.score(kept) for one in tries]
    return Generated(
        text=proof.texts[request.test_file],
        funnel=funnel,
        before=proof.before,
        after=proof.coverage,
        mutants=sum(mutants for mutants, _ in score),
        killed=sum(killed for _, killed in score),
        seconds=round(time.monotonic() - started, 1),
        is_truncated=any(one.is_truncated for one in tries),
        suspicious=(*(told for one in tries for told in one.suspicious), *_suspicious(suite)),
        titles=tuple(emission.titles(emission.parts(model, kept, request.test_file))),
    )


async def _tried(jest: Jest, request: Request, funnel: Funnel, progress: Callable[[str], None]) -> Tried | None:
    """Return what was found out about one module; None for one of a directory in which there is nothing to try.

    :raises TaskError: when the target is that module, and cannot be tried.
    """
    progress(f"analysing `{jest.target}`")
    try:
        model, found = await _searched(jest, request, progress)
    except TaskError as error:
        if request.has_schema or not request.modules:
            raise
        return Tried(left_out=error.message) if error.code == "generation/target-broken" else None
    funnel.proposed += found["proposed"]
    for reason, count in found["dropped"].items():
        funnel.drop(reason, count)
    noticed = await _notice(jest, model, found["cases"], progress)
    return Tried(model, found, noticed, _minimised(found["cases"], noticed["kills"], funnel))


async def _searched(jest: Jest, request: Request, tell: Callable[[str], None]) -> tuple[Recorded, Recorded]:
    """Return the model of a module, and the cases that were found.

    :raises TaskError: when there is nothing to try.
    """
    model = await jest.analyse()
    if request.modules:
        model["data"] = []  # of a directory, what does something is tested
    _check(jest.target, model)
    if (model.get("graphql") or {}).get("isExecutable"):
        check_package(request.root, "graphql")
    asked = {"model": model, "budget": request.budget, "seconds": _SEARCH_SECONDS}
    found = await jest.explore("search", asked, tell)
    if found.get("environment"):
        model["application"]["environment"] = found["environment"]
    if "broken" in found:
        raise TaskError("generation/target-broken", f"`{jest.target}` cannot be loaded: {found['broken']}")
    return model, found


def _together(request: Request, tries: Sequence[Tried]) -> tuple[Recorded, list[Recorded]]:
    """Return one model and all cases of a target, where each case of a directory names its module.

    :raises TaskError: when the modules do not fit into one file.
    """
    if request.has_schema or not request.modules:
        return {**tries[0].model, "about": request.target}, tries[0].cases
    with_cases = [one for one in tries if one.cases]
    for one in with_cases:
        for case in one.cases:
            case["module"] = one.model["target"]
    model = {"target": request.target, "modules": [one.model for one in with_cases]}
    cases = [case for one in with_cases for case in one.cases]
    reason = clash_in(cases)
    if reason:
        raise TaskError("generation/not-covered", f"`{request.target}`: {reason}", hint="name each module as a target")
    return model, cases


def _told(tries: Sequence[Tried]) -> str:
    return "; ".join(one.left_out for one in tries if one.left_out) or "no module exports what can be tried"


def _check_size(request: Request) -> None:
    """:raises TaskError: when a target is so long that a program must have written it."""
    for name in request.files:
        with (request.root / name).open("rb") as file:
            lines = sum(1 for _ in file)
        if lines > _MOST_LINES:
            message = f"`{name}` has {lines} lines; files of more than {_MOST_LINES} are not covered"
            raise TaskError("generation/not-covered", message)


def _check(name: str, model: Recorded) -> None:
    """:raises TaskError: when a module cannot be tested."""
    broken = model.get("broken")
    if broken:
        place = Location(name, broken["line"], broken["column"])
        raise TaskError("generation/target-broken", f"`{name}`: {broken['message']}", location=place)
    if not has_subjects(model):
        hint = "functions, classes, routes, plugins, GraphQL, data and what acts when loaded are covered"
        raise TaskError("generation/not-covered", f"`{name}` exports nothing that can be tried", hint=hint)


async def _notice(jest: Jest, model: Recorded, cases: Sequence[Recorded], tell: Callable[[str], None]) -> Recorded:
    if not cases:
        return {"kills": [], "mutants": [], "truncated": False}
    tell(f"replaying {len(cases)} cases on mutants")
    return await jest.explore("mutate", {"model": model, "cases": cases, "seconds": _SEARCH_SECONDS}, tell)


def _minimised(cases: Sequence[Recorded], kills: Sequence[Sequence[int]], funnel: Funnel) -> list[Recorded]:
    candidates = [
        Candidate(frozenset([*case["bits"], *map(str, dead), *_outcome(case)]), _length(case))
        for case, dead in zip(cases, kills, strict=True)
    ]
    kept = [cases[index] for index in fewest(candidates)]
    funnel.drop("minimise: proves nothing that others do not", len(cases) - len(kept))
    return kept


def _outcome(case: Recorded) -> list[str]:
    return [] if case["isSpare"] else [case["outcome"]]


def _length(case: Recorded) -> int:
    return len(json.dumps([case.get("before", ()), case["args"], case["script"], case.get("value"), case["given"]]))


def _suspicious(suite: Suite) -> tuple[str, ...]:
    red = [f"the project's own test fails: {name}" for name in suite.failed]
    broken = [f"a test file of the project cannot run: {cause_in(one)}" for one in suite.broken]
    unknown = [f"the project's own tests were left out: {suite.unknown}"] if suite.unknown else []
    return (*red, *broken, *unknown)
