"""What is done to single files, without a plan: edit one, generate its tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import words
from orchestrator.cli.options import DryRun

ProjectHere = Annotated[Path, typer.Option("--project", metavar="DIR", help="The project, if not this directory.")]

generate = typer.Typer(help="Make files from what the project is.", no_args_is_help=True, rich_markup_mode=None)


def edit(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH VALUE", help="Give a place a value, as YAML.")
    ] = None,
    ensure: Annotated[
        list[str] | None, typer.Option(metavar="PATH VALUE", help="Add what is missing; replace nothing.")
    ] = None,
    append: Annotated[
        list[str] | None, typer.Option(metavar="PATH VALUE", help="Put an item at the end of a list.")
    ] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="PATH", help="Take a key or an item out.")] = None,
    before: Annotated[str | None, typer.Option(metavar="KEY", help="What a new key or item goes before.")] = None,
    after: Annotated[str | None, typer.Option(metavar="KEY", help="What a new key or item goes after.")] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="The key by which an appended item is known.")] = None,
    expect: Annotated[str | None, typer.Option(metavar="N|many", help="How many places a path means.")] = None,
    action: Annotated[str | None, typer.Option(metavar="NAME", help="A named edit instead.")] = None,
    param: Annotated[list[str] | None, typer.Option(metavar="K=V", help="A parameter of the named edit.")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show the unified diff.")] = False,
    dry_run: DryRun = False,
    project: ProjectHere = Path(),
) -> None:
    """Edit one configuration file, and no byte beside the edit. Needs no plan."""
    from orchestrator.cli import edit as command

    edits = words.read({"--set": set_, "--ensure": ensure, "--append": append, "--remove": remove})
    beside = {"before": before, "after": after, "key": key, "expect": expect}
    wanted = command.Wanted(edits, beside, action, param or ())
    raise typer.Exit(command.edit(file, project, wanted, diff=diff, dry_run=dry_run))


@generate.command()
def tests(
    target: Annotated[Path, typer.Argument(metavar="TARGET")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where they go, if not beside the target.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; run nothing.")] = False,
    project: ProjectHere = Path(),
) -> None:
    """Generate tests for a file, proven under the project's own configuration. Needs no plan."""
    from orchestrator.cli import generate as command

    raise typer.Exit(command.tests(target, out, project, dry_run=dry_run))
