"""From a plan file to a `Plan`: everything that is wrong with it, at once, each with its place.

The task models are passed in; this module never knows a handler. It reads the plan file and, for fan-outs, the names
of the project's files; it writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.errors import OrchestratorError, PlanError, PlanErrors, did_you_mean
from orchestrator.plan.expressions import Expressions
from orchestrator.plan.graph import find_cycles
from orchestrator.plan.link import check_resources, link_groups, link_phases, link_tasks
from orchestrator.plan.model import Group, Phase, Plan, digest_of
from orchestrator.plan.problems import Problems
from orchestrator.plan.schema import (
    CHECKPOINT_KEY,
    NOT_IN_CHECKPOINTS,
    PHASE_KEY,
    GroupText,
    HeadText,
    PhaseText,
    validate,
)
from orchestrator.plan.source import Path_, Source
from orchestrator.plan.tasks import TaskReader, TaskTypes
from orchestrator.plan.variables import Variables

_TOP_KEYS = ("orchestrator", "variables", "secrets", "checkpoints")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Loaded(NamedTuple):
    """A plan, and what it was made from beside its text."""

    plan: Plan
    patterns: list[str]
    """Whose matches became tasks."""
    environment: set[str]
    """Names in the environment that variables asked for, whether they have a value or not."""


def load(
    source: Source,
    path: Path,
    types: TaskTypes,
    *,
    project: Path | None = None,
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Return the plan that `source`, read from `path`, describes.

    `project` replaces the plan's `project_root`; `overrides` are the caller's variables; `environ` serves `${NAME}` in
    variables.

    :raises PlanErrors: with every problem found.
    """
    if not isinstance(source.data, dict):
        raise PlanErrors([PlanError("plan/wrong-type", "a plan is a mapping of sections", location=source.locate(()))])
    return _Loader(source, path, types, project).load(source.data, overrides or {}, environ or {})


@dataclass
class _Loader:
    source: Source
    path: Path
    types: TaskTypes
    project: Path | None

    def load(self, data: Mapping[str, Any], overrides: Mapping[str, str], environ: Mapping[str, str]) -> Loaded:
        self.problems = Problems(self.source)
        self._check_top_keys(data)
        variables = self._variables(data.get("variables"), overrides, environ)
        self.expressions = Expressions(self.source, variables, self.problems)
        values = self._values(variables)
        head = self._section(HeadText, ("orchestrator",), data) or HeadText(name="")
        root = self._root_of(head)
        self.tasks = TaskReader(self.source, self.types, root, self.expressions, self.problems)
        secrets = self._secrets(data.get("secrets"))
        phases = self._phases(data)
        declared = self.tasks.declared
        link_tasks(declared, self.problems)
        check_resources(declared, head.settings, self.problems)
        plan = Plan(
            name=head.name,
            version=head.version,
            description=head.description,
            path=self.path,
            project_root=root,
            settings=head.settings,
            variables=values,
            secrets=secrets,
            phases=tuple(phases),
            tasks=declared.tasks,
            digest=digest_of([task.digest for task in declared.tasks.values()]),
            problems={task: tuple(found) for task, found in self.tasks.deferred.items()},
        )
        self.problems.add(find_cycles(plan))
        self.tasks.check_fan_outs(plan)
        if self.problems.found:
            raise PlanErrors(self.problems.each_once())
        return Loaded(plan, [pattern for _, pattern in self.tasks.globs], variables.environment)

    # --- sections -----------------------------------------------------------------------------------------------

    def _check_top_keys(self, data: Mapping[str, Any]) -> None:
        for key in data:
            if key not in _TOP_KEYS and not PHASE_KEY.match(key):
                hint = did_you_mean(key, _TOP_KEYS) or "phases are named `phase_1`, `phase_2`, ..."
                self.problems.report("plan/unknown-key", f"unknown key `{key}`", (key,), hint=hint, key=True)
        if "orchestrator" not in data:
            self.problems.report("plan/missing-key", "the section `orchestrator` is missing", ())

    def _section(self, model: type[Any], path: Path_, within: Mapping[str, Any]) -> Any:
        if path[-1] not in within:
            return None
        waiting: list[OrchestratorError] = []
        data = self.expressions.fill(within[str(path[-1])], path, {}, waiting)
        made = validate(model, data, self.source, path)
        self.problems.blame(waiting, made)
        return None if isinstance(made, list) else made

    def _root_of(self, head: HeadText) -> Path:
        if self.project is not None:
            return self.project
        return (self.path.parent / (head.project_root or ".")).resolve()

    def _variables(self, written: Any, overrides: Mapping[str, str], environ: Mapping[str, str]) -> Variables:
        if written is not None and not isinstance(written, dict):
            self.problems.report("plan/wrong-type", "`variables` must be a mapping", ("variables",))
            written = {}
        return Variables(written or {}, overrides, environ, lambda name: self.source.locate(("variables", name)))

    def _values(self, variables: Variables) -> dict[str, Any]:
        """Return the values of those variables that have one."""
        found = {}
        for name in variables:
            try:
                found[name] = variables[name]
            except PlanError as error:
                self.problems.settle([error])
        return found

    def _secrets(self, written: Any) -> tuple[str, ...]:
        if written is None:
            return ()
        if not isinstance(written, list):
            self.problems.report("plan/wrong-type", "`secrets` must be a list of environment variables", ("secrets",))
            return ()
        for index, name in enumerate(written):
            if not isinstance(name, str) or not _ENVIRONMENT_NAME.match(name):
                hint = "write the name alone, such as `SLACK_WEBHOOK_URL`"
                message = "a secret must be the name of an environment variable"
                self.problems.report("plan/bad-value", message, ("secrets", index), hint=hint)
        return tuple(map(str, written))

    def _phases(self, data: Mapping[str, Any]) -> list[Phase]:
        texts = self._phase_texts(data)
        phases = [self._phase(key, text) for key, text in texts.items()]
        phases = self._checkpoints(data.get("checkpoints"), phases)
        return link_groups(link_phases(phases, texts, self.problems), self.problems)

    def _phase_texts(self, data: Mapping[str, Any]) -> dict[str, PhaseText]:
        found = {}
        for key in data:
            if PHASE_KEY.match(key):
                found[key] = self._section(PhaseText, (key,), data) or _salvage(data[key])
        return found

    def _phase(self, key: str, text: PhaseText) -> Phase:
        groups = tuple(self._group(key, group_key, group) for group_key, group in text.groups.items())
        return Phase(
            key=key,
            name=text.name,
            description=text.description,
            estimated_duration=text.estimated_duration,
            depends_on=(),
            parallel_with=text.parallel_with,
            groups=groups,
            checkpoint=None,
            location=self.source.locate((key,), key=True),
        )

    def _group(self, phase: str, key: str, text: GroupText) -> Group:
        at: Path_ = (phase, "groups", key)
        if text.max_parallel is not None and text.execution != "parallel":
            hint = "add `execution: parallel`, or leave `max_parallel` out"
            message = "`max_parallel` is for parallel groups"
            self.problems.report("plan/bad-value", message, (*at, "max_parallel"), hint=hint, key=True)
        ids: list[str] = []
        for index, written in enumerate(text.tasks):
            ids += self.tasks.expand(phase, key, written, (*at, "tasks", index), tolerant=text.continue_on_error)
        return Group(
            key=key,
            name=text.name or key,
            phase=phase,
            execution=text.execution,
            max_parallel=text.max_parallel,
            depends_on=text.depends_on,
            fail_fast=text.fail_fast,
            continue_on_error=text.continue_on_error,
            tasks=tuple(ids),
            location=self.source.locate(at, key=True),
        )

    def _checkpoints(self, written: Any, phases: list[Phase]) -> list[Phase]:
        if written is None:
            return phases
        if not isinstance(written, dict):
            self.problems.report("plan/wrong-type", "`checkpoints` must be a mapping", ("checkpoints",))
            return phases
        by_key = {phase.key: index for index, phase in enumerate(phases)}
        for key, text in written.items():
            match = CHECKPOINT_KEY.match(key)
            at: Path_ = ("checkpoints", key)
            if not match or match[1] not in by_key:
                hint = did_you_mean(key, [f"after_{phase}" for phase in by_key]) or "name it `after_<phase>`"
                message = f"the checkpoint `{key}` belongs to no phase of the plan"
                self.problems.report("plan/unknown-dependency", message, at, hint=hint, key=True)
            elif not isinstance(text, dict):
                self.problems.report("plan/wrong-type", "a checkpoint must be a mapping", at)
            else:
                for name in NOT_IN_CHECKPOINTS & set(text):
                    hint = "a checkpoint is the last task of its phase"
                    self.problems.report("plan/unknown-key", f"unknown key `{name}`", (*at, name), hint=hint, key=True)
                fields = {"name": key, **text, "id": key, "type": "checkpoint"}
                if task := self.tasks.make(self.types.checkpoint(), fields, at, {}, match[1], ""):
                    index = by_key[match[1]]
                    phases[index] = replace(phases[index], checkpoint=task.id)
        return phases


def _salvage(written: Any) -> PhaseText:
    """Return what can still be checked of a phase that has problems of its own: its tasks, in no order."""
    groups = written.get("groups") if isinstance(written, dict) else None
    found = {}
    for key, group in groups.items() if isinstance(groups, dict) else ():
        tasks = group.get("tasks") if isinstance(group, dict) else None
        found[key] = GroupText(execution="parallel", tasks=tasks if isinstance(tasks, list) else [])
    return PhaseText(name="", groups=found)
