"""`run` and `plan`: shows what would happen, asks, and shows what happens."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import typer

from orchestrator import saved
from orchestrator.app.preview import Preview, foresee
from orchestrator.app.project import Options, Ports, Project
from orchestrator.app.run import execute
from orchestrator.cli import ask, screen
from orchestrator.engine.executor import Execution
from orchestrator.errors import UsageError


def run(
    options: Options, *, yes: bool, saved_plan: Path | None, junit: Path | None, as_json: bool, verbose: bool
) -> int:
    """Run what is selected; return the exit code."""
    announced = saved.load(saved_plan) if saved_plan is not None else None
    if announced is not None:
        options = saved.options_of(announced, options)
    project = Project(options)
    if not yes and announced is None and not _confirmed(project):
        return 0
    project.ports = _ports(project, as_json=as_json, verbose=verbose)
    if announced is not None:
        project.announced = {task: found["edits"] for task, found in announced["tasks"].items()}
    gc.freeze()  # the plan stays; what a long run makes and drops is collected now and then
    gc.set_threshold(100_000, 20, 100)
    gc.enable()

    def check() -> None:
        if announced is not None:
            saved.check(announced, foresee(Project(options)))

    state = execute(project, check)
    if junit is not None:
        from orchestrator.reporters import junit as report

        report.write(junit, state, project.shown)
    return state.exit_code or 0


def preview(
    options: Options,
    *,
    diff: bool,
    as_json: bool,
    out: Path | None = None,
    detailed_exitcode: bool = False,
) -> int:
    """Show what a run would do; return the exit code."""
    project = Project(options)
    seen = foresee(project)
    if out is not None:
        saved.save(seen, options, out)
    if as_json:
        data = project.masker.data(_as_data(seen, diff=diff))
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        screen.show_preview(seen, project.masker, diff=diff)
        if out is not None:
            typer.echo(f"saved to {out}; apply it with `orchestrate run --plan {out}`")
    failed = any(result.status == "failed" for result in seen.results.values())
    if failed:
        return 1
    return 2 if detailed_exitcode and seen.has_changes() else 0


def graph(options: Options, form: str) -> int:
    """Print the graph of the plan; return the exit code."""
    from orchestrator.cli.graph import FORMATS

    draw = FORMATS.get(form)
    if draw is None:
        raise UsageError("usage/bad-option", f"`{form}` is no graph format", hint=f"there are {', '.join(FORMATS)}")
    project = Project(options)
    typer.echo(draw(project.shown, project.selected))
    return 0


def _confirmed(project: Project) -> bool:
    if not screen.can_ask():
        hint = "see what it would do with `orchestrate plan`, then add --yes"
        raise UsageError("usage/confirm", "there is no terminal to ask whether to apply the changes", hint=hint)
    seen = foresee(project)
    screen.show_preview(seen, project.masker, diff=False)
    if not seen.has_changes():
        return True
    return ask.confirm("Apply these changes?")


def _ports(project: Project, *, as_json: bool, verbose: bool) -> Ports:
    """Return what a run shows itself to, and whom it may ask."""
    from orchestrator.reporters.json_lines import JsonLines
    from orchestrator.reporters.lines import Lines

    reporter = JsonLines(sys.stdout, verbose=verbose) if as_json else screen.reporter(project, verbose=verbose)
    if isinstance(reporter, JsonLines | Lines) or not screen.can_ask():
        return Ports(observers=[reporter], on_start=signals)
    return Ports(observers=[reporter], prompter=ask.TerminalPrompter(reporter, project.masker), on_start=signals)


@contextmanager
def signals(execution: Execution) -> Iterator[None]:
    """Pass Ctrl-C and its like on to a run; what this process was started to ignore, as by `nohup`, stays ignored."""
    loop = asyncio.get_running_loop()
    known = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    numbers = [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]

    def stop(number: signal.Signals) -> None:
        first = execution.stopped is None
        execution.interrupt()
        if first and number == signal.SIGINT:
            typer.echo("\nstopping: running tasks may end; press Ctrl-C again to end them now", err=True)
        elif first:
            execution.interrupt()

    for number in numbers:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in numbers:
            with suppress(RuntimeError):
                loop.remove_signal_handler(number)


def _as_data(seen: Preview, *, diff: bool) -> Mapping[str, Any]:
    tasks = []
    for task in seen.plan.tasks.values():
        result = seen.results.get(task.id)
        if result is None:
            continue
        change = seen.changes.get(task.id)
        one: dict[str, Any] = {
            "id": task.id, "name": task.name, "type": task.type, "phase": task.phase, "group": task.group,
            "status": result.status, "summary": result.summary, "added": result.added, "removed": result.removed,
        }  # fmt: skip
        if result.code:
            one["error"] = {"code": result.code, "message": result.message, "hint": result.hint}
        if change is not None:
            one["files"] = [edit.path for edit in change.edits]
            one["actions"] = list(change.actions)
            one["warnings"] = list(change.warnings)
            if diff:
                one["diff"] = change.diff()
        tasks.append(one)
    path = [task.id for task in seen.critical_path()]
    return {"plan": seen.plan.name, "tasks": tasks, "critical_path": path, "seconds": seen.seconds()}
