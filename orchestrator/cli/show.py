"""Commands that only look: `status`, `validate`, `explain`, `logs`, `history`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, assert_never

import typer
from msgspec import structs

from orchestrator.app.project import Options, Project
from orchestrator.cli.screen import paint
from orchestrator.engine.frontier import Obstacle
from orchestrator.errors import PlanErrors, UsageError, did_you_mean
from orchestrator.plan.graph import build_graph
from orchestrator.plan.model import Plan, Task
from orchestrator.record.events import Entry, RolledBack
from orchestrator.record.state import RunState, exit_code, fold
from orchestrator.reporters.summary import by_status
from orchestrator.reporters.text import counts, number_of


def status(options: Options, *, as_json: bool) -> int:
    """Show how the last run stands; return its exit code."""
    project = Project(options)
    state = project.store.state()
    if state is None:
        if as_json:
            typer.echo("null")
        else:
            typer.echo("nothing was ever run here; see `orchestrate plan`")
        return 0
    if as_json:
        typer.echo(json.dumps(_as_data(state), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(_status_lines(project.shown, state)))
    return state.exit_code if state.exit_code is not None else exit_code(state)


def validate(options: Options) -> int:
    """Check the plan; return the exit code."""
    project = Project(options)
    problems = [problem for found in project.plan.problems.values() for problem in found]
    if problems:
        raise PlanErrors(problems)
    plan = project.plan
    groups = sum(len(phase.groups) for phase in plan.phases)
    gates = sum(phase.checkpoint is not None for phase in plan.phases)
    parts = {"phase": len(plan.phases), "group": groups, "task": len(plan.tasks) - gates, "checkpoint": gates}
    typer.echo(f"{options.config} is valid: {', '.join(number_of(count, thing) for thing, count in parts.items())}")
    return 0


def explain(options: Options, task_id: str) -> int:
    """Say what a task is and what became of it; return the exit code."""
    project = Project(options)
    task = _find(project.shown, task_id)
    typer.echo(f"{paint(task.id, bold=True)}  {task.name}")
    if task.description:
        typer.echo(f"    {task.description}")
    typer.echo(f"type      {task.type}, {task.priority} priority, at {task.location}")
    typer.echo(f"in        {task.phase}{f', {task.group}' if task.group else ''}")
    claims = project.registry.handler(task.type).claims(task)
    typer.echo(f"reads     {', '.join(claims.reads) or 'nothing it says'}")
    typer.echo(f"writes    {', '.join(claims.writes) or 'nothing'}")
    typer.echo(f"after     {', '.join(_direct(project.plan, task)) or 'nothing: it can start at once'}")
    state = project.store.state()
    known = state.tasks.get(task.id) if state is not None else None
    if known is None or known.result is None:
        typer.echo(f"last run  {known.status if known else 'never ran'}")
        typer.echo(f"now       {_obstacle(*project.obstacle(task))}")
        return 0
    result = known.result
    typer.echo(f"last run  {result.status} after {number_of(result.attempts, 'attempt')}")
    for name, text in (("why", result.message), ("hint", result.hint), ("did", result.summary), ("log", result.log)):
        if text:
            typer.echo(f"{name:<9} {text}")
    if result.status == "blocked":
        cause = state.tasks.get(result.cause) if state else None
        why = cause.result.message if cause is not None and cause.result is not None else ""
        typer.echo(f"cause     `{result.cause}`{f': {why}' if why else ''}")
    return 0


def _obstacle(kind: Obstacle, names: list[str]) -> str:
    """Return what keeps a task from starting, in words."""
    what = ", ".join(f"`{name}`" for name in names)
    match kind:
        case "running":
            return "runs"
        case "failed":
            return f"cannot run: {what} did not succeed"
        case "before":
            return f"waits for {what}"
        case "lane":
            return f"waits until others are done with {what}"
        case "person":
            return "waits for a person"
        case "retry" | "slot":
            return "can start"
        case _:
            assert_never(kind)


def logs(options: Options, task_id: str, attempt: int | None) -> int:
    """Print the log of a task; return the exit code."""
    project = Project(options)
    task = _find(project.plan, task_id)
    state = project.store.state()
    known = state.tasks.get(task.id) if state is not None else None
    path = Path(known.result.log) if known is not None and known.result is not None and known.result.log else None
    if path is not None and attempt is not None:
        stem = path.name.removesuffix(".log").rpartition(".")[0]
        path = path.with_name(f"{stem}.{attempt}.log")
    if path is None or not path.is_file():
        typer.echo(f"`{task_id}` printed nothing in the last run", err=True)
        return 1
    typer.echo(path.read_bytes().decode("utf-8", "replace"), nl=False)
    return 0


def history(options: Options, *, prune: bool, as_json: bool) -> int:
    """List the runs, or forget all but the last; return the exit code."""
    project = Project(options)
    if prune:
        gone = project.store.prune()
        typer.echo(f"forgot {number_of(gone, 'run')}")
        return 0
    with project.store.reading() as journal:
        runs = [_as_it_ended(journal.entries(run=run)) for run in journal.runs()] if journal else []
        undone = (
            {e.event.of for e in journal.entries(kinds=[RolledBack]) if isinstance(e.event, RolledBack)}
            if journal
            else set()
        )
    if as_json:
        typer.echo(json.dumps([_as_data(state, tasks=False) for state in runs], indent=2))
        return 0
    for state in runs:
        how = "open" if state.is_open else f"exit {state.exit_code}"
        note = "  rolled back" if state.run_id in undone else ""
        typer.echo(f"{state.run_id}  {_when(state.started)}  {how:<7} {counts(by_status(state.tasks.values()))}{note}")
    return 0


def _as_it_ended(entries: Iterable[Entry]) -> RunState:
    """Return the state of a run as it was before anything of it was taken back."""
    return fold(entry for entry in entries if not isinstance(entry.event, RolledBack))


def _status_lines(plan: Plan, state: RunState) -> list[str]:
    from orchestrator.reporters import summary

    how = {"waiting": "waits for a person", "interrupted": "was interrupted", "aborted": "was aborted"}
    if state.finished is not None:
        stands = f"ended with exit code {state.exit_code}"
    else:
        stands = how.get(state.paused or "", "did not end: it is running, or was killed")
    lines = [f"run {state.run_id} of {_when(state.started)} {stands}"]
    if state.git:
        dirty = ", with uncommitted changes" if state.git.get("dirty") else ""
        lines.append(f"on {state.git.get('branch') or 'a detached head'} at {str(state.git.get('head'))[:10]}{dirty}")
    for phase in plan.phases:
        ids = [task.id for task in plan.tasks.values() if task.phase == phase.key]
        known = [state.tasks[task_id].status for task_id in ids if task_id in state.tasks]
        counts = {name: known.count(name) for name in dict.fromkeys(known)}
        said = ", ".join(f"{count} {name}" for name, count in counts.items()) or "not started"
        lines.append(f"  {phase.key:<10} {phase.name}: {said}{f' of {len(ids)}' if known else ''}")
    return [*lines, "", *(line.text for line in summary.lines(state, plan, seconds=state.seconds))]


def _as_data(state: RunState, *, tasks: bool = True) -> dict[str, Any]:
    data: dict[str, Any] = {
        "run": state.run_id,
        "plan": state.plan,
        "started": state.started,
        "finished": state.finished,
        "exit_code": state.exit_code,
        "paused": state.paused,
        "git": state.git,
        "counts": state.counts(),
    }
    if tasks:
        data["phases"] = state.phases
        data["tasks"] = {
            task.id: {"status": task.status, "attempts": task.attempts}
            | (structs.asdict(task.result) if task.result is not None else {})
            for task in state.tasks.values()
        }
    return data


def _find(plan: Plan, task_id: str) -> Task:
    task = plan.tasks.get(task_id)
    if task is None:
        hint = did_you_mean(task_id, plan.tasks)
        raise UsageError("usage/unknown-selection", f"the plan has no task `{task_id}`", hint=hint)
    return task


def _direct(plan: Plan, task: Task) -> list[str]:
    """Return what comes directly before a task: tasks, and the gates of groups and phases."""
    graph = build_graph(plan)
    before = graph.predecessors()[graph.index[task.id]]
    names = [graph.tasks[node].id for node in before if node < len(graph.tasks)]
    phase = next(phase for phase in plan.phases if phase.key == task.phase)
    group = next((group for group in phase.groups if group.key == task.group), None)
    names += [f"group {ref}" for ref in (group.depends_on if group else ())]
    names += [f"phase {key}" for key in phase.depends_on]
    return names


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
