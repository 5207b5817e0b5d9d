import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from orchestrator.plan.model import Plan
from orchestrator.record.events import RunFinished, RunStarted, TaskFinished, TaskOutput, TaskStarted
from orchestrator.record.state import RunState
from orchestrator.reporters.tree import Tree
from tests.support.clocks import FakeClock
from tests.support.plans import a_group, a_phase, a_plan, a_task
from tests.support.runs import Story, a_roadmap, tell_all, tell_beginning

Golden = Callable[[str, str], None]


class Screen:
    """A tree on a console that keeps what it is given."""

    def __init__(
        self,
        width: int = 80,
        height: int = 30,
        plan: Plan | None = None,
        encoding: str = "utf-8",
        *,
        is_terminal: bool = False,
        before: RunState | None = None,
        **options: object,
    ) -> None:
        self.clock = FakeClock()
        self._raw = io.BytesIO()
        stream = io.TextIOWrapper(self._raw, encoding=encoding, write_through=True)
        self.console = Console(
            file=stream,
            width=width,
            height=height,
            force_terminal=is_terminal,
            color_system=None,
            highlight=False,
        )
        self.tree = Tree(plan or a_roadmap(), self.console, clock=self.clock, **options)  # type: ignore[arg-type]
        self.story = Story([self.tree], self.clock, before)

    @property
    def frame(self) -> str:
        return self.tree.draw().plain + "\n"

    @property
    def written(self) -> str:
        return self._raw.getvalue().decode()


@pytest.mark.parametrize(("width", "height"), [(200, 40), (80, 24), (80, 10), (40, 24)])
def test_the_tree_shows_what_matters_at_any_size(golden: Golden, width: int, height: int) -> None:
    screen = Screen(width, height)
    tell_beginning(screen.story)
    golden(f"reporters/tree-{width}x{height}.txt", screen.frame)


@pytest.mark.parametrize("width", [1, 5, 12, 20, 33, 40, 61, 79, 80, 81, 120, 300])
@pytest.mark.parametrize("height", [1, 2, 3, 5, 10, 60])
def test_no_frame_is_larger_than_the_terminal(width: int, height: int) -> None:
    screen = Screen(width, height)
    tell_beginning(screen.story)
    lines = screen.frame.splitlines()
    assert len(lines) <= max(height, 2)
    assert max(map(cell_len, lines)) <= width


def test_a_terminal_without_unicode_gets_other_symbols(golden: Golden) -> None:
    screen = Screen(encoding="ascii", plan=replace(a_roadmap(), name="Plan für alle"))
    tell_beginning(screen.story)
    golden("reporters/tree-ascii.txt", screen.frame)


def test_a_compact_tree_and_the_summary_stay(golden: Golden) -> None:
    screen = Screen()
    tell_all(screen.story)
    screen.story.close()
    golden("reporters/tree-end.txt", screen.written)


def test_a_frame_has_no_row_per_task() -> None:
    tasks = [a_task(f"1.{number}") for number in range(10_000)]
    screen = Screen(80, 24, a_plan(a_phase("phase_1", a_group("group_a", *tasks))))
    screen.story.tell(RunStarted(plan="p", selected=10_000))
    screen.story.tell(*(TaskStarted(task.id) for task in tasks))
    screen.story.tell(*(TaskFinished(task.id, "failed", message="no") for task in tasks[:5000]))
    lines = screen.frame.splitlines()
    assert len(lines) == 23
    assert "0/10000" in lines[0]
    assert lines[-1].endswith("more lines")


def test_the_last_line_of_output_follows_a_running_task() -> None:
    screen = Screen(120)
    screen.story.tell(RunStarted(plan="p", selected=11), TaskStarted("2.1"))
    screen.story.tell(
        TaskOutput("2.1", "one\ntw"), TaskOutput("2.1", "o\n\x1b[32mthr"), TaskOutput("2.1", "ee\x1b[0m\n\n")
    )
    assert "0:00  three" in screen.frame


def test_only_what_is_selected_is_counted() -> None:
    screen = Screen(selected=lambda: {"2.1", "2.2"})
    screen.story.tell(RunStarted(plan="p", selected=2))
    screen.story.do("2.1")
    assert "1/2" in screen.frame
    assert "Foundation" not in screen.frame


def test_a_task_that_nobody_announced_is_counted_too() -> None:
    screen = Screen(selected=lambda: {"2.1"})
    screen.story.tell(RunStarted(plan="p", selected=1))
    screen.story.do("1.1", "2.1")
    assert "2/2" in screen.frame.splitlines()[0]


def test_a_second_part_of_a_run_begins_where_the_first_one_ended() -> None:
    first = Story()
    first.tell(RunStarted(plan="p", selected=11))
    first.do("1.1", "1.2")
    first.do("2.1", status="failed", message="no")
    screen = Screen(before=first.state)
    screen.story.tell(RunStarted(plan="p", selected=11, resumed=True))
    assert "2/11" in screen.frame.splitlines()[0]
    screen.story.do("2.1")
    assert "3/11" in screen.frame.splitlines()[0]


def test_the_cursor_is_back_after_a_pause_and_at_the_end() -> None:
    screen = Screen(is_terminal=True)
    hide, show = "\x1b[?25l", "\x1b[?25h"
    screen.story.tell(RunStarted(plan="p", selected=11))
    assert screen.written.count(hide) == 1
    screen.tree.pause()
    assert screen.written.rstrip().count(show) == 1
    paused = screen.written
    screen.story.do("1.1")
    assert screen.written == paused
    screen.tree.resume()
    assert screen.written.count(hide) == 2
    screen.story.tell(RunFinished())
    screen.story.close()
    assert screen.written.count(show) == 2


def test_a_question_may_be_open_when_the_run_ends() -> None:
    screen = Screen()
    screen.story.tell(RunStarted(plan="p", selected=11))
    screen.tree.pause()
    screen.story.tell(RunFinished())
    screen.story.close()
    screen.tree.resume()
    assert "done after 0.0 s: no tasks" in screen.written


def test_verbose_shows_output_above_the_tree() -> None:
    screen = Screen(verbose=True)
    screen.story.tell(RunStarted(plan="p", selected=11), TaskStarted("2.1"))
    screen.story.tell(TaskOutput("2.1", "one\ntwo"), TaskOutput("", "added 12 packages\n"))
    assert screen.written == "2.1 | one\nprepare | added 12 packages\n"
    screen.story.tell(TaskFinished("2.1"))
    assert screen.written.endswith("2.1 | two\n")


def test_colours_are_left_out_where_nobody_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO()
    console = Console(file=stream, width=80, height=24, force_terminal=True, color_system="truecolor")
    tree = Tree(a_roadmap(), console, clock=FakeClock())
    tell_beginning(Story([tree]))
    tree.pause()
    assert "\x1b[3" not in stream.getvalue()


def test_a_run_that_never_began_leaves_nothing() -> None:
    screen = Screen()
    screen.story.close()
    assert screen.written == ""
