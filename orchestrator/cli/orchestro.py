"""The command `orchestro`: the spelling that older scenario runners have, for what `orchestrate scenario` does.

Programs start in the current directory, or in the workspace, and keys that mean nothing are warnings.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.commands.scenarios import (
    IsStrict,
    KeepsRecordings,
    LocalPlugins,
    OnlyChecks,
    Order,
    Reporters,
    ShowsSteps,
)
from orchestrator.cli.main import guard
from orchestrator.cli.options import command_line

app = command_line("orchestro", "Play terminal scenarios (the same as `orchestrate scenario`).")


@app.callback()
def _root() -> None:
    """Play terminal scenarios (the same as `orchestrate scenario`)."""


@app.command()
def run(
    files: Annotated[list[Path], typer.Argument(metavar="SCENARIO...")],
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", metavar="DIR", help="Where programs run, with home and data.")
    ] = None,
    parallel: Annotated[bool, typer.Option("--parallel", help="Many at once.")] = False,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="At most N at once.")] = None,
    scheduler: Order = "adaptive",
    snapshot: Annotated[str, typer.Option(metavar="MODE", help="Snapshots: verify, record or update.")] = "verify",
    snapshot_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="Where snapshots are.")] = None,
    junit_xml: Annotated[
        Path | None, typer.Option("--junit-xml", "--junit", metavar="FILE", help="Write a JUnit report.")
    ] = None,
    dry_run: OnlyChecks = False,
    record: KeepsRecordings = False,
    strict: IsStrict = False,
    plugins: LocalPlugins = False,
    reporter: Reporters = None,
    verbose: ShowsSteps = False,
) -> None:
    """Play scenarios."""
    from orchestrator.cli import scenario as command

    place = workspace.absolute() if workspace else None
    how = command.How(
        dry_run=dry_run,
        strict=strict,
        junit=junit_xml,
        state_dir=None,
        verbose=verbose,
        caller=command.caller(
            plugins=plugins,
            cwd=place or Path.cwd(),
            workspace=place,
            snapshots=snapshot_dir.absolute() if snapshot_dir else None,
        ),
        reporters=reporter or (),
    )
    count = workers if parallel else 1
    raise typer.Exit(command.run(command.wanted(files, count, scheduler, snapshot, record=record, compat=True), how))


def main() -> None:
    """Run the command line; a scenario without a command is run."""
    words = sys.argv[1:]
    names = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    if words and words[0] not in names and not words[0].startswith("-"):
        words = ["run", *words]
    guard(lambda: app(words))
