import pytest

from orchestrator.plan.model import Retry

from .conftest import Load


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 90.0), ("1.5", 1.5), ("90s", 90.0), ('"10m"', 600.0), ("1h30m", 5400.0), ("250ms", 0.25), ("1.5h", 5400.0)],
)
def test_durations(written: str, seconds: float, load_tasks: Load) -> None:
    plan = load_tasks(f"- {{id: a, name: a, type: milestone, timeout: {written}}}")
    assert plan.tasks["a"].timeout == seconds


def test_text_is_what_stands_in_the_file(load_tasks: Load) -> None:
    plan = load_tasks("- {id: 1.10, name: True, type: milestone, description: 0x1F, tags: [010, no, 2024-01-01]}")
    task = plan.tasks["1.10"]
    assert (task.name, task.description, task.tags) == ("True", "0x1F", ("010", "no", "2024-01-01"))


def test_truth_values_are_true_however_cased(load_tasks: Load) -> None:
    plan = load_tasks("- {id: a, name: a, type: milestone, continue_on_error: TRUE, requires_manual: False}")
    assert plan.tasks["a"].continue_on_error is True
    assert plan.tasks["a"].requires_manual is False


def test_a_list_of_one_may_be_the_one(load_tasks: Load) -> None:
    plan = load_tasks("- {id: a, name: a, type: milestone, requires: node>=18}")
    assert plan.tasks["a"].requires == ("node>=18",)


def test_retry_is_a_count_or_a_mapping(load_tasks: Load) -> None:
    plan = load_tasks(
        """
        - {id: a, name: a, type: milestone, retry: 5}
        - {id: b, name: b, type: milestone, retry: {attempts: 2, delay: 100ms}}
        - {id: c, name: c, type: milestone}
        """
    )
    assert [task.attempts(plan.settings) for task in plan.tasks.values()] == [5, 2, 3]
    assert [task.delay(plan.settings) for task in plan.tasks.values()] == [5.0, 0.1, 5.0]
    assert plan.tasks["b"].retry == Retry(attempts=2, delay=0.1)


def test_paths_may_go_up_as_long_as_they_stay_inside(load_tasks: Load) -> None:
    plan = load_tasks("- {id: a, name: a, type: config_edit, target: src/../package.json, edits: [{remove: a}]}")
    assert plan.tasks["a"].target == "src/../package.json"  # type: ignore[attr-defined]
