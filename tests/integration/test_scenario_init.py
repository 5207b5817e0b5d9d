"""`scenario init`: a person at a terminal, who is a scenario here; what was recorded passes when it is played."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from orchestrator.cli.orchestrate import app
from orchestrator.errors import UsageError
from orchestrator.scenarios.author import Author
from orchestrator.scenarios.driver import Exit
from orchestrator.scenarios.loader import load
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.play import play
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.screen import open_screen
from orchestrator.scenarios.stage import Stage
from tests.support.scenarios import play_text

ORCHESTRATE = Path(sys.executable).with_name("orchestrate")
ENVIRON = {"HISTFILE": "", "PS1": "prompt> "}
BASH = ["bash", "--norc", "--noprofile"]


def record(directory: Path, program: list[str], *does: tuple[Any, dict[str, Any]]) -> list[dict[str, Any]]:
    """Let a person use a program, who waits to see something and then does something; return the steps made of it."""
    steps = [step for sees, action in does for step in ({"see": sees}, {"settle": 0.2}, action)]
    person = {
        "command": [str(ORCHESTRATE), "scenario", "init", "--out", "made.yaml", *program],
        "cwd": str(directory),
        "env": ENVIRON,
        "size": [90, 20],
        "timeout": 10,
        "steps": [*steps, {"see": "play it with `orchestrate"}, {"exit": 0}],
    }
    result = play_text(yaml.safe_dump(person), directory / "person")
    assert result.has_passed, result.report
    made: list[dict[str, Any]] = yaml.safe_load((directory / "made.yaml").read_text())["steps"]
    return made


def played(directory: Path, number: int = 0, **environ: str) -> Result:
    scenario, notices = load(directory / "made.yaml")
    assert notices == []
    place = directory / f"again{number}"
    stage = Stage(directory=place, artifacts=place / "artifacts", environ={**os.environ, **ENVIRON, **environ})
    return asyncio.run(play(scenario, stage))


def test_a_session_with_a_shell_passes_when_it_is_played(tmp_path: Path) -> None:
    (tmp_path / "sample.txt").write_text("sample content\n")
    steps = record(
        tmp_path,
        BASH,
        ("prompt>", {"send": "echo hello $((40 + 2))"}),
        ("hello 42", {"send": "cat sample.txt"}),
        ("sample content", {"send": "cat sample.txt"}),
        ({"text": "sample content", "nth": 2}, {"key": "up"}),
        ({"text": "cat sample.txt", "nth": 3}, {"control": "u"}),
        ({"regex": r"prompt>\s*\Z"}, {"send": ""}),
        ({"regex": r"prompt>\s*prompt>\s*\Z"}, {"send": "exit 3"}),
    )
    sent = [step["send"] for step in steps if "send" in step]
    assert sent == ["echo hello $((40 + 2))", "cat sample.txt", "cat sample.txt", "", "exit 3"]
    assert {"send": "echo hello $((40 + 2))", "see": "hello 42", "cursor": [3, 9]} in steps
    assert {"send": "cat sample.txt", "see": "sample content", "cursor": [5, 9]} in steps
    assert [step.get("key") or step["control"] for step in steps if "key" in step or "control" in step] == ["up", "u"]
    assert steps[-1] == {"exit": 3}
    for number in range(3):
        result = played(tmp_path, number)
        assert result.has_passed, result.report


def test_what_was_recorded_fails_when_the_program_does_something_else(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("before\n")
    record(tmp_path, BASH, ("prompt>", {"send": "cat word"}), ("before", {"send": "exit"}))
    assert played(tmp_path).has_passed
    (tmp_path / "word").write_text("after\n")
    made = tmp_path / "made.yaml"
    made.write_text(made.read_text().replace("echo: true", "echo: true\ntimeout: 0.5"))
    assert "the screen does not show `before`" in played(tmp_path, 1).message


def test_keys_in_a_full_screen_program_are_keys(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("".join(f"line {number} of it\n" for number in range(100)))
    steps = record(
        tmp_path,
        ["less", "-S", "long.txt"],
        ("line 18 of it", {"send": "j", "raw": True}),
        ("line 19 of it", {"key": "page_down"}),
        ("line 38 of it", {"send": "/7. of", "raw": True}),
        ("/7. of", {"key": "enter"}),
        ("line 80 of it", {"send": "q", "raw": True}),
    )
    typed = [{name: value for name, value in step.items() if name not in ("see", "cursor")} for step in steps]
    assert [step for step in typed if step] == [
        {"send": "j", "raw": True}, {"key": "page_down"}, {"send": "/7. of"}, {"send": "q", "raw": True}, {"exit": 0},
    ]  # fmt: skip
    assert steps[1]["see"] == "line 19 of it"
    result = played(tmp_path)
    assert result.has_passed, result.report


def test_what_is_typed_unseen_is_not_written(tmp_path: Path) -> None:
    ask = 'stty -echo; printf "Password: "; read x; stty echo; echo; echo got ${#x}'
    told = ("what you typed unseen is not in it", {"note": "the person is told"})
    steps = record(tmp_path, ["sh", "-c", ask], ({"regex": r"(?m)^Password:"}, {"send": "hunter22"}), told)
    assert {"send": "{{ SECRET_1 }}", "see": "got 8"} in steps
    assert "hunter22" not in (tmp_path / "made.yaml").read_text()
    assert played(tmp_path).message == "step 2: the secret `SECRET_1` is not set"
    result = played(tmp_path, 1, SECRET_1="hunter33")
    assert result.has_passed, result.report


def test_the_window_may_change_its_size(tmp_path: Path) -> None:
    program = ["sh", "-c", 'trap "stty size" WINCH; echo ready; until read x; do :; done']
    steps = record(tmp_path, program, ({"regex": r"(?m)^ready"}, {"resize": [60, 10]}), ("10 60", {"send": "x"}))
    assert {"resize": [60, 10], "see": "10 60", "cursor": [3, 1]} in steps
    result = played(tmp_path)
    assert result.has_passed, result.report


@pytest.fixture
def screen() -> Any:
    return open_screen(Size(40, 5))


def test_what_changes_by_itself_is_no_result(screen: Any) -> None:
    author = Author(screen, lambda: False, lambda: True)
    screen.feed(b"> ")
    author.typed(b"date\r")
    screen.feed(b"date\r\nall is well\r\n12:30:01\r\nprocess 48213\r\ntook 3.5 s\r\n")
    author.ended(Exit(0))
    assert author.steps == [{"cursor": [1, 3]}, {"send": "date", "see": "all is well"}, {"exit": 0}]


def test_what_was_there_already_is_told_by_its_row(screen: Any) -> None:
    author = Author(screen, lambda: False, lambda: True)
    screen.feed(b"same\r\n> ")
    author.typed(b"x\r")
    screen.feed(b"x\r\nsame\r\n")
    author.ended(Exit(0))
    assert author.steps[1] == {"send": "x", "see": {"text": "same", "row": 3}}


def test_what_a_person_did_not_wait_for_is_no_result(screen: Any) -> None:
    author = Author(screen, lambda: False, lambda: False)
    author.typed(b"build\r")
    screen.feed(b"half of it")
    author.typed(b"next\r")
    screen.feed(b"\r\nall of it")
    author.ended(Exit(0))
    assert author.steps == [{"send": "build"}, {"send": "next", "see": "all of it"}, {"exit": 0}]


@pytest.mark.parametrize(("typed", "steps"), [
    ("lss\x7f -l\r", [{"send": "ls -l"}]),
    ("\x1b[1;5D", [{"key": "ctrl+left"}]),
    ("\x1bOA\x1b[B", [{"key": "up"}, {"key": "down"}]),
    ("\x1bx", [{"key": "alt+x"}]),
    ("\x1b", [{"key": "escape"}]),
    ("\x03", [{"control": "c"}]),
    ("\x1d", [{"control": "]"}]),
    ("a\tb", [{"send": "a", "raw": True}, {"key": "tab"}, {"send": "b", "raw": True}]),
    ("\x1b[200~one\rtwo\x1b[201~", [{"paste": "one\ntwo"}]),
    ("\x1b[?62;22c\x1b[3;4R\x1b[I\x1b]11;rgb:0/0/0\x07", []),
    ("\x1b[99;98;97~", [{"send": "\x1b[99;98;97~", "raw": True}]),
    ("käse\r", [{"send": "käse"}]),
])  # fmt: skip
def test_what_is_typed_becomes_steps(screen: Any, typed: str, steps: list[dict[str, Any]]) -> None:
    if "\x1bOA" in typed:
        screen.feed(b"\x1b[?1h")
        typed = typed.replace("\x1b[B", "\x1bOB")
    author = Author(screen, lambda: False, lambda: True)
    author.typed(typed.encode())
    author.ended(Exit(None))
    assert author.steps == [*steps, {"exit": "any"}]


def test_a_file_is_not_overwritten_and_a_terminal_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["scenario", "init", "bash"])
    assert isinstance(result.exception, UsageError) and "a person at a terminal" in str(result.exception)
    (tmp_path / "made.yaml").write_text("mine")
    person = f"command: [{ORCHESTRATE}, scenario, init, -o, made.yaml, bash]\ncwd: {tmp_path}\ntimeout: 30\n"
    told = play_text(f"{person}steps: [{{see: 'error[usage/not-empty]: `made.yaml` is there', exit: 2}}]", tmp_path)
    assert told.has_passed, told.report
    assert (tmp_path / "made.yaml").read_text() == "mine"
