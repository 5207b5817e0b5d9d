"""Shells as they are installed here: what a command printed and how it ended is known exactly."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from orchestrator.scenarios.shells import SHELLS, shell_of
from tests.support.scenarios import play_text

HERE = [shell for shell in SHELLS if shutil.which(shell)]
SETTINGS = {"bash": (".bashrc", "PS1='mine> '"), "zsh": (".zshrc", "PS1='mine> '")}
STEPS = r"""
timeout: 60
steps:
  - {send: "echo one; echo two", expect_output: "one\ntwo", expect_code: 0}
  - {send: "false", expect_code: 1, expect_output: ""}
  - {send: "sh -c 'exit 7'", expect_code: 7}
  - {send: "printf 'no end'", expect_output: no end}
  - {send: "printf '\\033[31mred\\033[0m\\n'", expect_output: red, expect_code: 0}
  - {send: seq 30, expect_lines: 30}
"""


@pytest.mark.parametrize("shell", HERE)
def test_what_a_command_printed_and_its_status_are_known_exactly(shell: str, tmp_path: Path) -> None:
    result = play_text(f"command: [{shell}]{STEPS}  - {{send: exit 3, exit: 3}}\n", tmp_path)
    assert result.has_passed, result.report
    assert not any(step.approximate for step in result.steps)


@pytest.mark.parametrize("shell", sorted({*HERE} & {*SETTINGS}))
def test_the_user_s_own_settings_stay(shell: str, tmp_path: Path) -> None:
    name, text = SETTINGS[shell]
    (tmp_path / name).write_text(f"{text}\n")
    environ = {**os.environ, "HOME": str(tmp_path)}
    result = play_text(f"command: [{shell}]{STEPS}  - {{see: 'mine>'}}\n", tmp_path, environ=environ)
    assert result.has_passed, result.report


@pytest.mark.parametrize(
    ("command", "shell"),
    [
        ("bash --norc", "bash"), ("bash -c ls", None), ("bash script", None), ("/bin/zsh -i", "zsh"), ("zsh -f", None),
        ("fish", "fish"), ("fish --no-config", None), ("fish -N", None), ("sh", None), ("bash -i script", "bash"),
    ],
)  # fmt: skip
def test_marks_come_from_shells_that_somebody_types_to_and_that_read_settings(command: str, shell: str | None) -> None:
    assert shell_of(command.split()) == shell


STATUS = "  - {send: \"sh -c 'exit 3'\", expect_code: 3, expect_output: ''}\n"
LOOPS = {"fish": ("for i in 1 2", "end"), "bash": ("for i in 1 2; do", "done"), "zsh": ("for i in 1 2; do", "done")}


@pytest.mark.parametrize("shell", HERE)
@pytest.mark.parametrize("settings", ["", "raw: true, "])
def test_a_command_typed_while_another_one_runs_gets_its_own_result(shell: str, settings: str, tmp_path: Path) -> None:
    enter = "\\r" if settings else ""
    sent = [
        f"{command}{enter}" for command in ("sleep 0.3; echo a; sh -c 'exit 5'", "echo b", "echo c; sh -c 'exit 4'")
    ]
    text = f"command: [{shell}]\ntimeout: 60\nsteps:\n  - settle: 0.2\n"
    text += f'  - {{send: "{sent[0]}", {settings}}}\n  - {{send: "{sent[1]}", {settings}}}\n'
    text += f'  - {{send: "{sent[2]}", {settings} expect_output: c, expect_code: 4}}\n'
    result = play_text(text, tmp_path)
    assert result.has_passed, result.report
    assert not result.steps[-1].approximate


def test_a_shell_whose_settings_take_their_time_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("sleep 4.5\n")
    text = "command: [bash]\ntimeout: 60\nsteps: [{send: sleep 1; echo a}, {send: echo b}, "
    text += "{send: echo c; sh -c 'exit 4', expect_output: c, expect_code: 4}]\n"
    result = play_text(text, tmp_path, environ={**os.environ, "HOME": str(tmp_path)})
    assert result.has_passed, result.report
    assert not result.steps[-1].approximate


@pytest.mark.parametrize("shell", HERE)
def test_what_a_shell_runs_can_be_talked_to_and_the_shell_goes_on(shell: str, tmp_path: Path) -> None:
    text = f"command: [{shell}]\ntimeout: 60\nsteps:\n  - send: python3 -q\n"
    text += f"  - {{send: 1 + 1, expect_contains: '2'}}\n  - send: exit()\n{STATUS}"
    text += f"  - send: sed -u s,^,said-,\n  - {{send: hello, expect_contains: said-hello}}\n  - control: d\n{STATUS}"
    result = play_text(text, tmp_path)
    assert result.has_passed, result.report
    assert [step.approximate for step in result.steps] == [False, True, False, False, False, True, False, False]


@pytest.mark.parametrize("shell", HERE)
def test_a_command_may_take_several_lines(shell: str, tmp_path: Path) -> None:
    first, last = LOOPS[shell]
    text = f"command: [{shell}]\ntimeout: 60\nsteps:\n  - send: {first}\n  - send: echo n$i\n"
    text += f'  - {{send: "{last}; sh -c \'exit 4\'", expect_output: "n1\\nn2", expect_code: 4}}\n'
    result = play_text(text, tmp_path)
    assert result.has_passed, result.report
