"""What a run is about: which tasks are run, and which count as done because they are not asked for."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.app.project import Project
from orchestrator.app.runners import preview_runner
from orchestrator.change import TaskResult
from orchestrator.engine.preview import PreviewRunner
from orchestrator.errors import UsageError
from orchestrator.known import Known
from orchestrator.plan.model import Task
from orchestrator.plan.select import prerequisites
from orchestrator.record.state import SATISFIED
from orchestrator.workspace import Overlay, still_holds


def settle(project: Project, known: Known) -> dict[str, bool]:
    """Settle what is selected; return the tasks that count as done because they are not.

    :raises UsageError: when nothing is left, or what is asked for builds on something that is not done.
    """
    if project.options.retry_failed:
        project.selected = _failed(project)
    if project.is_whole:
        return {}
    before = prerequisites(project.plan, project.selected)
    if project.options.with_deps:
        project.selected |= {task.id for task in before}
    elif not project.options.no_deps and not project.options.retry_failed:
        _check_done(project, before, known)
    return {task_id: True for task_id in project.plan.tasks if task_id not in project.selected}


def _failed(project: Project) -> set[str]:
    state = project.store.state()
    bad = {task.id for task in (state.tasks.values() if state else ()) if task.status not in SATISFIED}
    if not bad & project.selected:
        raise UsageError("usage/nothing-selected", "nothing failed in the last run")
    return bad & project.selected


def _check_done(project: Project, before: list[Task], known: Known) -> None:
    runner = preview_runner(project, known)
    missing = [task for task in before if not _is_done(project, task, known, runner)]
    if missing:
        shown = "\n".join(f"    {task.id}  {task.name}" for task in missing[:10])
        more = f"\n    and {len(missing) - 10} more" if len(missing) > 10 else ""
        message = f"the selection builds on {len(missing)} tasks that are not done:\n{shown}{more}"
        hint = "run them too with --with-deps, or leave them out with --no-deps"
        raise UsageError("usage/prerequisites", message, hint=hint)


def _is_done(project: Project, task: Task, known: Known, runner: PreviewRunner) -> bool:
    """The journal says so, or planning it again, by itself, gives no change."""
    last = known.finished.get(task.id)
    if last is not None and last.digest == runner.digest(task):
        good = last.status in SATISFIED or last.tolerated
        if good and still_holds(project.ports.workspace(project.root), last.files):
            return True
    alone = replace(runner, files=Overlay(project.ports.workspace(project.root)))
    result = alone.attempt(task, 1)
    return isinstance(result, TaskResult) and result.status in ("unchanged", "skipped")
