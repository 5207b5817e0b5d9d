"""From a plan file to a `Plan`: everything that is wrong with it, at once, each with its place.

The task models are passed in; this module never knows a handler. It reads the plan file and, for fan-outs, the names
of the project's files; it writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from orchestrator.errors import OrchestratorError, PlanError, PlanErrors, did_you_mean
from orchestrator.plan import fanout
from orchestrator.plan.fields import Texts
from orchestrator.plan.graph import find_cycles
from orchestrator.plan.interpolate import (
    evaluate,
    has_expression,
    interpolate,
    map_strings,
    mentions_variables,
)
from orchestrator.plan.link import Declared, check_resources, link_groups, link_phases, link_tasks
from orchestrator.plan.model import Glob, Group, Phase, Plan, Task, digest_of, place
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
from orchestrator.plan.variables import Variables

_TOP_KEYS = ("orchestrator", "variables", "secrets", "checkpoints")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class TaskTypes(Protocol):
    """What the loader must know about task types."""

    def model(self, type_name: str) -> type[Task] | None:
        """Return the model of a type that plans may use."""

    def checkpoint(self) -> type[Task]:
        """Return the model of a phase's gate."""

    def names(self) -> Sequence[str]:
        """Return the types that plans may use."""

    def writes(self, task: Task) -> Iterable[str]:
        """Return the paths a task may write, as far as they are known."""

    def templates(self, project_root: Path) -> Collection[str]:
        """Return the names of the templates that a project's plans may use."""


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
    loader = _Loader(source, path, types, project, overrides or {}, environ or {})
    plan = loader.load()
    return Loaded(plan, [pattern for _, pattern in loader.globs], loader.variables.environment)


@dataclass
class _Loader:
    source: Source
    path: Path
    types: TaskTypes
    project: Path | None
    overrides: Mapping[str, str]
    environ: Mapping[str, str]
    deferred: dict[str, list[OrchestratorError]] = field(default_factory=dict)
    declared: Declared = field(default_factory=Declared)
    globs: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.problems = Problems(self.source)

    def load(self) -> Plan:
        data = self.source.data
        if not isinstance(data, dict):
            self.problems.report("plan/wrong-type", "a plan is a mapping of sections", ())
            raise PlanErrors(self.problems.found[-1:])
        self._check_top_keys(data)
        self.variables = self._variables(data.get("variables"))
        values = self._values()
        head = self._section(HeadText, ("orchestrator",), data) or HeadText(name="")
        self.root = self._root_of(head)
        self.context = {"root": self.root, "templates": self.types.templates(self.root)}
        secrets = self._secrets(data.get("secrets"))
        phase_texts = self._phase_texts(data)
        phases = [self._phase(key, text) for key, text in phase_texts.items()]
        phases = self._checkpoints(data.get("checkpoints"), phases)
        phases = link_groups(link_phases(phases, phase_texts, self.problems), self.problems)
        link_tasks(self.declared, self.problems)
        check_resources(self.declared, head.settings, self.problems)
        plan = Plan(
            name=head.name,
            version=head.version,
            description=head.description,
            path=self.path,
            project_root=self.root,
            settings=head.settings,
            variables=values,
            secrets=secrets,
            phases=tuple(phases),
            tasks=self.declared.tasks,
            digest=digest_of([task.digest for task in self.declared.tasks.values()]),
            problems={task: tuple(found) for task, found in self.deferred.items()},
        )
        self.problems.add(find_cycles(plan))
        self._check_fan_outs(plan)
        if self.problems.found:
            raise PlanErrors(self.problems.each_once())
        return plan

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
        data = self._interpolate(within[str(path[-1])], path, {}, waiting)
        made = validate(model, data, self.source, path)
        self._blame(waiting, made)
        return None if isinstance(made, list) else made

    def _root_of(self, head: HeadText) -> Path:
        if self.project is not None:
            return self.project
        return (self.path.parent / (head.project_root or ".")).resolve()

    def _variables(self, written: Any) -> Variables:
        if written is not None and not isinstance(written, dict):
            self.problems.report("plan/wrong-type", "`variables` must be a mapping", ("variables",))
            written = {}
        return Variables(
            written or {}, self.overrides, self.environ, lambda name: self.source.locate(("variables", name))
        )

    def _values(self) -> dict[str, Any]:
        """Return the values of those variables that have one."""
        found = {}
        for name in self.variables:
            try:
                found[name] = self.variables[name]
            except PlanError as error:
                self._settle([error])
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
            ids += self._expand(phase, key, written, (*at, "tasks", index), text)
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

    # --- tasks --------------------------------------------------------------------------------------------------

    def _expand(self, phase: str, group: str, written: Any, at: Path_, text: GroupText) -> list[str]:
        """Make the task written at `at`, or the many it fans out into; return their ids."""
        if not isinstance(written, dict):
            self.problems.report("plan/wrong-type", "a task must be a mapping", at)
            return []
        first = self.declared.first.setdefault(_id_text(written), at)
        model = self._model_of(written, at)
        if model is None:
            return []
        if first != at and "id" in written:
            self.problems.report_taken(_id_text(written), self.source.locate(first), at)
            return []
        if text.continue_on_error:
            written = {"continue_on_error": True, **written}
        if written.get("for_each") is None:
            task = self._task(model, written, at, {}, phase, group)
            return [task.id] if task else []
        made = []
        for item in self._items(written, at):
            one = {name: value for name, value in written.items() if name != "for_each"}
            if "id" in one:
                one["id"] = f"{_id_text(written)}[{item.label}]"
            names = {"item": item.value, "label": item.label}
            task = self._task(model, one, at, names, phase, group)
            if task is None:
                break  # what is wrong with one is hardly ever right with the next
            made.append(task.id)
        self.declared.fanned[_id_text(written)] = made
        return made

    def _items(self, written: Mapping[str, Any], at: Path_) -> list[fanout.Item]:
        waiting: list[OrchestratorError] = []
        data = self._interpolate({"for_each": written["for_each"]}, at, {}, waiting)
        spec = validate(_FanOut, data, self.source, at, context=self.context)
        self._blame(waiting, spec)
        if waiting or isinstance(spec, list):
            return []
        if isinstance(spec.for_each, Glob):
            self.globs.append((_id_text(written), spec.for_each.glob))
            items = fanout.match_files(self.root, spec.for_each.glob)
        else:
            items = [fanout.Item(word, word) for word in dict.fromkeys(spec.for_each)]
        if not items and not written.get("allow_empty"):
            hint = "add `allow_empty: true` if that is meant"
            self.problems.report("plan/no-matches", "the fan-out matches nothing", (*at, "for_each"), hint=hint)
        return items

    def _model_of(self, written: Mapping[str, Any], at: Path_) -> type[Task] | None:
        name = written.get("type")
        if name is None:
            self.problems.report("plan/missing-key", "the key `type` is missing", at)
            return None
        if not isinstance(name, str):
            self.problems.report("plan/wrong-type", "`type` must be text", (*at, "type"))
            return None
        model = self.types.model(name)
        if model is None:
            known = self.types.names()
            hint = did_you_mean(name, known) or f"types are {', '.join(f'`{each}`' for each in known)}"
            self.problems.report("plan/unknown-type", f"unknown task type `{name}`", (*at, "type"), hint=hint)
        return model

    def _task(
        self,
        model: type[Task],
        written: dict[str, Any],
        at: Path_,
        names: Mapping[str, Any],
        phase: str,
        group: str,
    ) -> Task | None:
        waiting: list[OrchestratorError] = []
        data = self._interpolate(written, at, names, waiting)
        made = validate(model, data, self.source, at, context=self.context)
        if isinstance(made, list):
            self._blame(waiting, made)
            return None
        if isinstance(made.when, str):
            made = replace(made, when=self._when(made.when, at, names, waiting))
        if made.id in self.declared.tasks:
            self.problems.report_taken(made.id, self.declared.tasks[made.id].location, at)
            return None
        if waiting:
            self.deferred[made.id] = waiting
        self.declared.tasks[made.id] = place(made, phase=phase, group=group, location=self.source.locate(at))
        self.declared.places[made.id] = at
        return self.declared.tasks[made.id]

    def _interpolate(self, written: Any, at: Path_, names: Mapping[str, Any], waiting: list[OrchestratorError]) -> Any:
        """Return what is written at `at` with the values of its expressions; those without one go to `waiting`."""
        if not self.source.has_expressions or not isinstance(written, dict):
            return written
        scope = {"variables": self.variables, **names}

        def change(text: str, path: Path_) -> Any:
            if path[0] == "when" or not has_expression(text) or (path[0] == "groups" and "tasks" in path[2:3]):
                return text
            if path[-1] in ("run", "unless") and path[0] != "env":
                if mentions_variables(text):
                    hint = "pass it through `env`, or write the command as a list"
                    message = f"a shell string may not hold `{{{{ ... }}}}`: `{path[-1]}`"
                    self.problems.report("plan/templated-command", message, (*at, *path), hint=hint)
                return text
            try:
                return interpolate(text, scope)
            except PlanError as error:
                error.location = error.location or self.source.locate((*at, *path))
                waiting.append(error)
                return text

        changed = {name: map_strings(value, change, (name,)) for name, value in written.items()}
        self._settle(waiting)
        return changed

    def _when(self, text: str, at: Path_, names: Mapping[str, Any], waiting: list[OrchestratorError]) -> bool:
        expression = text.strip().removeprefix("{{").removesuffix("}}") if text.strip().startswith("{{") else text
        try:
            value = evaluate(expression, {"variables": self.variables, **names})
        except PlanError as error:
            error.location = error.location or self.source.locate((*at, "when"))
            waiting.append(error)
            self._settle(waiting)
            return True
        return value not in (False, None, "", 0, "false", "False", [], {})

    def _settle(self, waiting: list[OrchestratorError]) -> None:
        """Leave only missing values in `waiting`: they matter where the task is needed, all else matters now."""
        self.problems.add(error for error in waiting if error.code != "plan/missing-variable")
        waiting[:] = [error for error in waiting if error.code == "plan/missing-variable"]

    def _blame(self, waiting: Sequence[OrchestratorError], made: Any) -> None:
        """Report what is wrong with a part that is needed; a value that is not there cannot be wrong as well."""
        self.problems.add(waiting)
        if isinstance(made, list):
            missing = {error.location for error in waiting}
            self.problems.add(error for error in made if error.location not in missing)

    # --- references ---------------------------------------------------------------------------------------------

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
                if task := self._task(self.types.checkpoint(), fields, at, {}, match[1], ""):
                    index = by_key[match[1]]
                    phases[index] = replace(phases[index], checkpoint=task.id)
        return phases

    def _check_fan_outs(self, plan: Plan) -> None:
        if not self.globs:
            return
        written = [(task.id, path) for task in plan.tasks.values() for path in self.types.writes(task)]
        for base, pattern in self.globs:
            for task_id, path in fanout.written_before(plan, self.declared.fanned.get(base, ()), pattern, written):
                at = self.declared.places[self.declared.fanned[base][0]]
                message = f"the fan-out of `{base}` reads `{pattern}`, where task `{task_id}` writes `{path}`"
                hint = "what it would match is not known when the plan is loaded; list the items instead"
                self.problems.report("plan/unstable-fan-out", message, (*at, "for_each"), hint=hint)


def _salvage(written: Any) -> PhaseText:
    """Return what can still be checked of a phase that has problems of its own: its tasks, in no order."""
    groups = written.get("groups") if isinstance(written, dict) else None
    found = {}
    for key, group in groups.items() if isinstance(groups, dict) else ():
        tasks = group.get("tasks") if isinstance(group, dict) else None
        found[key] = GroupText(execution="parallel", tasks=tasks if isinstance(tasks, list) else [])
    return PhaseText(name="", groups=found)


@dataclass(frozen=True)
class _FanOut:
    for_each: Glob | Texts


def _id_text(written: Mapping[str, Any]) -> str:
    return str(written.get("id", ""))
