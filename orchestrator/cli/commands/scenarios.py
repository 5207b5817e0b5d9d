"""What is asked of terminal scenarios: play and record them, look after their snapshots. Needs no plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import JUnit, StateDir, pairs

Var = Annotated[list[str] | None, typer.Option("--var", metavar="K=V", help="Set a variable of the scenarios.")]
Order = Annotated[str, typer.Option("--scheduler", metavar="NAME", help="Which goes first, as in plans.")]
KeepsRecordings = Annotated[bool, typer.Option("--record", help="Keep the recordings also when all goes well.")]
OnlyChecks = Annotated[bool, typer.Option("--dry-run", help="Only check the files.")]
IsStrict = Annotated[bool, typer.Option("--strict", help="What passes with a warning fails.")]
IsCompatible = Annotated[bool, typer.Option("--compat", help="Keys that mean nothing are warnings.")]
LocalPlugins = Annotated[bool, typer.Option("--plugins", help="Load the plugins of this directory, too.")]
Reporters = Annotated[list[str] | None, typer.Option(metavar="NAME", help="Tell this reporter of a plugin.")]
ShowsSteps = Annotated[bool, typer.Option("--verbose", "-v", help="Show each step.")]

app = typer.Typer(help="Play terminal scenarios.", no_args_is_help=True, rich_markup_mode=None)
snapshots = typer.Typer(help="Look after snapshots.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(snapshots, name="snapshot")


@app.command()
def run(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Scenario files, or directories of them.")],
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="N at once; absent = as many as the processors can bear.")
    ] = None,
    scheduler: Order = "adaptive",
    repeat: Annotated[int, typer.Option(metavar="N", min=1, help="Play each N times.")] = 1,
    snapshot: Annotated[
        str, typer.Option(metavar="MODE", help="Snapshots: verify, record what is missing, or update all.")
    ] = "verify",
    record: KeepsRecordings = False,
    cast: Annotated[
        int, typer.Option(metavar="V", min=2, max=3, help="Recordings are asciicasts of version 2 or 3.")
    ] = 2,
    var: Var = None,
    junit: JUnit = None,
    dry_run: OnlyChecks = False,
    strict: IsStrict = False,
    compat: IsCompatible = False,
    plugins: LocalPlugins = False,
    reporter: Reporters = None,
    state_dir: StateDir = None,
    verbose: ShowsSteps = False,
) -> None:
    """Play scenarios, many at once. Needs no plan."""
    from orchestrator.cli import scenario as command

    how = command.How(
        dry_run=dry_run,
        strict=strict,
        junit=junit,
        state_dir=state_dir,
        verbose=verbose,
        caller=command.caller(plugins=plugins, cast=cast),
        reporters=reporter or (),
    )
    others = {"repeat": repeat, "record": record, "compat": compat, "variables": pairs(var)}
    wanted = command.wanted(files, workers, scheduler, snapshot, **others)
    raise typer.Exit(command.run(wanted, how))


@app.command()
def replay(
    cast: Annotated[Path, typer.Argument(metavar="CAST", help="A recording of `scenario run`.")],
    file: Annotated[Path, typer.Option("--scenario", metavar="FILE", help="The scenario, as it is now.")],
    to_step: Annotated[int | None, typer.Option(metavar="N", min=1, help="No further than this step.")] = None,
    var: Var = None,
    compat: IsCompatible = False,
) -> None:
    """Look at a recording as a scenario looks at its program. Runs nothing."""
    from orchestrator.cli import scenario as command

    raise typer.Exit(command.replay(cast, file, to_step, pairs(var), compat=compat))


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def init(
    program: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="The program; absent = your shell.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where it goes.")] = Path("scenario.yaml"),
) -> None:
    """Record what you do with a program as a scenario."""
    from orchestrator.cli import scenario_init as command

    raise typer.Exit(command.init(program or [], out))


@snapshots.command()
def review(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILES", help="Scenarios to play; none = ask about what waits.")
    ] = None,
    accept_all: Annotated[bool, typer.Option("--accept-all", help="Accept without asking.")] = False,
    compat: IsCompatible = False,
    plugins: LocalPlugins = False,
    state_dir: StateDir = None,
) -> None:
    """Accept, reject or skip each screen that differs from its snapshot."""
    from orchestrator.cli import scenario_review as command

    raise typer.Exit(command.review(files or [], accept_all, compat=compat, plugins=plugins, state_dir=state_dir))


@app.command()
def doctest(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Markdown documents.")],
    mode: Annotated[
        str, typer.Option("--mode", "--match-mode", metavar="M", help="exact, contains, regex, startswith, endswith.")
    ] = "contains",
    timeout: Annotated[float, typer.Option(metavar="S", min=0.01, help="Seconds that a command may take.")] = 30.0,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first that differs.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Write what is printed into the documents.")] = False,
    cwd: Annotated[
        Path, typer.Option("--cwd", "--working-dir", metavar="DIR", help="Where the shell starts.")
    ] = Path(),
    junit: Annotated[Path | None, typer.Option("--junit", "--junit-xml", metavar="F", help="Write a report.")] = None,
) -> None:
    """Run the commands of Markdown documents; compare what they print."""
    from orchestrator.cli import scenario_doctest as command
    from orchestrator.scenarios.doctest import How

    how = How(timeout=timeout, fail_fast=fail_fast, update=update, cwd=cwd.absolute())
    raise typer.Exit(command.doctest(files, mode, how, junit))
