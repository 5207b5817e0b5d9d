from collections.abc import Callable

from orchestrator.record.events import (
    ApprovalAsked,
    ChangeStaged,
    RunFinished,
    RunPaused,
    RunStarted,
    TaskFinished,
    TaskStarted,
)
from orchestrator.reporters import summary
from orchestrator.reporters.text import duration, listing
from tests.support.runs import Story, a_roadmap, tell_all


def told(story: Story, **options: float) -> list[str]:
    return [line.text for line in summary.lines(story.state, a_roadmap(), **options)]  # type: ignore[arg-type]


def test_what_failed_comes_first_and_what_to_do_last(golden: Callable[[str, str], None]) -> None:
    story = Story()
    tell_all(story)
    golden("reporters/summary.txt", "\n".join(told(story, seconds=74.0)) + "\n")


def test_a_run_without_trouble_is_one_line() -> None:
    story = Story()
    story.tell(RunStarted(plan="p", selected=2))
    story.do("1.1", "1.2", status="unchanged")
    story.tell(RunFinished())
    assert told(story, seconds=0.2) == ["done after 0.2 s: 2 unchanged"]


def test_only_a_run_that_changed_something_can_be_rolled_back() -> None:
    story = Story()
    story.tell(RunStarted(plan="p", selected=1), TaskStarted("1.1"), ChangeStaged("1.1"), TaskFinished("1.1"))
    story.tell(RunFinished())
    assert told(story)[-1] == "  orchestrate rollback  take back what this run wrote"


def test_a_failed_run_that_is_over_is_tried_again_by_its_failures() -> None:
    story = Story()
    story.tell(RunStarted(plan="p", selected=1))
    story.do("1.1", status="failed", message="no")
    story.tell(RunFinished(exit_code=1))
    said = told(story)
    assert said[0] == "1 task failed"
    assert "failed: 1 failed" in said
    assert any(line.startswith("  orchestrate run --retry-failed  ") for line in said)


def test_a_blocked_task_is_told_under_the_task_that_failed() -> None:
    story = Story()
    story.do("2.1", status="failed", message="no")
    story.tell(TaskFinished("2.2", "blocked", cause="2.1"), TaskFinished("2.3", "blocked", cause="2.2"))
    said = told(story)
    assert "2 tasks could not start" in said
    at = said.index("  because of 2.1  Tests for the auth service")
    assert said[at + 1] == "    2.2, 2.3"


def test_blocked_tasks_that_name_each_other_end_the_search() -> None:
    story = Story()
    story.tell(TaskFinished("2.1", "blocked", cause="2.2"), TaskFinished("2.2", "blocked", cause="2.1"))
    assert "2 tasks could not start" in told(story)


def test_tasks_that_were_stopped_in_the_middle_are_named() -> None:
    story = Story()
    story.tell(RunStarted(plan="p", selected=1), TaskStarted("2.1"), RunPaused(reason="interrupted", exit_code=130))
    said = told(story)
    assert said[0] == "1 task stopped in the middle; the next run does it again"
    assert said[1] == "  2.1  Tests for the auth service"
    assert "interrupted: 1 running" in said


def test_an_id_that_a_shell_would_read_is_quoted() -> None:
    story = Story()
    story.tell(TaskStarted("2.1[auth]"), ApprovalAsked("2.1[auth]", "look"))
    assert "    when done: orchestrate approve '2.1[auth]'" in told(story)


def test_many_of_a_sort_are_cut_short() -> None:
    story = Story()
    for number in range(summary.MANY + 7):
        story.do(f"x{number}", status="failed", message="no")
    assert "  and 7 more" in told(story)


def test_durations_are_said_in_words() -> None:
    assert [duration(seconds) for seconds in (0.04, 9.94, 12.4, 59.9, 3599, 7384)] == [
        "0.0 s", "9.9 s", "12 s", "59 s", "59 min 59 s", "2 h 3 min",
    ]  # fmt: skip


def test_a_listing_says_how_many_it_leaves_out() -> None:
    assert listing("abc", 3) == "a, b, c"
    assert listing("abcd", 2) == "a, b and 2 more"
