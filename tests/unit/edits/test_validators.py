"""Checkers speak up for what is new, and keep quiet about what was there before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestrator.edits.formats import document_class
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.edits.validators import check

PATH = ".github/workflows/ci.yml"
GOOD = """\
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    env: {VERSION: 3.10, MASK: 0x1F, CI: True}
    steps:
      - run: make
"""


@pytest.fixture(autouse=True)
def bin_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on PATH."""
    found = tmp_path / "bin"
    found.mkdir()
    monkeypatch.setenv("PATH", str(found))
    return found


def compare(before: str, after: str, path: str = PATH) -> None:
    reader = document_class(path)
    check(reader.parse(SourceText(path, before)), reader.parse(SourceText(path, after)))


def refusal(before: str, after: str, path: str = PATH) -> str:
    with pytest.raises(Refusal) as caught:
        compare(before, after, path)
    return str(caught.value)


def program(directory: Path, name: str, body: str) -> None:
    """Put a program on PATH that runs `body` on its standard input."""
    file = directory / name
    file.write_text(f"#!{sys.executable}\nimport json, sys, time\ntext = sys.stdin.read()\n{body}\n")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("old", "new", "problem", "place"),
    [
        ("run: make", "run: make\n        usess: x", "('usess' was unexpected) (`jobs.a.steps.*`)", "8:9"),
        (
            "timeout-minutes: 10",
            "timeout-minutes: [10]",
            '[10] is not of type "number" (`jobs.a.timeout-minutes`)',
            "5:5",
        ),
        ("    runs-on: ubuntu-latest\n", "", '"runs-on" is a required property (`jobs.a`)', "3:3"),
        ("on: push", "on: [push, fetch]", '"fetch" is not one of "branch_protection_rule"', "1:12"),
        ("on: push", "on: push\nnmae: x", "('nmae' was unexpected) (`$`)", "1:1"),
    ],
)
def test_a_new_finding_names_what_is_wrong_in_the_end(old: str, new: str, problem: str, place: str) -> None:
    said = refusal(GOOD, GOOD.replace(old, new)).split("\n")
    assert said[0].startswith(
        f"error[edit/validator]: the schema of GitHub's workflows would find something new in `{PATH}`"
    )
    assert problem in said[0]
    assert said[1] == f"  --> {PATH}:{place}"
    assert said[2].endswith("the place is that in the file as it would be")


@pytest.mark.parametrize(
    ("old", "new", "problem", "place", "hint"),
    [
        (
            "timeout-minutes: 10",
            "timeoutminutes: 10",
            "('timeoutminutes' was unexpected) (`jobs.a`)",
            "3:3",
            "did you mean `timeout-minutes`?",
        ),
        (
            "    runs-on",
            "    needs: [A, b]\n    runs-on",
            "`needs` names the job `b`, which is not there",
            "4:5",
            "the place is that",
        ),
        (
            "run: make",
            "uses: actions/checkout",
            "`uses: actions/checkout` names no version",
            "8:9",
            "write it with one, such as `actions/checkout@v4`",
        ),
        ("run: make", "uses: a/b@", "`uses: a/b@` names no version", "8:9", "such as `a/b@v4`"),
    ],
)
def test_a_workflow_that_github_would_refuse_is_seen_without_actionlint(
    old: str, new: str, problem: str, place: str, hint: str
) -> None:
    broken = GOOD.replace(old, new)
    message, at, hinted = refusal(GOOD, broken).split("\n")
    assert (problem in message, at) == (True, f"  --> {PATH}:{place}")
    assert hint in hinted
    compare(broken, "name: CI\n" + broken)


@pytest.mark.parametrize("used", ["./.github/actions/mine", "docker://alpine:3", "a/b/c@v1"])
def test_what_needs_no_version_has_none(used: str) -> None:
    compare(GOOD, GOOD.replace("run: make", f"uses: {used}"))


def test_a_job_that_waits_like_another_for_one_that_is_not_there_is_nothing_new() -> None:
    waiting = GOOD.replace("    runs-on", "    needs: test\n    runs-on")
    other = "  b:\n    needs: test\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n"
    compare(waiting, waiting + other)
    assert "`lint`" in refusal(waiting, waiting + other.replace("test", "lint"))


def test_a_line_that_a_program_minds_already_may_come_once_more_but_no_other(bin_: Path) -> None:
    body = """
print(json.dumps([
    {"message": "unpinned", "kind": "uses", "line": number, "column": 1}
    for number, line in enumerate(text.splitlines(), 1) if "uses:" in line
]))"""
    program(bin_, "actionlint", body)
    old = GOOD.replace("- run: make", "- uses: a/b@v1")
    compare(old, old + "      - uses: a/b@v1\n")
    assert "unpinned [uses]" in refusal(old, old + "      - uses: c/d@v1\n")


def test_what_was_wrong_before_may_stay_also_in_another_line() -> None:
    wrong = GOOD.replace("- run: make", "- run: make\n        usess: x")
    compare(wrong, wrong.replace("      - run", "      - run: first\n      - run"))
    compare(wrong, "name: CI\n" + wrong)
    compare(wrong, GOOD)


def test_one_more_of_what_was_wrong_before_is_new() -> None:
    wrong = GOOD.replace("- run: make", "- run: make\n        usess: x")
    assert "usess" in refusal(wrong, wrong + "      - run: more\n        usess: x\n")


def test_other_files_are_not_workflows() -> None:
    compare("on: push\n", "on: nothing\n", "workflows/ci.yml")
    compare("on: push\n", "on: nothing\n", "action.yml")


ACTIONLINT = """
assert sys.argv[1:] == ["-no-color", "-format", "{{json .}}", "-stdin-filename", ".github/workflows/ci.yml", "-"]
found = [{"message": f"odd `{line.split(' #')[0].strip()}`", "kind": "odd", "line": number, "column": 3}
         for number, line in enumerate(text.splitlines(), 1) if "odd" in line]
print(json.dumps(found or None))
sys.exit(bool(found))
"""


def test_actionlint_is_asked_where_it_is(bin_: Path) -> None:
    program(bin_, "actionlint", ACTIONLINT)
    odd = GOOD.replace("make", "odd")
    compare(GOOD, GOOD.replace("make", "even"))
    compare(odd, "name: CI\n" + odd)
    assert refusal(GOOD, odd) == (
        f"error[edit/validator]: `actionlint` would find something new in `{PATH}`: odd `- run: odd` [odd]\n"
        f"  --> {PATH}:8:3\n  hint: the place is that in the file as it would be"
    )


ZIZMOR = """
at = {"concrete": {"location": {"start_point": {"row": 7, "column": 8}}}}
print(json.dumps([{"ident": "odd", "desc": "an odd step", "locations": [at]}] * text.count("odd")))
sys.exit(14)
"""


def test_zizmor_is_asked_where_it_is(bin_: Path) -> None:
    program(bin_, "zizmor", ZIZMOR)
    odd = GOOD.replace("make", "odd")
    compare(GOOD, GOOD.replace("make", "even"))
    compare(odd, odd)
    assert refusal(GOOD, odd) == (
        f"error[edit/validator]: `zizmor` would find something new in `{PATH}`: an odd step [odd]\n"
        f"  --> {PATH}:8:9\n  hint: the place is that in the file as it would be"
    )


@pytest.mark.parametrize("body", ["print('{')", "sys.exit(3)", "print('null')"])
def test_a_checker_that_says_nothing_sensible_has_found_nothing(bin_: Path, body: str) -> None:
    program(bin_, "actionlint", body)
    program(bin_, "zizmor", body)
    compare(GOOD, GOOD.replace("make", "odd"))


def test_a_checker_that_cannot_be_started_has_found_nothing(bin_: Path) -> None:
    for name in ("actionlint", "zizmor"):
        (bin_ / name).write_text("#!/nonexistent/python\n")
        (bin_ / name).chmod(0o755)
    compare(GOOD, GOOD.replace("make", "odd"))


NODE = """
assert sys.argv[1] == "--check" and sys.argv[3:] == ["-"]
kind = sys.argv[2].removeprefix("--input-type=")
if "odd" in text or ("export" in text) != (kind == "module"):
    sys.exit(f"[stdin]:2\\n  odd\\n  ^^^\\n\\nSyntaxError: Unexpected {kind}\\n    at node:internal")
"""


def test_node_reads_a_script_as_a_module_or_not(bin_: Path) -> None:
    program(bin_, "node", NODE)
    compare("module.exports = {};\n", "module.exports = {a: 1};\n", "jest.config.js")
    compare("export default {};\n", "export default {a: 1};\n", "jest.config.js")
    compare("export default {a: odd};\n", "export default {a: odd, b: 1};\n", "jest.config.js")
    compare("export default {};\n", "export default {a: odd};\n", "jest.config.ts")
    assert refusal("export default {};\n", "export default {\n  a: odd,\n};\n", "jest.config.mjs") == (
        "error[edit/validator]: `node --check` would find something new in `jest.config.mjs`: "
        "SyntaxError: Unexpected commonjs\n"
        "  --> jest.config.mjs:2:1\n  hint: the place is that in the file as it would be"
    )
