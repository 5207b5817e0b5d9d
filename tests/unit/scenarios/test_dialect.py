"""Scenarios in the words of generators: read, with the right places, and played."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import PlanErrors
from orchestrator.scenarios.dialect import translate
from orchestrator.scenarios.loader import parse
from tests.support.scenarios import play_text

MENU = """\
name: Menu
steps:
- name: Start application
  command: [sh, -c, 'stty -icanon; k=; while [ "$k" != q ]; do k=$(dd bs=1 count=1 2>/dev/null); echo "key <$k>"; done']
  timeout: 5
- name: Wait for it
  wait: 0.05
- name: The menu
  comment: 'Screen: Main'
- name: Open settings
  keystroke: s
- name: Take a picture
  screenshot: main_s.png
- name: Back
  keystroke: escape
- name: Quit
  keystroke: q
- {name: End, exit: 0, see: "key <q>"}
"""


def test_a_generated_scenario_is_played(tmp_path: Path) -> None:
    result = play_text(MENU, tmp_path)
    assert result.has_passed, result.report
    assert [step.title for step in result.steps][:3] == ["Start application", "Wait for it", "The menu: Screen: Main"]
    assert {Path(path).name for path in result.artifacts} >= {"main_s.txt", "main_s.svg"}


def test_its_words_mean_keys_text_and_calm() -> None:
    steps = [{"keystroke": "escape"}, {"keystroke": "ctrl+c"}, {"keystroke": "q"}, {"keystroke": "ls\r"}, {"wait": 1}]
    made = translate({"command": "x", "steps": steps})["steps"]
    typed = [{"key": "escape"}, {"key": "ctrl+c"}, {"send": "q", "raw": True}, {"send": "ls\r", "raw": True}]
    assert made == [*typed, {"settle": 1}]


def test_what_is_wrong_is_told_where_it_stands() -> None:
    with pytest.raises(PlanErrors) as caught:
        parse("menu.yaml", MENU.replace("keystroke: q", "keystrok: q").replace("wait: 0.05", "wait: soon"))
    lines = {(p.code, p.location.line) for p in caught.value.problems if p.location}
    assert lines == {("plan/bad-value", 7), ("plan/unknown-key", 17)}


@pytest.mark.parametrize(
    ("written", "wrong", "message"),
    [
        ("wait: 0.05", "wait: soon", "`wait`: a duration is a number of seconds or text such as `90s`, `10m`, `1h30m`"),
        ("keystroke: s", "keystroke: [s, t]", "`keystroke` is a list, but must be text"),
        ("comment: 'Screen: Main'", "comment: {a: b}", "`comment` is a mapping, but must be text"),
        ("name: The menu", "name: [a]", "`name` is a list, but must be text"),
    ],
)
def test_a_message_names_the_word_that_was_written(written: str, wrong: str, message: str) -> None:
    with pytest.raises(PlanErrors) as caught:
        parse("menu.yaml", MENU.replace(written, wrong))
    assert [problem.message for problem in caught.value.problems] == [message]
    (place,) = [problem.location for problem in caught.value.problems]
    assert place is not None and wrong in MENU.replace(written, wrong).splitlines()[place.line - 1]


def test_other_scenarios_stay_as_they_stand() -> None:
    data = {"command": "x", "steps": [{"send": "a"}, {"note": "b"}, {"type": "poll", "wait": 3}]}
    assert translate(data) is data
