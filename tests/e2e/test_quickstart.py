"""A newcomer's first minutes: every command of the README and QUICKSTART.md, in a fresh copy."""

from __future__ import annotations

import doctest
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.documents import REPOSITORY, fences

LEFT_OUT = shutil.ignore_patterns(".*_cache", ".git", ".venv", ".nox", ".orchestrator", "__pycache__", "node_modules")
END = "=== ended with "


@pytest.mark.parametrize("document", ["README.md", "QUICKSTART.md"])
def test_what_the_document_says_to_type_works(document: str, tmp_path: Path) -> None:
    copy = a_copy(tmp_path)
    set_up_already(copy)
    with a_shell(copy, tmp_path) as shell:
        follow(copy / document, shell)


@pytest.mark.long
def test_setting_up_from_nothing_leaves_a_program_that_runs(tmp_path: Path) -> None:
    copy = a_copy(tmp_path)
    environ = {name: value for name, value in os.environ.items() if "VIRTUAL_ENV" not in name}
    for _ in range(2):
        subprocess.run(["./setup.sh"], cwd=copy, env=environ, check=True)
    command = ["./setup.sh", "validate"]
    shown = subprocess.run(command, cwd=copy, env=environ, check=True, capture_output=True, text=True).stdout
    assert shown.startswith("config/phases.yaml is valid")


def follow(document: Path, shell: subprocess.Popen[str]) -> None:
    """Type every `sh` block into one shell; compare with the `text` block after it (`...` is anything)."""
    output = ""
    checker = doctest.OutputChecker()
    for fence in fences(document):
        where = f"{document.name}, {fence}"
        if fence.language == "sh":
            code, output = typed(shell, fence.text)
            assert code == int(fence.info.removeprefix("exit=") or 0), f"{where}:\n{output}"
        elif fence.language == "text" and not fence.text.startswith("$"):
            shown = doctest.Example("", fence.text)
            flags = doctest.ELLIPSIS
            assert checker.check_output(shown.want, output, flags), (
                f"{where}:\n{checker.output_difference(shown, output, flags)}"
            )


def typed(shell: subprocess.Popen[str], text: str) -> tuple[int, str]:
    """Return the exit code of the last command of `text`, and what all of them printed."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(f"{text}\nprintf '\\n{END}%s\\n' \"$?\"\n")
    shell.stdin.flush()
    lines = []
    for line in shell.stdout:
        if line.startswith(END):
            return int(line.removeprefix(END)), "".join(lines).removesuffix("\n")
        lines.append(line)
    raise AssertionError(f"the shell ended:\n{''.join(lines)}")


@contextmanager
def a_shell(directory: Path, home: Path) -> Iterator[subprocess.Popen[str]]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "COLUMNS": "120", "LANG": "C.UTF-8"}
    with subprocess.Popen(
        ["sh"],
        cwd=directory,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as shell:
        yield shell


def a_copy(directory: Path) -> Path:
    copy = directory / "orchestrate"
    shutil.copytree(REPOSITORY, copy, ignore=LEFT_OUT)
    return copy


def set_up_already(copy: Path) -> None:
    """Lend the copy the environment of this test, marked as setup.sh marks what it made."""
    venv = copy / ".venv"
    (venv / "bin").mkdir(parents=True)
    for name in ("python", "orchestrate"):
        (venv / "bin" / name).symlink_to(Path(sys.executable).with_name(name))
    (venv / "home").write_text(f"{copy}\n")
    made_from = [copy / "pyproject.toml", copy / "requirements" / "runtime.txt"]
    (venv / "runtime.done").write_bytes(b"".join(path.read_bytes() for path in made_from))
