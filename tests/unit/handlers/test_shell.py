from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestrator.handler import Claims
from orchestrator.handlers.shell import Shell, ShellTask
from tests.support.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.write("in/a.txt", "1\n")
    made.write("in/b.txt", "2\n")
    return made


def shell(run: str | tuple[str, ...] = "cat in/* > out.txt; echo ran >> runs", **fields: Any) -> ShellTask:
    return ShellTask(**{"id": "1", "name": "shell", "type": "shell", "run": run, **fields})


BUILD = shell(inputs=("in/*.txt",), outputs=("out.txt",))


def runs(bench: Bench) -> int:
    """Return how often the command has run."""
    return bench.read("runs").count("ran")


# --- what runs ----------------------------------------------------------------------------------------------


def test_text_goes_through_a_shell_and_a_list_does_not(bench: Bench) -> None:
    assert bench.attempt(shell("echo $((1 + 1)) | cat")).status == "succeeded"
    assert bench.attempt(shell(("echo", "$((1 + 1))", "*"))).status == "succeeded"
    assert bench.output == "2\n$((1 + 1)) *\n"


def test_a_command_runs_where_it_should_with_the_environment_it_should_have(bench: Bench) -> None:
    bench.environ["NAME"] = "ann"
    env = {"GREETING": "hello ${NAME}", "PLACE": "${NOWHERE:-here}"}
    bench.attempt(shell('echo "$GREETING, $PLACE"; pwd; echo "$NAME"', cwd="in", env=env))
    assert bench.output == f"hello ann, here\n{bench.root.resolve()}/in\nann\n"


def test_a_variable_that_nobody_set_fails_the_task_that_needs_it(bench: Bench) -> None:
    code, message = bench.failure(shell("true", env={"TOKEN": "${NOWHERE}"}))
    assert (code, message) == ("plan/missing-variable", "the environment variable `NOWHERE` is not set")


def test_output_goes_to_a_log_of_the_attempt(bench: Bench) -> None:
    first = bench.attempt(shell("echo one; echo two >&2"), 1)
    second = bench.attempt(shell("echo three"), 2)
    assert first.log is not None
    assert second.log is not None
    assert Path(first.log).read_text() == "one\ntwo\n"
    assert Path(second.log).read_text() == "three\n"
    assert bench.attempt(shell("true")).log is None


def test_a_command_is_told_as_it_was_written(bench: Bench) -> None:
    assert bench.plan(shell("make all")).actions == ("run: make all",)
    long = bench.plan(shell("echo " + "x" * 100 + "\necho more"))
    assert len(long.summary) < 80
    assert long.summary.endswith("...`")
    assert not long.exact


# --- how it ends --------------------------------------------------------------------------------------------


def test_a_command_that_fails_is_named_with_its_code(bench: Bench) -> None:
    assert bench.failure(shell("exit 7")) == ("task/command", "`exit 7` ended with 7")
    assert bench.failure(shell(("sh", "-c", "exit 3"))) == ("task/command", "`sh -c exit 3` ended with 3")


def test_the_last_line_that_a_failing_command_prints_is_told(bench: Bench) -> None:
    code, message = bench.failure(shell("echo fine; echo '  no such table ' >&2; echo; exit 1"))
    assert code == "task/command"
    assert message.endswith(" ended with 1: no such table")


def test_the_directories_that_outputs_go_to_are_made(bench: Bench) -> None:
    assert bench.attempt(shell("echo x > made/deep/out.txt", outputs=("made/deep/out.txt",))).status == "succeeded"
    assert bench.attempt(shell("echo x > other/a.log", outputs=("other/*.log",))).status == "succeeded"


def test_an_input_that_changes_while_the_command_runs_does_not_count_as_built(bench: Bench) -> None:
    task = shell("cp in/a.txt out.txt; echo later >> in/a.txt", inputs=("in/a.txt",), outputs=("out.txt",))
    assert bench.attempt(task).status == "succeeded"
    assert not bench.plan(task).is_empty


def test_a_command_that_a_signal_ends_is_told_so(bench: Bench) -> None:
    assert bench.failure(shell("kill -TERM $$")) == ("task/command", "`kill -TERM $$` was ended by signal 15")


def test_a_command_that_does_not_exist_is_named(bench: Bench) -> None:
    assert bench.failure(shell(("no-such-program", "x"))) == (
        "task/command",
        "`no-such-program` was not found",
    )


def test_a_file_that_cannot_be_run_is_named(bench: Bench) -> None:
    code, message = bench.failure(shell(("./in/a.txt",)))
    assert code == "task/command"
    assert message.startswith("`./in/a.txt` cannot be run: ")


def test_a_directory_that_does_not_exist_is_named(bench: Bench) -> None:
    code, message = bench.failure(shell("true", cwd="nowhere"))
    assert code == "task/command"
    assert "nowhere` was not found" in message


@pytest.mark.parametrize("fields", [{"outputs": ("missing/*.js",)}, {"outputs": ("missing",)}, {"creates": "missing"}])
def test_a_command_that_does_not_make_what_it_should_has_failed(bench: Bench, fields: dict[str, Any]) -> None:
    code, message = bench.failure(shell("true", **fields))
    assert code == "task/failed"
    assert message.startswith("the command succeeded, but `missing")


def test_only_a_task_with_a_retry_of_its_own_is_tried_again(bench: Bench) -> None:
    plain, patient = bench.attempt(shell("exit 1")), bench.attempt(shell("exit 1", retry=2))
    assert plain.error is not None
    assert patient.error is not None
    assert (plain.error.retryable, patient.error.retryable) == (False, True)


def test_a_command_that_takes_too_long_is_ended_with_all_it_started(bench: Bench) -> None:
    result = bench.attempt(shell("sleep 60 & echo $! > pid; wait", timeout=0.2))
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == ("task/timeout", True)
    assert result.error.message == "it took longer than 0.2 s"
    state = subprocess.run(["ps", "-o", "stat=", "-p", bench.read("pid")], capture_output=True, text=True).stdout
    assert state.strip() in ("", "Z"), "gone, or only not yet buried"


# --- when it need not run -----------------------------------------------------------------------------------


def test_unchanged_inputs_and_outputs_are_up_to_date(bench: Bench) -> None:
    assert bench.attempt(BUILD).status == "succeeded"
    again = bench.attempt(BUILD)
    assert (again.status, again.summary, runs(bench)) == ("unchanged", "up to date", 1)


def test_a_file_that_was_only_touched_is_up_to_date_by_its_content(bench: Bench) -> None:
    bench.attempt(BUILD)
    os.utime(bench.root / "in/a.txt", ns=(1, 1))
    assert bench.attempt(BUILD).status == "unchanged"
    assert bench.attempt(BUILD).status == "unchanged"
    assert runs(bench) == 1


def test_files_are_not_read_again_while_they_look_the_same(bench: Bench) -> None:
    bench.attempt(BUILD)
    read = []

    class Noted(type(bench.workspace)):  # type: ignore[misc]  # the class of the bench's workspace
        def read(self, path: str) -> bytes | None:
            read.append(path)
            content: bytes | None = super().read(path)
            return content

    bench.workspace = Noted(bench.root)
    assert bench.attempt(BUILD).status == "unchanged"
    assert read == []


@pytest.mark.parametrize(
    "change",
    [
        lambda bench: bench.write("in/a.txt", "changed\n"),
        lambda bench: bench.write("in/c.txt", "new\n"),
        lambda bench: (bench.root / "in/b.txt").unlink(),
        lambda bench: (bench.root / "out.txt").unlink(),
        lambda bench: bench.write("out.txt", "changed by hand\n"),
    ],
    ids=["an input changed", "an input is new", "an input is gone", "an output is gone", "an output changed"],
)
def test_what_changed_is_made_again(bench: Bench, change: Any) -> None:
    bench.attempt(BUILD)
    change(bench)
    assert bench.attempt(BUILD).status == "succeeded"
    assert runs(bench) == 2


def test_a_directory_stands_for_all_below_it(bench: Bench) -> None:
    task = shell("mkdir -p out && cp in/* out && echo ran >> runs", inputs=("in",), outputs=("out/",))
    bench.attempt(task)
    assert bench.attempt(task).status == "unchanged"
    bench.write("in/deep/c.txt", "new")
    assert bench.plan(task).actions


def test_a_task_that_changed_is_run_again(bench: Bench) -> None:
    bench.attempt(BUILD)
    other = shell("cat in/a.txt > out.txt; echo ran >> runs", inputs=BUILD.inputs, outputs=BUILD.outputs)
    assert bench.attempt(other).status == "succeeded"


def test_a_command_that_declares_nothing_always_runs(bench: Bench) -> None:
    task = shell("echo ran >> runs")
    assert [bench.attempt(task).status for _ in range(3)] == ["succeeded"] * 3
    assert runs(bench) == 3


def test_a_command_that_failed_is_not_up_to_date(bench: Bench) -> None:
    task = shell("cat in/* > out.txt; echo ran >> runs; test -e ready", inputs=("in/*.txt",), outputs=("out.txt",))
    assert bench.attempt(task).status == "failed"
    bench.write("ready", "")
    assert bench.attempt(task).status == "succeeded"


def test_what_a_command_creates_keeps_it_from_running(bench: Bench) -> None:
    task = shell("mkdir made && echo ran >> runs", creates="made")
    assert bench.attempt(task).status == "succeeded"
    again = bench.attempt(task)
    assert (again.status, again.summary, runs(bench)) == ("unchanged", "`made` exists", 1)


def test_a_condition_that_holds_keeps_a_command_from_running(bench: Bench) -> None:
    task = shell("echo ran >> runs", unless="grep -q ran runs")
    assert bench.attempt(task).status == "succeeded"
    again = bench.attempt(task)
    assert (again.status, again.summary, runs(bench)) == ("unchanged", "`grep -q ran runs` succeeded", 1)


def test_a_preview_runs_nothing_not_even_a_condition(bench: Bench) -> None:
    before = bench.tree()
    (foreseen,) = bench.preview(shell("echo ran >> runs", unless="touch asked"))
    assert (foreseen.status, bench.tree()) == ("may_run", before)


# --- claims -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "claims"),
    [
        ({}, Claims((), (".",))),
        ({"parallel_safe": True}, Claims()),
        ({"inputs": ("src/**/*.ts", "a.json")}, Claims(("src", "a.json"), (".",))),
        ({"outputs": ("dist/*.js", "x.txt")}, Claims((), ("dist", "x.txt"))),
        ({"creates": "node_modules"}, Claims((), ("node_modules",))),
        ({"outputs": ("*.log",)}, Claims((), (".",))),
    ],
)
def test_a_command_claims_what_it_declares_or_else_everything(fields: dict[str, Any], claims: Claims) -> None:
    assert Shell().claims(shell("true", **fields)) == claims
