from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping

import pytest

from orchestrator.engine.frontier import Frontier, Limits
from orchestrator.engine.order import ranks
from orchestrator.handler import WHOLE_PROJECT, Claims
from orchestrator.plan.graph import build_graph
from orchestrator.plan.model import Plan, SchedulerName, Task
from tests.support.plans import a_gate, a_group, a_phase, a_plan, a_task, side_by_side

UNLIMITED = Limits(100)


class Table:
    """A frontier whose tasks are called by their ids."""

    def __init__(
        self,
        plan: Plan,
        limits: Limits = UNLIMITED,
        *,
        order: SchedulerName = "fifo",
        done: Mapping[str, bool] | None = None,
        claims: Mapping[str, Claims] | None = None,
    ) -> None:
        graph = build_graph(plan)
        self._index = graph.index
        self._tasks = graph.tasks
        claims_of: Callable[[Task], Claims] | None = None
        if claims is not None:
            claims_of = lambda task: claims.get(task.id, Claims())  # noqa: E731
        before = {graph.index[task_id]: good for task_id, good in (done or {}).items()}
        self.frontier = Frontier(graph, ranks(order, graph, {}), limits, done=before, claims=claims_of)

    def start(self, now: float = 0.0) -> list[str]:
        """Start all that can start; return it in order."""
        started = []
        for node in self.frontier.ready(now):
            self.frontier.start(node)
            started.append(self._tasks[node].id)
        return started

    def finish(self, *ids: str, good: bool = True) -> None:
        for task_id in ids:
            self.frontier.finish(self._index[task_id], good=good)

    def retry(self, task_id: str, at: float) -> None:
        self.frontier.retry(self._index[task_id], at)

    def ask(self, task_id: str) -> None:
        self.frontier.ask(self._index[task_id])

    def answer(self, task_id: str) -> None:
        self.frontier.answered(self._index[task_id])

    def blocked(self) -> list[tuple[str, str]]:
        return sorted((self._tasks[a].id, self._tasks[b].id) for a, b in self.frontier.newly_blocked())

    def why(self, task_id: str) -> tuple[str, list[str]]:
        return self.frontier.blocked_by(self._index[task_id])

    def drain(self) -> list[str]:
        """Run one task after the other until nothing starts; return the order."""
        done = []
        while started := self.start():
            done += started
            self.finish(*started)
        return done


def tasks(*ids: str, **fields: object) -> list[Task]:
    return [a_task(task_id, **fields) for task_id in ids]


def writes(*paths: str) -> Claims:
    return Claims(writes=paths)


def reads(*paths: str) -> Claims:
    return Claims(reads=paths)


# --- slots --------------------------------------------------------------------------------------------------


def test_no_more_start_than_there_are_slots() -> None:
    table = Table(side_by_side(*tasks("1", "2", "3")), Limits(2))
    assert table.start() == ["1", "2"]
    assert table.start() == []
    assert table.why("3") == ("slot", [])
    table.finish("1")
    assert table.start() == ["3"]


def test_a_group_has_slots_of_its_own() -> None:
    plan = a_plan(a_phase("phase_1", a_group("a", *tasks("1", "2", "3")), a_group("b", *tasks("4", "5"))))
    table = Table(plan, Limits(4, {"phase_1/a": 1}))
    assert table.start() == ["1", "4", "5"]
    assert table.why("2") == ("lane", ["group phase_1/a"])
    table.finish("1")
    assert table.start() == ["2"]


def test_a_resource_is_had_whole_or_not_at_all() -> None:
    plan = side_by_side(
        a_task("1", resources={"disk": 2}),
        a_task("2", resources={"disk": 2, "net": 1}),
        a_task("3", resources={"net": 1}),
    )
    table = Table(plan, Limits(9, resources={"disk": 3, "net": 1}))
    assert table.start() == ["1", "3"], "2 waits for the disk, and does not hold the net meanwhile"
    table.finish("1")
    assert table.start() == [], "now it waits for the net"
    assert table.why("2") == ("lane", ["resource net"])
    table.finish("3")
    assert table.start() == ["2"]


def test_a_task_that_waits_elsewhere_passes_on_what_it_was_woken_for() -> None:
    plan = side_by_side(
        a_task("1", resources={"disk": 1}),
        a_task("2", resources={"net": 1}),
        a_task("3", resources={"disk": 1, "net": 1}),
        a_task("4", resources={"disk": 1}),
    )
    table = Table(plan, Limits(9, resources={"disk": 1, "net": 1}))
    assert table.start() == ["1", "2"]
    table.finish("1")
    assert table.start() == ["4"], "3 was first in the queue for the disk, but the net is taken"


def test_what_frees_enough_for_several_wakes_them_all() -> None:
    plan = side_by_side(a_task("big", resources={"disk": 3}), *tasks("1", "2", "3", resources={"disk": 1}))
    table = Table(plan, Limits(9, resources={"disk": 3}))
    assert table.start() == ["big"]
    table.finish("big")
    assert table.start() == ["1", "2", "3"]


# --- order --------------------------------------------------------------------------------------------------


def test_who_comes_first_by_priority_goes_first() -> None:
    plan = side_by_side(
        a_task("1", priority="low"),
        a_task("2"),
        a_task("3", priority="critical"),
        a_task("4", priority="high"),
    )
    assert Table(plan, Limits(1), order="priority").drain() == ["3", "4", "2", "1"]


def test_a_better_task_that_gets_ready_overtakes() -> None:
    plan = side_by_side(
        a_task("1"),
        a_task("2", priority="low"),
        a_task("3", depends_on=("1",), priority="critical"),
        a_task("4"),
    )
    assert Table(plan, Limits(1), order="priority").drain() == ["1", "3", "4", "2"]


# --- what comes before --------------------------------------------------------------------------------------


def test_sequential_tasks_follow_each_other() -> None:
    table = Table(a_plan(a_phase("phase_1", a_group("a", *tasks("1", "2", "3"), execution="sequential"))))
    assert table.start() == ["1"]
    assert table.why("3") == ("before", ["2"])
    table.finish("1")
    assert table.start() == ["2"]


def test_a_phase_and_a_group_wait_at_gates() -> None:
    first = a_phase("phase_1", a_group("a", *tasks("1", "2")), a_group("b", *tasks("3"), depends_on=("phase_1/a",)))
    second = a_phase("phase_2", a_group("c", *tasks("4")), depends_on=("phase_1",))
    table = Table(a_plan(first, second))
    assert table.start() == ["1", "2"]
    table.finish("1")
    assert table.start() == []
    assert table.why("3") == ("before", ["2"])
    assert table.why("4") == ("before", ["2", "3"])
    table.finish("2")
    assert table.start() == ["3"]
    table.finish("3")
    assert table.start() == ["4"]
    table.finish("4")
    assert table.frontier.done


def test_an_empty_group_is_no_obstacle() -> None:
    first = a_phase("phase_1", a_group("a"), a_group("b", *tasks("1"), depends_on=("phase_1/a",)))
    assert Table(a_plan(first)).start() == ["1"]


@pytest.mark.parametrize("blocking", [False, True])
def test_a_checkpoint_ends_its_phase_and_only_a_blocking_one_must_succeed(blocking: bool) -> None:
    first = a_phase("phase_1", a_group("a", *tasks("1")), gate=a_gate(blocking=blocking))
    second = a_phase("phase_2", a_group("b", *tasks("2")), depends_on=("phase_1",))
    table = Table(a_plan(first, second))
    assert table.start() == ["1"]
    table.finish("1")
    assert table.start() == ["gate"]
    table.finish("gate", good=False)
    assert table.start() == ([] if blocking else ["2"])
    assert table.blocked() == ([("2", "gate")] if blocking else [])


def test_a_later_phase_does_not_pass_a_checkpoint_that_failures_kept_from_running() -> None:
    first = a_phase("phase_1", a_group("a", *tasks("1")), gate=a_gate())
    second = a_phase("phase_2", a_group("b", *tasks("2")), depends_on=("phase_1",))
    table = Table(a_plan(first, second))
    table.start()
    table.finish("1", good=False)
    assert table.start() == []
    assert table.blocked() == [("2", "1"), ("gate", "1")]
    assert table.frontier.done


# --- failures -----------------------------------------------------------------------------------------------


def test_a_failure_blocks_all_that_needs_it_at_once_and_is_named_as_the_root() -> None:
    plan = side_by_side(
        a_task("1"),
        a_task("2", depends_on=("1",)),
        a_task("3", depends_on=("2", "4")),
        a_task("4"),
        a_task("5"),
    )
    table = Table(plan)
    table.start()
    table.finish("1", good=False)
    assert table.blocked() == [("2", "1"), ("3", "1")]
    assert table.blocked() == [], "told once"
    assert table.why("3") == ("failed", ["1"])
    table.finish("4", "5")
    assert table.start() == []
    assert table.frontier.done


def test_what_two_failures_block_is_told_once() -> None:
    plan = side_by_side(*tasks("1", "2"), a_task("3", depends_on=("1", "2")))
    table = Table(plan)
    table.start()
    table.finish("1", "2", good=False)
    assert table.blocked() == [("3", "1")]


# --- done before --------------------------------------------------------------------------------------------


def test_what_was_done_before_counts_for_what_comes_after() -> None:
    plan = a_plan(a_phase("phase_1", a_group("a", *tasks("1", "2", "3"), execution="sequential")))
    table = Table(plan, done={"1": True, "2": True})
    assert table.start() == ["3"]
    assert table.frontier.open_tasks() == []
    table.finish("3")
    assert table.frontier.done


def test_what_was_done_in_the_middle_does_not_let_its_followers_pass_the_rest() -> None:
    plan = side_by_side(*tasks("1"), a_task("2", depends_on=("1",)), a_task("3", depends_on=("1", "2")))
    table = Table(plan, done={"2": True})
    assert table.start() == ["1"]
    table.finish("1", good=False)
    assert table.blocked() == [("3", "1")], "2 stays done"


def test_what_failed_before_blocks_from_the_start() -> None:
    plan = side_by_side(*tasks("1"), a_task("2", depends_on=("1",)), a_task("3"))
    table = Table(plan, done={"1": False})
    assert table.blocked() == [("2", "1")]
    assert table.start() == ["3"]


# --- waiting ------------------------------------------------------------------------------------------------


def test_a_retry_is_not_started_before_its_time_and_takes_nothing_meanwhile() -> None:
    plan = side_by_side(*tasks("1", "2", resources={"disk": 1}))
    table = Table(plan, Limits(1, resources={"disk": 1}))
    assert table.start(now=0.0) == ["1"]
    table.retry("1", at=5.0)
    assert table.frontier.running == 0
    assert table.frontier.wake_at() == 5.0
    assert table.why("1") == ("retry", [])
    assert table.start(now=4.9) == ["2"]
    table.finish("2")
    assert table.start(now=4.9) == []
    assert table.start(now=5.0) == ["1"]
    assert table.frontier.wake_at() is None


def test_the_next_retry_is_the_earliest_that_is_still_wanted() -> None:
    table = Table(side_by_side(*tasks("1", "2")))
    table.start()
    table.retry("1", at=5.0)
    table.retry("2", at=9.0)
    assert table.frontier.wake_at() == 5.0
    table.finish("1", good=False)
    assert table.frontier.wake_at() == 9.0
    table.finish("2", good=False)
    assert table.frontier.wake_at() is None


def test_a_task_that_waits_for_a_person_takes_nothing_and_goes_on_after_the_answer() -> None:
    table = Table(side_by_side(*tasks("1", "2")), Limits(1))
    assert table.start() == ["1"]
    table.ask("1")
    assert table.why("1") == ("person", [])
    assert table.start() == ["2"]
    table.answer("1")
    assert table.start() == []
    table.finish("2")
    assert table.start() == ["1"]
    assert table.frontier.asking == frozenset()


# --- paths --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (writes("a"), writes("b"), True),
        (writes("a"), writes("a"), False),
        (writes("./a/"), writes("a"), False),
        (writes("a"), reads("a"), False),
        (reads("a"), reads("a"), True),
        (writes("a/b"), writes("a"), False),
        (writes("a"), writes("a/b/c"), False),
        (writes("a/b"), reads("a"), False),
        (reads("a/b"), writes("a"), False),
        (writes("ab"), writes("a"), True),
        (writes(WHOLE_PROJECT), writes("a/b"), False),
        (reads(WHOLE_PROJECT), writes("a/b"), False),
        (reads(WHOLE_PROJECT), reads("a/b"), True),
        (Claims(), writes(WHOLE_PROJECT), True),
    ],
)
def test_two_tasks_run_together_unless_one_writes_where_the_other_looks(
    one: Claims, other: Claims, together: bool
) -> None:
    for first, second in ((one, other), (other, one)):
        table = Table(side_by_side(*tasks("1", "2")), claims={"1": first, "2": second})
        assert table.start() == (["1", "2"] if together else ["1"])
        table.finish("1")
        assert table.start() == ([] if together else ["2"])


def test_a_writer_waits_for_all_readers() -> None:
    table = Table(side_by_side(*tasks("1", "2", "3")), claims={"1": reads("a"), "2": reads("a"), "3": writes("a")})
    assert table.start() == ["1", "2"]
    table.finish("1")
    assert table.start() == []
    assert table.why("3") == ("lane", ["path a"])
    table.finish("2")
    assert table.start() == ["3"]


def test_a_claim_on_everything_is_not_starved_by_small_ones() -> None:
    small = [str(number) for number in range(20)]
    claims = {task_id: writes(f"src/{task_id}") for task_id in small} | {"all": writes(WHOLE_PROJECT)}
    plan = side_by_side(*tasks(*small[:2], "all", *small[2:]))
    table = Table(plan, Limits(2), claims=claims)
    assert table.start() == ["0", "1"]
    table.finish("0")
    assert table.start() == [], "the later ones leave it to the one that has waited longer"
    table.finish("1")
    assert table.start() == ["all"]
    table.finish("all")
    assert table.start() == ["2", "3"]


def test_a_path_is_not_held_up_by_a_task_that_was_cancelled_while_it_waited() -> None:
    table = Table(side_by_side(*tasks("1", "2", "3")), claims=dict.fromkeys("123", writes("a")))
    assert table.start() == ["1"]
    table.finish("2", good=False)
    table.finish("1")
    assert table.start() == ["3"]


def test_a_task_that_is_cancelled_just_when_its_path_is_free_leaves_it_to_the_next() -> None:
    table = Table(side_by_side(*tasks("1", "2", "3")), claims=dict.fromkeys("123", writes("a")))
    assert table.start() == ["1"]
    table.finish("1")
    table.finish("2", good=False)
    assert table.start() == ["3"]


# --- cost ---------------------------------------------------------------------------------------------------


class CountedRank(int):
    """A rank that counts how often ranks are compared, which is what a heap's work is."""

    comparisons = 0

    def __lt__(self, other: int) -> bool:
        CountedRank.comparisons += 1
        return int(self) < int(other)


def work(count: int, claims: Iterable[Claims]) -> tuple[int, int]:
    """Run `count` tasks; return how often ranks were compared and claims asked for."""
    plan = side_by_side(*tasks(*(str(number) for number in range(count))))
    graph = build_graph(plan)
    each = list(claims)
    asked = 0

    def claims_of(task: Task) -> Claims:
        nonlocal asked
        asked += 1
        return each[int(task.id) % len(each)]

    counted = [CountedRank(rank) for rank in ranks("fifo", graph, {})]
    CountedRank.comparisons = 0
    frontier = Frontier(graph, counted, Limits(16), claims=claims_of)
    running: list[int] = []
    while not frontier.done:
        for node in frontier.ready(0.0):
            frontier.start(node)
            heapq.heappush(running, node)
        frontier.finish(heapq.heappop(running), good=True)
    return CountedRank.comparisons, asked


@pytest.mark.parametrize(
    "claims",
    [
        [writes("package.json")],
        [writes("package.json"), reads("package.json")],
        [writes(f"src/{number}/index.ts") for number in range(50)] + [writes(WHOLE_PROJECT)],
    ],
    ids=["one path", "readers and writers", "the whole project among small ones"],
)
def test_the_work_grows_with_the_number_of_tasks_even_on_one_path(claims: list[Claims]) -> None:
    (few_compared, few_asked), (many_compared, many_asked) = work(500, claims), work(10_000, claims)
    assert many_asked <= 22 * few_asked
    assert many_compared <= 40 * few_compared, "a heap of twenty times as many is a little deeper"
    assert many_asked <= 10 * 10_000
