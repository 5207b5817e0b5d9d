"""Scenarios under somebody's pytest: in a project of its own, with the plugin as it is installed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import PlanErrors
from orchestrator.scenarios.model import Scenario
from orchestrator.scenarios.play import play
from orchestrator.scenarios.stage import Stage

GOOD = "command: echo hello\nsteps: [{see: hello}, {exit: 0}]\n"
TEST = """
def test_it(scenario):
    result = scenario("sub/word.yaml", word="blue")
    assert result.steps[0].status == "passed"
"""


def pytest_in(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *options]
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(directory / "home")}
    return subprocess.run(command, cwd=directory, env=environ, capture_output=True, text=True, check=False)


def test_scenario_files_are_tests(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "good.scenario.yaml").write_text(GOOD)
    (tmp_path / "bad.scenario.yml").write_text(GOOD.replace("see: hello", "see: goodbye"))
    (tmp_path / "other.yaml").write_text("not: a scenario\n")
    colours = "command: [echo, '{{ colour }}']\nmatrix: {colour: [red, blue]}\nsteps: [{see: echo}]\n"
    (tmp_path / "many.scenario.yaml").write_text(colours.replace("[echo, '{{ colour }}']", "cat").replace(
        "[{see: echo}]", "[{send: '{{ colour }} one', see: red one, timeout: 0.3}]"))  # fmt: skip
    done = pytest_in(tmp_path, "-vv")
    assert "good.scenario.yaml::scenario PASSED" in done.stdout, done.stdout + done.stderr
    assert "bad.scenario.yml::scenario FAILED" in done.stdout
    assert "many.scenario.yaml::colour=red PASSED" in done.stdout
    assert "many.scenario.yaml::colour=blue FAILED" in done.stdout
    assert "the program ended with 0, and the screen does not show `goodbye`" in done.stdout
    assert "2 failed, 2 passed" in done.stdout and "Traceback" not in done.stdout


def test_a_scenario_that_cannot_be_read_is_an_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.scenario.yaml").write_text("command: echo\nstep: []\n")
    done = pytest_in(tmp_path)
    assert done.returncode == 2
    assert "unknown key `step`" in done.stdout and "a.scenario.yaml:2:1" in done.stdout


def test_a_fixture_plays_a_scenario_with_variables(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    text = "command: cat\ntimeout: 0.5\nsteps: [{send: 'is {{ word }}', see: is blue}]\n"
    (tmp_path / "sub" / "word.yaml").write_text(text)
    (tmp_path / "test_a.py").write_text(TEST)
    done = pytest_in(tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    (tmp_path / "test_a.py").write_text(TEST.replace("blue", "green"))
    done = pytest_in(tmp_path)
    assert "1 failed" in done.stdout and "the screen does not show `is blue`" in done.stdout


def test_snapshots_are_made_when_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.scenario.yaml").write_text("command: cat\nsteps: [{send: hi, see: hi, snapshot: s}]\n")
    assert pytest_in(tmp_path).returncode == 1
    assert pytest_in(tmp_path, "--scenario-snapshot", "record").returncode == 0
    assert pytest_in(tmp_path).returncode == 0


def test_plugins_of_the_project_are_for_who_asked_for_them(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "mine.py").write_text(
        "from orchestrator.scenarios.plugin import Metadata\n"
        "class Mine:\n"
        "    def get_metadata(self): return Metadata(name='mine')\n"
        "    def register(self, registry): registry.register_step('mine', registry.steps['http_wait'])\n"
        "    def unregister(self, registry): pass\n"
    )
    (tmp_path / "a.scenario.yaml").write_text(
        f"{GOOD[:-2]}, {{type: mine, url: 'http://127.0.0.1:1', timeout: 0.1}}]\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert "unknown step type `mine`" in pytest_in(tmp_path).stdout
    (tmp_path / "pytest.ini").write_text("[pytest]\nscenario_plugins = true\n")
    assert "http://127.0.0.1:1 is not ready" in pytest_in(tmp_path).stdout


def test_it_costs_nothing_where_there_are_no_scenarios(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert 'orchestrator.pytest_plugin' in sys.modules\n"
        "    heavy = {'orchestrator.scenarios', 'pydantic', 'rich', 'orchestrator.errors'}\n"
        "    assert not heavy & {*sys.modules}\n"
    )
    done = pytest_in(tmp_path, "-p", "no:hypothesispytest")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_program_loads_and_plays_scenarios(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    stage = Stage(directory=tmp_path / "play", artifacts=tmp_path / "artifacts")
    assert asyncio.run(play(Scenario.load(tmp_path / "a.yaml"), stage)).has_passed
    (tmp_path / "a.yaml").write_text("commando: x\n")
    with pytest.raises(PlanErrors, match="unknown key `commando`"):
        Scenario.load(str(tmp_path / "a.yaml"))
