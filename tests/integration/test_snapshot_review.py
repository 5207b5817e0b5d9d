"""`scenario snapshot review`: what differs is shown to a person at a terminal, whose word counts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli.orchestrate import app
from orchestrator.errors import OrchestratorError
from tests.support.scenarios import play_text

ORCHESTRATE = Path(sys.executable).with_name("orchestrate")
SCREENS = ("first", "second", "third")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a scenario of three screens, all of which have changed since their snapshots."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write("old")
    assert run("run", "a.yaml", "--snapshot", "record")[0] == 0
    write("new")
    return tmp_path


def write(word: str) -> None:
    steps = ", ".join(f"{{send: {word} {name}, see: {word} {name}, snapshot: {name}}}" for name in SCREENS)
    Path("a.yaml").write_text(f"command: cat\nsize: [30, 4]\ntimeout: 5\nsteps: [{steps}]\n")


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["scenario", *words])
    if isinstance(result.exception, OrchestratorError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, result.output


def kept(name: str) -> str:
    return Path(".snapshots", "a", f"{name}.snapshot").read_text().split("---")[0]


def proposed() -> list[str]:
    return sorted(path.name for path in Path(".snapshots").rglob("*.new"))


def test_a_person_accepts_rejects_and_skips(here: Path) -> None:
    person = f"""
command: [{ORCHESTRATE}, scenario, snapshot, review, a.yaml]
cwd: {here}
timeout: 30
steps:
- {{see: {{regex: 'a/first\\n +--- snapshot'}}}}
- {{see: "-old first"}}
- {{see: "+new first"}}
- {{see: "Accept: the screen is right", key: enter}}
- {{see: "+new second", key: [down, enter]}}
- {{see: "+new third", key: [down, down, enter]}}
- {{see: "1 accepted, 1 rejected, 1 skipped", exit: 1}}
"""
    result = play_text(person, here / "person")
    assert result.has_passed, result.report
    assert "new first" in kept("first")
    assert "old first" in kept("second") and "old first" in kept("third")
    assert proposed() == ["third.snapshot.new"]


def test_what_was_skipped_is_asked_again_without_playing(here: Path) -> None:
    Path(".snapshots/a/third.snapshot.new").write_text("something new\n---\n")
    assert run("snapshot", "review", "--accept-all") == (0, "accepted a/third\n1 accepted\n")
    assert kept("third") == "something new\n"
    assert run("snapshot", "review") == (0, "no screen differs from its snapshot\n")


def test_all_can_be_accepted_and_then_all_pass(here: Path) -> None:
    assert run("run", "a.yaml")[0] == 1
    code, shown = run("snapshot", "review", "a.yaml", "--accept-all")
    assert code == 0 and shown.endswith("accepted a/first\naccepted a/second\naccepted a/third\n3 accepted\n")
    assert proposed() == []
    assert run("run", "a.yaml")[0] == 0


def test_a_proposal_goes_when_the_screen_is_right_again(here: Path) -> None:
    assert run("snapshot", "review", "a.yaml")[0] == 2
    assert len(proposed()) == 3
    write("old")
    assert run("snapshot", "review", "a.yaml")[0] == 0
    assert proposed() == []


def test_without_a_terminal_nothing_is_accepted(here: Path) -> None:
    code, shown = run("snapshot", "review", "a.yaml")
    assert code == 2 and "error[usage/confirm]: 3 screens wait, and nobody can be asked" in shown
    assert "old first" in kept("first")


def test_a_scenario_that_fails_for_another_reason_is_told(here: Path) -> None:
    text = Path("a.yaml").read_text().replace("timeout: 5", "timeout: 0.3").replace("see: new third", "see: no third")
    Path("a.yaml").write_text(text)
    code, shown = run("snapshot", "review", "a.yaml", "--accept-all")
    assert code == 1 and "the screen does not show `no third`" in shown


def test_snapshots_are_made_verified_and_made_anew(here: Path) -> None:
    assert run("run", "a.yaml", "--snapshot", "record")[0] == 1  # what is there is compared
    assert run("run", "a.yaml", "--snapshot", "update")[0] == 0
    assert "new first" in kept("first")
    assert run("run", "a.yaml", "--snapshot", "verify")[0] == 0
    code, shown = run("run", "a.yaml", "--snapshot", "propose")
    assert code == 2 and "usage/bad-option" in shown
