from __future__ import annotations

import pytest

from orchestrator.engine.order import critical_path, estimates, ranks
from orchestrator.plan.graph import build_graph
from orchestrator.plan.model import Plan, SchedulerName
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
