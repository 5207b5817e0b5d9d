"""A plan, the project it is about and the record of earlier runs: what previews, runs and answers are made from."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestrator.clock import Clock, SystemClock
from orchestrator.engine.executor import Execution, Prompter
from orchestrator.engine.frontier import Frontier, Limits, Obstacle
from orchestrator.engine.order import ranks
from orchestrator.engine.steering import Steering
from orchestrator.errors import EnvironmentProblem, PlanErrors
from orchestrator.facts import read_facts
from orchestrator.handlers.registry import Registry
from orchestrator.integrations import git
from orchestrator.known import Known
from orchestrator.masking import Masker
from orchestrator.plan import compiled
from orchestrator.plan.graph import build_graph
from orchestrator.plan.model import Plan, Task
from orchestrator.plan.select import Selection, select
from orchestrator.record.bus import Observer
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.state import SATISFIED, RunState
from orchestrator.store import Store
from orchestrator.templates import project_templates
from orchestrator.workspace import Workspace


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

    @property
    def is_whole(self) -> bool:
        """All of the plan is selected."""
        return len(self.selected) == len(self.plan.tasks)

    def check_problems(self) -> None:
        """Raise what is wrong with the selected tasks, such as a variable that nobody set.

        :raises PlanErrors: with all of it.
        """
        found = [problem for task in sorted(self.selected) for problem in self.plan.problems.get(task, ())]
        if found:
            raise PlanErrors(found)

    def known(self, journal: SqliteJournal | None) -> Known:
        """Return what earlier runs tell about tasks."""
        return Known.read(journal, finished=not self.is_whole)

    def frontier(self, known: Known, done: Mapping[str, bool], limits: Limits) -> Frontier:
        """Return the frontier of the whole plan; `done` says of tasks that have ended whether they went well."""
        order = ranks(self.plan.settings.scheduler, self.graph, known.durations)
        ended = {self.graph.index[task_id]: went_well for task_id, went_well in done.items()}

        def claims(task: Task) -> Any:
            return self.registry.handler(task.type).claims(task)

        return Frontier(self.graph, order, limits, done=ended, claims=claims)

    def limits(self) -> Limits:
        """Return how much of the plan may run at once."""
        tasks = self.options.max_parallel or self.plan.settings.max_parallel_tasks
        groups = {
            group.ref: group.max_parallel for phase in self.plan.phases for group in phase.groups if group.max_parallel
        }
        return Limits(1 if self.options.sequential else tasks, groups, self.plan.settings.resources)

    def obstacle(self, task: Task) -> tuple[Obstacle, list[str]]:
        """Return what keeps a task from starting, as the last run stands, and what that is called."""
        state = self.store.state() or RunState()
        tasks = {id_: known for id_, known in state.tasks.items() if id_ in self.graph.index}
        done = {id_: known.status in SATISFIED for id_, known in tasks.items() if known.result}
        frontier = self.frontier(Known(), done, self.limits())
        for id_, known in tasks.items():
            if id_ in done:
                continue
            if known.status == "waiting":
                frontier.ask(self.graph.index[id_])
            elif state.is_open and state.paused is None:
                frontier.start(self.graph.index[id_])
        for _ in frontier.ready(math.inf):  # those that cannot start are parked at what is in their way
            pass
        return frontier.blocked_by(self.graph.index[task.id])

    def facts(self) -> Mapping[str, Any]:
        """Return what the project is, by its files and its repository."""
        about = git.facts(self.root)
        repository = about.get("remote") or self.root.name
        read = read_facts(self.ports.workspace(self.root), repository, git.default_branch(self.root))
        return {**read, "remote": about.get("remote"), "host": about.get("host")}


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
