"""Text on the screen: what a preview says, in columns, with colour only where a terminal wants it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from orchestrator.masking import Masker
from orchestrator.plan.model import Task
from orchestrator.record.events import TaskFinished
from orchestrator.reporters.summary import reasons
from orchestrator.reporters.text import tasks

if TYPE_CHECKING:
    from orchestrator.app.preview import Preview
    from orchestrator.app.project import Project
    from orchestrator.reporters.lines import Lines
    from orchestrator.reporters.tree import Tree

WORDS = {
    "would_change": ("would change", "yellow"),
    "unchanged": ("satisfied", "green"),
    "may_run": ("will run", "cyan"),
    "skipped": ("skipped", "bright_black"),
    "blocked": ("blocked", "magenta"),
    "failed": ("would fail", "red"),
    "waiting": ("asks a person", "magenta"),
    "may_change": ("may run", "cyan"),
}


def is_terminal() -> bool:
    """Say whether output goes to a terminal that can redraw."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not os.environ.get("CI")


def can_ask() -> bool:
    """Say whether somebody can answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def paint(text: str, colour: str | None = None, *, bold: bool = False) -> str:
    """Return `text` in a colour, if this terminal shows colours."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return typer.style(text, fg=colour, bold=bold)


def reporter(project: Project, *, verbose: bool) -> Tree | Lines:
    """Return who shows a run of the project: a tree on a terminal, lines elsewhere."""
    if is_terminal():
        from orchestrator.reporters.tree import Tree

        return Tree(project.shown, selected=lambda: project.selected, verbose=verbose)
    from orchestrator.reporters.lines import Lines

    return Lines(project.shown, sys.stdout, os.environ, verbose=verbose)


def show_preview(seen: Preview, masker: Masker, *, diff: bool) -> None:
    """Print what a run would do, task by task."""
    typer.echo(masker.text("\n".join(_lines(seen, diff=diff))))


def _lines(seen: Preview, *, diff: bool) -> Iterator[str]:
    width = min(shutil.get_terminal_size().columns, 140)
    longest = min(max((len(task_id) for task_id in seen.results), default=0), 24)
    for phase in seen.plan.phases:
        chosen = [task for task in seen.plan.tasks.values() if task.phase == phase.key and task.id in seen.results]
        if not chosen:
            continue
        yield paint(f"{phase.key}  {phase.name}", bold=True)
        for group in phase.groups:
            members = [task for task in chosen if task.group == group.key]
            if members:
                yield f"  {group.key}  {group.name}"
            for task in members:
                yield from _task_lines(seen, task, longest, width, diff=diff)
        for task in chosen:
            if not task.group:
                yield from _task_lines(seen, task, longest, width, diff=diff)
    yield ""
    yield from _totals(seen)


def _task_lines(seen: Preview, task: Task, longest: int, width: int, *, diff: bool) -> Iterator[str]:
    result = seen.results[task.id]
    word, colour = WORDS[_kind(seen, result)]
    counts = f"+{result.added} -{result.removed}" if result.added or result.removed else ""
    failed = result.status == "failed"
    says = "" if failed else result.summary
    head = f"    {word:<13} {task.id:<{longest}}  "
    text = "  ".join(part for part in (task.name, counts, says) if part)
    if len(head) + len(text) > width:
        text = text[: max(width - len(head) - 1, 20)] + "…"
    yield paint(head[:17], colour) + head[17:] + text
    for line in reasons(result) if failed else ():
        yield f"{'':>20}{line}"
    change = seen.changes.get(task.id)
    for warning in change.warnings if change else ():
        yield f"{'':>20}{paint('note', 'yellow')}: {warning}"
    if diff and change is not None:
        for action in change.actions:
            yield f"{'':>20}{action}"
        for edit in change.edits:
            yield from (paint(line, _diff_colour(line)) for line in edit.diff().splitlines())


def _kind(seen: Preview, result: TaskFinished) -> str:
    if result.status != "may_run":
        return result.status
    change = seen.changes.get(result.task)
    if change is not None and change.asks is not None:
        return "waiting"
    return "may_change" if "; depends on what" in result.summary else "may_run"


def _diff_colour(line: str) -> str | None:
    if line.startswith(("---", "+++")):
        return None
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])


def _totals(seen: Preview) -> Iterator[str]:
    counts: dict[str, int] = {}
    for result in seen.results.values():
        kind = _kind(seen, result)
        counts[kind] = counts.get(kind, 0) + 1
    added = sum(result.added for result in seen.results.values())
    removed = sum(result.removed for result in seen.results.values())
    parts = [f"{counts[kind]} {word}" for kind, (word, _) in WORDS.items() if counts.get(kind)]
    lines = f" (+{added} -{removed} lines)" if added or removed else ""
    yield f"{tasks(len(seen.results))}: {', '.join(parts)}{lines}"
    path = [task.id for task in seen.critical_path()]
    if len(path) > 1:
        shown = path if len(path) <= 8 else [*path[:4], "…", *path[-3:]]
        seconds = seen.seconds()
        about = f", about {_duration(seconds)}" if seconds is not None else ""
        yield f"critical path: {' > '.join(shown)}{about}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
