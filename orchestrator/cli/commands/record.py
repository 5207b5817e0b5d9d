"""What is asked of the record of earlier runs: look at it, answer a question in it, take back what it holds."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.options import DEFAULT, Config, Json, Phases, ProjectDir, StateDir, Var, Yes, plan_options

TaskId = Annotated[str, typer.Argument(metavar="ID")]
Comment = Annotated[str, typer.Option("--comment", "-m", metavar="TEXT", help="Why.")]


def status(
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
    json_: Json = False,
) -> None:
    """Show how the last run stands."""
    from orchestrator.cli import show

    raise typer.Exit(show.status(plan_options(config, project, state_dir, var), as_json=json_))


def approve(
    task_id: TaskId,
    comment: Comment = "",
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Say that a manual task is done."""
    from orchestrator.cli import ask

    raise typer.Exit(ask.answer(plan_options(config, project, state_dir, var), task_id, "approved", comment))


def reject(
    task_id: TaskId,
    comment: Comment = "",
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Say that a manual task will not be done."""
    from orchestrator.cli import ask

    raise typer.Exit(ask.answer(plan_options(config, project, state_dir, var), task_id, "rejected", comment))


def explain(
    task_id: TaskId,
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Say what a task is, what it waits for and what became of it."""
    from orchestrator.cli import show

    raise typer.Exit(show.explain(plan_options(config, project, state_dir, var), task_id))


def logs(
    task_id: TaskId,
    attempt: Annotated[int | None, typer.Option(metavar="N", help="Not the last attempt but this one.")] = None,
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Show what a task printed in the last run."""
    from orchestrator.cli import show

    raise typer.Exit(show.logs(plan_options(config, project, state_dir, var), task_id, attempt))


def rollback(
    run_id: Annotated[str | None, typer.Option("--run", metavar="R", help="This run, not the last that wrote.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything since the first run.")] = False,
    phase: Phases = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be restored.")] = False,
    yes: Yes = False,
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Take back what a run wrote, where nobody has touched it since."""
    from orchestrator.cli import rollback as command

    options = plan_options(config, project, state_dir, var)
    raise typer.Exit(
        command.rollback(options, run=run_id, everything=all_, phases=phase or [], dry_run=dry_run, yes=yes)
    )


def history(
    prune: Annotated[bool, typer.Option("--prune", help="Forget all runs but the last.")] = False,
    json_: Json = False,
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """List the runs."""
    from orchestrator.cli import show

    raise typer.Exit(show.history(plan_options(config, project, state_dir, var), prune=prune, as_json=json_))
