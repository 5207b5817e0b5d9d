"""What people said about tasks: recorded, given on the command line, or given now."""

from __future__ import annotations

import getpass
from collections.abc import Mapping

from orchestrator.app.project import Project
from orchestrator.errors import UsageError
from orchestrator.handler import Answer
from orchestrator.known import Known
from orchestrator.plan.model import Task
from orchestrator.record.bus import Bus
from orchestrator.record.events import ApprovalGiven
from orchestrator.record.journal import SqliteJournal


def person() -> str:
    """Return who is at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def decide(project: Project, task_id: str, decision: str, comment: str) -> ApprovalGiven:
    """Record what a person decided, also while a run is going on.

    :raises UsageError: when the task is not one that waits for a person.
    """
    task = project.plan.tasks.get(task_id)
    if task is None or not _may_ask(project, task):
        asking = [task.id for task in project.plan.tasks.values() if _may_ask(project, task)]
        hint = f"tasks that do are {', '.join(asking)}" if asking else "no task of this plan does"
        raise UsageError("usage/not-waiting", f"no task `{task_id}` waits for a person", hint=hint)
    project.store.make()
    given = ApprovalGiven(task_id, decision, task.digest, person(), comment)
    with project.store.writing() as journal:
        runs = journal.runs()
        journal.run_id = runs[-1] if runs else ""
        journal.append([given])
    return given


def answers_so_far(project: Project, known: Known) -> dict[str, Answer]:
    """Return what people have said, by task id: in the record, or with the options."""
    found, approve = {}, project.options.approve
    if not known.approvals and not approve:
        return {}
    for task in project.plan.tasks.values():
        given = known.approvals.get((task.id, task.digest))
        if given is not None:
            found[task.id] = Answer(given.decision, given.by, given.comment)
        elif (comment := approve.get(task.id, approve.get("all"))) is not None and _may_ask(project, task):
            found[task.id] = Answer("approved", person(), comment)
    return found


def record_new(project: Project, answers: Mapping[str, Answer], known: Known, journal: SqliteJournal, bus: Bus) -> None:
    """Record those answers for selected tasks that the record does not hold yet."""
    for task_id, answer in answers.items():
        task = project.plan.tasks[task_id]
        if (task_id, task.digest) not in known.approvals and task_id in project.selected:
            given = ApprovalGiven(task_id, answer.decision, task.digest, answer.by, answer.comment)
            bus.publish(journal.append([given]))


def _may_ask(project: Project, task: Task) -> bool:
    may = getattr(project.registry.handler(task.type), "may_ask", None)
    return may is not None and bool(may(task))
