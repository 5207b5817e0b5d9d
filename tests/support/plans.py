"""Plans built by hand: what the loader would make of a file, without the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.errors import Location
from orchestrator.handlers.checkpoint import CheckpointTask
from orchestrator.plan.model import Group, Phase, Plan, Settings, Task, digest_of, place

HERE = Location("plan.yaml", 1, 1)


def a_task(task_id: str, **fields: Any) -> Task:
    """Return a task of a type that only a fake runner knows."""
    return Task(**{"id": task_id, "name": f"task {task_id}", "type": "fake", **fields})


def a_gate(**fields: Any) -> CheckpointTask:
    """Return the checkpoint of a phase."""
    return CheckpointTask(**{"id": "gate", "name": "gate", "type": "checkpoint", **fields})


def a_group(key: str, *tasks: Task, **fields: Any) -> tuple[dict[str, Any], Sequence[Task]]:
    """Return a group, parallel unless `fields` say otherwise, as `a_phase` takes it."""
    return {"key": key, "name": key, "execution": "parallel", **fields}, tasks


def a_phase(
    key: str, *groups: tuple[dict[str, Any], Sequence[Task]], gate: Task | None = None, **fields: Any
) -> tuple[Phase, list[Task]]:
    """Return a phase and its tasks, as `a_plan` takes them."""
    made: list[Group] = []
    tasks: list[Task] = []
    for options, members in groups:
        defaults = {"max_parallel": None, "depends_on": (), "fail_fast": False, "continue_on_error": False}
        ids = tuple(task.id for task in members)
        made.append(Group(**{**defaults, "phase": key, "tasks": ids, "location": HERE, **options}))
        tasks += [place(task, phase=key, group=options["key"], location=HERE) for task in members]
    if gate is not None:
        tasks.append(place(gate, phase=key, group="", location=HERE))
    plain = {"name": key, "description": "", "estimated_duration": "", "depends_on": (), "parallel_with": ()}
    checkpoint = gate.id if gate else None
    phase = Phase(**{**plain, "key": key, "checkpoint": checkpoint, "location": HERE, **fields}, groups=tuple(made))
    return phase, tasks


def a_plan(*phases: tuple[Phase, list[Task]], root: Path = Path("/nowhere"), **fields: Any) -> Plan:
    """Return a plan of these phases."""
    tasks = {task.id: task for _, members in phases for task in members}
    defaults = {"settings": Settings(), "variables": {}, "secrets": ()}
    return Plan(
        **{**defaults, **fields},
        name="plan",
        version="1",
        description="",
        path=root / "plan.yaml",
        project_root=root,
        phases=tuple(phase for phase, _ in phases),
        tasks=tasks,
        digest=digest_of([task.digest for task in tasks.values()]),
    )


def side_by_side(*tasks: Task, **fields: Any) -> Plan:
    """Return a plan of one parallel group."""
    return a_plan(a_phase("phase_1", a_group("group_a", *tasks)), **fields)
