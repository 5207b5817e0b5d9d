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
timeout: 10
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
