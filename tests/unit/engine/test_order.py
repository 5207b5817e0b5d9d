from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.frontier import Limits
from orchestrator.engine.order import critical_path, estimates, ranks
from orchestrator.plan.graph import build_graph
from orchestrator.plan.model import Plan, SchedulerName
from orchestrator.record.events import Warned
from tests.support.engine import End, FakeRunner, play
from tests.support.plans import a_gate, a_group, a_phase, a_plan, a_task, side_by_side

LEARNED = {"1": 1.0, "2": 9.0, "3": 2.0, "4": 4.0}


def mixed() -> Plan:
    return side_by_side(
        a_task("1", priority="low", deadline=50.0),
        a_task("2", priority="high"),
        a_task("3", priority="critical", deadline=90.0),
        a_task("4", depends_on=("1",), deadline=10.0),
        a_task("5", depends_on=("4",)),
    )


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("fifo", "12345"),
        ("priority", "32451"),
        ("shortest", "13452"),
        ("deadline", "41325"),
        ("balanced", "24531"),
        ("adaptive", "21453"),
    ],
)
def test_each_order_puts_first_what_it_is_named_for(name: SchedulerName, order: str) -> None:
    graph = build_graph(mixed())
    places = ranks(name, graph, LEARNED)
    ordered = sorted(range(len(places)), key=places.__getitem__)
    assert "".join(graph.tasks[node].id for node in ordered) == order


@pytest.mark.parametrize("name", ["fifo", "priority", "shortest", "deadline", "balanced", "adaptive"])
def test_equals_keep_the_order_of_the_file(name: SchedulerName) -> None:
    graph = build_graph(side_by_side(*(a_task(str(number)) for number in range(5))))
    assert ranks(name, graph, {}) == [0, 1, 2, 3, 4]


def test_what_was_never_seen_is_thought_to_take_as_long_as_its_kind() -> None:
    tasks = [a_task("1"), a_task("2"), a_task("3"), a_task("4", type="other")]
    assert estimates(tasks, {"1": 2.0, "2": 4.0}) == [2.0, 4.0, 3.0, 1.0]


def test_the_critical_path_is_the_longest_way_through_gates_and_checkpoints() -> None:
    first = a_phase("phase_1", a_group("a", a_task("1"), a_task("2")), gate=a_gate())
    second = a_phase("phase_2", a_group("b", a_task("3"), a_task("4")), depends_on=("phase_1",))
    graph = build_graph(a_plan(first, second))
    path = critical_path(graph, [1.0, 5.0, 1.0, 2.0, 3.0])
    assert [graph.tasks[node].id for node in path] == ["2", "gate", "4"]


def test_a_plan_without_tasks_has_no_critical_path() -> None:
    assert critical_path(build_graph(a_plan()), []) == []


SUITES = {
    "alike": [2.0] * 20,
    "a long tail": [0.2] * 30 + [1.0] * 8 + [6.0],
    "growing": [0.1 * number for number in range(1, 41)],
    "two kinds": [0.5] * 24 + [3.0] * 8,
    "steps": [1.0, 1.5, 2.0, 3.0, 5.0, 8.0] * 4,
}


def makespan(scheduler: SchedulerName, seconds: Sequence[float], workers: int) -> float:
    """Return how long a run takes that has learned what each task takes."""
    tasks = [a_task(str(number)) for number in range(len(seconds))]
    learned = {task.id: took for task, took in zip(tasks, seconds, strict=True)}
    runner = FakeRunner({name: [End(seconds=took)] for name, took in learned.items()})
    return play(side_by_side(*tasks), runner, limits=Limits(workers), scheduler=scheduler, learned=learned).seconds


def longest_first(seconds: Sequence[float], workers: int) -> float:
    free = [0.0] * workers
    for took in sorted(seconds, reverse=True):
        heapq.heappush(free, heapq.heappop(free) + took)
    return max(free)


@given(st.lists(st.floats(0.01, 9.0), min_size=1, max_size=25), st.integers(1, 8))
@pytest.mark.parametrize("scheduler", ["adaptive", "balanced"])
def test_with_learned_durations_the_last_ones_end_together(
    scheduler: SchedulerName, seconds: list[float], workers: int
) -> None:
    assert makespan(scheduler, seconds, workers) <= 1.05 * longest_first(seconds, workers)


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
@pytest.mark.parametrize("workers", [2, 8])
def test_adaptive_is_as_good_as_the_best_fixed_order(suite: list[float], workers: int) -> None:
    fixed = [makespan(name, suite, workers) for name in get_args(SchedulerName) if name != "adaptive"]
    assert makespan("adaptive", suite, workers) <= 1.03 * min(fixed)


def test_fifo_lets_nobody_starve() -> None:
    tasks = [a_task(str(number)) for number in range(50)]
    runner = FakeRunner({"0": [End(seconds=9.0)], **{str(n): [End(seconds=0.1)] for n in range(1, 50)}})
    assert play(side_by_side(*tasks), runner, limits=Limits(2)).runner.order == [task.id for task in tasks]


def test_a_missed_deadline_is_told_and_the_earliest_goes_first() -> None:
    tasks = [a_task("1"), a_task("2", deadline=25.0), a_task("3", deadline=15.0), a_task("4", deadline=12.0)]
    runner = FakeRunner({task.id: [End(seconds=10.0)] for task in tasks})
    played = play(side_by_side(*tasks), runner, limits=Limits(1), scheduler="deadline")
    assert played.runner.order == ["4", "3", "2", "1"]
    told = [(event.task, event.message) for event in played.of_kind(Warned)]
    assert told == [
        ("3", "it missed its deadline of 15 s by 5.0 s"),
        ("2", "it missed its deadline of 25 s by 5.0 s"),
    ]
