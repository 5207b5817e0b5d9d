"""A run: it starts or goes on, does what is selected, and ends; all of it in the journal."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from orchestrator.app.answers import answers_so_far, record_new
from orchestrator.app.project import Project
from orchestrator.app.runners import apply_runner
from orchestrator.app.scope import settle
from orchestrator.committer import Committer
from orchestrator.engine.executor import Execution
from orchestrator.engine.frontier import Frontier
from orchestrator.engine.outputs import undo
from orchestrator.engine.runner import ApplyRunner
from orchestrator.errors import PlanError
from orchestrator.handler import Answer
from orchestrator.integrations import git
from orchestrator.integrations.slack import SlackNotifier
from orchestrator.known import OtherAnswers
from orchestrator.plan.interpolate import expand_environment
from orchestrator.process import Children, ProcessId, end_stragglers
from orchestrator.record.bus import Bus
from orchestrator.record.events import (
    ApprovalAsked,
    ChangeUndone,
    Committed,
    Entry,
    Event,
    OutputsWritten,
    RolledBack,
    RunFinished,
    RunPaused,
    RunStarted,
    TaskFinished,
    Warned,
)
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.state import SATISFIED, RunState, exit_code
from orchestrator.store import open_run
from orchestrator.workspace import Workspace, still_holds


def execute(project: Project, check: Callable[[], None] = lambda: None) -> RunState:
    """Run the selection, or go on with a run that was interrupted; return its state.

    `check` is called once the project is locked, and may refuse.

    :raises OrchestratorError: when it cannot start, or cannot keep its record.
    """
    project.check_problems()
    project.store.make()
    run_id = time.strftime("%Y%m%d-%H%M%S-") + os.urandom(2).hex()
    with project.store.lock("run", run_id):
        check()
        with project.store.writing() as journal:
            return _execute_locked(project, journal, run_id)


def _execute_locked(project: Project, journal: SqliteJournal, run_id: str) -> RunState:
    known = project.known(journal)
    done = settle(project, known)
    resumed = open_run(journal)
    journal.run_id = resumed.run_id if resumed else run_id
    workspace = project.ports.workspace(project.root)
    bus = _begin(project, journal, resumed, workspace)
    answers = answers_so_far(project, known)
    record_new(project, answers, known, journal, bus)
    runner = apply_runner(project, known, answers, journal, workspace)
    done |= dict.fromkeys(_still_done(project, bus.state, runner, workspace), True)
    frontier = project.frontier(known, done, project.limits())
    execution = _execution(project, frontier, runner, answers, journal, bus)
    began = project.ports.clock.monotonic()
    try:
        asyncio.run(_drive(project, execution, runner.children))
        seconds = project.ports.clock.monotonic() - began
        bus.publish(journal.append([_ending(project, execution, bus.state, seconds)]))
    finally:
        bus.close()
    return bus.state


def _begin(project: Project, journal: SqliteJournal, resumed: RunState | None, workspace: Workspace) -> Bus:
    """Record that the run starts or goes on; return the bus, with everybody who looks on."""
    if branch := project.plan.settings.git.branch:
        git.switch(project.root, expand_environment(branch, project.ports.environ))
    start = RunStarted(
        plan=project.plan.name,
        plan_digest=project.plan.digest,
        plan_file=str(project.plan.path),
        selected=len(project.selected),
        resumed=resumed is not None,
        pid=os.getpid(),
        git=git.facts(project.root),
    )
    bus = Bus(project.ports.observers, resumed)
    bus.publish(journal.append([start]))
    _add_observers(project, bus, journal)
    if resumed is not None:
        _recover(project, resumed, journal, workspace, bus)
    return bus


def _add_observers(project: Project, bus: Bus, journal: SqliteJournal) -> None:
    """Add those that the plan's settings ask for."""

    def record(event: Event) -> None:
        bus.publish(journal.append([event]))

    if project.plan.settings.git.commit != "none":
        committer = Committer(project.plan, project.root, record)
        kinds: list[type[Event]] = [ApprovalAsked, OutputsWritten, TaskFinished, Committed, RolledBack]
        committer.catch_up(journal.entries(run=journal.run_id, kinds=kinds))
        bus.add(committer)
    webhook = project.plan.settings.notifications.slack_webhook
    if webhook:
        try:
            url = expand_environment(webhook, project.ports.environ)
        except PlanError:
            return  # nothing is sent while the variable is unset
        bus.add(SlackNotifier(project.plan, url, project.masker.text, lambda text: record(Warned(message=text))))


def _recover(project: Project, state: RunState, journal: SqliteJournal, workspace: Workspace, bus: Bus) -> None:
    """Clean up after a killed run: end its processes, take back half-applied changes."""
    known = [ProcessId(pid, started) for children in state.processes.values() for pid, started in children]
    end_stragglers([state.run_id], known=known)
    for staged in list(state.unfinished.values()):
        left = undo(staged, workspace, project.store.objects)
        bus.publish(journal.append([ChangeUndone(staged.task, tuple(left))]))


def _still_done(project: Project, state: RunState, runner: ApplyRunner, workspace: Workspace) -> list[str]:
    """Return what this run has done already and nothing has undone since."""
    tasks = project.plan.tasks
    return [
        task.id
        for task in state.tasks.values()
        if task.status in SATISFIED
        and task.result is not None
        and task.id in tasks
        and task.result.digest == runner.digest(tasks[task.id])
        and still_holds(workspace, task.result.files)
    ]


def _execution(
    project: Project,
    frontier: Frontier,
    runner: ApplyRunner,
    answers: dict[str, Answer],
    journal: SqliteJournal,
    bus: Bus,
) -> Execution:
    """Return the loop, and what the runner tells it."""
    execution = Execution(
        project.plan,
        frontier,
        runner,
        journal,
        bus,
        project.ports.clock,
        answers=answers,
        new_answers=OtherAnswers(journal, project.plan),
        prompter=project.ports.prompter,
        kill=runner.children.kill,
        steering=project.ports.steering,
    )
    runner.record = execution.note
    runner.record_soon = execution.note_soon
    runner.publish = lambda event: bus.publish([Entry(0, journal.run_id, 0.0, event)])
    return execution


async def _drive(project: Project, execution: Execution, children: Children) -> None:
    try:
        with project.ports.on_start(execution):
            await execution.run()
    finally:
        await children.close()


def _ending(project: Project, execution: Execution, state: RunState, seconds: float) -> Event:
    code = exit_code(state, project.selected, strict=project.options.strict)
    if execution.stopped in ("interrupted", "aborted"):
        return RunPaused(reason=execution.stopped, exit_code=130)
    if execution.frontier.asking:
        return RunPaused(reason="waiting", exit_code=code or 4)
    return RunFinished(exit_code=code, seconds=round(seconds, 3))
