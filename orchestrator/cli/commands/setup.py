"""What is asked before there is a run: a first plan, the schemas for an editor, whether the machine has it all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import DEFAULT, Config, ProjectDir, StateDir, Var, plan_options


def init(directory: Annotated[Path, typer.Argument(metavar="DIR")] = Path()) -> None:
    """Write a first plan to start from."""
    from orchestrator.cli import setup

    raise typer.Exit(setup.init(directory))


def schema(
    scenario: Annotated[bool, typer.Option("--scenario", help="The schema of scenario files.")] = False,
) -> None:
    """Print the JSON Schema of plan files, for editors."""
    from orchestrator.cli import setup

    raise typer.Exit(setup.schema(scenario=scenario))


def doctor(config: Config = DEFAULT, project: ProjectDir = None, state_dir: StateDir = None, var: Var = None) -> None:
    """Check what this machine has and the plan needs."""
    from orchestrator.cli import setup

    raise typer.Exit(setup.doctor(plan_options(config, project, state_dir, var)))
