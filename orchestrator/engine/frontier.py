"""Which tasks may start now. Pure: it knows no clock, no process and no file.

A task may start when everything it depends on has ended well and everything it takes is free: one of the global slots,
one of its group's, its resources and its paths; it gets all of them or none. A task that must wait for one of these is
parked where it waits and looked at again only when that is freed, so that the cost of a plan grows with its size.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from orchestrator.engine.claims import PathLocks, ancestry, normalise
from orchestrator.handler import Claims
from orchestrator.plan.graph import Graph
from orchestrator.plan.model import Task

Lane = tuple[str, str]
"""Where tasks are parked: ("group", ref), ("resource", name) or ("path", path)."""
Obstacle = Literal["running", "failed", "before", "lane", "person", "retry", "slot"]
"""Why a task does not start. `before`: others come first; `lane`: others use what it takes; `slot`: nothing else."""
NO_CLAIMS = Claims()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may run at once; a group or resource that is not named is not limited."""

    tasks: int
    groups: Mapping[str, int] = field(default_factory=dict)
    resources: Mapping[str, int] = field(default_factory=dict)


class Frontier:
    """The part of the plan between what has ended and what cannot start yet."""

    def __init__(
        self,
        graph: Graph,
        ranks: Sequence[int],
        limits: Limits,
        *,
        done: Mapping[int, bool] | None = None,
        claims: Callable[[Task], Claims] | None = None,
    ) -> None:
        """The lowest of `ranks` goes first; `done` tells of tasks that ended before this run, and whether well."""
        self.graph = graph
        self._ranks = ranks
        self._by_rank = dict(zip(ranks, range(len(ranks)), strict=True))
        self._limits = limits
        self._claims_of = claims
        nodes = len(graph.successors)
        self._waiting, self._afters = graph.degrees(), graph.afters()
        self._group_of = [f"{task.phase}/{task.group}" for task in graph.tasks]
        self._cause: dict[int, int] = {}
        self._ended = bytearray(nodes)
        self._tasks = self._left = len(graph.tasks)
        self._ready: list[int] = []  # ranks, as in all queues
        self._delayed: list[tuple[float, int]] = []
        self._asking: set[int] = set()
        self._running: dict[int, Claims] = {}
        self._asked: dict[int, Claims] = {}  # worked out for a task that is about to start
        self._parked: dict[Lane, list[int]] = {}
        self._lane: dict[int, Lane] = {}
        self._woken: dict[int, Lane] = {}
        self._groups: dict[str, int] = {}
        self._resources: dict[str, int] = {}
        self._paths = PathLocks()
        self._blocked: list[int] = []
        first = [node for node, count in enumerate(self._waiting) if not count]
        for node in first:
            if node < self._tasks:
                self._push(node)
        self._pass([node for node in first if node >= self._tasks])
        for node, good in (done or {}).items():
            self._end(node, good=good)

    @property
    def done(self) -> bool:
        """Every task has ended or is blocked for good."""
        return self._left == 0

    @property
    def running(self) -> int:
        """How many tasks have been started and have not ended."""
        return len(self._running)

    @property
    def asking(self) -> frozenset[int]:
        """The tasks that wait for a person."""
        return frozenset(self._asking)

    def allow(self, tasks: int) -> None:
        """Let so many tasks run at once from now on; what runs goes on."""
        if tasks != self._limits.tasks:
            self._limits = replace(self._limits, tasks=tasks)

    def ready(self, now: float) -> Iterator[int]:
        """Yield tasks that can start, best first; start or finish each before asking for the next."""
        while self._delayed and self._delayed[0][0] <= now:
            self._push(heapq.heappop(self._delayed)[1])
        while self._ready and len(self._running) < self._limits.tasks:
            node = self._by_rank[heapq.heappop(self._ready)]
            if self._ended[node]:
                continue
            lane = self._obstacle(node)
            if lane is not None:
                self._park(node, lane)
                continue
            yield node

    def start(self, node: int) -> None:
        """Take what the task needs."""
        task = self.graph.tasks[node]
        self._running[node] = self._asked.pop(node) if node in self._asked else self._claims(node)
        group = self._group_of[node]
        self._groups[group] = self._groups.get(group, 0) + 1
        for name, amount in task.resources.items():
            self._resources[name] = self._resources.get(name, 0) + amount
        self._paths.acquire(self._running[node])
        self._follow(node)

    def finish(self, node: int, *, good: bool) -> None:
        """The task has ended; `good` satisfies what depends on it."""
        self._give_back(node)
        self._asking.discard(node)
        self._end(node, good=good)

    def retry(self, node: int, not_before: float) -> None:
        """The task will be tried again; until then it takes nothing."""
        self._give_back(node)
        heapq.heappush(self._delayed, (not_before, node))

    def ask(self, node: int) -> None:
        """The task waits for a person; until then it takes nothing."""
        self._give_back(node)
        self._asking.add(node)

    def answered(self, node: int) -> None:
        """The person has decided: the task may go on."""
        self._asking.discard(node)
        self._push(node)

    def wake_at(self) -> float | None:
        """Return when the next retry is due, None if there is none."""
        while self._delayed and self._ended[self._delayed[0][1]]:
            heapq.heappop(self._delayed)
        return self._delayed[0][0] if self._delayed else None

    def newly_blocked(self) -> list[tuple[int, int]]:
        """Return (task, cause) for what became impossible since this was last asked."""
        if not self._blocked:
            return []
        found = [(node, self._cause[node]) for node in self._blocked]
        self._blocked.clear()
        return found

    def open_tasks(self) -> list[int]:
        """Return the tasks that have neither ended nor are running."""
        return [node for node in range(self._tasks) if self.is_open(node)]

    def is_open(self, node: int) -> bool:
        """Say whether the task has neither ended nor is running."""
        return not self._ended[node] and node not in self._running

    def blocked_by(self, node: int) -> tuple[Obstacle, list[str]]:
        """Say why a task does not run, and the names of what is in its way."""
        tasks = self.graph.tasks
        if node in self._running:
            return "running", []
        if node in self._cause:
            return "failed", [tasks[self._cause[node]].id]
        if self._waiting[node]:
            return "before", [tasks[n].id for n in self._open_before(node)]
        if node in self._asking:
            return "person", []
        if node in self._lane:
            return "lane", [" ".join(self._lane[node])]
        if any(node == waiting for _, waiting in self._delayed):
            return "retry", []
        return "slot", []

    # --- the graph ----------------------------------------------------------------------------------------------

    def _end(self, node: int, *, good: bool) -> None:
        """Mark a node as ended; what it was the last to hold up is queued, or blocked if it ended badly."""
        if not self._ended[node]:
            self._pass([node] if good else self._block(node))

    def _pass(self, ended: list[int]) -> None:
        """Mark nodes as ended well, and the gates that this opens."""
        for node in ended:  # grows while it is walked
            self._mark(node)
            for after in self._afters[node]:
                self._step(after, ended)

    def _block(self, cause: int) -> list[int]:
        """Mark a node as ended badly and all that needed it, however far behind; return the gates that this opens."""
        gates: list[int] = []
        reached = [cause]
        self._mark(cause)
        for node in reached:  # grows while it is walked
            for after in self.graph.successors[node]:
                if not self._ended[after]:
                    self._mark(after)
                    self._cause[after] = cause
                    if after < self._tasks:
                        self._blocked.append(after)
                    reached.append(after)
        for node in reached:
            for after in self.graph.followers.get(node, ()):
                self._step(after, gates)
        return gates

    def _mark(self, node: int) -> None:
        self._ended[node] = 1
        if node < self._tasks:
            self._left -= 1

    def _step(self, node: int, gates: list[int]) -> None:
        """One thing less holds a node up: if it was the last, queue a task and tell of a gate."""
        self._waiting[node] -= 1
        if self._waiting[node] or self._ended[node]:
            return
        if node < self._tasks:
            self._push(node)
        else:
            gates.append(node)

    def _open_before(self, node: int) -> list[int]:
        found: dict[int, None] = {}
        seen = {node}
        stack = [node]
        before = self.graph.predecessors()
        while stack:
            for other in before[stack.pop()]:
                if self._ended[other] or other in seen:
                    continue
                seen.add(other)
                if other < self._tasks:
                    found[other] = None
                else:
                    stack.append(other)
        return sorted(found)

    # --- slots --------------------------------------------------------------------------------------------------

    def _push(self, node: int) -> None:
        heapq.heappush(self._ready, self._ranks[node])

    def _claims(self, node: int) -> Claims:
        return normalise(self._claims_of(self.graph.tasks[node])) if self._claims_of else NO_CLAIMS

    def _obstacle(self, node: int) -> Lane | None:
        task = self.graph.tasks[node]
        if not (self._running or self._parked or task.resources):
            return None  # spares asking what it claims
        group = self._group_of[node]
        limit = self._limits.groups.get(group)
        if limit is not None and self._groups.get(group, 0) >= limit:
            return "group", group
        for name, amount in task.resources.items():
            capacity = self._limits.resources.get(name)
            if capacity is not None and self._resources.get(name, 0) + amount > capacity:
                return "resource", name
        claims = self._asked[node] = self._claims(node)
        for path in (*claims.reads, *claims.writes) if self._parked else ():
            for up in ancestry(path):
                queue = self._parked.get(("path", up))
                if queue and queue[0] < self._ranks[node]:
                    return "path", up  # somebody who comes first waits there already
        path_in_the_way = self._paths.conflict(claims)
        return None if path_in_the_way is None else ("path", path_in_the_way)

    def _park(self, node: int, lane: Lane) -> None:
        heapq.heappush(self._parked.setdefault(lane, []), self._ranks[node])
        self._lane[node] = lane
        before = self._woken.pop(node, None)
        if before is not None and before != lane:
            self._wake(before)

    def _follow(self, node: int) -> None:
        """A woken task got what it waited for: perhaps there is enough for the next one too."""
        lane = self._woken.pop(node, None)
        if lane is not None:
            self._wake(lane)

    def _wake(self, lane: Lane) -> None:
        queue = self._parked.get(lane)
        while queue:
            rank = heapq.heappop(queue)
            node = self._by_rank[rank]
            del self._lane[node]
            if not self._ended[node]:
                self._woken[node] = lane
                heapq.heappush(self._ready, rank)
                break
        if not queue:
            self._parked.pop(lane, None)

    def _give_back(self, node: int) -> None:
        """Free what the task holds, and let those who wait for it have a look."""
        self._asked.pop(node, None)
        claims = self._running.pop(node, None)
        if claims is None:  # it ended without having been started: the next one may have its place
            if self._woken:
                self._follow(node)
            return
        task = self.graph.tasks[node]
        group = self._group_of[node]
        self._groups[group] -= 1
        for name, amount in task.resources.items():
            self._resources[name] -= amount
        freed = self._paths.release(claims)
        if self._parked:
            self._wake(("group", group))
            for name in task.resources:
                self._wake(("resource", name))
            for path in freed:
                self._wake(("path", path))
