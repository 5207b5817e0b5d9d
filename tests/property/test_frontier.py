"""The frontier against a model that is too simple to be wrong: it looks at every task each time."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.engine.claims import covers
from orchestrator.engine.frontier import Frontier, Limits
from orchestrator.engine.order import ranks
from orchestrator.handler import Claims
from orchestrator.plan.graph import build_graph
from orchestrator.plan.model import Plan, SchedulerName
from tests.support.plans import a_gate, a_group, a_phase, a_plan, a_task

ORDERS: list[SchedulerName] = ["fifo", "priority", "shortest", "deadline", "balanced", "adaptive"]
PATHS = [".", "a", "a/b", "a/b/c", "a/d", "e"]
paths = st.lists(st.sampled_from(PATHS), max_size=2).map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Some phases of some groups, with dependencies that always point back."""
    phases: list[Any] = []
    tasks: list[str] = []
    groups: list[str] = []
    for phase in range(draw(st.integers(1, 3))):
        made = []
        for _ in range(draw(st.integers(0, 3))):
            members = []
            for _ in range(draw(st.integers(0, 4))):
                members.append(
                    a_task(
                        str(len(tasks)),
                        depends_on=tuple(draw(st.sets(st.sampled_from(tasks), max_size=2))) if tasks else (),
                        priority=draw(st.sampled_from(["critical", "high", "medium", "low"])),
                        deadline=draw(st.none() | st.sampled_from([1.0, 2.0])),
                        resources=draw(st.dictionaries(st.sampled_from(["disk", "net"]), st.integers(1, 2))),
                    )
                )
                tasks.append(members[-1].id)
            key = f"g{len(groups)}"
            before = tuple(draw(st.sets(st.sampled_from(groups), max_size=1))) if groups else ()
            made.append(
                a_group(
                    key,
                    *members,
                    execution=draw(st.sampled_from(["parallel", "sequential"])),
                    depends_on=before,
                )
            )
            groups.append(f"p{phase}/{key}")
        gate = a_gate(id=f"gate{phase}", blocking=draw(st.booleans())) if draw(st.booleans()) else None
        if gate is not None:
            tasks.append(gate.id)
        earlier = [f"p{number}" for number in range(phase)]
        depends = tuple(draw(st.sets(st.sampled_from(earlier), max_size=1))) if earlier else ()
        phases.append(a_phase(f"p{phase}", *made, gate=gate, depends_on=depends))
    return a_plan(*phases)


class FrontierMachine(RuleBasedStateMachine):
    @initialize(plan=plans(), data=st.data(), order=st.sampled_from(ORDERS))
    def begin(self, plan: Plan, data: st.DataObject, order: SchedulerName) -> None:
        self.graph = build_graph(plan)
        self.count = len(self.graph.tasks)
        ids = list(plan.tasks)
        self.claims = {task_id: Claims(data.draw(paths), data.draw(paths)) for task_id in ids}
        groups = {group.ref: data.draw(st.integers(1, 2)) for phase in plan.phases for group in phase.groups}
        self.limits = Limits(data.draw(st.integers(1, 4)), groups, {"disk": 2, "net": 3})
        done = data.draw(st.sets(st.sampled_from(range(self.count)))) if ids else set()
        places = ranks(order, self.graph, {task_id: data.draw(st.sampled_from([1.0, 5.0])) for task_id in ids})
        self.frontier = Frontier(
            self.graph,
            places,
            self.limits,
            done=dict.fromkeys(done, True),
            claims=lambda task: self.claims[task.id],
        )
        self.now = 0.0
        self.running: set[int] = set()
        self.asking: set[int] = set()
        self.delayed: dict[int, float] = {}
        self.good: set[int] = set(done)
        self.bad: set[int] = set()
        self.blocked: dict[int, int] = {}

    # --- what happens ---------------------------------------------------------------------------------------

    @rule(most=st.integers(1, 10))
    def start(self, most: int) -> None:
        for node in self.frontier.ready(self.now):
            assert self._may_start(node)
            self.frontier.start(node)
            self.running.add(node)
            if len(self.running) >= most:
                break
        self.delayed = {node: due for node, due in self.delayed.items() if due > self.now}

    @precondition(lambda self: self.running)
    @rule(data=st.data(), good=st.sampled_from([True, True, True, False]))
    def finish(self, data: st.DataObject, good: bool) -> None:
        self._end(data.draw(st.sampled_from(sorted(self.running))), good)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), delay=st.sampled_from([0.0, 1.0, 7.0]))
    def retry(self, data: st.DataObject, delay: float) -> None:
        node = data.draw(st.sampled_from(sorted(self.running)))
        self.frontier.retry(node, self.now + delay)
        self.running.remove(node)
        self.delayed[node] = self.now + delay

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from(sorted(self.running)))
        self.frontier.ask(node)
        self.running.remove(node)
        self.asking.add(node)

    @precondition(lambda self: self.asking)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from(sorted(self.asking)))
        self.frontier.answered(node)
        self.asking.remove(node)

    @precondition(lambda self: self._open())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from(self._open()))
        self._end(node, good=False)

    @rule(seconds=st.sampled_from([1.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    # --- what always holds ----------------------------------------------------------------------------------

    @invariant()
    def the_frontier_and_the_model_agree(self) -> None:
        assert self.frontier.running == len(self.running)
        assert self.frontier.asking == self.asking
        assert self.frontier.wake_at() == min(self.delayed.values(), default=None)
        assert self.frontier.open_tasks() == self._open()
        assert self.frontier.done == (not self.running and not self._open())

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        tasks = [self.graph.tasks[node] for node in self.running]
        assert len(tasks) <= self.limits.tasks
        for ref, limit in self.limits.groups.items():
            assert sum(f"{task.phase}/{task.group}" == ref for task in tasks) <= limit
        for name, capacity in self.limits.resources.items():
            assert sum(task.resources.get(name, 0) for task in tasks) <= capacity
        for one in self.running:
            assert not any(self._conflict(one, other) for other in self.running if other != one)

    @invariant()
    def a_blocked_task_names_a_failure_that_really_was(self) -> None:
        assert set(self.blocked.values()) <= self.bad
        assert set(self.blocked) == self._doomed()

    def teardown(self) -> None:
        """Whatever has happened, the rest can be worked off: nothing is ever stuck."""
        if not hasattr(self, "frontier"):
            return
        while not self.frontier.done:
            for node in sorted(self.asking):
                self.frontier.answered(node)
            self.asking.clear()
            for node in self.frontier.ready(self.now):
                assert self._may_start(node)
                self.frontier.start(node)
                self.running.add(node)
            self.no_limit_is_exceeded()
            wake = self.frontier.wake_at()
            assert self.running or wake is not None, "nothing runs, nothing waits, and yet it is not done"
            if self.running:
                self._end(min(self.running), good=True)
            elif wake is not None:
                self.now = max(self.now, wake)
        assert len(self.good | self.bad | set(self.blocked)) == self.count

    # --- the model ------------------------------------------------------------------------------------------

    def _end(self, node: int, good: bool) -> None:
        self.frontier.finish(node, good=good)
        self.running.discard(node)
        self.asking.discard(node)
        self.delayed.pop(node, None)
        (self.good if good else self.bad).add(node)
        for blocked, cause in self.frontier.newly_blocked():
            assert blocked not in self.blocked, "told twice"
            self.blocked[blocked] = cause

    def _open(self) -> list[int]:
        ended = self.good | self.bad | set(self.blocked) | self.running
        return [node for node in range(self.count) if node not in ended]

    def _before(self, node: int) -> tuple[set[int], set[int]]:
        """Return the tasks that must have ended well, and those that must have ended."""
        well, somehow = set(), set()
        stack = [node]
        seen: set[int] = set()
        while stack:
            one = stack.pop()
            for before, afters in enumerate(self.graph.successors):
                if one in afters and before not in seen:
                    seen.add(before)
                    well.add(before) if before < self.count else stack.append(before)
            for before, afters in self.graph.followers.items():
                if one in afters:
                    somehow.add(before)
        return well, somehow

    def _doomed(self) -> set[int]:
        """Return what can never run, by going over all tasks until nothing changes."""
        doomed: set[int] = set()
        while True:
            lost = self.bad | doomed
            more = {
                node
                for node in range(self.count)
                if node not in self.good | self.bad | doomed and self._before(node)[0] & lost
            }
            if not more:
                return doomed
            doomed |= more

    def _may_start(self, node: int) -> bool:
        well, somehow = self._before(node)
        ended = self.good | self.bad | set(self.blocked)
        return (
            node in self._open()
            and well <= self.good
            and somehow <= ended
            and node not in self.asking
            and self.delayed.get(node, 0.0) <= self.now
        )

    def _conflict(self, one: int, other: int) -> bool:
        mine, theirs = (self.claims[self.graph.tasks[node].id] for node in (one, other))
        return any(
            covers([path], touched) or covers([touched], path)
            for path in mine.writes
            for touched in (*theirs.reads, *theirs.writes)
        )


TestFrontier = FrontierMachine.TestCase
TestFrontier.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
