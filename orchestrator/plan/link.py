"""The references of a plan, once everything in it is known: phases, groups and tasks that name each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from orchestrator.errors import did_you_mean
from orchestrator.plan.graph import inherited_dependencies
from orchestrator.plan.model import Group, Phase, Settings, Task, place
from orchestrator.plan.problems import Problems
from orchestrator.plan.schema import PHASE_KEY, PhaseText
from orchestrator.plan.source import Path_


@dataclass
class Declared:
    """The tasks that were found in a plan."""

    tasks: dict[str, Task] = field(default_factory=dict)
    """By id, in the order of the file."""
    places: dict[str, Path_] = field(default_factory=dict)
    """Where each is written."""
    first: dict[str, Path_] = field(default_factory=dict)
    """Where each id is written first, also of tasks that have problems."""
    fanned: dict[str, list[str]] = field(default_factory=dict)
    """What each fan-out made."""


def link_phases(phases: list[Phase], texts: Mapping[str, PhaseText], problems: Problems) -> list[Phase]:
    """Return the phases with all that they depend on, by key."""
    known = {phase.key for phase in phases}
    for phase in phases:
        for name in ("depends_on", "parallel_with"):
            for index, key in enumerate(getattr(texts[phase.key], name)):
                if key == phase.key:
                    problems.report_itself(f"phase `{key}`", (phase.key, name, index))
                elif key not in known:
                    message = f"phase `{phase.key}` names `{key}`, which is not in the plan"
                    problems.report_unknown(message, key, known, (phase.key, name, index))

    def others(phase: Phase, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(key for key in keys if key in known and key != phase.key)

    direct = {phase.key: others(phase, texts[phase.key].depends_on) for phase in phases}
    beside = {phase.key: others(phase, phase.parallel_with) for phase in phases}
    depends, clashes = inherited_dependencies(direct, beside)
    for phase_key, other in clashes:
        message = f"phase `{phase_key}` cannot run beside `{other}`, which it depends on"
        at: Path_ = (phase_key, "parallel_with", texts[phase_key].parallel_with.index(other))
        problems.report("plan/parallel-with-dependency", message, at)
    return [replace(phase, depends_on=depends[phase.key]) for phase in phases]


def link_groups(phases: list[Phase], problems: Problems) -> list[Phase]:
    """Return the phases with groups that name what they depend on in full."""
    refs: dict[str, list[str]] = {}
    for phase in phases:
        for group in phase.groups:
            refs.setdefault(group.key, []).append(group.ref)

    def linked(group: Group) -> Group:
        return replace(group, depends_on=tuple(_group_refs(group, refs, problems)))

    return [replace(phase, groups=tuple(map(linked, phase.groups))) for phase in phases]


def _group_refs(group: Group, refs: Mapping[str, list[str]], problems: Problems) -> Iterable[str]:
    for index, key in enumerate(group.depends_on):
        at: Path_ = (group.phase, "groups", group.key, "depends_on", index)
        candidates = refs.get(key, [])
        own = f"{group.phase}/{key}"
        if own == group.ref:
            problems.report_itself(f"group `{own}`", at)
        elif own in candidates:
            yield own
        elif len(candidates) == 1:
            yield candidates[0]
        elif candidates:
            message = f"group `{key}` exists in several phases: {', '.join(candidates)}"
            hint = "depend on a task of the group that is meant, or rename one"
            problems.report("plan/ambiguous-dependency", message, at, hint=hint)
        else:
            message = f"group `{group.key}` depends on `{key}`, which is not in the plan"
            problems.report_unknown(message, key, refs, at)


def link_tasks(declared: Declared, problems: Problems) -> None:
    """Replace what tasks depend on by the ids of tasks: a fan-out stands for all that it made."""
    unknown: set[Path_] = set()  # told once, however many tasks a fan-out makes
    for task in list(declared.tasks.values()):
        if not task.depends_on:
            continue
        wanted: list[str] = []
        for index, other in enumerate(task.depends_on):
            at: Path_ = (*declared.places[task.id], "depends_on", index)
            if other == task.id or task.id in declared.fanned.get(other, ()):
                problems.report_itself(f"`{other}`", at)
            elif other in declared.tasks:
                wanted.append(other)
            elif other in declared.fanned:
                wanted += declared.fanned[other]
            elif PHASE_KEY.match(other):
                message = f"task `{task.id}` depends on `{other}`, which is not a task"
                hint = "tasks depend on tasks, groups on groups, phases on phases"
                problems.report("plan/unknown-dependency", message, at, hint=hint)
            elif other not in declared.first and at not in unknown:  # else that task has problems of its own
                unknown.add(at)
                message = f"task `{task.id}` depends on `{other}`, which is not in the plan"
                problems.report_unknown(message, other, [*declared.tasks, *declared.fanned], at)
        if tuple(wanted) != task.depends_on:
            linked = replace(task, depends_on=tuple(wanted))
            assert task.location is not None
            declared.tasks[task.id] = place(linked, phase=task.phase, group=task.group, location=task.location)


def check_resources(declared: Declared, settings: Settings, problems: Problems) -> None:
    """Report tasks that want more of a resource than there is."""
    for task in declared.tasks.values():
        for name, amount in task.resources.items():
            capacity = settings.resources.get(name)
            if capacity is None or capacity < amount:
                at: Path_ = (*declared.places[task.id], "resources", name)
                says = "is not in `settings.resources`" if capacity is None else f"has only {capacity}"
                hint = did_you_mean(name, settings.resources) if capacity is None else None
                problems.report("plan/unknown-resource", f"the resource `{name}` {says}", at, hint=hint)
