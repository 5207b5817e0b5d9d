"""What is asked of a plan: run it, show what a run would do, check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import (
    DEFAULT,
    All,
    Config,
    DryRun,
    Exclude,
    Groups,
    Json,
    JUnit,
    NoDeps,
    Phases,
    ProjectDir,
    StateDir,
    Tags,
    Tasks,
    Var,
    WithDeps,
    Yes,
    pairs,
    plan_options,
    selection,
)


def run(
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    phase: Phases = None,
    group: Groups = None,
    task: Tasks = None,
    tag: Tags = None,
    exclude: Exclude = None,
    all_: All = False,
    var: Var = None,
    dry_run: DryRun = False,
    sequential: Annotated[bool, typer.Option("--sequential", help="One task at a time.")] = False,
    max_parallel: Annotated[int | None, typer.Option(metavar="N", min=1, help="At most N tasks at once.")] = None,
    yes: Yes = False,
    approve: Annotated[
        list[str] | None, typer.Option(metavar="ID=COMMENT", help="Approve a manual task, or `all`.")
    ] = None,
    with_deps: WithDeps = False,
    no_deps: NoDeps = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Only what failed in the last run.")] = False,
    plan: Annotated[
        Path | None, typer.Option(metavar="PLANFILE", help="Apply exactly this saved plan, or refuse.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="What cannot be verified fails.")] = False,
    junit: JUnit = None,
    json_: Json = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what tasks print.")] = False,
) -> None:
    """Run the plan, or the part of it that is selected."""
    from orchestrator.cli import run as command

    options = plan_options(
        config, project, state_dir, var,
        selection=selection(phase, group, task, tag, exclude, everything=all_), approve=pairs(approve, bare=True),
        sequential=sequential, max_parallel=max_parallel, strict=strict,
        with_deps=with_deps, no_deps=no_deps, retry_failed=retry_failed,
    )  # fmt: skip
    if dry_run:
        raise typer.Exit(command.preview(options, diff=True, as_json=json_))
    raise typer.Exit(command.run(options, yes=yes, saved_plan=plan, junit=junit, as_json=json_, verbose=verbose))


def plan(
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    phase: Phases = None,
    group: Groups = None,
    task: Tasks = None,
    tag: Tags = None,
    exclude: Exclude = None,
    all_: All = False,
    var: Var = None,
    with_deps: WithDeps = False,
    no_deps: NoDeps = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the unified diffs.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="PLANFILE", help="Save it for `run --plan`.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when something would change.")
    ] = False,
    graph: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Print the graph instead: mermaid, dot or svg.")
    ] = None,
    json_: Json = False,
) -> None:
    """Show what a run would do now. Changes nothing."""
    from orchestrator.cli import run as command

    chosen = selection(phase, group, task, tag, exclude, everything=all_)
    options = plan_options(config, project, state_dir, var, selection=chosen, with_deps=with_deps, no_deps=no_deps)
    if graph is not None:
        raise typer.Exit(command.graph(options, graph))
    raise typer.Exit(command.preview(options, diff=diff, as_json=json_, out=out, detailed_exitcode=detailed_exitcode))


def validate(config: Config = DEFAULT, project: ProjectDir = None, var: Var = None) -> None:
    """Check the plan; name everything that is wrong with it."""
    from orchestrator.cli import show

    raise typer.Exit(show.validate(plan_options(config, project, None, var)))
