"""Many scenario files as one plan: a single parallel group, so that the engine runs them as it runs everything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from orchestrator.errors import Location, OrchestratorError, PlanErrors, UsageError
from orchestrator.handlers.scenario import ScenarioTask
from orchestrator.plan.model import Group, Phase, Plan, SchedulerName, Settings, digest_of, place
from orchestrator.scenarios.loader import Extensions, Loaded, load

SnapshotMode = Literal["verify", "record", "update"]

PHASE: Final = "phase_scenarios"
GROUP: Final = "scenarios"
SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a caller wants of the scenarios."""

    files: Sequence[Path]
    """Files, and directories that stand for all scenarios below them."""
    workers: int | None = None
    """How many play at once; absent = as the engine steers."""
    scheduler: SchedulerName = "adaptive"
    repeat: int = 1
    record: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values for `{{ name }}` in all of them."""
    compat: bool = False
    snapshot: SnapshotMode = "verify"
    extensions: Extensions | None = None
    """What plugins let scenarios say."""


def load_all(wanted: Wanted) -> dict[Path, Loaded]:
    """Return every scenario that is wanted.

    :raises PlanErrors: with all that is wrong with any of them.
    :raises UsageError: when there is none.
    """
    found: dict[Path, Loaded] = {}
    problems: list[OrchestratorError] = []
    for path in _files(wanted.files):
        try:
            found[path] = load(
                path, compat=wanted.compat, extensions=wanted.extensions, variables=wanted.variables.keys()
            )
        except PlanErrors as errors:
            problems += errors.problems
        except OrchestratorError as error:
            problems.append(error)
    if problems:
        raise PlanErrors(problems)
    if not found:
        named = ", ".join(f"`{path}`" for path in wanted.files)
        raise UsageError("usage/nothing-selected", f"there is no scenario in {named}")
    return found


def make_plan(wanted: Wanted, scenarios: dict[Path, Loaded]) -> Plan:
    """Return the plan that plays the scenarios, each as often as it is wanted."""
    root = Path(os.path.commonpath([os.getcwd(), *(os.path.dirname(os.path.abspath(path)) for path in scenarios)]))
    tasks = {task.id: task for path, loaded in scenarios.items() for task in _tasks(path, loaded, wanted, root)}
    where = Location(str(next(iter(scenarios))), 1, 1)
    group = Group(
        key=GROUP,
        name="scenarios",
        phase=PHASE,
        execution="parallel",
        max_parallel=wanted.workers,
        depends_on=(),
        fail_fast=False,
        continue_on_error=False,
        tasks=tuple(tasks),
        location=where,
    )
    phase = Phase(
        key=PHASE,
        name="scenarios",
        description="",
        estimated_duration="",
        depends_on=(),
        parallel_with=(),
        groups=(group,),
        checkpoint=None,
        location=where,
    )
    return Plan(
        name="scenarios",
        version="",
        description="",
        path=root,
        project_root=root,
        settings=Settings(
            max_parallel_tasks=wanted.workers or len(tasks), retry_attempts=1, scheduler=wanted.scheduler
        ),
        variables={},
        secrets=tuple({name: None for loaded in scenarios.values() for name in loaded.scenario.secrets}),
        phases=(phase,),
        tasks=tasks,
        digest=digest_of([task.digest for task in tasks.values()]),
        is_written=False,
    )


def _files(named: Iterable[Path]) -> Iterator[Path]:
    for path in dict.fromkeys(named):
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
        else:
            yield path


def _tasks(path: Path, loaded: Loaded, wanted: Wanted, root: Path) -> Iterator[ScenarioTask]:
    scenario = loaded.scenario
    if taken := [name for name in wanted.variables if name in scenario.matrix]:
        raise UsageError("usage/bad-option", f"the matrix of `{path}` has the values of `{taken[0]}`")
    for combination in scenario.combinations():
        chosen = ",".join(f"{name}={value}" for name, value in combination.items())
        for number in range(1, wanted.repeat + 1):
            again = f"#{number}" if wanted.repeat > 1 else ""
            made = ScenarioTask(
                id=f"{path}{f'[{chosen}]' if chosen else ''}{again}",
                name=scenario.name,
                type="scenario",
                description=scenario.description,
                target=os.path.relpath(path, root),
                variables={**wanted.variables, **combination},
                tags=scenario.tags,
                priority=scenario.priority,
                deadline=scenario.deadline,
                record=wanted.record,
                compat=wanted.compat,
                snapshot=wanted.snapshot,
            )
            place(made, phase=PHASE, group=GROUP, location=Location(str(path), 1, 1))
            yield made
