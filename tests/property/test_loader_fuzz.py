"""Whatever the text: a plan, or an error that names a place in the file. Never anything else."""

import copy
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import OrchestratorError, PlanErrors
from orchestrator.handlers.registry import Registry
from orchestrator.plan.graph import build_graph, find_cycles
from orchestrator.plan.loader import load
from orchestrator.plan.model import Plan
from orchestrator.plan.scalars import scalar
from orchestrator.plan.source import Source

TYPES = Registry()
FEW = settings(max_examples=60, deadline=None)
GOOD: dict[str, Any] = {
    "orchestrator": {"name": "Good", "settings": {"resources": {"disk": 2}, "prepare": [{"run": ["npm", "ci"]}]}},
    "variables": {"team": "platform", "words": ["x", "y"]},
    "secrets": ["TOKEN"],
    "phase_1": {
        "name": "One for {{ variables.team }}",
        "groups": {
            "group_a": {
                "execution": "parallel",
                "max_parallel": 2,
                "tasks": [
                    {"id": "1.1", "name": "a", "type": "shell", "run": "true", "retry": {"attempts": 2, "delay": "1s"}},
                    {"id": "1.2", "name": "{{ label }}", "type": "milestone", "for_each": "{{ variables.words }}"},
                    {
                        "id": "1.3",
                        "name": "c",
                        "type": "manual",
                        "depends_on": ["1.2"],
                        "when": "variables.team == 'x'",
                    },
                ],
            },
            "group_b": {"depends_on": ["group_a"], "tasks": [{"id": "1.4", "name": "d", "type": "milestone"}]},
        },
    },
    "phase_2": {
        "name": "Two",
        "depends_on": ["phase_1"],
        "groups": {
            "group_a": {
                "tasks": [
                    {
                        "id": "2.1",
                        "name": "e",
                        "type": "config_edit",
                        "target": "a.json",
                        "action": "add_directory_thresholds",
                        "thresholds": {"src": 1.5},
                    },
                    {
                        "id": "2.2",
                        "name": "f",
                        "type": "file_generation",
                        "target": "docs/",
                        "templates": ["rollback.md"],
                    },
                ]
            }
        },
    },
    "phase_3": {"name": "Three", "parallel_with": ["phase_2"]},
    "checkpoints": {"after_phase_1": {"blocking": True, "validations": [{"type": "command", "run": "true"}]}},
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["1.1", "1.2[x]", "phase_1", "group_a", "milestone", "10m", "..", "/etc", "*.ts", "${TEAM}"]),
    st.sampled_from(["{{ variables }}", "{{ variables.team }}", "{{ x", "{{ 1 + }}", "{{ item }}", "{{ 'a' * 9 }}"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def read(text: str) -> Plan | None:
    """Return the plan, None for text that is refused as it should be."""
    lines = text.splitlines() or [""]
    with tempfile.TemporaryDirectory() as project:
        try:
            return load(Source("plan.yaml", text), Path(project, "plan.yaml"), TYPES, project=Path(project))[0]
        except OrchestratorError as error:
            for problem in error.problems if isinstance(error, PlanErrors) else [error]:
                assert problem.location is not None, problem
                assert problem.location.file == "plan.yaml"
                assert 1 <= problem.location.line <= len(lines) + 1, problem
                assert str(problem).startswith(f"error[{problem.code}]: ")
            return None


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) in plain data."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield data, key
        yield from places(value)


def test_the_plan_to_be_broken_is_good() -> None:
    plan = read(json.dumps(GOOD))
    assert plan is not None
    assert len(plan.tasks) == 8


@FEW
@given(
    st.text(
        alphabet=st.sampled_from("ab1:-[]{}&*!|>'\"%@`#,? \n\t<~.") | st.characters(exclude_categories=["Cs"]),
        max_size=60,
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    read(text)
    read("orchestrator: {name: Bad}\n" + text)


@FEW
@given(st.dictionaries(st.sampled_from([*GOOD, "phase_9", "x"]), values, max_size=4))
def test_any_structure_is_read_or_refused(data: Any) -> None:
    read(json.dumps(data))


@settings(FEW, max_examples=250)
@given(st.data())
def test_a_good_plan_with_any_change_is_read_or_refused(data: st.DataObject) -> None:
    plan = copy.deepcopy(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(list(places(plan))))
        match data.draw(st.sampled_from(["delete", "replace", "rename", "copy"])):
            case "delete":
                del container[key]
            case "replace":
                container[key] = data.draw(values)
            case "rename" if isinstance(container, dict):
                container[data.draw(st.text(max_size=6) | st.sampled_from(["for_each", "depends_on"]))] = container.pop(
                    key
                )
            case _ if isinstance(container, list):
                container.append(copy.deepcopy(container[key]))
    read(json.dumps(plan, ensure_ascii=data.draw(st.booleans())))


@FEW
@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["C"]))
)
def test_scalars_survive_being_written_down(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, float) else yaml_float(value)
    assert Source("plan.yaml", f"- {text}").data == [value]


def yaml_float(value: float) -> str:
    return str(value).replace("inf", ".inf")


@given(st.from_regex(r"[-+]?[0-9]{1,20}(\.[0-9]{0,9})?([eE][-+]?[0-9]{1,2})?", fullmatch=True))
def test_numbers_keep_their_text(text: str) -> None:
    assert str(scalar(text)) == text


def numbered(count: int) -> st.SearchStrategy[Sequence[Sequence[int]]]:
    return st.lists(st.lists(st.integers(0, count - 1), max_size=2, unique=True), min_size=count, max_size=count)


@settings(FEW, max_examples=150)
@given(numbered(3), numbered(4), numbered(6), st.lists(st.booleans(), min_size=4, max_size=4), st.booleans())
def test_plans_are_acyclic_or_refused_for_their_cycle(
    phases: Sequence[Sequence[int]],
    groups: Sequence[Sequence[int]],
    tasks: Sequence[Sequence[int]],
    parallel: Sequence[bool],
    gate: bool,
) -> None:
    written: dict[str, Any] = {"orchestrator": {"name": "Any"}}
    for number, before in enumerate(phases):
        written[f"phase_{number}"] = {"name": "a", "depends_on": [f"phase_{n}" for n in before], "groups": {}}
    for number, before in enumerate(groups):
        execution = "parallel" if parallel[number] else "sequential"
        group = {"execution": execution, "depends_on": [f"group_{n}" for n in before], "tasks": []}
        written[f"phase_{number % 3}"]["groups"][f"group_{number}"] = group
    for number, before in enumerate(tasks):
        task = {"id": str(number), "name": "a", "type": "milestone", "depends_on": [str(n) for n in before]}
        written[f"phase_{number % 4 % 3}"]["groups"][f"group_{number % 4}"]["tasks"].append(task)
    if gate:
        written["checkpoints"] = {"after_phase_1": {"validations": [{"type": "ci_passing"}]}}
    with tempfile.TemporaryDirectory() as project:
        source = Source("plan.yaml", json.dumps(written, indent=1))
        try:
            plan = load(source, Path("plan.yaml"), TYPES, project=Path(project))[0]
        except PlanErrors as error:
            assert {problem.code for problem in error.problems} == {"plan/cycle"}
            return
    graph = build_graph(plan)
    assert find_cycles(plan) == []
    assert sorted(graph.order()) == list(range(len(graph.successors)))
    assert {task.id for task in graph.tasks} == set(plan.tasks)
    position = {node: place for place, node in enumerate(graph.order())}
    assert all(position[before] < position[after] for before, after in graph.edges())


@pytest.mark.parametrize("text", ["{{" * 50_000, "- " * 5_000, "[" * 50_000, "&a " * 500, "? " * 5_000, "a: " * 5_000])
def test_text_made_to_hurt_is_refused_at_once(text: str) -> None:
    assert read(text) is None
