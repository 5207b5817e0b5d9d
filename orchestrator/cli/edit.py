"""`edit`: one edit of one file without a plan, decided and written by the same code as in a run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import typer

from orchestrator.change import Change
from orchestrator.cli.options import pairs
from orchestrator.errors import PlanError, UsageError
from orchestrator.handler import PlanContext
from orchestrator.handlers.config_edit import ConfigEdit, ConfigEditTask
from orchestrator.plan.scalars import scalar
from orchestrator.plan.schema import validate
from orchestrator.plan.source import Source
from orchestrator.templates import project_templates
from orchestrator.workspace import Workspace

_PLACED: Final = ("--set", "--ensure", "--append")


class Wanted(NamedTuple):
    """What the command line asks for: edits or an action."""

    edits: Sequence[tuple[str, Sequence[str]]]
    """Options with their words, in order: `--set` with a path and a value, `--remove` with a path."""
    beside: Mapping[str, str | None]
    """What else is said about the edits: `expect`, `before`, ..."""
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

    :raises UsageError: when it is nothing, or edits and an action.
    """
    beside = {name: value for name, value in wanted.beside.items() if value is not None}
    if bool(wanted.edits) == (wanted.action is not None):
        raise UsageError("usage/bad-option", "name an --action, or edits: --set, --ensure, --append, --remove")
    if wanted.edits and wanted.parameters:
        raise UsageError("usage/bad-option", "--param is for --action")
    if wanted.action is None:
        _check_beside(beside, wanted.edits)
        return {"edits": [_edit(option, words, beside) for option, words in wanted.edits]}
    if beside:
        raise UsageError("usage/bad-option", f"--{min(beside)} is not for --action", hint="use --param")
    parameters = {name: _value(text) for name, text in pairs(wanted.parameters).items()}
    return {**parameters, "action": wanted.action}


def _check_beside(beside: Mapping[str, str], edits: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Make sure that what is said beside edits has one meaning for them."""
    known = {"before": _PLACED, "after": _PLACED, "key": ("--append",)}
    for name in beside.keys() & known.keys():
        if len(edits) > 1 or edits[0][0] not in known[name]:
            hint = "make the edits one by one, or in a plan" if len(edits) > 1 else None
            message = f"--{name} is for a single {' or '.join(known[name])}"
            raise UsageError("usage/bad-option", message, hint=hint)


def _edit(option: str, words: Sequence[str], beside: Mapping[str, str]) -> dict[str, Any]:
    """Return one of a plan's `edits`."""
    is_placed = option == "--append" and ("before" in beside or "after" in beside)
    name = "insert" if is_placed else option.removeprefix("--")
    edit: dict[str, Any] = {name: words[0], **beside}
    if len(words) > 1:
        edit["value"] = _value(words[1])
    if "expect" in beside:
        edit["expect"] = scalar(beside["expect"])
    return edit


def _value(text: str) -> Any:
    """Return what a word of the command line means as YAML; a line that is no YAML, or has a tag, is text.

    :raises UsageError: for a mapping or list that cannot be read.
    """
    try:
        source = Source("", text)
        problem = next(iter(source.problems), None)
    except PlanError as error:
        problem = error
    except UnicodeEncodeError:
        raise UsageError("usage/bad-option", f"the value {text!a} is not UTF-8") from None
    is_line = not text.lstrip().startswith(("{", "[")) and "\n" not in text
    if problem is None and not (is_line and _is_text(text, source.data)):
        return source.data
    if is_line:
        return scalar(text) if text else ""
    hint = "for example '{name: Test, run: \"make test\"}' or '[\"a: b\", c]'; signs of YAML stand in quotes"
    message = f"the value `{text}` is not YAML: {problem.message if problem else 'it cannot be read'}"
    raise UsageError("usage/bad-option", message, hint=hint)


def _is_text(text: str, data: Any) -> bool:
    """Say whether a line that can be read as YAML means all of its signs, such as `a #b` and `Framework :: Pytest`."""
    if isinstance(data, dict | list):
        return " :: " in text
    return not text.startswith(("'", '"'))


def _inside(file: Path, project: Path) -> str:
    """Return the path of a file relative to the project; one that is not here is meant to be there."""
    if not file.is_absolute() and not file.exists():
        file = project / file
    path = os.path.relpath(file, project)
    if path.startswith(".."):
        hint = "name the project it is in with --project"
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
