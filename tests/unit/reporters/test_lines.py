import io
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestrator.plan.model import Plan
from orchestrator.record.events import (
    ApprovalGiven,
    ChangeUndone,
    PhaseFinished,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskOutput,
    TaskStarted,
    Warned,
)
from orchestrator.record.state import RunState
from orchestrator.reporters.lines import Lines
from tests.support.plans import a_group, a_phase, a_plan, a_task
from tests.support.runs import RUN, Story, a_roadmap, tell_all

Golden = Callable[[str, str], None]


def lines_of(
    tell: Callable[[Story], None],
    plan: Plan | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    before: RunState | None = None,
    verbose: bool = False,
) -> str:
    stream = io.StringIO()
    story = Story([Lines(plan or a_roadmap(), stream, environ or {}, verbose=verbose)], before=before)
    tell(story)
    story.close()
    return stream.getvalue()


def begin(story: Story) -> None:
    story.tell(RunStarted(plan="p", selected=11))


def test_a_run_reads_from_what_happened_to_what_to_do(golden: Golden) -> None:
    golden("reporters/lines.txt", lines_of(tell_all))


def test_verbose_shows_every_task_and_what_it_prints(golden: Golden) -> None:
    golden("reporters/lines-verbose.txt", lines_of(tell_all, verbose=True))


def test_github_gets_annotations_and_a_page(golden: Golden, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("what other steps wrote\n")
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
    golden("reporters/lines-github.txt", lines_of(tell_all, environ=environ))
    golden("reporters/github-page.md", page.read_text())


def test_a_page_is_written_on_github_only(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    lines_of(tell_all, environ={"GITHUB_STEP_SUMMARY": str(page)})
    assert not page.exists()


def test_annotations_keep_to_their_line() -> None:
    def tell(story: Story) -> None:
        begin(story)
        story.do("2.1", status="failed", message="100% wrong\n::error::forged", hint="a, b: c")

    said = lines_of(tell, environ={"GITHUB_ACTIONS": "true"})
    expected = "::error title=2.1 Tests for the auth service::100%25 wrong%0A::error::forged%0Aa, b: c"
    assert expected in said.splitlines()
    assert not [line for line in said.splitlines() if line.strip().startswith("::error::")]


def test_a_title_cannot_add_properties_to_its_annotation() -> None:
    plan = a_plan(a_phase("phase_1", a_group("a", a_task("1", name="build: x, file=y"))))

    def tell(story: Story) -> None:
        begin(story)
        story.do("1", status="failed", message="no")

    assert "::error title=1 build%3A x%2C file=y::no" in lines_of(tell, plan, {"GITHUB_ACTIONS": "true"})


def test_ten_thousand_tasks_with_nothing_to_do_are_a_handful_of_lines() -> None:
    phases = [
        a_phase(f"phase_{p}", a_group("a", *(a_task(f"{p}.{n}") for n in range(2000))), name=f"Phase {p}")
        for p in range(1, 6)
    ]
    plan = a_plan(*phases)

    def tell(story: Story) -> None:
        story.tell(RunStarted(plan="p", selected=10_000))
        for phase, tasks in phases:
            story.tell(*(TaskFinished(task.id, "unchanged") for task in tasks))
            story.tell(PhaseFinished(phase=phase.key))
        story.tell(RunFinished(), after=2.0)

    said = lines_of(tell, plan).splitlines()
    assert len(said) == 8
    assert "phase_1  Phase 1: 2000 unchanged" in said
    assert said[-1] == "done after 2.0 s: 10000 unchanged"


def test_a_second_part_of_a_run_counts_what_the_first_one_did() -> None:
    first = Story()
    first.tell(RunStarted(plan="p", selected=11))
    first.do("1.1", "1.2")
    first.tell(TaskStarted("2.1"))

    def tell(story: Story) -> None:
        story.tell(RunStarted(plan="p", selected=11, resumed=True))
        story.do("2.1", added=1)
        story.tell(RunFinished(), after=1.0)

    said = lines_of(tell, before=first.state)
    assert f"(goes on with run {RUN}, 11 tasks)" in said
    assert "1 task had been interrupted, and ran again\n  2.1  Tests for the auth service  succeeded" in said
    assert "done after 1.0 s: 3 succeeded" in said


def test_answers_of_people_and_cleaning_up_are_told() -> None:
    def tell(story: Story) -> None:
        begin(story)
        story.tell(ChangeUndone("1.1", ("jest.config.js",)))
        story.tell(ApprovalGiven("3.1", "approved", by="ada", comment="done\nat last"))

    said = lines_of(tell)
    assert "  taken back    1.1  Collect coverage from all source files  a change that was applied only in part" in said
    assert "left alone, because somebody changed them since: jest.config.js" in said
    assert "  approved      3.1  Configure the secrets  by ada  done at last" in said


def test_nothing_a_task_says_moves_the_cursor() -> None:
    def tell(story: Story) -> None:
        begin(story)
        story.tell(TaskOutput("1.1", "\x1b[2J\x1b]0;title\x07\x1b[31mred\x1b[0m\b\u202e\n10%\r20%\n"))
        story.do("1.1", summary="a\x1b[1mb\x00", status="failed", message="\x1b[Hx\r\ny")
        story.tell(Warned(message="\x1b[8mhidden"))

    said = lines_of(tell, verbose=True)
    assert "1.1 | red\n1.1 | 20%\n" in said
    assert said.replace("\n", "").isprintable()


def test_a_stream_that_lacks_a_character_gets_a_question_mark() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    story = Story([Lines(a_roadmap(), stream, {})])
    begin(story)
    story.do("1.1", summary="füllt \udcff")
    assert b"f?llt" in raw.getvalue()


def test_a_run_that_never_began_has_no_summary(tmp_path: Path) -> None:
    assert lines_of(lambda _story: None) == ""
