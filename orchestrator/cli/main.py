"""The command `orchestrate`: what there is to ask for. What each command does is in the modules beside this one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator import __version__
from orchestrator.cli import words

app = typer.Typer(
    name="orchestrate",
    help="Run an engineering roadmap from YAML: see what would change, run it, prove it, take it back.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Config = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The plan.")]
ProjectDir = Annotated[Path | None, typer.Option("--project", metavar="DIR", help="The project, if not the plan's.")]
StateDir = Annotated[Path | None, typer.Option(metavar="DIR", help="Where the record is kept.")]
Phases = Annotated[list[str] | None, typer.Option("--phase", metavar="P", help="Only this phase: `2` or `phase_2`.")]
Groups = Annotated[list[str] | None, typer.Option("--group", metavar="G", help="Only this group: `c` or `group_c`.")]
Tasks = Annotated[list[str] | None, typer.Option("--task", metavar="ID", help="Only this task.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="T", help="Only tasks with this tag.")]
Exclude = Annotated[list[str] | None, typer.Option(metavar="X", help="Without this phase, group, task or tag.")]
All = Annotated[bool, typer.Option("--all", help="The whole plan (as without a selection).")]
Var = Annotated[list[str] | None, typer.Option("--var", metavar="K=V", help="Set a variable of the plan.")]
ScenarioVar = Annotated[list[str] | None, typer.Option("--var", metavar="K=V", help="Set a variable of the scenarios.")]
ScenarioOrder = Annotated[str, typer.Option("--scheduler", metavar="NAME", help="Which goes first, as in plans.")]
KeepsRecordings = Annotated[bool, typer.Option("--record", help="Keep the recordings also when all goes well.")]
OnlyChecks = Annotated[bool, typer.Option("--dry-run", help="Only check the files.")]
IsStrict = Annotated[bool, typer.Option("--strict", help="What passes with a warning fails.")]
ShowsSteps = Annotated[bool, typer.Option("--verbose", "-v", help="Show each step.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
WithDeps = Annotated[bool, typer.Option("--with-deps", help="What the selection builds on, too.")]
NoDeps = Annotated[bool, typer.Option("--no-deps", help="Do not ask whether that is done.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")]
Comment = Annotated[str, typer.Option("--comment", "-m", metavar="TEXT", help="Why.")]

LocalPlugins = Annotated[bool, typer.Option("--plugins", help="Load the plugins of this directory, too.")]
Reporters = Annotated[list[str] | None, typer.Option(metavar="NAME", help="Tell this reporter of a plugin.")]

DEFAULT = Path("config/phases.yaml")


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        typer.echo(f"orchestrate {__version__}")
        raise typer.Exit


@app.command()
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")] = False,
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
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit report.")] = None,
    json_: Json = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what tasks print.")] = False,
) -> None:
    """Run the plan, or the part of it that is selected."""
    from orchestrator.cli import run as command

    options = _options(**locals())
    if dry_run:
        raise typer.Exit(command.preview(options, diff=True, as_json=json_))
    raise typer.Exit(command.run(options, yes=yes, saved_plan=plan, junit=junit, as_json=json_, verbose=verbose))


@app.command()
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

    options = _options(**locals())
    if graph is not None:
        raise typer.Exit(command.graph(options, graph))
    raise typer.Exit(command.preview(options, diff=diff, as_json=json_, out=out, detailed_exitcode=detailed_exitcode))


@app.command()
def status(
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
    json_: Json = False,
) -> None:
    """Show how the last run stands."""
    from orchestrator.cli import show

    raise typer.Exit(show.status(_options(**locals()), as_json=json_))


@app.command()
def validate(config: Config = DEFAULT, project: ProjectDir = None, var: Var = None) -> None:
    """Check the plan; name everything that is wrong with it."""
    from orchestrator.cli import show

    raise typer.Exit(show.validate(_options(**locals())))


@app.command()
def approve(
    task_id: Annotated[str, typer.Argument(metavar="ID")],
    comment: Comment = "",
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Say that a manual task is done."""
    from orchestrator.cli import ask

    raise typer.Exit(ask.answer(_options(**locals()), task_id, "approved", comment))


@app.command()
def reject(
    task_id: Annotated[str, typer.Argument(metavar="ID")],
    comment: Comment = "",
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Say that a manual task will not be done."""
    from orchestrator.cli import ask

    raise typer.Exit(ask.answer(_options(**locals()), task_id, "rejected", comment))


@app.command()
def explain(
    task_id: Annotated[str, typer.Argument(metavar="ID")],
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Say what a task is, what it waits for and what became of it."""
    from orchestrator.cli import show

    raise typer.Exit(show.explain(_options(**locals()), task_id))


@app.command()
def logs(
    task_id: Annotated[str, typer.Argument(metavar="ID")],
    attempt: Annotated[int | None, typer.Option(metavar="N", help="Not the last attempt but this one.")] = None,
    config: Config = DEFAULT,
    project: ProjectDir = None,
    state_dir: StateDir = None,
    var: Var = None,
) -> None:
    """Show what a task printed in the last run."""
    from orchestrator.cli import show

    raise typer.Exit(show.logs(_options(**locals()), task_id, attempt))


@app.command()
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

    options = _options(**{**locals(), "phase": None})
    raise typer.Exit(
        command.rollback(options, run=run_id, everything=all_, phases=phase or [], dry_run=dry_run, yes=yes)
    )


@app.command()
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

    raise typer.Exit(show.history(_options(**locals()), prune=prune, as_json=json_))


@app.command(cls=words.WordsCommand)
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")] = False,
    project: Annotated[Path, typer.Option(metavar="DIR", help="The project, if not this directory.")] = Path(),
) -> None:
    """Edit one configuration file, and no byte beside the edit. Needs no plan."""
    from orchestrator.cli import edit as command

    edits = words.read({"--set": set_, "--ensure": ensure, "--append": append, "--remove": remove})
    beside = {"before": before, "after": after, "key": key, "expect": expect}
    wanted = command.Wanted(edits, beside, action, param or ())
    raise typer.Exit(command.edit(file, project, wanted, diff=diff, dry_run=dry_run))


generate = typer.Typer(help="Make files from what the project is.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(generate, name="generate")


@generate.command(name="tests")
def generate_tests(
    target: Annotated[Path, typer.Argument(metavar="TARGET")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where they go, if not beside the target.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; run nothing.")] = False,
    project: Annotated[Path, typer.Option(metavar="DIR", help="The project, if not this directory.")] = Path(),
) -> None:
    """Generate tests for a file, proven under the project's own configuration. Needs no plan."""
    from orchestrator.cli import generate as command

    raise typer.Exit(command.tests(target, out, project, dry_run=dry_run))


scenario = typer.Typer(help="Play terminal scenarios.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(scenario, name="scenario")


@scenario.command(name="run")
def scenario_run(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Scenario files, or directories of them.")],
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="N at once; absent = as many as the processors can bear.")
    ] = None,
    scheduler: ScenarioOrder = "adaptive",
    repeat: Annotated[int, typer.Option(metavar="N", min=1, help="Play each N times.")] = 1,
    snapshot: Annotated[
        str, typer.Option(metavar="MODE", help="Snapshots: verify, record what is missing, or update all.")
    ] = "verify",
    record: KeepsRecordings = False,
    cast: Annotated[
        int, typer.Option(metavar="V", min=2, max=3, help="Recordings are asciicasts of version 2 or 3.")
    ] = 2,
    var: ScenarioVar = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit report.")] = None,
    dry_run: OnlyChecks = False,
    strict: IsStrict = False,
    compat: Annotated[bool, typer.Option("--compat", help="Keys that mean nothing are warnings.")] = False,
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
    others = {"repeat": repeat, "record": record, "compat": compat, "variables": _pairs(var)}
    wanted = command.wanted(files, workers, scheduler, snapshot, **others)
    raise typer.Exit(command.run(wanted, how))


@scenario.command(name="replay")
def scenario_replay(
    cast: Annotated[Path, typer.Argument(metavar="CAST", help="A recording of `scenario run`.")],
    file: Annotated[Path, typer.Option("--scenario", metavar="FILE", help="The scenario, as it is now.")],
    to_step: Annotated[int | None, typer.Option(metavar="N", min=1, help="No further than this step.")] = None,
    var: ScenarioVar = None,
    compat: Annotated[bool, typer.Option("--compat", help="Keys that mean nothing are warnings.")] = False,
) -> None:
    """Look at a recording as a scenario looks at its program. Runs nothing."""
    from orchestrator.cli import scenario as command

    raise typer.Exit(command.replay(cast, file, to_step, _pairs(var), compat=compat))


@scenario.command(name="init", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def scenario_init(
    program: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="The program; absent = your shell.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where it goes.")] = Path("scenario.yaml"),
) -> None:
    """Record what you do with a program as a scenario."""
    from orchestrator.cli import scenario_init as command

    raise typer.Exit(command.init(program or [], out))


snapshot = typer.Typer(help="Look after snapshots.", no_args_is_help=True, rich_markup_mode=None)
scenario.add_typer(snapshot, name="snapshot")


@snapshot.command(name="review")
def snapshot_review(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILES", help="Scenarios to play; none = ask about what waits.")
    ] = None,
    accept_all: Annotated[bool, typer.Option("--accept-all", help="Accept without asking.")] = False,
    compat: Annotated[bool, typer.Option("--compat", help="Keys that mean nothing are warnings.")] = False,
    plugins: LocalPlugins = False,
    state_dir: StateDir = None,
) -> None:
    """Accept, reject or skip each screen that differs from its snapshot."""
    from orchestrator.cli import scenario_review as command

    raise typer.Exit(command.review(files or [], accept_all, compat=compat, plugins=plugins, state_dir=state_dir))


@scenario.command(name="doctest")
def scenario_doctest(
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


@app.command()
def init(directory: Annotated[Path, typer.Argument(metavar="DIR")] = Path()) -> None:
    """Write a first plan to start from."""
    from orchestrator.cli import setup

    raise typer.Exit(setup.init(directory))


@app.command()
def schema(
    scenario: Annotated[bool, typer.Option("--scenario", help="The schema of scenario files.")] = False,
) -> None:
    """Print the JSON Schema of plan files, for editors."""
    from orchestrator.cli import setup

    raise typer.Exit(setup.schema(scenario=scenario))


@app.command()
def doctor(config: Config = DEFAULT, project: ProjectDir = None, state_dir: StateDir = None, var: Var = None) -> None:
    """Check what this machine has and the plan needs."""
    from orchestrator.cli import setup

    raise typer.Exit(setup.doctor(_options(**locals())))


def main() -> None:
    """Run the command line."""
    guard(app)


def guard(command: Callable[[], None]) -> None:
    """Run a command; the one place where errors become text and exit codes."""
    import gc

    from orchestrator.errors import OrchestratorError

    gc.disable()  # a plan is many objects that live as long as the command; `run` collects again
    try:
        command()
    except OrchestratorError as error:
        print(error, file=sys.stderr)  # noqa: T201
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None
    except Exception as error:  # noqa: BLE001  # boundary: our bug
        raise SystemExit(_report_bug(error)) from None


def _options(**given: Any) -> Any:
    """Return the options of a command from its parameters; those it does not have stay as they are."""
    from orchestrator.app import Options
    from orchestrator.errors import UsageError
    from orchestrator.plan.select import Selection

    named = {name: tuple(given.get(name) or ()) for name in ("phase", "group", "task", "tag", "exclude")}
    selection = Selection(named["phase"], named["group"], named["task"], named["tag"], named["exclude"])
    if given.get("all_") and not selection.is_whole:
        raise UsageError("usage/bad-option", "`--all` and a selection contradict each other")
    flags = ("project", "state_dir", "sequential", "max_parallel", "strict", "with_deps", "no_deps", "retry_failed")
    return Options(
        config=given["config"],
        selection=selection,
        variables=_pairs(given.get("var")),
        approve=_pairs(given["approve"], bare=True) if isinstance(given.get("approve"), list) else {},
        **{name: given[name] for name in flags if name in given},
    )


def _pairs(texts: Sequence[str] | None, *, bare: bool = False) -> dict[str, str]:
    """Return values by name from texts such as `NAME=VALUE`; with `bare`, a name can be alone."""
    from orchestrator.errors import UsageError

    found = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not key or (not equals and not bare):
            raise UsageError("usage/bad-option", f"`{text}` is no NAME=VALUE")
        found[key] = value
    return found


def _report_bug(error: Exception) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="orchestrate-", suffix=".log", delete=False) as file:
        traceback.print_exception(error, file=file)
    print(  # noqa: T201
        f"error[bug]: {type(error).__name__}: {error}\n  hint: this is our fault; the details are in {file.name}",
        file=sys.stderr,
    )
    return 3


if __name__ == "__main__":
    main()
