"""`rollback`: shows what would be restored, asks, restores."""

from __future__ import annotations

import typer

from orchestrator.app.project import Options, Project
from orchestrator.cli import ask, screen
from orchestrator.errors import StateError, UsageError
from orchestrator.plan.select import Selection, select
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.objects import ObjectStore
from orchestrator.reporters.text import number_of
from orchestrator.rollback import Rollback, plan_rollback, roll_back
from orchestrator.workspace import Workspace


def rollback(
    options: Options, *, run: str | None, everything: bool, phases: list[str], dry_run: bool, yes: bool
) -> int:
    """Take back what runs wrote; return the exit code: 1 when something had to be left."""
    project = Project(options)
    concerned = select(project.plan, Selection(phases=tuple(phases))) if phases else None
    workspace, objects = Workspace(project.root), project.store.objects
    with project.store.reading() as journal:
        if journal is None:
            raise StateError("state/nothing-to-roll-back", "nothing was ever run here")
        planned = _plan(journal, workspace, objects, run, concerned, everything=everything)
    _show(planned)
    if dry_run:
        return 0
    if not yes:
        if not screen.can_ask():
            hint = "see what it would do with --dry-run, then add --yes"
            raise UsageError("usage/confirm", "there is no terminal to ask whether to restore", hint=hint)
        if not ask.confirm("Restore these files?"):
            return 0
    with project.store.lock("rollback"), project.store.writing() as journal:
        planned = _plan(journal, workspace, objects, run, concerned, everything=everything)
        roll_back(planned, journal, workspace)
    typer.echo(f"restored {number_of(len(planned.edits), 'file')}")
    return 1 if planned.left else 0


def _plan(
    journal: SqliteJournal,
    workspace: Workspace,
    objects: ObjectStore,
    run: str | None,
    concerned: set[str] | None,
    *,
    everything: bool,
) -> Rollback:
    return plan_rollback(
        journal,
        workspace,
        objects,
        run=run,
        everything=everything,
        concerns=lambda task: concerned is None or task in concerned,
    )


def _show(planned: Rollback) -> None:
    for edit in sorted(planned.edits, key=lambda edit: edit.path):
        what = "delete " if edit.after is None else "restore"
        typer.echo(f"  {what}  {edit.path}")
    for path, why in sorted(planned.left.items()):
        typer.echo(f"  {screen.paint('leave', 'yellow')}    {path}: {why}")
    if planned.effects:
        typer.echo("these cannot be taken back:")
        for effect in planned.effects:
            typer.echo(f"    {effect}")
    if planned.commits:
        typer.echo(f"git commits stay as they are: {', '.join(commit[:10] for commit in planned.commits)}")
