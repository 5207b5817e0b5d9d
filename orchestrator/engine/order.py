"""Which of the ready tasks goes first: the one with the lowest rank; of equals the first in the file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from orchestrator.plan.graph import Graph
from orchestrator.plan.model import SchedulerName, Task

Key = tuple[float, ...]
RANK: Final = {"critical": 0.0, "high": 1.0, "medium": 2.0, "low": 3.0}
DEFAULT_SECONDS: Final = 1.0
"""What a task is thought to take while nothing like it has been seen."""


def ranks(name: SchedulerName, graph: Graph, learned: Mapping[str, float]) -> list[int]:
    """Return the place of each task, from 0, by which they go. `learned` are seconds by task id.

    - fifo: as in the file
    - priority: critical before high before medium before low
    - shortest: the shortest first, so that many are done soon
    - deadline: the earliest deadline first
    - balanced: the longest first, so that the last ones to end end together
    - adaptive: first whatever has the longest way to the end of the plan behind it
    """
    seconds = estimates(graph.tasks, learned)
    make: dict[SchedulerName, Callable[[int, Task], Key]] = {
        "fifo": lambda _node, _task: (),
        "priority": lambda _node, task: (RANK[task.priority],),
        "shortest": lambda node, _task: (seconds[node],),
        "deadline": lambda _node, task: (task.deadline or math.inf, RANK[task.priority]),
        "balanced": lambda node, _task: (-seconds[node],),
        "adaptive": lambda node, task: (-remaining[node], RANK[task.priority]),
    }
    remaining = seconds_to_end(graph, seconds) if name == "adaptive" else []
    key_of = make[name]
    keys = [key_of(node, task) for node, task in enumerate(graph.tasks)]
    found = [0] * len(keys)
    for rank, node in enumerate(sorted(range(len(keys)), key=keys.__getitem__)):
        found[node] = rank
    return found


def estimates(tasks: Sequence[Task], learned: Mapping[str, float]) -> list[float]:
    """Return the expected seconds of each task: learned, or else the mean of its type."""
    sums: dict[str, list[float]] = {}
    for task in tasks:
        if task.id in learned:
            total = sums.setdefault(task.type, [0.0, 0.0])
            total[0] += learned[task.id]
            total[1] += 1
    means = {name: total / count for name, (total, count) in sums.items()}
    return [learned.get(task.id, means.get(task.type, DEFAULT_SECONDS)) for task in tasks]


def seconds_to_end(graph: Graph, seconds: Sequence[float]) -> list[float]:
    """Return for each node the length of the longest way from its start to the end of the plan."""
    tasks = len(seconds)
    longest, afters = [0.0] * len(graph.successors), graph.afters()
    for node in reversed(graph.order()):
        for after in afters[node]:
            if longest[after] > longest[node]:
                longest[node] = longest[after]
        if node < tasks:
            longest[node] += seconds[node]
    return longest


def critical_path(graph: Graph, seconds: Sequence[float]) -> list[int]:
    """Return the tasks on the longest way through the plan, in order."""
    longest, afters = seconds_to_end(graph, seconds), graph.afters()
    starts = set(range(len(graph.successors))) - {after for _, after in graph.edges()}
    path: list[int] = []
    node = max(starts, key=longest.__getitem__, default=None)
    while node is not None:
        if node < len(graph.tasks):
            path.append(node)
        node = max(afters[node], key=longest.__getitem__, default=None)
    return path
