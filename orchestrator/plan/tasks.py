"""What is written about tasks, made into tasks: by the models of their types, and one for each of a fan-out.

The models are passed in; this module never knows a handler.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from orchestrator.errors import OrchestratorError, did_you_mean
from orchestrator.plan import fanout
from orchestrator.plan.expressions import Expressions
from orchestrator.plan.fields import Texts
from orchestrator.plan.link import Declared
from orchestrator.plan.model import Glob, Plan, Task, place
from orchestrator.plan.problems import Problems
from orchestrator.plan.schema import validate
from orchestrator.plan.source import Path_, Source


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


class TaskReader:
    """Makes the tasks of one plan, and keeps what was found out about them."""

    def __init__(
        self, source: Source, types: TaskTypes, root: Path, expressions: Expressions, problems: Problems
    ) -> None:
        self.declared = Declared()
        self.deferred: dict[str, list[OrchestratorError]] = {}
        """By task id, the values that it lacks."""
        self.globs: list[tuple[str, str]] = []
        """Fan-outs over files: the id that is written, and the pattern."""
        self._source = source
        self._types = types
        self._root = root
        self._context = {"root": root, "templates": types.templates(root)}
        self._expressions = expressions
        self._problems = problems

    def expand(self, phase: str, group: str, written: Any, at: Path_, *, tolerant: bool) -> list[str]:
        """Make the task written at `at`, or the many it fans out into; return their ids.

        In a `tolerant` group a task may fail, unless it says otherwise.
        """
        if not isinstance(written, dict):
            self._problems.report("plan/wrong-type", "a task must be a mapping", at)
            return []
        first = self.declared.first.setdefault(_id_text(written), at)
        model = self._model_of(written, at)
        if model is None:
            return []
        if first != at and "id" in written:
            self._problems.report_taken(_id_text(written), self._source.locate(first), at)
            return []
        if tolerant:
            written = {"continue_on_error": True, **written}
        if written.get("for_each") is None:
            task = self.make(model, written, at, {}, phase, group)
            return [task.id] if task else []
        made = self.declared.fanned[_id_text(written)] = self._fan_out(model, written, at, phase, group)
        return made

    def make(
        self,
        model: type[Task],
        written: dict[str, Any],
        at: Path_,
        names: Mapping[str, Any],
        phase: str,
        group: str,
    ) -> Task | None:
        """Make one task; None where something is wrong with it."""
        waiting: list[OrchestratorError] = []
        data = self._expressions.fill(written, at, names, waiting)
        made = validate(model, data, self._source, at, context=self._context)
        if isinstance(made, list):
            self._problems.blame(waiting, made)
            return None
        if isinstance(made.when, str):
            made = replace(made, when=self._expressions.truth(made.when, at, names, waiting))
        if made.id in self.declared.tasks:
            self._problems.report_taken(made.id, self.declared.tasks[made.id].location, at)
            return None
        if waiting:
            self.deferred[made.id] = waiting
        self.declared.tasks[made.id] = place(made, phase=phase, group=group, location=self._source.locate(at))
        self.declared.places[made.id] = at
        return self.declared.tasks[made.id]

    def check_fan_outs(self, plan: Plan) -> None:
        """Report fan-outs over files that the plan itself makes."""
        if not self.globs:
            return
        written = [(task.id, path) for task in plan.tasks.values() for path in self._types.writes(task)]
        for base, pattern in self.globs:
            for task_id, path in fanout.written_before(plan, self.declared.fanned.get(base, ()), pattern, written):
                at = self.declared.places[self.declared.fanned[base][0]]
                message = f"the fan-out of `{base}` reads `{pattern}`, where task `{task_id}` writes `{path}`"
                hint = "what it would match is not known when the plan is loaded; list the items instead"
                self._problems.report("plan/unstable-fan-out", message, (*at, "for_each"), hint=hint)

    def _model_of(self, written: Mapping[str, Any], at: Path_) -> type[Task] | None:
        name = written.get("type")
        if name is None:
            self._problems.report("plan/missing-key", "the key `type` is missing", at)
            return None
        if not isinstance(name, str):
            self._problems.report("plan/wrong-type", "`type` must be text", (*at, "type"))
            return None
        model = self._types.model(name)
        if model is None:
            known = self._types.names()
            hint = did_you_mean(name, known) or f"types are {', '.join(f'`{each}`' for each in known)}"
            self._problems.report("plan/unknown-type", f"unknown task type `{name}`", (*at, "type"), hint=hint)
        return model

    def _fan_out(self, model: type[Task], written: Mapping[str, Any], at: Path_, phase: str, group: str) -> list[str]:
        made: list[str] = []
        for item in self._items(written, at):
            one = {name: value for name, value in written.items() if name != "for_each"}
            if "id" in one:
                one["id"] = f"{_id_text(written)}[{item.label}]"
            names = {"item": item.value, "label": item.label}
            task = self.make(model, one, at, names, phase, group)
            if task is None:
                break  # what is wrong with one is hardly ever right with the next
            made.append(task.id)
        return made

    def _items(self, written: Mapping[str, Any], at: Path_) -> list[fanout.Item]:
        waiting: list[OrchestratorError] = []
        data = self._expressions.fill({"for_each": written["for_each"]}, at, {}, waiting)
        spec = validate(_FanOut, data, self._source, at, context=self._context)
        self._problems.blame(waiting, spec)
        if waiting or isinstance(spec, list):
            return []
        if isinstance(spec.for_each, Glob):
            self.globs.append((_id_text(written), spec.for_each.glob))
            items = fanout.match_files(self._root, spec.for_each.glob)
        else:
            items = [fanout.Item(word, word) for word in dict.fromkeys(spec.for_each)]
        if not items and not written.get("allow_empty"):
            hint = "add `allow_empty: true` if that is meant"
            self._problems.report("plan/no-matches", "the fan-out matches nothing", (*at, "for_each"), hint=hint)
        return items


@dataclass(frozen=True)
class _FanOut:
    for_each: Glob | Texts


def _id_text(written: Mapping[str, Any]) -> str:
    return str(written.get("id", ""))
