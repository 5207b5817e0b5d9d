"""Scenario files on the command line and in plans."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from orchestrator.cli.orchestrate import app
from orchestrator.errors import OrchestratorError
from tests.support.documents import REPOSITORY, fences

EXAMPLES = sorted((REPOSITORY / "examples" / "scenarios").glob("*.yaml"))
GOOD = "name: good\ncommand: echo hello\nsteps: [{note: look, expect: hello}, {note: leave, exit: 0}]\n"
BAD = "name: bad\ncommand: echo hello\ntimeout: 9\nsteps: [{see: hello}, {note: more, see: helo there}, {exit: 0}]\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")  # the Python that has Textual


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["scenario", *arguments])
    if isinstance(result.exception, OrchestratorError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, result.output


def test_many_files_are_one_run_and_one_report(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Path(f"{name}.yaml").write_text(GOOD)
    Path("c.yaml").write_text(BAD)
    code, shown = run("run", "a.yaml", "b.yaml", "c.yaml", "--junit", "junit.xml", "--workers", "3")
    assert code == 1
    assert "2 succeeded, 1 failed" in shown
    assert re.search(r"nearest: +hello  \(\d+ % alike, row 1\)", shown)
    cases = {
        (case.get("classname"), case.get("name")): [child.tag for child in case]
        for case in ElementTree.parse("junit.xml").iter("testcase")
    }
    assert cases == {
        ("a.yaml", "look"): [], ("a.yaml", "leave"): [], ("b.yaml", "look"): [], ("b.yaml", "leave"): [],
        ("c.yaml", "bad"): [], ("c.yaml", "more"): ["failure"],
    }  # fmt: skip
    (report,) = Path(".orchestrator/scenarios").rglob("report.txt")
    assert report.read_text().startswith("the program ended with 0, and the screen does not show `helo there`")
    (failure,) = ElementTree.parse("junit.xml").iter("failure")
    assert (failure.text or "").strip() == report.read_text().strip()


def test_each_combination_is_played_as_often_as_is_wanted_and_shown_step_by_step() -> None:
    Path("a.yaml").write_text(f"matrix: {{who: [ann, bob]}}\n{GREETING}")
    code, shown = run("run", "a.yaml", "--repeat", "3", "--workers", "2", "--scheduler", "shortest", "-v")
    assert code == 0
    assert "6 succeeded" in shown
    assert {*re.findall(r"a\.yaml\[who=(\w+)\]#(\d)", shown)} == {(w, n) for w in ("ann", "bob") for n in "123"}
    assert shown.count("step 2: exit `0`") == 6


def test_a_key_that_means_nothing_is_an_error_unless_it_may_be_one() -> None:
    Path("a.yaml").write_text(GOOD.replace("name:", "colour: red\nname:"))
    assert run("run", "a.yaml")[0] == 2
    code, shown = run("run", "a.yaml", "--compat")
    assert code == 0
    assert "warning[unknown-key]: unknown key `colour`" in shown


def test_a_recording_is_looked_at_as_the_program_was(tmp_path: Path) -> None:
    text = "command: [sh, -c, 'echo one; read x; echo two $x; exit 3']\ntimeout: 1\n"
    Path("a.yaml").write_text(f"{text}steps: [{{see: one}}, {{send: up, see: two up}}, {{exit: 3}}]\n")
    assert run("run", "a.yaml", "--record")[0] == 0
    (cast,) = Path(".orchestrator/scenarios").rglob("recording.cast")
    assert run("replay", str(cast), "--scenario", "a.yaml")[0] == 0
    Path("b.yaml").write_text(f"{text}steps: [{{see: one}}, {{send: up, see: two down}}, {{exit: 3}}]\n")
    assert run("replay", str(cast), "--scenario", "b.yaml", "--to-step", "1")[0] == 0
    code, shown = run("replay", str(cast), "--scenario", "b.yaml")
    assert code == 1
    assert "the screen does not show `two down`" in shown
    header = json.loads(cast.read_text().splitlines()[0])
    assert (header["version"], header["width"], header["height"]) == (2, 120, 80)


def test_a_recording_has_the_version_of_asciicast_that_is_asked_for() -> None:
    Path("a.yaml").write_text(GOOD)
    for version in (2, 3):
        assert run("run", "a.yaml", "--record", "--state-dir", f"state{version}", "--cast", str(version))[0] == 0
        (cast,) = Path(f"state{version}").rglob("recording.cast")
        assert json.loads(cast.read_text().splitlines()[0])["version"] == version
        assert run("replay", str(cast), "--scenario", "a.yaml")[0] == 0
    assert run("run", "a.yaml", "--cast", "4")[0] == 2


GREETING = "command: [sh, -c, 'read x; echo hello $x']\ntimeout: 5\n"
GREETING += "steps: [{send: '{{ who }}', see: 'hello {{ who }}'}, {exit: 0}]\n"


def test_variables_come_from_the_command_line() -> None:
    Path("a.yaml").write_text(GREETING)
    code, shown = run("run", "a.yaml", "--var", "who=ann=b", "--record")
    assert code == 0
    assert "no step sets" not in shown
    (cast,) = Path(".orchestrator/scenarios").rglob("recording.cast")
    assert "hello ann=b" in cast.read_text()
    assert run("replay", str(cast), "--scenario", "a.yaml", "--var", "who=ann=b")[0] == 0
    assert run("replay", str(cast), "--scenario", "a.yaml", "--var", "who=bob")[0] == 1
    assert "no step sets `who`; it is sent as it stands" in run("run", "a.yaml", "--dry-run", "--var", "whom=x")[1]
    assert run("run", "a.yaml", "--var", "who") == (2, "error[usage/bad-option]: `who` is no NAME=VALUE")
    Path("b.yaml").write_text(f"matrix: {{who: [ann, bob]}}\n{GREETING}")
    assert "the matrix of `b.yaml` has the values of `who`" in run("run", "b.yaml", "--var", "who=eve")[1]


def test_a_secret_is_a_variable_from_the_environment_that_nothing_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.yaml").write_text(f"secrets: [who]\n{GREETING}")
    code, shown = run("run", "a.yaml")
    assert code == 1
    assert "the secret `who` is not set\n  --> a.yaml:4:9 (step 1" in shown
    for environ, options in (({"who": "hunter22"}, ()), ({}, ("--var", "who=hunter22"))):
        monkeypatch.delenv("who", raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        code, shown = run("run", "a.yaml", "--record", "-v", *options)
        assert code == 0
        assert "hunter22" not in shown
    casts = [path for path in Path(".orchestrator/scenarios").rglob("recording.cast") if "***" in path.read_text()]
    assert len(casts) == 2
    assert not [
        path for path in Path(".orchestrator").rglob("*") if path.is_file() and b"hunter22" in path.read_bytes()
    ]
    monkeypatch.delenv("who", raising=False)
    assert run("replay", str(casts[0]), "--scenario", "a.yaml")[0] == 0


def test_a_dry_run_plays_nothing_and_tells_all_that_is_wrong_with_all_files() -> None:
    Path("a.yaml").write_text("command: touch played\nsteps: [{exit: 0}]\n")
    assert run("run", "a.yaml", "--dry-run") == (0, "1 scenario checked\n")
    Path("b.yaml").write_text("command: x\nsteps: [{expct: a}]\n")
    Path("c.yaml").write_text("steps: []\n")
    code, shown = run("run", ".", "--dry-run")
    assert code == 2
    assert re.findall(r"--> (\S+)", shown) == ["b.yaml:2:10", "c.yaml:1:1"]
    assert not list(Path().rglob("played"))
    Path("d.yaml").write_text("command: cat\nsteps: [{send: x}]\n")
    assert [run("run", "d.yaml", "--dry-run", *option)[0] for option in ((), ("--strict",))] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "none.yaml"], "`none.yaml` does not exist"),
        (["run", "."], "there is no scenario in `.`"),
        (["run", ".", "--scheduler", "priorty"], "did you mean `priority`?"),
        (["replay", "none.cast", "--scenario", "a.yaml"], "`none.cast` does not exist"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: list[str], message: str) -> None:
    code, shown = run(*arguments)
    assert code == 2
    assert message in shown


def test_a_task_plays_a_scenario_and_keeps_what_it_left() -> None:
    Path("s.yaml").write_text("command: echo ann\nsteps: [{see: '{{ who }}', screenshot: end}]\n")
    plan = "orchestrator: {name: p}\nphase_1: {name: p, groups: {g: {tasks: ["
    plan += "{id: '1', name: s, type: scenario, target: s.yaml, "
    for who, code in (("ann", 0), ("bob", 1)):
        Path("plan.yaml").write_text(f"{plan}variables: {{who: {who}}}, record: true}}]}}}}}}\n")
        text = Path("s.yaml").read_text().replace("timeout: 1\n", "")
        Path("s.yaml").write_text(f"timeout: 1\n{text}")
        result = CliRunner().invoke(app, ["run", "--config", "plan.yaml", "--yes"])
        assert result.exit_code == code, result.output
    names = {path.name for path in Path(".orchestrator").rglob("artifacts/1/**/*") if path.is_file()}
    assert names == {"end.txt", "end.svg", "end.png", "recording.cast", "report.txt"}


def test_no_directory_no_process_and_no_descriptor_is_left() -> None:
    sleepers = "sleep 987 & nohup sleep 987 >/dev/null 2>&1 </dev/null &"
    Path("a.yaml").write_text(
        f"command: [bash, --norc]\nenv: {{PS1: '> '}}\nsteps: [{{send: '{sleepers}'}}, {{see: '> '}}]\n"
    )
    Path("b.yaml").write_text("command: [sh, -c, 'trap \"\" HUP TERM INT; echo on; sleep 986']\nsteps: [{see: on}]\n")
    temporary = Path("tmp").absolute()
    temporary.mkdir()
    before = set(os.listdir("/proc/self/fd"))
    os.environ["TMPDIR"] = str(temporary)
    try:
        run("run", "a.yaml", "b.yaml", "--repeat", "5")
    finally:
        del os.environ["TMPDIR"]
    assert set(os.listdir("/proc/self/fd")) == before
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in commands if command.startswith((b"sleep\x00987", b"sleep\x00986"))]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_passes(example: Path) -> None:
    code, shown = run("run", str(example))
    assert code == 0, shown


def test_the_scenarios_of_the_documents_are_right() -> None:
    texts = [f.text for f in fences(REPOSITORY / "docs" / "scenarios.md") if f.language == "yaml"]
    scenarios = [text for text in texts if not text.startswith("-")]
    for number, text in enumerate(scenarios):
        Path(f"{number}.yaml").write_text(text)
    assert run("run", *(f"{number}.yaml" for number in range(len(scenarios))), "--dry-run")[0] == 0
    assert run("run", "0.yaml")[0] == 0
