"""From a target to a test file that has passed: analyse, search, replay on mutants, minimise, emit, prove.

It writes beside the test file while it proves it, and leaves only what it returns to be written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import Location, TaskError
from orchestrator.generation.minimal import Candidate, fewest
from orchestrator.generation.request import Request, RunCommand
from orchestrator.generation.result import Coverage, Funnel, Generated
from orchestrator.generation.typescript import blame, emission
from orchestrator.generation.typescript.jest import Jest, Report, cause_in
from orchestrator.templates import Templates, shipped_directory

_SEARCH_SECONDS: Final = 300
_IN_ORDER: Final = 5
_SHUFFLED: Final = 5
_ZONES: Final = ("UTC", "America/New_York", "Asia/Tokyo")
_MOST_ROUNDS: Final = 4

Recorded = dict[str, Any]


async def generate(
    request: Request,
    command: RunCommand,
    directory: Path,
    progress: Callable[[str], None],
    environ: Mapping[str, str],
) -> Generated:
    """Return tests for a TypeScript or JavaScript target, proven under the project's own configuration.

    :raises TaskError: `generation/...`, when there is nothing to test or nothing to test with.
    """
    started = time.monotonic()
    jest = Jest(request, command, directory, environ)
    jest.check()
    progress(f"analysing `{request.target}`")
    model = _checked(request, await jest.analyse())
    suite, before = await jest.cover("before")
    found = await jest.explore("search", {"model": model, "budget": request.budget, "seconds": _SEARCH_SECONDS})
    if "broken" in found:
        raise TaskError("generation/target-broken", f"`{request.target}` cannot be loaded: {found['broken']}")
    funnel = Funnel(found["proposed"], 0, dict(found["dropped"]))
    progress(f"replaying {len(found['cases'])} cases on mutants")
    noticed = await _notice(jest, model, found["cases"])
    cases = _minimised(found["cases"], noticed["kills"], funnel)
    progress(f"proving {len(cases)} cases")
    proof = _Proof(request, jest, model, funnel, set(suite.failed))
    text, kept = await proof.run(cases)
    funnel.kept = len(kept)
    mutants, killed = _score(noticed, found["cases"], kept)
    return Generated(
        text=text,
        funnel=funnel,
        before=before,
        after=proof.after,
        mutants=mutants,
        killed=killed,
        seconds=round(time.monotonic() - started, 1),
        is_truncated=bool(found["truncated"] or noticed["truncated"]),
        suspicious=_suspicious(found, suite),
        titles=tuple(emission.titles(emission.parts(model, kept, request.test_file))),
    )


def _checked(request: Request, model: Recorded) -> Recorded:
    """Return the model of a target that can be tested.

    :raises TaskError: when it cannot.
    """
    broken = model.get("broken")
    if broken:
        place = Location(request.target, broken["line"], broken["column"])
        raise TaskError("generation/target-broken", f"`{request.target}`: {broken['message']}", location=place)
    if not model["functions"] and not any(own["methods"] for own in model["classes"]):
        hint = "functions and classes are covered; routes, configuration and GraphQL are not yet"
        raise TaskError("generation/not-covered", f"`{request.target}` exports no function or class", hint=hint)
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


def _suspicious(found: Recorded, suite: Report) -> tuple[str, ...]:
    crashes = [f"{count} inputs: {reason}" for reason, count in found["dropped"].items() if "ends in a" in reason]
    red = [f"the project's own test fails: {name}" for name in suite.failed]
    return (*crashes, *red, *(f"a test file of the project cannot run: {cause_in(one)}" for one in suite.broken))


class _Proof:
    """Proves cases under the project's real configuration, and leaves out those that do not hold."""

    def __init__(self, request: Request, jest: Jest, model: Recorded, funnel: Funnel, red: set[str]) -> None:
        self._request = request
        self._jest = jest
        self._model = model
        self._funnel = funnel
        self._red = red
        self._templates = Templates([shipped_directory("templates") / "tests"])
        self.after: Coverage | None = None

    async def run(self, cases: Sequence[Recorded]) -> tuple[str, list[Recorded]]:
        """Return the text of the file, and the cases in it.

        :raises TaskError: `generation/nothing-holds`
        """
        kept = list(cases)
        with _pending(self._request) as path:
            for _ in range(_MOST_ROUNDS):
                if not kept:
                    break
                await self._write(path, kept)
                bad = await self._failures(path)
                if not bad:
                    return path.read_text("utf-8"), kept
                kept = self._without(kept, bad)
        raise TaskError("generation/nothing-holds", f"no case of `{self._request.target}` passes: {self._funnel}")

    async def _write(self, path: Path, cases: Sequence[Recorded]) -> None:
        self._render(path, cases)
        await self._jest.format(path)

    def _render(self, path: Path, cases: Sequence[Recorded]) -> None:
        context = emission.parts(self._model, cases, self._request.test_file)
        path.write_text(self._templates.render(emission.TEMPLATE, context), "utf-8")

    async def _failures(self, path: Path) -> dict[str, str]:
        """Return the names of tests that fail, with the reason; run after run, until one fails."""
        only = ["--runTestsByPath", str(path)]
        for number in range(_IN_ORDER):
            report = await self._jest.prove("in-order", only)
            if not report.is_green:
                return _bad(report, path, "validate: fails" if number == 0 else "validate: fails sometimes")
        for seed in range(1, _SHUFFLED + 1):
            zone = _ZONES[seed % len(_ZONES)]
            report = await self._jest.prove("shuffled", [*only, "--randomize", f"--seed={seed}"], zone)
            if not report.is_green:
                return _bad(report, path, "validate: depends on order or time zone")
        report, self.after = await self._jest.cover("after")
        fresh = [name for name in report.failed if name not in self._red]
        return dict.fromkeys(fresh, "validate: fails beside the whole suite")

    def _without(self, cases: Sequence[Recorded], bad: Mapping[str, str]) -> list[Recorded]:
        """Leave out the cases of failing tests. A test made of several cases goes as a whole.

        :raises TaskError: when the failure is of no test of ours.
        """
        kept = []
        for name, members in emission.members(self._model, cases, self._request.test_file):
            reason = bad.get(name)
            if reason is None:
                kept += members
            else:
                self._funnel.drop(reason, len(members))
        if len(kept) == len(cases):
            reason = next(iter(bad))
            raise TaskError("generation/nothing-holds", f"the tests of `{self._request.target}` cannot run: {reason}")
        return [case for case in cases if any(case is one for one in kept)]


def _bad(report: Report, path: Path, reason: str) -> dict[str, str]:
    names = dict.fromkeys(report.failed, reason)
    for message in report.broken:
        found = blame.tests_at(path.read_text("utf-8"), blame.lines_in(message, path.name))
        names |= dict.fromkeys(found, "validate: does not compile") if found else {cause_in(message): reason}
    return names


@contextmanager
def _pending(request: Request) -> Iterator[Path]:
    """A test file beside the one to come, which is gone afterwards; so is its directory if nothing else is in it."""
    final = request.root / request.test_file
    made = [above for above in final.parents if not above.exists()]
    final.parent.mkdir(parents=True, exist_ok=True)
    path = final.with_name(f"pending-{final.name}")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        for above in made:
            if not any(above.iterdir()):
                above.rmdir()
