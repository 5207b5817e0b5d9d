"""What commands share: how they are set up, their options and what these come to. Light to import, as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.app.project import Options
    from orchestrator.plan.select import Selection

DEFAULT: Final = Path("config/phases.yaml")

Config = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The plan.")]
ProjectDir = Annotated[Path | None, typer.Option("--project", metavar="DIR", help="The project, if not the plan's.")]
StateDir = Annotated[Path | None, typer.Option(metavar="DIR", help="Where the record is kept.")]
Var = Annotated[list[str] | None, typer.Option("--var", metavar="K=V", help="Set a variable of the plan.")]

Phases = Annotated[list[str] | None, typer.Option("--phase", metavar="P", help="Only this phase: `2` or `phase_2`.")]
Groups = Annotated[list[str] | None, typer.Option("--group", metavar="G", help="Only this group: `c` or `group_c`.")]
Tasks = Annotated[list[str] | None, typer.Option("--task", metavar="ID", help="Only this task.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="T", help="Only tasks with this tag.")]
Exclude = Annotated[list[str] | None, typer.Option(metavar="X", help="Without this phase, group, task or tag.")]
All = Annotated[bool, typer.Option("--all", help="The whole plan (as without a selection).")]
WithDeps = Annotated[bool, typer.Option("--with-deps", help="What the selection builds on, too.")]
NoDeps = Annotated[bool, typer.Option("--no-deps", help="Do not ask whether that is done.")]

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
JUnit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit report.")]


def command_line(name: str, help_: str) -> typer.Typer:
    """Return a command without commands, set up as all of ours are."""
    return typer.Typer(
        name=name,
        help=help_,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def plan_options(
    config: Path, project: Path | None, state_dir: Path | None, var: Sequence[str] | None, **more: Any
) -> Options:
    """Return what a command asks for of a plan; `more` are other fields of the options.

    :raises UsageError: when a variable has no value.
    """
    from orchestrator.app.project import Options

    return Options(config=config, project=project, state_dir=state_dir, variables=pairs(var), **more)


def selection(*named: Sequence[str] | None, everything: bool) -> Selection:
    """Return the selection of phases, groups, tasks and tags, and what is excluded from it, in this order.

    :raises UsageError: when `everything` is asked for as well.
    """
    from orchestrator.plan.select import Selection

    chosen = Selection(*(tuple(names or ()) for names in named))
    if everything and not chosen.is_whole:
        raise UsageError("usage/bad-option", "`--all` and a selection contradict each other")
    return chosen


def pairs(texts: Sequence[str] | None, *, bare: bool = False) -> dict[str, str]:
    """Return values by name from texts such as `NAME=VALUE`; with `bare`, a name can be alone.

    :raises UsageError: when a text is no such thing.
    """
    found = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not name or (not equals and not bare):
            raise UsageError("usage/bad-option", f"`{text}` is no NAME=VALUE")
        found[name] = value
    return found
