"""Documents whose commands are run in a real shell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli.orchestrate import app
from orchestrator.errors import OrchestratorError
from orchestrator.scenarios.doctest import How, check, differs
from orchestrator.scenarios.document import Example, examples

DOCUMENT = """\
# Words

```console
$ echo hello \\
    world
hello world
$ export WORD=kept
```

Not run: `$ false`

    $ false

```python
$ false
```

> ```sh
> $ echo $WORD; echo more
> kept
> more
>
> echo inline #=> inline
> ```

1. in a list

   ~~~bash
   echo comment only
   $ ls /no/such/place
   ls: ...: No such file or directory
   $ seq 1 100
   1
   ...
   100
   ~~~
"""


@pytest.fixture
def how(tmp_path: Path) -> How:
    return How(cwd=tmp_path, timeout=10)


def write(directory: Path, text: str) -> Path:
    path = directory / "doc.md"
    path.write_text(text)
    return path


def fence(*lines: str) -> str:
    return "\n".join(["# Title", "", "```console", *lines, "```", "", "The end.", ""])


def test_commands_are_found_where_markdown_has_them() -> None:
    found = [(each.command, each.expected, each.first) for each in examples(DOCUMENT)]
    assert found == [
        ("echo hello     world", ("hello world",), 4),
        ("export WORD=kept", (), 7),
        ("echo $WORD; echo more", ("kept", "more"), 19),
        ("echo inline", ("inline",), 23),
        ("ls /no/such/place", ("ls: ...: No such file or directory",), 30),
        ("seq 1 100", ("1", "...", "100"), 32),
    ]


def test_the_commands_of_a_document_share_a_shell(tmp_path: Path, how: How) -> None:
    result = check(write(tmp_path, DOCUMENT), how)
    assert result.has_passed, result.report
    assert [step.status for step in result.steps] == ["passed"] * 6


@pytest.mark.parametrize(("mode", "expected", "same", "other"), [
    ("exact", "a\nb", "a\nb\n", "a\nb\nc"),
    ("exact", "a ... d", "a b c d", "a b c e"),
    ("exact", "x [..] y\nz", "x 1 2 y\nz", "x 1\n2 y\nz"),
    ("exact", "a\n...\nz", "a\n1\n2\nz", "a\n1\n2"),
    ("exact", "a.c", "a.c", "abc"),
    ("contains", "b\nc", "a\nb  \nc\nd", "a\nc\nb"),
    ("startswith", "a\nb", "a\nb\nc", "c\na\nb"),
    ("endswith", "b\nc", "a\nb\nc", "b\nc\nd"),
    ("regex", r"v\d+\.\d+", "tool v1.2\n", "tool v1"),
])  # fmt: skip
def test_output_is_compared_as_the_mode_says(mode: str, expected: str, same: str, other: str) -> None:
    example = Example("x", tuple(expected.split("\n")), 1, 2, "")
    assert not differs(example, same, mode)  # type: ignore[arg-type]
    assert differs(example, other, mode)  # type: ignore[arg-type]


def test_what_differs_is_told_with_its_place_and_the_rest_goes_on(tmp_path: Path, how: How) -> None:
    path = write(tmp_path, fence("$ echo one", "two", "$ echo three", "three", "$ false"))
    result = check(path, how)
    assert [step.status for step in result.steps] == ["failed", "passed", "failed"]
    assert result.message == "`echo one`: it printed something else"
    assert f"--> {path}:4" in result.report and "  -two\n  +one" in result.report
    assert f"`false`: it ended with 1\n  --> {path}:8" in result.report


def test_the_first_failure_can_be_the_last_command(tmp_path: Path, how: How) -> None:
    path = write(tmp_path, fence("$ echo one", "two", "$ touch made"))
    result = check(path, replace(how, fail_fast=True))
    assert [step.status for step in result.steps] == ["failed", "skipped"]
    assert not (tmp_path / "made").exists()


def test_a_command_that_hangs_is_interrupted_and_the_next_one_runs(tmp_path: Path, how: How) -> None:
    result = check(write(tmp_path, fence("$ cat", "x", "$ echo on", "on")), replace(how, timeout=0.5))
    assert [step.status for step in result.steps] == ["failed", "passed"]
    assert result.message == "`cat`: after 0.5 s it is not done"


def test_a_command_that_cannot_be_interrupted_stops_the_document(tmp_path: Path, how: How) -> None:
    stubborn = "$ bash -c 'trap \"\" INT; while :; do read x; done'"
    result = check(write(tmp_path, fence(stubborn, "x", "$ touch made")), replace(how, timeout=0.5))
    assert [step.status for step in result.steps] == ["failed", "skipped"]
    assert not (tmp_path / "made").exists()


def test_a_command_that_ends_the_shell_stops_the_document(tmp_path: Path, how: How) -> None:
    result = check(write(tmp_path, fence("$ exit 3", "$ echo on", "on")), how)
    assert [step.status for step in result.steps] == ["failed", "skipped"]
    assert result.message == "`exit 3`: the shell ended with 3"


def test_an_update_writes_what_is_printed_and_nothing_else(tmp_path: Path, how: How) -> None:
    path = write(tmp_path, DOCUMENT.replace("> more\n", "> less\n> not\n").replace("=> inline", "=> out"))
    assert not check(path, how).has_passed
    assert check(path, replace(how, update=True)).has_passed
    assert path.read_text() == DOCUMENT


def test_an_update_puts_several_lines_below_an_inline_command(tmp_path: Path, how: How) -> None:
    path = write(tmp_path, fence("seq 2 #=> 7", "$ echo \\", "  x", "y"))
    assert check(path, replace(how, update=True)).has_passed
    assert path.read_text() == fence("$ seq 2", "1", "2", "$ echo \\", "  x", "x")


def test_an_update_that_would_change_the_commands_is_refused(tmp_path: Path, how: How) -> None:
    path = write(tmp_path, fence("$ echo '$ rm -r x'", "something"))
    with pytest.raises(OrchestratorError, match="cannot be updated"):
        check(path, replace(how, update=True))
    assert path.read_text() == fence("$ echo '$ rm -r x'", "something")


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["scenario", "doctest", *words])
    if isinstance(result.exception, OrchestratorError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, result.output


def test_the_command_line_tests_documents(tmp_path: Path) -> None:
    path = write(tmp_path, fence("$ pwd", str(tmp_path), "$ echo ab", "a"))
    assert run(str(path), "--cwd", str(tmp_path)) == (0, "2 passed\n")
    code, shown = run(str(path), "--cwd", str(tmp_path), "--mode", "exact", "--junit", str(tmp_path / "out.xml"))
    assert code == 1 and shown.endswith("1 passed, 1 failed\n") and f"--> {path}:6" in shown
    assert "<failure" in (tmp_path / "out.xml").read_text()


def test_what_the_command_line_cannot_use_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, fence("echo no prompt"))
    code, shown = run(str(path))
    assert code == 2 and "usage/nothing-selected" in shown
    code, shown = run(str(path), "--mode", "contain")
    assert code == 2 and "did you mean `contains`?" in shown
    assert run(str(tmp_path / "none.md"))[0] == 2
