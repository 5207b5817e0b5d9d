"""The use cases: load a plan, preview it, run it, answer for a person. Faces call these and show what they return."""

from __future__ import annotations

import asyncio
import getpass
import math
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestrator.change import Change, TaskResult
from orchestrator.clock import Clock, SystemClock
from orchestrator.committer import Committer
from orchestrator.engine.executor import Execution, Prompter, Runner
from orchestrator.engine.frontier import Frontier, Limits, Obstacle
from orchestrator.engine.order import critical_path, estimates, ranks
from orchestrator.engine.outputs import undo
from orchestrator.engine.preview import PreviewRunner
from orchestrator.engine.runner import ApplyRunner
from orchestrator.engine.steering import Steering
from orchestrator.errors import EnvironmentProblem, PlanError, PlanErrors, UsageError
from orchestrator.facts import read_facts
from orchestrator.handler import Answer
from orchestrator.handlers.registry import Registry
from orchestrator.integrations import git
from orchestrator.integrations.slack import SlackNotifier
from orchestrator.known import Known, Memory, OtherAnswers
from orchestrator.masking import Masker
from orchestrator.plan import compiled
from orchestrator.plan.graph import Graph, build_graph
from orchestrator.plan.interpolate import expand_environment
from orchestrator.plan.model import Plan, Task
from orchestrator.plan.select import Selection, prerequisites, select
from orchestrator.preparing import Preparations
from orchestrator.process import Children, ProcessId, end_stragglers
from orchestrator.record.bus import Bus, Observer
from orchestrator.record.events import (
    ApprovalAsked,
    ApprovalGiven,
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
from orchestrator.record.journal import Journal, SqliteJournal
from orchestrator.record.state import SATISFIED, RunState
from orchestrator.store import Store, open_run
from orchestrator.templates import project_templates
from orchestrator.workspace import Overlay, Workspace, still_holds


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a caller asks for, the same for every command."""

    config: Path = Path("config/phases.yaml")
    project: Path | None = None
    state_dir: Path | None = None
    selection: Selection = Selection()
    variables: Mapping[str, str] = field(default_factory=dict)
    sequential: bool = False
    max_parallel: int | None = None
    strict: bool = False
    with_deps: bool = False
    no_deps: bool = False
    retry_failed: bool = False
    approve: Mapping[str, str] = field(default_factory=dict)
    """Comments by task id; `all` stands for every task that may ask a person."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The outside world; a test passes its own."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    clock: Clock = field(default_factory=SystemClock)
    journal: Callable[..., SqliteJournal] = SqliteJournal
    workspace: Callable[[Path], Workspace] = Workspace
    observers: Sequence[Observer] = ()
    prompter: Prompter | None = None
    steering: Steering | None = None
    """Says how many tasks may run at once; absent = the plan and the options do."""
    on_start: Callable[[Execution], AbstractContextManager[None]] = lambda _execution: nullcontext()
    """Entered while the loop runs, so that a face can pass Ctrl-C on."""


@dataclass(frozen=True)
class Preview:
    """What a run would do now, task by task."""

    plan: Plan
    graph: Graph
    selected: set[str]
    results: dict[str, TaskFinished]
    changes: dict[str, Change]
    digests: dict[str, str]
    learned: Mapping[str, float]

    def critical_path(self) -> list[Task]:
        """Return the tasks on the longest way through what is selected."""
        seconds = [
            expected if task.id in self.selected else 0.0
            for task, expected in zip(self.graph.tasks, estimates(self.graph.tasks, self.learned), strict=True)
        ]
        path = critical_path(self.graph, seconds)
        return [self.graph.tasks[node] for node in path if self.graph.tasks[node].id in self.selected]

    def seconds(self) -> float | None:
        """Return how long the critical path takes, None unless all of it has been seen before."""
        path = self.critical_path()
        if not path or any(task.id not in self.learned for task in path):
            return None
        return sum(self.learned[task.id] for task in path)

    def has_changes(self) -> bool:
        """Say whether a run would do anything."""
        return any(result.status in ("would_change", "may_run") for result in self.results.values())


class Project:
    """A plan and the project it is about, with the record of earlier runs."""

    def __init__(self, options: Options, ports: Ports | None = None, plan: Plan | None = None) -> None:
        """Load the plan, unless one is given that stands in no file.

        :raises PlanErrors: with all that is wrong with it.
        :raises EnvironmentProblem: when there is no such project.
        """
        self.options = options
        self.ports = ports or Ports()
        self.registry = Registry()
        project = options.project.resolve() if options.project else None
        if project is not None and not project.is_dir():
            raise EnvironmentProblem("environment/root-missing", f"the project `{options.project}` does not exist")
        self.plan = plan or compiled.load_plan(
            options.config, self.registry, project=project, overrides=options.variables, environ=self.ports.environ
        )
        self.root = self.plan.project_root
        if not self.root.is_dir():
            hint = "correct `project_root` in the plan, or name it with --project"
            raise EnvironmentProblem("environment/root-missing", f"the project `{self.root}` does not exist", hint=hint)
        self.graph = build_graph(self.plan)
        self.selected = select(self.plan, options.selection)
        self.masker = Masker(self.ports.environ.get(name, "") for name in self.plan.secrets)
        self.store = Store(
            (options.state_dir or self.root / ".orchestrator").resolve(),
            self.ports.clock,
            self.masker.data if self.masker.is_active else None,
            self.ports.journal,
        )
        self.templates = project_templates(self.root)
        self.announced: Mapping[str, Sequence[Sequence[str | None]]] = {}
        """By task id, the edits of a saved plan: exactly these are made, or none."""

    @cached_property
    def shown(self) -> Plan:
        """The plan for whoever shows it: without secrets that variables brought into its texts."""
        return _masked(self.plan, self.masker.text) if self.masker.is_active else self.plan

    # --- looking ------------------------------------------------------------------------------------------------

    def obstacle(self, task: Task) -> tuple[Obstacle, list[str]]:
        """Return what keeps a task from starting, as the last run stands, and what that is called."""
        state = self.store.state() or RunState()
        ended = {id_: known.status for id_, known in state.tasks.items() if known.result and id_ in self.graph.index}
        done = {self.graph.index[id_]: status in SATISFIED for id_, status in ended.items()}
        frontier = self._frontier(Known(), done, self._limits())
        for id_, known in state.tasks.items():
            node = self.graph.index.get(id_)
            if node is None or node in done:
                continue
            if known.status == "waiting":
                frontier.ask(node)
            elif state.is_open and state.paused is None:
                frontier.start(node)
        for _ in frontier.ready(math.inf):  # those that cannot start are parked at what is in their way
            pass
        return frontier.blocked_by(self.graph.index[task.id])

    # --- previews -----------------------------------------------------------------------------------------------

    def preview(self) -> Preview:
        """Return what a run would do now; changes no byte and adds no event."""
        with self.store.reading() as journal:
            known = Known.read(journal, finished=len(self.selected) < len(self.plan.tasks))
        self._check_problems()
        self._apply_retry_failed()
        runner = self._preview_runner(known)
        memory = Memory()
        done = {self.graph.index[task.id]: True for task in self._outside_selection(known)}
        execution = self._execution(runner, memory, Bus(), self._frontier(known, done, Limits(len(self.plan.tasks))))
        asyncio.run(execution.run())
        results = {event.task: event for event in memory.events if isinstance(event, TaskFinished)}
        return Preview(self.plan, self.graph, self.selected, results, runner.changes, runner.digests, known.durations)

    # --- runs ---------------------------------------------------------------------------------------------------

    def run(self, check: Callable[[], None] = lambda: None) -> RunState:
        """Run the selection, or go on with a run that was interrupted; return its state.

        `check` is called once the project is locked, and may refuse.

        :raises OrchestratorError: when it cannot start, or cannot keep its record.
        """
        self._check_problems()
        self.store.make()
        run_id = time.strftime("%Y%m%d-%H%M%S-") + os.urandom(2).hex()
        with self.store.lock("run", run_id):
            check()
            with self.store.writing() as journal:
                return self._run_locked(journal, run_id)

    def _run_locked(self, journal: SqliteJournal, run_id: str) -> RunState:
        known = Known.read(journal, finished=len(self.selected) < len(self.plan.tasks))
        self._apply_retry_failed()
        done = {self.graph.index[task.id]: True for task in self._outside_selection(known)}
        resumed = open_run(journal)
        journal.run_id = resumed.run_id if resumed else run_id
        workspace = self.ports.workspace(self.root)
        if branch := self.plan.settings.git.branch:
            git.switch(self.root, expand_environment(branch, self.ports.environ))
        start = RunStarted(
            plan=self.plan.name,
            plan_digest=self.plan.digest,
            plan_file=str(self.plan.path),
            selected=len(self.selected),
            resumed=resumed is not None,
            pid=os.getpid(),
            git=git.facts(self.root),
        )
        bus = Bus(self.ports.observers, resumed)
        bus.publish(journal.append([start]))
        self._add_observers(bus, journal)
        if resumed is not None:
            self._recover(resumed, journal, workspace, bus)
        self._record_approvals(known, journal, bus)
        runner = self._apply_runner(journal, workspace, known)
        done |= {self.graph.index[task_id]: True for task_id in self._still_done(bus.state, runner, workspace)}
        execution = self._execution(runner, journal, bus, self._frontier(known, done, self._limits()))
        execution.answers = runner.answers  # type: ignore[assignment]  # one dict, read there and written here
        execution.prompter = self.ports.prompter
        execution.steering = self.ports.steering
        execution.kill = runner.children.kill
        execution.new_answers = OtherAnswers(journal, self.plan)
        runner.record = execution.note
        runner.record_soon = execution.note_soon
        runner.publish = lambda event: bus.publish([Entry(0, journal.run_id, 0.0, event)])
        began = self.ports.clock.monotonic()
        try:
            asyncio.run(self._drive(execution, runner.children))
            seconds = self.ports.clock.monotonic() - began
            bus.publish(journal.append([self._ending(execution, bus.state, seconds)]))
        finally:
            bus.close()
        return bus.state

    async def _drive(self, execution: Execution, children: Children) -> None:
        try:
            with self.ports.on_start(execution):
                await execution.run()
        finally:
            await children.close()

    def _ending(self, execution: Execution, state: RunState, seconds: float) -> Event:
        code = exit_code(state, self.selected, strict=self.options.strict)
        if execution.stopped in ("interrupted", "aborted"):
            return RunPaused(reason=execution.stopped, exit_code=130)
        if execution.frontier.asking:
            return RunPaused(reason="waiting", exit_code=code or 4)
        return RunFinished(exit_code=code, seconds=round(seconds, 3))

    def _add_observers(self, bus: Bus, journal: SqliteJournal) -> None:
        """Add those that the plan's settings ask for."""

        def record(event: Event) -> None:
            bus.publish(journal.append([event]))

        if self.plan.settings.git.commit != "none":
            committer = Committer(self.plan, self.root, record)
            kinds: list[type[Event]] = [ApprovalAsked, OutputsWritten, TaskFinished, Committed, RolledBack]
            committer.catch_up(journal.entries(run=journal.run_id, kinds=kinds))
            bus.add(committer)
        webhook = self.plan.settings.notifications.slack_webhook
        if webhook:
            try:
                url = expand_environment(webhook, self.ports.environ)
            except PlanError:
                return  # nothing is sent while the variable is unset
            bus.add(SlackNotifier(self.plan, url, self.masker.text, lambda text: record(Warned(message=text))))

    def _recover(self, state: RunState, journal: SqliteJournal, workspace: Workspace, bus: Bus) -> None:
        """Clean up after a killed run: end its processes, take back half-applied changes."""
        known = [ProcessId(pid, started) for children in state.processes.values() for pid, started in children]
        end_stragglers([state.run_id], known=known)
        objects = self.store.objects
        for staged in list(state.unfinished.values()):
            left = undo(staged, workspace, objects)
            bus.publish(journal.append([ChangeUndone(staged.task, tuple(left))]))

    def _still_done(self, state: RunState, runner: ApplyRunner, workspace: Workspace) -> list[str]:
        """Return what this run has done already and nothing has undone since."""
        return [
            task.id
            for task in state.tasks.values()
            if task.status in SATISFIED
            and task.result is not None
            and task.id in self.plan.tasks
            and task.result.digest == runner.digest(self.plan.tasks[task.id])
            and still_holds(workspace, task.result.files)
        ]

    def _apply_runner(self, journal: SqliteJournal, workspace: Workspace, known: Known) -> ApplyRunner:
        preparations = Preparations(journal, workspace)
        return ApplyRunner(
            **self._planning(known),
            workspace=workspace,
            objects=self.store.objects,
            children=Children(journal.run_id),
            masker=self.masker,
            run_directory=self.store.run_directory(journal.run_id),
            run_id=journal.run_id,
            is_prepared=preparations.is_done,
            prepared=preparations.note,
            strict=self.options.strict,
            announced=self.announced,
        )

    # --- parts --------------------------------------------------------------------------------------------------

    def _preview_runner(self, known: Known) -> PreviewRunner:
        return PreviewRunner(**self._planning(known), files=Overlay(self.ports.workspace(self.root)))

    def _planning(self, known: Known) -> dict[str, Any]:
        """Return what both runners are made with."""
        return {
            "plan": self.plan,
            "handlers": self.registry,
            "templates": self.templates,
            "clock": self.ports.clock,
            "answers": self._answers(known),
            "previous": known.previous,
            "facts": self._facts(),
            "environ": self.ports.environ,
        }

    def _execution(self, runner: Runner, journal: Journal, bus: Bus, frontier: Frontier) -> Execution:
        return Execution(self.plan, frontier, runner, journal, bus, self.ports.clock)

    def _frontier(self, known: Known, done: Mapping[int, bool], limits: Limits) -> Frontier:
        order = ranks(self.plan.settings.scheduler, self.graph, known.durations)

        def claims(task: Task) -> Any:
            return self.registry.handler(task.type).claims(task)

        return Frontier(self.graph, order, limits, done=done, claims=claims)

    def _limits(self) -> Limits:
        tasks = self.options.max_parallel or self.plan.settings.max_parallel_tasks
        groups = {
            group.ref: group.max_parallel for phase in self.plan.phases for group in phase.groups if group.max_parallel
        }
        return Limits(1 if self.options.sequential else tasks, groups, self.plan.settings.resources)

    def _check_problems(self) -> None:
        found = [problem for task in sorted(self.selected) for problem in self.plan.problems.get(task, ())]
        if found:
            raise PlanErrors(found)

    def _apply_retry_failed(self) -> None:
        if not self.options.retry_failed:
            return
        state = self.store.state()
        bad = {task.id for task in (state.tasks.values() if state else ()) if task.status not in SATISFIED}
        bad &= self.selected
        if not bad:
            raise UsageError("usage/nothing-selected", "nothing failed in the last run")
        self.selected = bad

    def _outside_selection(self, known: Known) -> list[Task]:
        """Return the tasks that count as done because they are not asked for.

        :raises UsageError: when what is asked for builds on something that is not done.
        """
        if len(self.selected) == len(self.plan.tasks):
            return []
        before = prerequisites(self.plan, self.selected)
        if self.options.with_deps:
            self.selected |= {task.id for task in before}
        elif not self.options.no_deps and not self.options.retry_failed:
            runner = self._preview_runner(known)
            missing = [task for task in before if not self._is_done(task, known, runner)]
            if missing:
                shown = "\n".join(f"    {task.id}  {task.name}" for task in missing[:10])
                more = f"\n    and {len(missing) - 10} more" if len(missing) > 10 else ""
                message = f"the selection builds on {len(missing)} tasks that are not done:\n{shown}{more}"
                hint = "run them too with --with-deps, or leave them out with --no-deps"
                raise UsageError("usage/prerequisites", message, hint=hint)
        return [task for task in self.plan.tasks.values() if task.id not in self.selected]

    def _is_done(self, task: Task, known: Known, runner: PreviewRunner) -> bool:
        """The journal says so, or planning it again, by itself, gives no change."""
        last = known.finished.get(task.id)
        if last is not None and last.digest == runner.digest(task):
            good = last.status in SATISFIED or last.tolerated
            if good and still_holds(self.ports.workspace(self.root), last.files):
                return True
        alone = replace(runner, files=Overlay(self.ports.workspace(self.root)))
        result = alone.attempt(task, 1)
        return isinstance(result, TaskResult) and result.status in ("unchanged", "skipped")

    def _answers(self, known: Known) -> dict[str, Answer]:
        found, approve = {}, self.options.approve
        if not known.approvals and not approve:
            return {}
        for task in self.plan.tasks.values():
            given = known.approvals.get((task.id, task.digest))
            if given is not None:
                found[task.id] = Answer(given.decision, given.by, given.comment)
            elif (comment := approve.get(task.id, approve.get("all"))) is not None and self._may_ask(task):
                found[task.id] = Answer("approved", person(), comment)
        return found

    def _may_ask(self, task: Task) -> bool:
        may = getattr(self.registry.handler(task.type), "may_ask", None)
        return may is not None and bool(may(task))

    def _record_approvals(self, known: Known, journal: SqliteJournal, bus: Bus) -> None:
        """Write down what was approved on the command line."""
        for task_id, answer in self._answers(known).items():
            task = self.plan.tasks[task_id]
            if (task_id, task.digest) not in known.approvals and task_id in self.selected:
                given = ApprovalGiven(task_id, answer.decision, task.digest, answer.by, answer.comment)
                bus.publish(journal.append([given]))

    def _facts(self) -> Callable[[], Mapping[str, Any]]:
        cache: dict[str, Any] = {}

        def facts() -> Mapping[str, Any]:
            if not cache:
                about = git.facts(self.root)
                repository = about.get("remote") or self.root.name
                read = read_facts(self.ports.workspace(self.root), repository, git.default_branch(self.root))
                cache.update(read, remote=about.get("remote"), host=about.get("host"))
            return cache

        return facts

    # --- answers ------------------------------------------------------------------------------------------------

    def answer(self, task_id: str, decision: str, comment: str) -> ApprovalGiven:
        """Record what a person decided, also while a run is going on.

        :raises UsageError: when the task is not one that waits for a person.
        """
        task = self.plan.tasks.get(task_id)
        if task is None or not self._may_ask(task):
            asking = [task.id for task in self.plan.tasks.values() if self._may_ask(task)]
            hint = f"tasks that do are {', '.join(asking)}" if asking else "no task of this plan does"
            raise UsageError("usage/not-waiting", f"no task `{task_id}` waits for a person", hint=hint)
        self.store.make()
        given = ApprovalGiven(task_id, decision, task.digest, person(), comment)
        with self.store.writing() as journal:
            runs = journal.runs()
            journal.run_id = runs[-1] if runs else ""
            journal.append([given])
        return given


def exit_code(state: RunState, about: Collection[str] | None = None, *, strict: bool = False) -> int:
    """Return 0 where all went well, 1 where something did not; `about` are the tasks that count, absent = all."""
    bad = {"failed", "blocked", "cancelled"} | ({"unverifiable"} if strict else set())
    results = [task.result for task in state.tasks.values() if task.result and (about is None or task.id in about)]
    return 1 if any(result.status in bad and not result.tolerated for result in results) else 0


def person() -> str:
    """Return who is at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _masked(plan: Plan, mask: Callable[[str], str]) -> Plan:
    phases = []
    for phase in plan.phases:
        groups = tuple(replace(group, name=mask(group.name)) for group in phase.groups)
        phases.append(replace(phase, name=mask(phase.name), description=mask(phase.description), groups=groups))
    tasks = {task_id: copy(task) for task_id, task in plan.tasks.items()}
    for task in tasks.values():
        object.__setattr__(task, "name", mask(task.name))
        object.__setattr__(task, "description", mask(task.description))
    return replace(plan, name=mask(plan.name), phases=tuple(phases), tasks=tasks)
