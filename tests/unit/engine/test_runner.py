from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.change import Change, FileEdit, TaskResult, digest
from orchestrator.engine.outputs import undo
from orchestrator.engine.preview import PreviewRunner
from orchestrator.engine.tools import check_tools
from orchestrator.errors import EnvironmentProblem, TaskError
from orchestrator.handler import Answer, Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.handlers.file_generation import FileGenerationTask
from orchestrator.handlers.shell import ShellTask
from orchestrator.plan.model import PrepareStep, Settings, Task
from orchestrator.record.events import ChangeStaged, ChangeUndone, Event
from orchestrator.record.objects import ObjectStore
from orchestrator.workspace import Overlay, Workspace
from tests.support.bench import ENVIRON, Bench, run_with_children
from tests.support.plans import a_task

SECRET = "hunter2hunter2"


class Scripted(FileHandler):
    """Does as a test says."""

    type = "fake"
    model = Task

    def __init__(
        self,
        plan: Callable[[PlanContext], Change],
        writes: tuple[str, ...] = (".",),
        apply: Callable[[ApplyContext], Applied] = lambda _context: Applied(),
    ) -> None:
        self._plan, self._writes, self._apply = plan, writes, apply

    def claims(self, _task: Task) -> Claims:
        return Claims(writes=self._writes)

    def plan(self, _task: Task, context: PlanContext) -> Change:
        return self._plan(context)

    async def apply(self, _task: Task, _change: Change, context: ApplyContext) -> Applied:
        return self._apply(context)


@dataclass
class OneHandler:
    """A registry with one handler for everything."""

    found: FileHandler

    def handler(self, _type_name: str) -> FileHandler:
        return self.found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def scripted(bench: Bench, *edits: FileEdit, **fields: Any) -> Task:
    """Return a task that makes these edits."""
    actions, asks = fields.pop("actions", ()), fields.pop("asks", None)
    bench.registry = OneHandler(Scripted(lambda _context: Change("edits", edits, actions, asks), **fields))
    return a_task("1")


def shell(run: str, **fields: Any) -> ShellTask:
    return ShellTask(**{"id": "1", "name": "s", "type": "shell", "run": run, **fields})


def new(path: str, content: bytes = b"new\n") -> FileEdit:
    return FileEdit(path, None, content)


# --- failing is a result ------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["plan", "apply"])
def test_a_bug_in_a_task_type_fails_its_task_and_not_the_run(bench: Bench, where: str) -> None:
    def fail(_context: object) -> Any:
        raise ZeroDivisionError("by zero")

    plan = fail if where == "plan" else lambda _context: Change("acts", actions=("x",))
    bench.registry = OneHandler(Scripted(plan, apply=fail))
    result = bench.attempt(a_task("1"))
    assert result.error is not None
    assert (result.status, result.error.code) == ("failed", "task/crashed")
    assert result.error.message == "ZeroDivisionError: by zero"
    assert not result.error.retryable
    if where == "apply":
        assert "ZeroDivisionError" in Path(str(result.log)).read_text()


def test_a_task_whose_condition_is_false_is_skipped_without_a_look(bench: Bench) -> None:
    result = bench.attempt(shell("touch ran", when=False))
    assert (result.status, result.summary) == ("skipped", "`when` is false")
    assert bench.tree() == {}


def test_a_task_that_a_person_skipped_says_who_and_why(bench: Bench) -> None:
    bench.answers["1"] = Answer("skipped", "ann", "not today")
    assert bench.attempt(shell("touch ran")).summary == "skipped by ann: not today"


# --- claims -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["other.txt", "src/../other.txt", "srcs/a"])
def test_an_edit_outside_the_claim_fails_and_nothing_is_written(bench: Bench, path: str) -> None:
    task = scripted(bench, new("src/a"), new(path), writes=("src",))
    code, message = bench.failure(task)
    assert (code, message) == ("task/outside-claim", f"it would write `{path}`, which it did not announce")
    assert bench.tree() == {}
    (foreseen,) = bench.preview(task)
    assert foreseen.error is not None
    assert foreseen.error.code == "task/outside-claim"


def test_an_edit_inside_the_claim_is_written(bench: Bench) -> None:
    assert bench.attempt(scripted(bench, new("src/a"), new("top"), writes=("src/", "./top"))).status == "succeeded"
    assert set(bench.tree()) == {"src", "src/a", "top"}


# --- files --------------------------------------------------------------------------------------------------


def test_a_change_is_on_record_with_its_pre_images_before_the_first_byte_is_written(bench: Bench) -> None:
    bench.write("a", "old\n", 0o750)
    seen: list[tuple[list[Event], bytes | None]] = []

    class Watched(Workspace):
        def rename(self, temporary: str, target: str) -> None:
            kept = ObjectStore(bench.base / "objects").get(str(digest(b"old\n")))
            seen.append((list(bench.events), kept))
            super().rename(temporary, target)

    bench.workspace = Watched(bench.root)
    result = bench.attempt(scripted(bench, FileEdit("a", b"old\n", b"new\n"), new("deep/er/b")))
    (events, kept), _ = seen
    assert kept == b"old\n"
    assert events == [
        ChangeStaged(
            "1",
            1,
            ".r1.tmp",
            (("a", digest(b"old\n"), digest(b"new\n"), 0o750), ("deep/er/b", None, digest(b"new\n"), None)),
            ("deep", "deep/er"),
        )
    ]
    assert result.files == {"a": digest(b"new\n"), "deep/er/b": digest(b"new\n")}


def test_a_change_that_fails_half_way_is_taken_back(bench: Bench) -> None:
    class FullDisk(Workspace):
        def put(self, write: Callable[[bytes], int], content: bytes) -> None:
            if content == b"too much\n":
                raise OSError(errno.ENOSPC, "No space left on device")
            super().put(write, content)

    bench.write("a", "old\n", 0o640)
    before = bench.tree()
    bench.workspace = FullDisk(bench.root)
    task = scripted(bench, FileEdit("a", b"old\n", b"new\n"), new("deep/b"), new("c", b"too much\n"))
    assert bench.failure(task)[0] == "environment/no-space"
    assert bench.tree() == before
    assert bench.events[-1] == ChangeUndone("1", ())


def test_a_file_that_changes_under_a_task_is_a_conflict_that_another_try_can_mend(bench: Bench) -> None:
    bench.write("a", "changed\n")
    result = bench.attempt(scripted(bench, FileEdit("a", b"old\n", b"new\n")))
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == ("task/conflict", True)
    assert bench.read("a") == "changed\n"


@pytest.mark.parametrize("now", ["before", "after", "half", "somebody's", "gone", "a directory"])
def test_a_half_applied_change_is_undone_unless_somebody_has_been_there(bench: Bench, now: str) -> None:
    objects = ObjectStore(bench.base / "objects")
    staged = ChangeStaged("1", 1, ".tmp", (("a", objects.put(b"old"), digest(b"new"), 0o600),), ())
    match now:
        case "before" | "half":
            bench.write("a", "old", 0o600)
        case "after":
            bench.write("a", "new", 0o644)
        case "somebody's":
            bench.write("a", "mine", 0o644)
        case "a directory":
            bench.write("a/b", "")
    if now == "half":
        bench.write("a.tmp", "ne")
    left = undo(staged, bench.workspace, objects)
    if now in ("before", "after", "half"):
        assert (left, bench.read("a"), bench.workspace.mode("a"), list(bench.tree())) == (
            [],
            "old",
            0o600,
            ["a"],
        )
    else:
        before = bench.tree()
        assert left == ["a"]
        assert undo(staged, bench.workspace, objects) == ["a"]
        assert bench.tree() == before


def test_files_and_directories_that_a_half_applied_change_made_are_removed(bench: Bench) -> None:
    bench.write("deep/er/a", "new")
    edits = (("deep/er/a", None, digest(b"new"), None),)
    staged = ChangeStaged("1", 1, ".tmp", edits, ("deep", "deep/er"))
    assert undo(staged, bench.workspace, ObjectStore(bench.base)) == []
    assert bench.tree() == {}


def test_a_pre_image_that_was_lost_is_not_made_up(bench: Bench) -> None:
    bench.write("a", "new")
    staged = ChangeStaged("1", 1, ".tmp", (("a", digest(b"old"), digest(b"new"), None),), ())
    assert undo(staged, bench.workspace, ObjectStore(bench.base)) == ["a"]
    assert bench.read("a") == "new"


# --- tools --------------------------------------------------------------------------------------------------


def tool(bench: Bench, name: str, says: str) -> dict[str, str]:
    bench.write(f"bin/{name}", f"#!/bin/sh\ncat >/dev/null\necho '{says}'\n", 0o755)
    return {**ENVIRON, "PATH": f"{bench.root}/bin:{ENVIRON['PATH']}"}


@pytest.mark.parametrize(
    ("requirement", "says", "problem"),
    [
        ("node", "whatever", None),
        ("node>=18", "v18.0.0", None),
        ("node >= 18.1", "v20.1.0", None),
        ("node>=18", "v16.20.2", "`node` is 16.20.2, but must be at least 18"),
        ("node>=18.10", "v18.9.1", "`node` is 18.9.1, but must be at least 18.10"),
        ("k6>=0.40", "k6 v0.47.0 (go1.21.3, linux/amd64)", None),
        ("k6>=1", "k6 v0.47.0 (go1.21.3, linux/amd64)", "`k6` is 0.47.0, but must be at least 1"),
        ("go>=1.20", "go version go1.22.1 linux/amd64", None),
        ("javac>=17", "javac 17", None),
        ("node>=18", "no idea", "`node` is an unknown version, but must be at least 18"),
        ("no-such-tool", "", "`no-such-tool` is not on PATH"),
    ],
)
def test_a_tool_must_be_there_and_new_enough(bench: Bench, requirement: str, says: str, problem: str | None) -> None:
    name = requirement.partition(">=")[0].strip()
    environ = ENVIRON if name == "no-such-tool" else tool(bench, name, says)
    if problem is None:
        check_tools([requirement], environ)
        return
    with pytest.raises(TaskError) as caught:
        check_tools([requirement], environ)
    assert (caught.value.code, caught.value.message) == ("environment/missing-tool", problem)


def test_a_task_whose_tool_is_missing_does_not_run(bench: Bench) -> None:
    assert bench.failure(shell("touch ran", requires=("no-such-tool>=3",)))[0] == "environment/missing-tool"
    assert bench.tree() == {}


# --- output -------------------------------------------------------------------------------------------------


def test_a_secret_is_masked_in_the_log_and_on_the_screen_also_when_it_comes_in_two_parts(
    bench: Bench,
) -> None:
    bench.secrets = (SECRET,)
    bench.environ |= {"FIRST": SECRET[:5], "SECOND": SECRET[5:]}
    result = bench.attempt(shell('printf "token: $FIRST"; sleep 0.05; printf "$SECOND\\nnext\\n"'))
    assert Path(str(result.log)).read_text() == "token: ***\nnext\n"
    assert bench.output == "token: ***\nnext\n"


def test_a_letter_that_comes_in_two_parts_is_shown_whole(bench: Bench) -> None:
    bench.attempt(shell(r"printf 'caf\303'; sleep 0.05; printf '\251\n'"))
    assert bench.output == "café\n"


def test_a_log_that_cannot_be_written_costs_the_log_and_not_the_task(bench: Bench) -> None:
    (bench.base / "run").write_text("a file where the directory should be")
    result = bench.attempt(shell("echo shown; touch made", outputs=("made",)))
    assert (result.status, result.log, bench.output) == ("succeeded", None, "shown\n")


# --- preparing ----------------------------------------------------------------------------------------------


def test_the_project_is_prepared_once_before_its_code_runs(bench: Bench) -> None:
    step = PrepareStep(run="echo preparing; echo prepared >> prepared")
    bench.settings = Settings(prepare=(step,))
    assert bench.attempt(shell("cat prepared")).status == "succeeded"
    assert bench.prepared == [step]
    assert bench.attempt(shell("cat prepared"), 2).status == "succeeded"
    assert bench.read("prepared") == "prepared\n"


def test_what_runs_no_code_of_the_project_needs_no_preparation(bench: Bench) -> None:
    bench.settings = Settings(prepare=(PrepareStep(run="exit 1"),))
    bench.template("a.txt", "x\n")
    task = FileGenerationTask(id="1", name="f", type="file_generation", target="a.txt", templates=("a.txt",))
    assert bench.attempt(task).status == "succeeded"


def test_a_preparation_that_fails_fails_the_task_and_says_where_its_output_is(bench: Bench) -> None:
    bench.settings = Settings(prepare=(PrepareStep(run=("sh", "-c", "echo broken; exit 4")),))
    result = bench.attempt(shell("touch ran"))
    assert result.error is not None
    assert result.error.message == "the preparation `sh -c echo broken; exit 4` ended with 4"
    log = bench.base / "run/logs/prepare.1.log"
    assert str(log) in str(result.error.hint)
    assert log.read_text() == "$ sh -c echo broken; exit 4\nbroken\n"
    assert not (bench.root / "ran").exists()


def test_a_preparation_goes_on_when_the_task_that_wanted_it_runs_out_of_time(bench: Bench) -> None:
    step = PrepareStep(run="echo one; sleep 0.3; echo two; touch ready")
    bench.settings = Settings(prepare=(step,))
    runner = bench.runner()

    async def main() -> list[str]:
        hasty, patient = shell("true", timeout=0.1), shell("echo ran")
        ends = []
        for task in (hasty, patient):
            result = await asyncio.wait_for(runner.attempt(task, 1), 10)  # type: ignore[arg-type]  # takes time
            ends.append(result.status)
        return ends

    assert run_with_children(runner, main) == ["failed", "succeeded"]
    assert (bench.base / "run/logs/prepare.1.log").read_text().endswith("one\ntwo\n")


# --- previews -----------------------------------------------------------------------------------------------


def generation(task_id: str, target: str, **fields: Any) -> FileGenerationTask:
    made = {"id": task_id, "name": "f", "type": "file_generation", "target": target, "templates": ("a.txt",)}
    return FileGenerationTask(**{**made, **fields})


def test_a_later_task_sees_what_an_earlier_one_would_write(bench: Bench) -> None:
    bench.template("a.txt", "x\n")
    first, second = generation("1", "made/a"), generation("2", "made/a")
    creates = shell("touch made/a", id="3", creates="made/a")
    assert [result.status for result in bench.preview(first, second, creates)] == [
        "would_change",
        "unchanged",
        "unchanged",
    ]


@pytest.mark.parametrize(
    ("outputs", "status"), [(("made/*",), "may_run"), ((), "may_run"), (("elsewhere",), "would_change")]
)
def test_what_a_command_may_change_cannot_be_foreseen(bench: Bench, outputs: tuple[str, ...], status: str) -> None:
    bench.template("a.txt", "x\n")
    command, after = shell("true", outputs=outputs), generation("2", "made/a")
    after_command = bench.preview(command, after)[1]
    assert after_command.status == status
    assert ("depends on what `1` does" in after_command.summary) == (status == "may_run")


def test_a_preview_of_a_question_says_that_it_waits(bench: Bench) -> None:
    bench.registry = OneHandler(Scripted(lambda _context: Change("waits", asks="do it")))
    (foreseen,) = bench.preview(a_task("1"))
    assert (foreseen.status, foreseen.summary) == ("may_run", "waits for a person")


def test_what_needs_no_answer_is_written_before_a_person_is_asked(bench: Bench) -> None:
    task = scripted(bench, new("a"), asks="do the rest")
    result = bench.attempt(task)
    assert (result.status, result.files) == ("waiting", {"a": digest(b"new\n")})
    assert bench.read("a") == "new\n"
    assert [type(event) for event in bench.events] == [ChangeStaged]

    bench.answers["1"] = Answer("approved", "ann")
    bench.registry = OneHandler(Scripted(lambda context: Change(f"approved by {context.answer and context.answer.by}")))
    again = bench.attempt(task)
    assert (again.status, again.summary) == ("succeeded", "approved by ann")


def test_a_preview_of_edits_and_a_question_shows_both(bench: Bench) -> None:
    runner = PreviewRunner(**bench._planning(a_task("1")), files=Overlay(Workspace(bench.root)))
    runner.handlers = OneHandler(Scripted(lambda _context: Change("edits", (new("a"),), asks="do the rest")))
    result = runner.attempt(a_task("1"), 1)
    assert isinstance(result, TaskResult)
    assert (result.status, result.summary) == ("may_run", "edits; then it waits for a person")
    assert runner.files.read("a") == b"new\n"
    assert bench.tree() == {}


@pytest.mark.parametrize(
    ("exact", "foreseen", "effects"), [(True, "would_change", ("tell",)), (False, "may_run", ())], ids=["exact", "not"]
)
def test_an_exact_change_can_be_foreseen_whatever_else_it_does(
    bench: Bench, exact: bool, foreseen: str, effects: tuple[str, ...]
) -> None:
    bench.registry = OneHandler(Scripted(lambda _context: Change("edits", (new("a"),), ("tell",), exact=exact), ("a",)))
    assert [result.status for result in bench.preview(a_task("1"))] == [foreseen]
    result = bench.attempt(a_task("1"))
    assert (result.status, result.effects) == ("succeeded", effects)


def test_the_loop_does_not_wait_for_a_plan_that_asks_other_machines(bench: Bench) -> None:
    goes_on = threading.Event()

    class Afar(Scripted):
        def looks_afar(self, _task: Task) -> bool:
            return True

    def plan(_context: PlanContext) -> Change:
        assert goes_on.wait(10), "the loop stands still"
        return Change("edits", (new("a"),))

    async def main() -> TaskResult:
        attempt = asyncio.ensure_future(runner.attempt(a_task("1"), 1))  # type: ignore[arg-type]  # takes time
        await asyncio.sleep(0)
        goes_on.set()
        return await attempt

    bench.registry = OneHandler(Afar(plan))
    runner = bench.runner(a_task("1"))
    assert run_with_children(runner, main).status == "succeeded"
    assert bench.read("a") == "new\n"


def test_a_plan_knows_the_environment_of_its_task(bench: Bench) -> None:
    bench.environ = {"NAME": "shop"}
    bench.registry = OneHandler(
        Scripted(lambda context: Change(" ".join(f"{k}={v}" for k, v in context.environ.items())))
    )
    assert bench.plan(a_task("1")).summary == "NAME=shop"
    assert bench.plan(a_task("1", env={"WHERE": "${NAME}.example"})).summary == "NAME=shop WHERE=shop.example"


def test_a_saved_plan_allows_exactly_what_it_announced(bench: Bench) -> None:
    bench.template("a.txt", "x\n")
    task = generation("1", "a")
    runner = bench.runner(task)
    runner.announced = {"1": [["a", None, digest(b"y\n")]]}
    result = asyncio.run(runner.attempt(task, 1))  # type: ignore[arg-type]  # takes time
    assert result.error is not None
    assert result.error.code == "usage/plan-moved"
    assert bench.tree() == {}
    runner.announced = {"1": [["a", None, digest(b"x\n")]]}
    assert asyncio.run(runner.attempt(task, 1)).status == "succeeded"  # type: ignore[arg-type]  # takes time


def test_the_machine_s_refusal_to_undo_is_told(bench: Bench) -> None:
    class Stuck(Workspace):
        def rename(self, temporary: str, target: str) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    bench.write("a", "new")
    objects = ObjectStore(bench.base / "objects")
    staged = ChangeStaged("1", 1, ".tmp", (("a", objects.put(b"old"), digest(b"new"), None),), ())
    with pytest.raises(EnvironmentProblem):
        undo(staged, Stuck(bench.root), objects)
