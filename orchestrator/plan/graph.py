"""The order in a plan: a directed acyclic graph of its tasks.

A phase or group that waits for another would need an edge for each pair of their tasks. Instead each has two *gates*,
nodes that do nothing: one before its tasks and one after them. So the graph grows with the plan, not with its square.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.errors import Location, PlanError
from orchestrator.plan.model import Group, Phase, Plan, Task

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes are numbers: the tasks of the plan in its order, then the gates.

    `successors[n]` need `n` to have succeeded; `followers[n]` only need it to have ended.
    """

    tasks: Sequence[Task]
    index: Mapping[str, int]
    successors: list[list[int]]
    followers: dict[int, list[int]] = field(default_factory=dict)
    gates: dict[int, str] = field(default_factory=dict)

    def edges(self) -> Iterator[tuple[int, int]]:
        """Yield every (before, after)."""
        for before, afters in enumerate(self.successors):
            for after in afters:
                yield before, after
        for before, afters in self.followers.items():
            for after in afters:
                yield before, after

    def afters(self) -> Sequence[Sequence[int]]:
        """Return for each node what comes directly after it."""
        found = self.successors.copy()
        for node, more in self.followers.items():
            found[node] = [*found[node], *more]
        return found

    def degrees(self) -> list[int]:
        """Return for each node how many others come directly before it."""
        found = Counter(itertools.chain.from_iterable((*self.successors, *self.followers.values())))
        return [found.get(node, 0) for node in range(len(self.successors))]

    def order(self) -> list[int]:
        """Return the nodes, each after those before it; without those that are on or behind a cycle."""
        waiting, afters = self.degrees(), self.afters()
        found = [node for node, count in enumerate(waiting) if not count]
        for node in found:  # grows while it is walked
            for after in afters[node]:
                waiting[after] -= 1
                if not waiting[after]:
                    found.append(after)
        return found

    def predecessors(self) -> list[list[int]]:
        """Return for each node what comes directly before it."""
        found: list[list[int]] = [[] for _ in self.successors]
        for before, after in self.edges():
            found[after].append(before)
        return found


def build_graph(plan: Plan) -> Graph:
    """Return the graph of all tasks of `plan`; it may still have a cycle (see `find_cycles`)."""
    tasks = list(plan.tasks.values())
    index = {task.id: number for number, task in enumerate(tasks)}
    successors: list[list[int]] = [[] for _ in tasks]
    graph = Graph(tasks, index, successors)
    for number, task in enumerate(tasks):
        for other in task.depends_on:
            successors[index[other]].append(number)
    phase_gates = {phase.key: _add_gates(graph, f"phase `{phase.key}`") for phase in plan.phases}
    group_gates: dict[str, tuple[int, int]] = {}
    for phase in plan.phases:
        for group in phase.groups:
            group_gates[group.ref] = _add_group(graph, group, phase_gates[phase.key])
        _add_checkpoint(graph, plan, phase, phase_gates[phase.key], [group_gates[g.ref] for g in phase.groups])
    for phase in plan.phases:
        for key in phase.depends_on:
            successors[phase_gates[key][1]].append(phase_gates[phase.key][0])
        for group in phase.groups:
            for ref in group.depends_on:
                successors[group_gates[ref][1]].append(group_gates[group.ref][0])
    return graph


def ancestors(plan: Plan, ids: Collection[str]) -> set[str]:
    """Return the ids of all tasks that must end before one of `ids` may start."""
    graph = build_graph(plan)
    before = graph.predecessors()
    start = [graph.index[task_id] for task_id in ids]
    seen, stack = set(start), list(start)
    while stack:
        for other in before[stack.pop()]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return {graph.tasks[number].id for number in seen.difference(start) if number < len(graph.tasks)}


def find_cycles(plan: Plan) -> list[PlanError]:
    """Return an error for each knot of things that wait for each other; it names one cycle, with its lines."""
    graph = build_graph(plan)
    if len(graph.order()) == len(graph.successors):
        return []
    import networkx

    whole = to_networkx(graph)
    knots = [whole.subgraph(nodes) for nodes in networkx.strongly_connected_components(whole)]
    places = _places(plan)
    return [
        _cycle_error([_name(graph, node) for node in _essence(graph, networkx.find_cycle(knot))], places)
        for knot in knots
        if knot.number_of_edges()
    ]


def to_networkx(graph: Graph) -> networkx.DiGraph[int]:
    """Return the graph for networkx's algorithms."""
    import networkx

    made: networkx.DiGraph[int] = networkx.DiGraph()
    made.add_nodes_from(range(len(graph.successors)))
    made.add_edges_from(graph.edges())
    return made


def inherited_dependencies(
    depends: Mapping[str, Sequence[str]], beside: Mapping[str, Sequence[str]]
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """Return each phase's dependencies, and pairs of phases that contradict themselves.

    A phase without `depends_on` that runs beside others inherits what all of them (transitively) share, the named
    phases themselves left out.
    """
    made = {key: tuple(others) for key, others in depends.items()}
    unknown = {key for key in depends if beside.get(key) and not depends[key]}
    while unknown:
        known = {key: [_all_before(other, made) for other in beside[key] if other not in unknown] for key in unknown}
        settled = {
            key: before
            for key, before in known.items()
            if len(before) == len(beside[key]) and unknown.isdisjoint(frozenset().union(*before))
        }
        # Phases that only run beside each other say nothing about each other.
        for key, before in (settled or known).items():
            shared = frozenset.intersection(*before) if before else frozenset()
            made[key] = tuple(other for other in depends if other in shared and other not in beside[key])
        unknown -= set(settled or known)
    clashes = [(key, other) for key in depends for other in beside.get(key, ()) if other in _all_before(key, made)]
    return made, clashes


def _add_gates(graph: Graph, name: str) -> tuple[int, int]:
    before, after = len(graph.successors), len(graph.successors) + 1
    graph.successors.extend(([], []))
    graph.gates[before] = graph.gates[after] = name
    return before, after


def _add_group(graph: Graph, group: Group, phase: tuple[int, int]) -> tuple[int, int]:
    before, after = _add_gates(graph, f"group `{group.ref}`")
    graph.successors[phase[0]].append(before)
    graph.successors[after].append(phase[1])
    members = [graph.index[task_id] for task_id in group.tasks]
    if group.execution == "sequential":
        chain = [before, *members, after]
        for one, next_one in itertools.pairwise(chain):
            graph.successors[one].append(next_one)
    else:
        graph.successors[before].extend(members)
        for member in members:
            graph.successors[member].append(after)
        if not members:
            graph.successors[before].append(after)
    return before, after


def _add_checkpoint(
    graph: Graph, plan: Plan, phase: Phase, gates: tuple[int, int], groups: Sequence[tuple[int, int]]
) -> None:
    if phase.checkpoint is None:
        graph.successors[gates[0]].append(gates[1])
        return
    checkpoint = graph.index[phase.checkpoint]
    graph.successors[gates[0]].append(checkpoint)
    for _, after in groups:
        graph.successors[after].append(checkpoint)
    if getattr(plan.tasks[phase.checkpoint], "blocking", False):
        graph.successors[checkpoint].append(gates[1])
    else:
        graph.followers[checkpoint] = [gates[1]]


def _all_before(key: str, depends: Mapping[str, Sequence[str]]) -> frozenset[str]:
    seen: set[str] = set()
    stack = list(depends[key])
    while stack:
        other = stack.pop()
        if other not in seen:
            seen.add(other)
            stack.extend(depends[other])
    return frozenset(seen)


def _essence(graph: Graph, cycle: Sequence[tuple[int, int]]) -> list[int]:
    """Return the nodes of a cycle of (before, after), each waiting for the next.

    Where a phase or group waits for its own end, that part says it all.
    """
    nodes = [after for _, after in reversed(cycle)]
    shortest = nodes
    for index, node in enumerate(nodes):
        if node in graph.gates and graph.gates[node] == graph.gates.get(node + 1) and node + 1 in nodes:
            turned = [*nodes[index:], *nodes[:index]]
            shortest = min(shortest, turned[: turned.index(node + 1)], key=len)
    return [node for node in shortest if not _is_within(graph, node, shortest)]


def _is_within(graph: Graph, node: int, nodes: Sequence[int]) -> bool:
    """Say whether `nodes` hold both gates of a phase or group and `node` is between them."""
    place = nodes.index(node)
    return any(
        graph.gates.get(gate) == graph.gates.get(gate - 1, "") and gate - 1 in nodes[place + 1 :]
        for gate in nodes[:place]
    )


def _cycle_error(walk: Sequence[str], places: Mapping[str, Location]) -> PlanError:
    names = list(dict.fromkeys(walk))
    first = min(range(len(names)), key=lambda index: places[names[index]])
    names = [*names[first:], *names[:first]]
    message = f"each of these waits for the next: {' -> '.join([*names, names[0]])}"
    hint = "; ".join(f"{name} at {places[name]}" for name in names)
    return PlanError("plan/cycle", message, location=places[names[0]], hint=hint)


def _name(graph: Graph, node: int) -> str:
    return graph.gates[node] if node in graph.gates else f"`{graph.tasks[node].id}`"


def _places(plan: Plan) -> dict[str, Location]:
    found = {f"`{task.id}`": task.location for task in plan.tasks.values() if task.location is not None}
    for phase in plan.phases:
        found[f"phase `{phase.key}`"] = phase.location
        for group in phase.groups:
            found[f"group `{group.ref}`"] = group.location
    return found
