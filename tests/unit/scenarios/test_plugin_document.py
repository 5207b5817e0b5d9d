"""What docs/scenario-plugins.md says is true: its plugin is loaded and plays, its scenario is read."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.play import play
from orchestrator.scenarios.plugin_set import Plugins
from orchestrator.scenarios.plugin_sources import Places
from orchestrator.scenarios.stage import Stage
from tests.support.documents import REPOSITORY, fences

FENCES = fences(REPOSITORY / "docs" / "scenario-plugins.md")
YAML = [fence.text for fence in FENCES if fence.language == "yaml"]
PYTHON = [fence.text for fence in FENCES if fence.language == "python"]
SCENARIO = (
    "name: a\ncommand: cat\ntimeout: 5\nsteps: [{type: greet, whom: world!, loudly: true}, {send: '{{ said }}'}]\n"
)


def test_the_plugin_and_its_settings_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / ".orchestro" / "plugins"
    directory.mkdir(parents=True)
    (directory / "greeting.py").write_text(PYTHON[0])
    (directory.parent / "plugins.yaml").write_text(YAML[1])
    places = Places(tmp_path, {"HOME": str(tmp_path)}, local=False, system=tmp_path / "etc" / "plugins")
    assert places.setting("greeting").config == {"language": "en"}
    known = Plugins(places)
    loaded = parse("a.yaml", SCENARIO, extensions=known)
    stage = Stage(directory=tmp_path / "play", artifacts=tmp_path / "artifacts")
    result = asyncio.run(play(loaded.scenario, stage, known.hooks()))
    known.close()
    assert result.has_passed, result.report
    assert capsys.readouterr().out == "a 2 steps passed\n"


def test_the_scenario_is_read(tmp_path: Path) -> None:
    known = Plugins(Places(tmp_path, {"HOME": str(tmp_path)}, local=False, system=tmp_path / "etc" / "plugins"))
    loaded = parse("a.yaml", YAML[0], extensions=known)
    known.close()
    assert [type(step).__name__ for step in loaded.scenario.steps] == ["PluginStep", "PluginStep", "Step"]
    assert loaded.notices == []


def test_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("login.yaml").write_text("command: echo hi\nsteps: [{see: hi}]\n")
    exec(compile(PYTHON[1], "the document", "exec"), {})
    assert capsys.readouterr().out.startswith("1 step passed")
