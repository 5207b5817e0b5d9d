"""Which part of a plan a command is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from orchestrator.errors import UsageError, did_you_mean
from orchestrator.plan.graph import ancestors
from orchestrator.plan.model import Plan, Task


@dataclass(frozen=True, slots=True)
class Selection:
    """What the caller named; several of one kind add up, different kinds narrow each other."""

    phases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Nothing was named: the whole plan is meant."""
        return not (self.phases or self.groups or self.tasks or self.tags or self.exclude)


def select(plan: Plan, selection: Selection) -> set[str]:
    """Return the ids of the selected tasks.

    :raises UsageError: when a name is not in the plan, or nothing is left.
    """
    if selection.is_whole:
        return set(plan.tasks)
    _check(plan, selection.exclude, "phase, group, task or tag", _is_excluded)
    chosen = list(plan.tasks.values())
    for names, kind, matches in (
        (selection.phases, "phase", _phase_matches),
        (selection.groups, "group", _group_matches),
        (selection.tasks, "task", _task_matches),
        (selection.tags, "tag", _tag_matches),
    ):
        if names:
            _check(plan, names, kind, matches)
            chosen = [task for task in chosen if any(matches(task, name) for name in names)]
    left = {task.id for task in chosen if not any(_is_excluded(task, name) for name in selection.exclude)}
    if not left:
        raise UsageError("usage/nothing-selected", "the selection matches no task", hint="see `orchestrate plan`")
    return left


def prerequisites(plan: Plan, selected: Collection[str]) -> list[Task]:
    """Return, in the plan's order, the tasks outside the selection that it builds on.

    A gate that does not block is not among them: only its end matters, not how it ends.
    """
    before = ancestors(plan, selected)
    return [
        task
        for task in plan.tasks.values()
        if task.id in before and (task.type != "checkpoint" or getattr(task, "blocking", False))
    ]


def _check(plan: Plan, names: Iterable[str], kind: str, matches: Callable[[Task, str], bool]) -> None:
    for name in names:
        if any(matches(task, name) for task in plan.tasks.values()):
            continue
        known = {
            "phase": [phase.key for phase in plan.phases],
            "group": [group.key for phase in plan.phases for group in phase.groups],
            "task": list(plan.tasks),
            "tag": sorted({tag for task in plan.tasks.values() for tag in task.tags}),
        }.get(kind, list(plan.tasks))
        hint = did_you_mean(name, known) or f"there are {', '.join(known[:12])}"
        raise UsageError("usage/unknown-selection", f"the plan has no {kind} `{name}`", hint=hint)


def _phase_matches(task: Task, name: str) -> bool:
    return task.phase in (name, f"phase_{name}")


def _group_matches(task: Task, name: str) -> bool:
    return bool(task.group) and (task.group in (name, f"group_{name}") or f"{task.phase}/{task.group}" == name)


def _task_matches(task: Task, name: str) -> bool:
    return task.id == name or task.id.startswith(f"{name}[")


def _tag_matches(task: Task, name: str) -> bool:
    return name in task.tags


def _is_excluded(task: Task, name: str) -> bool:
    return any(matches(task, name) for matches in (_task_matches, _phase_matches, _group_matches, _tag_matches))
