from collections.abc import Mapping, Sequence

import pytest

from orchestrator.plan.graph import ancestors, build_graph, inherited_dependencies

from .conftest import Load


def milestones(group: str, ids: Sequence[str], more: str = "") -> str:
    tasks = "".join(f"\n        - {{id: '{task}', name: a, type: milestone}}" for task in ids)
    return f"    {group}:\n{more}      tasks:{tasks or ' []'}\n"


@pytest.mark.parametrize(
    ("depends", "beside", "expected"),
    [
        ({"1": [], "2": ["1"], "3": ["2"], "4": []}, {"4": ["2", "3"]}, ("1",)),
        ({"1": [], "2": ["1"], "3": ["2"], "4": []}, {"4": ["3"]}, ("1", "2")),
        ({"1": [], "2": ["1"], "3": [], "4": []}, {"4": ["2", "3"]}, ()),
        ({"1": [], "2": ["1"], "3": ["1"], "4": ["1"]}, {"4": ["2"]}, ("1",)),
        ({"1": [], "2": ["1"], "3": [], "4": []}, {"3": ["2"], "4": ["3"]}, ("1",)),
        ({"1": [], "2": ["1"], "3": [], "4": []}, {"3": ["2", "4"], "4": ["2", "3"]}, ("1",)),
        ({"1": [], "2": ["1"], "4": [], "5": ["4"]}, {"4": ["2"]}, ("1",)),
        ({"3": [], "4": []}, {"3": ["4"], "4": ["3"]}, ()),
        ({"2": ["3"], "3": [], "4": []}, {"3": ["4"], "4": ["2", "3"]}, ()),
    ],
)
def test_a_phase_inherits_what_all_it_runs_beside_depend_on(
    depends: Mapping[str, Sequence[str]], beside: Mapping[str, Sequence[str]], expected: tuple[str, ...]
) -> None:
    made, clashes = inherited_dependencies(depends, beside)
    assert made["4"] == expected
    assert clashes == []


def test_running_beside_a_dependency_is_a_clash() -> None:
    assert inherited_dependencies({"1": [], "2": ["1"], "3": ["2"]}, {"3": ["1"]})[1] == [("3", "1")]


def test_long_chains_of_phases_are_no_trouble() -> None:
    depends = {str(n): [str(n + 1)] for n in range(5000)} | {"5000": [], "last": []}
    assert len(inherited_dependencies(depends, {"last": ["0"]})[0]["last"]) == 5000


def test_groups_are_found_in_their_own_phase_first_and_else_in_any(load: Load) -> None:
    plan = load(
        """
        phase_1: {name: One, groups: {a: {}, b: {}}}
        phase_2: {name: Two, groups: {a: {}, c: {depends_on: [a, b]}}}
        """
    )
    assert plan.phases[1].groups[1].depends_on == ("phase_2/a", "phase_1/b")


def test_a_sequence_is_a_chain_and_a_parallel_group_is_none(load: Load) -> None:
    plan = load(
        "phase_1:\n  name: One\n  groups:\n"
        + milestones("a", ["1", "2", "3"])
        + milestones("b", ["4", "5"], "      execution: parallel\n      depends_on: [a]\n")
    )
    assert ancestors(plan, ["1"]) == set()
    assert ancestors(plan, ["3"]) == {"1", "2"}
    assert ancestors(plan, ["5"]) == {"1", "2", "3"}


def test_phases_and_groups_have_no_order_of_their_own(load: Load) -> None:
    plan = load(
        "phase_1:\n  name: One\n  groups:\n" + milestones("a", ["1"]) + milestones("b", ["2"])
        + "phase_2:\n  name: Two\n  groups:\n" + milestones("a", ["3"])
    )  # fmt: skip
    assert all(ancestors(plan, [task]) == set() for task in plan.tasks)


def test_an_empty_phase_passes_on_what_it_waits_for(load: Load) -> None:
    plan = load(
        "phase_1:\n  name: One\n  groups:\n" + milestones("a", ["1"])
        + "phase_2: {name: Two, depends_on: [phase_1]}\n"
        + "phase_3: {name: Three, depends_on: [phase_2], groups: {b: {}}}\n"
        + "phase_4:\n  name: Four\n  depends_on: [phase_3]\n  groups:\n" + milestones("c", ["4"])
    )  # fmt: skip
    assert ancestors(plan, ["4"]) == {"1"}


@pytest.mark.parametrize("blocking", [True, False])
def test_a_checkpoint_is_the_last_of_its_phase_and_later_phases_wait(load: Load, blocking: bool) -> None:
    plan = load(
        "phase_1:\n  name: One\n  groups:\n" + milestones("a", ["1"])
        + "phase_2:\n  name: Two\n  depends_on: [phase_1]\n  groups:\n" + milestones("b", ["2"])
        + f"checkpoints:\n  after_phase_1: {{blocking: {str(blocking).lower()}, validations: [{{type: ci_passing}}]}}\n"
    )  # fmt: skip
    assert plan.phases[0].checkpoint == "after_phase_1"
    assert ancestors(plan, ["after_phase_1"]) == {"1"}
    assert ancestors(plan, ["2"]) == {"1", "after_phase_1"}
    graph = build_graph(plan)
    checkpoint = graph.index["after_phase_1"]
    assert bool(graph.successors[checkpoint]) is blocking  # needs its success
    assert bool(graph.followers.get(checkpoint)) is not blocking  # needs its end


def test_edges_grow_with_the_plan_and_not_with_its_square(load: Load) -> None:
    def edges(count: int) -> int:
        first, second = [f"1.{n}" for n in range(count)], [f"2.{n}" for n in range(count)]
        parallel = "      execution: parallel\n"
        plan = load(
            "phase_1:\n  name: One\n  groups:\n" + milestones("a", first, parallel)
            + "phase_2:\n  name: Two\n  depends_on: [phase_1]\n  groups:\n" + milestones("b", second, parallel)
        )  # fmt: skip
        return sum(1 for _ in build_graph(plan).edges())

    # two edges for each task, two for each group, one through each phase and one between them
    assert edges(1000) == 4 * 1000 + 4 + 2 + 1
    assert edges(100) == 4 * 100 + 4 + 2 + 1
