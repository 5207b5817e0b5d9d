import pytest

from orchestrator.errors import UsageError
from orchestrator.plan.model import Plan
from orchestrator.plan.select import Selection, prerequisites, select

from .conftest import Load

TEXT = """
phase_1:
  name: One
  groups:
    group_a:
      tasks:
        - {id: "1.1", name: a, type: milestone, tags: [quick]}
        - {id: "1.2", name: a, type: milestone, for_each: [x, y]}
    c: {tasks: [{id: "1.3", name: a, type: milestone}]}
phase_2:
  name: Two
  depends_on: [phase_1]
  groups:
    group_a: {tasks: [{id: "2.1", name: a, type: milestone, tags: [quick, last]}]}
    group_c: {tasks: [{id: "2.2", name: a, type: milestone, depends_on: ["1.3"]}]}
checkpoints:
  after_phase_1: {validations: [{type: ci_passing}]}
"""


@pytest.fixture
def plan(load: Load) -> Plan:
    return load(TEXT)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(phases=("2",)), {"2.1", "2.2"}),
        (Selection(phases=("phase_2",)), {"2.1", "2.2"}),
        (Selection(phases=("1", "2")), {"1.1", "1.2[x]", "1.2[y]", "1.3", "after_phase_1", "2.1", "2.2"}),
        (Selection(groups=("a",)), {"1.1", "1.2[x]", "1.2[y]", "2.1"}),
        (Selection(groups=("c",)), {"1.3", "2.2"}),
        (Selection(groups=("group_c",)), {"2.2"}),
        (Selection(groups=("phase_1/group_a",)), {"1.1", "1.2[x]", "1.2[y]"}),
        (Selection(phases=("1",), groups=("a",)), {"1.1", "1.2[x]", "1.2[y]"}),
        (Selection(tasks=("1.2",)), {"1.2[x]", "1.2[y]"}),
        (Selection(tasks=("1.2[y]", "1.1")), {"1.2[y]", "1.1"}),
        (Selection(tags=("quick",)), {"1.1", "2.1"}),
        (Selection(tags=("quick",), phases=("2",)), {"2.1"}),
        (Selection(tags=("quick",), exclude=("2",)), {"1.1"}),
        (Selection(phases=("1",), exclude=("1.2", "c", "after_phase_1")), {"1.1"}),
        (Selection(exclude=("phase_1", "last")), {"2.2"}),
    ],
)
def test_names_select(selection: Selection, expected: set[str], plan: Plan) -> None:
    assert select(plan, selection) == expected


def test_no_name_selects_everything(plan: Plan) -> None:
    assert select(plan, Selection()) == set(plan.tasks)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(phases=("3",)), "no phase `3`"),
        (Selection(groups=("b",)), "no group `b`"),
        (Selection(tasks=("1",)), "no task `1`"),
        (Selection(tags=("slow",)), "no tag `slow`"),
        (Selection(exclude=("3.1",)), "no phase, group, task or tag `3.1`"),
    ],
)
def test_names_that_are_not_in_the_plan_are_refused(selection: Selection, message: str, plan: Plan) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        select(plan, selection)
    assert caught.value.code == "usage/unknown-selection"


def test_a_selection_of_nothing_is_refused(plan: Plan) -> None:
    with pytest.raises(UsageError) as caught:
        select(plan, Selection(tags=("last",), phases=("1",)))
    assert caught.value.code == "usage/nothing-selected"


def test_prerequisites_are_what_must_have_succeeded(plan: Plan) -> None:
    assert [task.id for task in prerequisites(plan, {"2.1"})] == ["1.1", "1.2[x]", "1.2[y]", "1.3"]
    assert prerequisites(plan, {"1.1", "1.3"}) == []


def test_a_blocking_checkpoint_is_a_prerequisite(load: Load) -> None:
    plan = load(TEXT.replace("{validations:", "{blocking: true, validations:"))
    assert [task.id for task in prerequisites(plan, {"2.1"})][-1] == "after_phase_1"
