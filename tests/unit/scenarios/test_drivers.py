"""Every driver does the same for a scenario that needs no terminal; those with a terminal do all of it the same."""

from __future__ import annotations

import builtins
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import EnvironmentProblem
from orchestrator.scenarios.driver import choose
from tests.support.scenarios import play_text
from tests.support.signals import ignored


@pytest.mark.parametrize("driver", ["pty", "pexpect"])
@pytest.mark.parametrize(
    ("program", "steps"),
    [
        ("printf 'name? '; read n; echo hi $n", "[{expect: 'name\\? '}, {send: ann}, {expect: hi ann}, {exit: 0}]"),
        ("stty size; exit 3", "[{see: 80 120}, {exit: 3}]"),
        ("kill -SEGV $$", "[{exit: -11}]"),
        ("trap 'stty size' WINCH; echo on; while :; do :; done", "[{see: on}, {resize: [50, 20], see: 20 50}]"),
        ("trap 'echo it; exit 4' INT; echo on; while :; do :; done", "[{see: on}, {control: c, see: it}, {exit: 4}]"),
        ("trap '' HUP TERM; sleep NUMBER & echo on; wait", "[{see: on}]"),
        ("stty -echo -icanon; echo on; head -c 70000 | wc -c", "[{see: on}, {send: LONG, raw: true}, {see: '70000'}]"),
    ],
)  # fmt: skip
def test_a_program_is_driven_and_nothing_of_it_is_left(driver: str, program: str, steps: str, tmp_path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    number = f"984{os.getpid()}"  # another worker plays the same
    command = json.dumps(["bash", "-c", program.replace("NUMBER", number)])
    steps = steps.replace("LONG", "x" * 70_000)
    result = play_text(f"command: {command}\ndriver: {driver}\ntimeout: 30\nsteps: {steps}\n", tmp_path)
    assert result.has_passed, result.report
    assert set(os.listdir("/proc/self/fd")) == before
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert f"sleep\0{number}\0".encode() not in commands


@pytest.mark.parametrize("driver", ["pty", "pipe", "pexpect"])
@pytest.mark.parametrize(
    ("program", "steps"),
    [
        ("printf 'name? '; read n; echo hi $n", "[{expect: 'name\\? '}, {send: ann}, {expect: hi ann}, {exit: 0}]"),
        ("cat; exit 3", "[{send: hello, see: hello}, {control: d}, {exit: 3}]"),
        ("echo one; echo two >&2", "[{see: {text: one, row: 1}}, {see: {regex: '^two', row: 2}}, {exit: 0}]"),
        ("kill -SEGV $$", "[{exit: -11}]"),
        ("trap '' HUP TERM; sleep NUMBER & echo on; wait", "[{see: on}]"),
    ],
)
def test_a_scenario_without_a_terminal_s_means_is_the_same_for_all(
    driver: str, program: str, steps: str, tmp_path: Path
) -> None:
    test_a_program_is_driven_and_nothing_of_it_is_left(driver, program, steps, tmp_path)


def test_without_terminals_as_on_windows_pipes_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose("auto") == "pty"
    monkeypatch.setattr("sys.platform", "win32")
    assert choose("auto") == "pipe"
    assert choose("pexpect") == "pexpect"


@pytest.mark.parametrize("driver", ["pty", "pipe", "pexpect"])
def test_a_program_ignores_no_signal_although_the_player_does_as_below_nohup(driver: str, tmp_path: Path) -> None:
    asks = "for number in INT QUIT HUP PIPE; do sh -c 'kill -$0 $$; echo sur\\vived' $number; done; echo done"
    command = json.dumps(["bash", "-c", asks])
    text = f"""command: {command}
driver: {driver}
timeout: 30
setup: "trap 'exit 0' INT; kill -INT $$; exit 1"
steps: [{{see: done, gone: survived}}]
"""
    with ignored(signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        result = play_text(text, tmp_path)
    assert result.has_passed, result.report


@pytest.mark.parametrize("driver", ["pty", "pexpect"])
def test_control_c_reaches_a_program_although_the_player_ignores_it(driver: str, tmp_path: Path) -> None:
    command = json.dumps(["bash", "-c", "trap 'exit 4' INT; echo on; while :; do :; done"])
    text = f"command: {command}\ndriver: {driver}\ntimeout: 30\nsteps: [{{see: on}}, {{control: c}}, {{exit: 4}}]\n"
    with ignored(signal.SIGINT):
        result = play_text(text, tmp_path)
    assert result.has_passed, result.report


def test_a_driver_that_is_not_installed_says_which_command_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name == "pexpect" or name.endswith("pexpect_driver"):
            raise ImportError(name="pexpect")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(EnvironmentProblem, match=r"`pexpect`.*not installed|needs a package") as raised:
        play_text("command: [cat]\ndriver: pexpect\nsteps: [{exit: 0}]\n", tmp_path)
    assert "orchestrate[pexpect]" in (raised.value.hint or "")
