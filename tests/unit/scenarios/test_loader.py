from __future__ import annotations

import pytest

from orchestrator.errors import PlanErrors
from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.model import Scenario, Step


def problems(text: str, **options: bool) -> list[str]:
    with pytest.raises(PlanErrors) as caught:
        parse("s.yaml", text, **options)
    return [f"{p.location.line}:{p.location.column} {p.message}" for p in caught.value.problems if p.location]


def test_a_scenario_has_what_the_compatible_form_has() -> None:
    text = """
name: Walk
command: python -c "print(1)"
env: {COUNT: 3, FLAG: true}
steps:
  - {note: begin}
  - {expect: ready, pattern: other, timeout: 0, send: ""}
  - {control: c}
validations:
  - {type: path_exists, path: out}
"""
    scenario = parse("s.yaml", text).scenario
    assert scenario.argv == ["python", "-c", "print(1)"]
    assert scenario.env == {"COUNT": "3", "FLAG": "true"}
    assert scenario.timeout == 30
    step = scenario.steps[1]
    assert isinstance(step, Step)
    assert (step.awaited, step.send, step.timeout) == ("ready", "", 0)
    assert Scenario().name == "Unnamed Scenario"


def test_everything_that_is_wrong_is_told_at_once_with_its_place() -> None:
    text = """\
command: ""
timeout: 0
steps:
  - {expct: ready}
  - {control: c, send: x}
"""
    assert problems(text) == [
        "2:10 `timeout`: a duration is a number of seconds or text such as `90s`, `10m`, `1h30m`",
        "4:6 unknown key `expct`",
    ]
    text = text.replace("timeout: 0\n", "timeout: 1\n").replace("expct", "expect").replace("ready", "'('")
    assert problems(text) == [
        "1:10 there is no `command`",
        "4:14 `expect` is not a regular expression: missing ), unterminated subpattern at position 0",
        "5:6 `control` and `send` exclude each other",
    ]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{expct: x}", "unknown key `expct`"),
        ("{expect: x, timeout: soon}", "`timeout`: a duration is a number of seconds or text such as `90s`"),
        ("{see: {regex: '['}}", "`regex` is not a regular expression"),
        ("{see: {row: 1}}", "`see` needs either `text` or `regex`"),
        ("{see: {text: x, style: bald}}", "`style`: "),
        ("{key: ctrl+lft}", "there is no key `lft`; did you mean `left`?"),
        ("{key: ctl+c}", "there is no modifier `ctl`; did you mean `ctrl`?"),
        ("{control: ab}", "`control` is `ab`"),
        ("{expect_contains: x}", "nothing was sent whose output this could be about"),
        ("{send: x, expect_code: 0}", "`expect_code`: there is no way to know the status of a command"),
        ("{type: http_wiat}", "unknown step type `http_wiat`"),
        ("{set: {n: '('}}", "`n` is not a regular expression"),
        ("{pattern: '('}", "`pattern` is not a regular expression"),
        ("{send: x, expect_regex: '('}", "`expect_regex` is not a regular expression"),
        ("{expect: x, timeout: -1}", "`timeout`: a duration is a number of seconds"),
        ("{expect: x, timeout: .nan}", "`timeout`: a duration is a number of seconds"),
    ],
)
def test_a_step_that_cannot_work_is_told_before_it_is_played(step: str, message: str) -> None:
    (found,) = problems(f"command: cat\nsteps:\n  - {step}\n")
    assert message in found
    assert found.startswith("3:")


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ("{path: x}", "the key `type` is missing"),
        ("{type: path_exist, path: x}", "unknown validation type `path_exist`"),
        ("{type: path_exists}", "the key `path` is missing"),
        ("{type: file_contains, path: x}", "the key `text` is missing"),
        ("{type: file_contains, path: x, text: '('}", "`text` is not a regular expression"),
    ],
)
def test_a_validation_that_cannot_work_is_told_before_it_is_played(validation: str, message: str) -> None:
    (found,) = problems(f"command: cat\nvalidations:\n  - {validation}\n")
    assert message in found


def test_an_unknown_key_is_a_warning_for_who_wants_that_and_never_silent() -> None:
    text = "command: cat\ncolour: red\nsteps:\n  - {expect: x, waitt: 3}\n"
    assert problems(text) == ["2:1 unknown key `colour`", "4:17 unknown key `waitt`"]
    loaded = parse("s.yaml", text, compat=True)
    assert [(n.message, n.location and n.location.line) for n in loaded.notices] == [
        ("unknown key `colour`", 2),
        ("unknown key `waitt`", 4),
    ]
    assert loaded.scenario.steps[0].expect == "x"


def test_what_is_odd_is_a_warning() -> None:
    text = """
command: no-such-program
steps:
  - {send: "{{ who }}"}
  - {exit: any}
  - {send: again, screenshot: "a b"}
"""
    codes = [notice.code for notice in parse("s.yaml", text).notices]
    assert codes == ["command", "variable", "after-exit", "screenshot-name"]
    (notice,) = parse("s.yaml", "command: /etc/passwd\nsteps: [{exit: any}]\n").notices
    assert (notice.code, notice.message) == ("command", "`/etc/passwd` is not executable")
    (notice,) = parse("s.yaml", "command: cat\nsteps:\n  - {send: x}\n").notices
    assert str(notice) == (
        "warning[checks-nothing]: nothing in this scenario can fail\n"
        "  --> s.yaml:1:1\n"
        "  hint: add a step such as `expect`, `see` or `exit`, or a validation"
    )


def test_a_matrix_gives_every_combination() -> None:
    scenario = parse("s.yaml", "command: cat\nmatrix: {a: [x, y], b: ['1']}\nsteps: [{exit: 0}]\n").scenario
    assert list(scenario.combinations()) == [{"a": "x", "b": "1"}, {"a": "y", "b": "1"}]
