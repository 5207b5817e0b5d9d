"""From a target to a test file that has passed: analyse, search, replay on mutants, minimise, emit, prove.

Nothing is written into the project: the file is proven before it exists.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import Location, TaskError
from orchestrator.generation.minimal import Candidate, fewest
from orchestrator.generation.request import Request, RunCommand
from orchestrator.generation.result import Funnel, Generated
from orchestrator.generation.typescript import emission
from orchestrator.generation.typescript.jest import Jest, Suite, cause_in, check_tools, environ_of
from orchestrator.generation.typescript.kinds import has_subjects
from orchestrator.generation.typescript.nodes import Nodes, state_of
from orchestrator.generation.typescript.proof import Prover

_SEARCH_SECONDS: Final = 300
_MOST_LINES: Final = 10_000

Recorded = dict[str, Any]


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
    progress(f"analysing `{request.target}`")
    model = _checked(request, await jest.analyse())
    found = await jest.explore("search", {"model": model, "budget": request.budget, "seconds": _SEARCH_SECONDS})
    if "broken" in found:
        raise TaskError("generation/target-broken", f"`{request.target}` cannot be loaded: {found['broken']}")
    funnel = Funnel(found["proposed"], 0, dict(found["dropped"]))
    progress(f"replaying {len(found['cases'])} cases on mutants")
    noticed = await _notice(jest, model, found["cases"])
    cases = _minimised(found["cases"], noticed["kills"], funnel)
    suite = await running
    progress(f"proving {len(cases)} cases")
    proof, kept = await Prover(request, jest, model, funnel, suite).proven(cases)
    funnel.kept = len(kept)
    mutants, killed = _score(noticed, found["cases"], kept)
    return Generated(
        text=proof.texts[request.test_file],
        funnel=funnel,
        before=proof.before,
        after=proof.coverage,
        mutants=mutants,
        killed=killed,
        seconds=round(time.monotonic() - started, 1),
        is_truncated=bool(found["truncated"] or noticed["truncated"]),
        suspicious=_suspicious(found, suite),
        titles=tuple(emission.titles(emission.parts(model, kept, request.test_file))),
    )


def _check_size(request: Request) -> None:
    """:raises TaskError: when a target is so long that a program must have written it."""
    with (request.root / request.target).open("rb") as file:
        lines = sum(1 for _ in file)
    if lines > _MOST_LINES:
        message = f"`{request.target}` has {lines} lines; files of more than {_MOST_LINES} are not covered"
        raise TaskError("generation/not-covered", message)


def _checked(request: Request, model: Recorded) -> Recorded:
    """Return the model of a target that can be tested.

    :raises TaskError: when it cannot.
    """
    broken = model.get("broken")
    if broken:
        place = Location(request.target, broken["line"], broken["column"])
        raise TaskError("generation/target-broken", f"`{request.target}`: {broken['message']}", location=place)
    if not has_subjects(model):
        hint = "functions, classes, routes, plugins and what acts when loaded are covered, not `module.exports`"
        raise TaskError("generation/not-covered", f"`{request.target}` exports nothing that can be tried", hint=hint)
    return model


async def _notice(jest: Jest, model: Recorded, cases: Sequence[Recorded]) -> Recorded:
    if not cases:
        return {"kills": [], "mutants": [], "truncated": False}
    return await jest.explore("mutate", {"model": model, "cases": cases, "seconds": _SEARCH_SECONDS})


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
    return len(json.dumps([case["args"], case["script"], case.get("value"), case["given"]]))


def _score(noticed: Recorded, cases: Sequence[Recorded], kept: Sequence[Recorded]) -> tuple[int, int]:
    chosen = {id(case) for case in kept}
    dead = {one for case, kills in zip(cases, noticed["kills"], strict=True) if id(case) in chosen for one in kills}
    return len(noticed["mutants"]), len(dead)


def _suspicious(found: Recorded, suite: Suite) -> tuple[str, ...]:
    crashes = [f"{count} inputs: {reason}" for reason, count in found["dropped"].items() if "ends in a" in reason]
    red = [f"the project's own test fails: {name}" for name in suite.failed]
    broken = [f"a test file of the project cannot run: {cause_in(one)}" for one in suite.broken]
    unknown = [f"the project's own tests were left out: {suite.unknown}"] if suite.unknown else []
    return (*found.get("suspicious", ()), *crashes, *red, *broken, *unknown)
