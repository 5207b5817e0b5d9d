"""Proves a test file by pytest: what does not always pass is left out. It knows no target's code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from orchestrator.errors import TaskError
from orchestrator.generation.python.bench import Bench
from orchestrator.generation.python.emission import Emitted, Place, emit
from orchestrator.generation.python.project import find_formatter, find_generated, stripped
from orchestrator.generation.result import Coverage, Funnel

SEEDS: Final = (11, 23, 37, 53, 71)
REPEATED: Final = 5
_ROUNDS: Final = 3  # how often failing cases are taken out before the whole is given up
_NO_TESTS: Final = 5  # pytest's exit code


class _Runs(NamedTuple):
    """What pytest answered, by what was run."""

    ordered: Mapping[str, Any]
    before: Mapping[str, Any]
    together: Mapping[str, Any]
    elsewhere: Mapping[str, Any]


async def prove(bench: Bench, recording: dict[str, Any]) -> tuple[Emitted, Funnel, Coverage | None, Coverage | None]:
    """Return the file whose every test passes, whatever the order and the company, and what it covers.

    :raises TaskError: when no test does, or a person's test fails because of it.
    """
    funnel = Funnel(proposed=recording["proposed"], dropped=dict(recording["dropped"]))
    funnel.drop("minimise: shows nothing new", recording["unneeded"])
    place, file = _place(bench), bench.file
    for _ in range(_ROUNDS):
        emitted = emit(recording, place)
        bench.progress(f"checking {len(recording['cases'])} cases")
        with _standing(file, emitted.text):
            emitted = replace(emitted, text=await _formatted(bench))
            runs = await _all_runs(bench, recording["libraries"])
        _refuse_broken_company(runs, bench.request.test_file)
        failing = _failing([runs.ordered, runs.together, runs.elsewhere], emitted, file)
        if not failing:
            funnel.kept = len(recording["cases"])
            after = _coverage(runs.together) or Coverage(**recording["coverage"])
            return emitted, funnel, after, _coverage(runs.before)
        funnel.drop("validate: does not always pass", len(failing))
        recording["cases"] = [case for number, case in enumerate(recording["cases"]) if number not in failing]
        if not recording["cases"]:
            break
    raise TaskError(
        "generation/nothing-holds", f"the tests of `{bench.request.target}` do not pass when pytest runs them"
    )


def _place(bench: Bench) -> Place:
    project, parents = bench.project, list(bench.file.parents)
    up, inner = None, project.inner
    if not project.is_known and project.import_root in parents:
        up = parents.index(project.import_root)
    elif not project.is_known and project.directory in parents:
        up = parents.index(project.directory)
        beside = project.import_root.relative_to(project.directory)
        inner = (beside.as_posix(), *((beside / each).as_posix() for each in project.inner))
    return Place(target=bench.request.target, module=project.module, up=up, inner=inner)


async def _formatted(bench: Bench) -> str:
    """Return the standing file as the project's own formatter writes it, if its environment has one."""
    if (formatter := find_formatter(bench.interpreter, bench.project.directory, bench.request.root)) is not None:
        environment = stripped(bench.environ, bench.directory)
        await bench.command([*formatter, str(bench.file)], cwd=bench.project.directory, env=environment)
    return bench.file.read_text("utf-8")


async def _all_runs(bench: Bench, libraries: list[str]) -> _Runs:
    """Run the tests in some orders, as another machine runs them (far away, sets in another order), and in company.

    The company are the tests that people wrote: what is generated has been proven alone.

    Runs share a process that has imported what is slow. A suite that fails there may not bear it, and runs again alone.
    """
    asked, file, directory = bench.surroundings(), bench.file, bench.project.directory
    others = [f"--ignore={each}" for each in find_generated(directory) if each != file]
    ordered = {"paths": [str(file)], "times": REPEATED, "seeds": SEEDS}
    company = [
        {"paths": [str(directory), str(file), *others], "coverage": True},
        {"paths": [str(directory), f"--ignore={file}", *others], "coverage": True, "spare": True},
    ]
    asked["target"] = str(bench.request.root / bench.request.target)
    answer = await bench.stage("check", {**asked, "preload": libraries, "runs": [ordered, *company]})
    first, *both = answer["runs"]
    if any(each["exit"] not in (0, _NO_TESTS) for each in both):
        both = (await bench.stage("company", {**asked, "preload": [], "runs": company}))["runs"]
    distant = {**asked["environment"], "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "1"}
    once = {"environment": distant, "preload": [], "runs": [{"paths": [str(file)]}]}
    elsewhere = await bench.stage("elsewhere", {**asked, **once}, order="1")
    together, before = both
    return _Runs(first, before, together, elsewhere["runs"][0])


def _refuse_broken_company(runs: _Runs, test_file: str) -> None:
    """:raises TaskError: when tests of a person fail that passed without ours."""
    before = runs.before["outcomes"]
    for name, outcome in runs.together["outcomes"].items():
        if outcome == "failed" and before.get(name) == "passed":
            raise TaskError("generation/nothing-holds", f"`{name}` fails in company of `{test_file}`")


def _failing(runs: Sequence[Mapping[str, Any]], emitted: Emitted, file: Path) -> set[int]:
    """Return the numbers of the cases that failed in any run.

    :raises TaskError: when pytest failed otherwise.
    """
    found: set[int] = set()
    for run in runs:
        ours = {name: outcome for name, outcome in run["outcomes"].items() if file.name in name.partition("::")[0]}
        known = {
            name: emitted.cases.get(name.partition("::")[2]) for name, outcome in ours.items() if outcome == "failed"
        }
        found |= {number for number in known.values() if number is not None}
        strange = [name for name, number in known.items() if number is None]
        if strange or not ours:
            reason = next(iter(run["failures"].values()), "no test was collected").strip().splitlines()
            raise TaskError(
                "generation/nothing-holds", f"pytest cannot run the tests: {(reason or ['it says nothing'])[-1]}"
            )
    return found


def _coverage(run: Mapping[str, Any]) -> Coverage | None:
    return Coverage(**run["coverage"]) if run["coverage"] else None


@contextlib.contextmanager
def _standing(file: Path, text: str) -> Iterator[None]:
    """Let the file hold a text for a while: pytest takes its place for granted."""
    before = file.read_bytes() if file.exists() else None
    made = [each for each in (file.parent, *file.parent.parents) if not each.exists()]
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        file.write_text(text, "utf-8")
        yield
    finally:
        if before is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(before)
        for each in made:
            with contextlib.suppress(OSError):
                each.rmdir()
