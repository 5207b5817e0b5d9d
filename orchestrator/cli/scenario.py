"""`scenario`: plays scenario files through the engine, and shows what came of them."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

import typer

from orchestrator.app.project import Options, Project
from orchestrator.app.run import execute
from orchestrator.batch import SnapshotMode, Wanted, load_all, make_plan
from orchestrator.cli import screen
from orchestrator.cli.run import signals
from orchestrator.engine.steering import Steering
from orchestrator.errors import UsageError, did_you_mean
from orchestrator.handlers.scenario import Caller
from orchestrator.plan.model import Plan, SchedulerName
from orchestrator.reporters.text import number_of
from orchestrator.scenarios.loader import load
from orchestrator.scenarios.notices import Notice
from orchestrator.scenarios.plugin_set import open_plugins
from orchestrator.scenarios.recording import read
from orchestrator.scenarios.replay import replay as play_again
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.stage import Stage

STATE: Final = Path(".orchestrator", "scenarios")


@dataclass(frozen=True, kw_only=True)
class How:
    """How scenarios are played and shown."""

    dry_run: bool
    strict: bool
    junit: Path | None
    state_dir: Path | None
    verbose: bool
    caller: Caller = Caller()
    reporters: Sequence[str] = ()


def wanted(files: Sequence[Path], workers: int | None, scheduler: str, snapshot: str, **others: Any) -> Wanted:
    """Return what a caller asks for.

    :raises UsageError: when an option has a value that means nothing.
    """
    return Wanted(
        files=files,
        workers=workers,
        scheduler=_one_of(get_args(SchedulerName), scheduler),
        snapshot=_one_of(get_args(SnapshotMode), snapshot),
        **others,
    )


def caller(*, plugins: bool, **others: Any) -> Caller:
    """Return what a caller brings along; with `plugins`, those of the current directory, too."""
    return Caller(plugins=open_plugins(local=plugins), **others)


def run(wanted: Wanted, how: How) -> int:
    """Play scenarios; return the exit code."""
    plugins = how.caller.plugins or open_plugins()
    reporters = plugins.reporters(how.reporters)
    scenarios = load_all(replace(wanted, extensions=plugins))
    notices = [notice for loaded in scenarios.values() for notice in loaded.notices]
    _tell(notices)
    if how.dry_run:
        typer.echo(f"{number_of(len(scenarios), 'scenario')} checked")
        return 1 if notices and how.strict else 0
    steering = Steering(os.cpu_count() or 1) if wanted.workers is None else None
    project = _project(make_plan(wanted, scenarios), how, steering)
    handler: Any = project.registry.handler("scenario")
    handler.caller = replace(how.caller, plugins=plugins)
    state = execute(project)
    results: dict[str, Result] = handler.results
    for name, result in results.items():
        _tell(notice._replace(message=f"{name}: {notice.message}") for notice in result.notices)
        if not result.has_passed and not how.verbose:
            typer.echo(f"\n{name}: {result.report}")
    if how.junit is not None:
        from orchestrator.cli import scenario_junit

        scenario_junit.write(how.junit, results)
    plugins.report(reporters, results)
    return state.exit_code or 0


def replay(cast: Path, scenario: Path, to_step: int | None, variables: Mapping[str, str], *, compat: bool) -> int:
    """Perform the steps of a scenario against a recording; return the exit code."""
    recording, loaded = read(cast), load(scenario, compat=compat, variables=variables.keys())
    _tell(loaded.notices)
    if to_step is not None and to_step > len(loaded.scenario.steps):
        raise UsageError("usage/bad-option", f"the scenario has {len(loaded.scenario.steps)} steps, not {to_step}")
    with tempfile.TemporaryDirectory(prefix="scenario-") as directory:
        place = Path(directory)
        stage = Stage(directory=place, artifacts=place, variables=variables, log=typer.echo)
        result = asyncio.run(play_again(loaded.scenario, recording, stage, to_step=to_step))
    _tell(result.notices)
    typer.echo(result.summary() if result.has_passed else f"\n{result.report}")
    return 0 if result.has_passed else 1


def _one_of(known: Sequence[str], word: str) -> Any:
    if word in known:
        return word
    hint = did_you_mean(word, known) or f"there are {', '.join(known)}"
    raise UsageError("usage/bad-option", f"`{word}` is none of the values of this option", hint=hint)


def _project(plan: Plan, how: How, steering: Steering | None) -> Project:
    options = Options(state_dir=how.state_dir or STATE, strict=how.strict)
    project = Project(options, plan=plan)
    observers = [screen.reporter(project, verbose=how.verbose)]
    project.ports = replace(project.ports, observers=observers, on_start=signals, steering=steering)
    return project


def _tell(notices: Iterable[Notice]) -> None:
    for notice in notices:
        typer.echo(str(notice), err=True)
