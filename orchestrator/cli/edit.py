"""`edit`: one edit of one file without a plan, decided and written by the same code as in a run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from orchestrator.change import Change
from orchestrator.errors import PlanError, UsageError
from orchestrator.handler import PlanContext
from orchestrator.handlers.config_edit import ConfigEdit, ConfigEditTask
from orchestrator.plan.schema import validate
from orchestrator.plan.source import Source
from orchestrator.templates import project_templates
from orchestrator.workspace import Workspace


class Wanted(NamedTuple):
    """What the command line asks for: one of the first four."""

    set: tuple[str, str] | None
    append: tuple[str, str] | None
    remove: str | None
    action: str | None
    parameters: Sequence[str]
    """`NAME=VALUE`, for the action."""


def edit(file: Path, project: Path, wanted: Wanted, *, diff: bool, dry_run: bool) -> int:
    """Edit a file; return the exit code.

    :raises TaskError: when the edit declines.
    """
    workspace = Workspace(project)
    task = _task(_inside(file, project), _written(wanted))
    context = PlanContext(files=workspace, templates=project_templates(project), environ=os.environ)
    change = ConfigEdit().plan(task, context)
    if not dry_run:
        workspace.apply(change.edits, f".{os.getpid()}.tmp")
    _show(task.target, change, diff=diff or dry_run, is_written=not dry_run)
    return 0


def _written(wanted: Wanted) -> dict[str, Any]:
    """Return what is asked for as a plan would say it.

    :raises UsageError: when it is nothing, or several things.
    """
    edits: list[dict[str, Any]] = []
    for name, pair in (("set", wanted.set), ("append", wanted.append)):
        if pair is not None:
            edits.append({name: pair[0], "value": _value(pair[1])})
    if wanted.remove is not None:
        edits.append({"remove": wanted.remove})
    if len(edits) + (wanted.action is not None) != 1:
        raise UsageError("usage/bad-option", "an edit is one of --set, --append, --remove and --action")
    if wanted.action is None and wanted.parameters:
        raise UsageError("usage/bad-option", "--param is for --action")
    return {"edits": edits} if edits else {**_parameters(wanted.parameters), "action": wanted.action}


def _parameters(pairs: Sequence[str]) -> dict[str, Any]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise UsageError("usage/bad-option", f"`{pair}` is no NAME=VALUE")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    """Return what a word of the command line means as YAML."""
    try:
        return Source("", text).data
    except PlanError as error:
        hint = "text with signs that mean something in YAML needs quotes of its own"
        raise UsageError("usage/bad-option", f"the value `{text}` is not YAML", hint=hint) from error


def _inside(file: Path, project: Path) -> str:
    """Return the path of a file relative to the project."""
    path = os.path.relpath(file, project)
    if path.startswith(".."):
        hint = "name the project with --project"
        raise UsageError("usage/bad-option", f"`{file}` is not in the project `{project}`", hint=hint)
    return path


def _task(path: str, written: Mapping[str, Any]) -> ConfigEditTask:
    """Return the task that a plan would have.

    :raises UsageError: when no plan could have it.
    """
    data = {**written, "id": "edit", "name": "edit", "type": "config_edit", "target": path}
    made = validate(ConfigEditTask, data, Source("", json.dumps(data, default=str)), ())
    if isinstance(made, ConfigEditTask):
        return made
    raise UsageError("usage/bad-option", made[0].message, hint=made[0].hint)


def _show(path: str, change: Change, *, diff: bool, is_written: bool) -> None:
    if diff:
        typer.echo(change.diff(), nl=False)
    added, removed = change.line_counts()
    counts = f" (+{added} -{removed}{'' if is_written else ', not written'})" if change.edits else ""
    typer.echo(f"{path}: {change.summary}{counts}")
    for warning in change.warnings:
        typer.echo(f"note: {warning}")
    for left in (*change.actions, *([change.asks] if change.asks else ())):
        typer.echo(f"left to do: {left}")
