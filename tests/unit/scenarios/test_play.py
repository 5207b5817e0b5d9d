"""Real programs on real terminals."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.recording import read
from orchestrator.scenarios.replay import replay
from orchestrator.scenarios.stage import Stage
from tests.support.scenarios import play_text

BASH = "command: [bash, --norc, --noprofile]\nenv: {PS1: '> ', HISTFILE: /dev/null}\ntimeout: 30\nsteps:\n"
SHELL = "command: [sh, -c, {program}]\ntimeout: {timeout}\nsteps: {steps}\n"


def shell(program: str, steps: str, timeout: float = 30) -> str:
    return SHELL.format(program=json.dumps(program), steps=steps, timeout=timeout)


@pytest.mark.parametrize(
    ("program", "steps"),
    [
        ("printf 'name? '; read n; echo hi $n", "[{expect: 'name\\? '}, {send: ann}, {expect: hi ann}, {exit: 0}]"),
        ("echo started; read -r x; echo done", "[{expect: started, send: ''}, {see: done}, {exit: 0}]"),
        ("trap 'echo it; exit 4' INT; echo on; while :; do :; done", "[{see: on}, {control: c, see: it}, {exit: 4}]"),
        ("printf old; read x; printf '\\033[2J\\033[Hnew'", "[{see: old}, {send: '', gone: old, see: new}]"),
        ("printf '\\033[5;9H'; read x", "[{cursor: [5, 9]}, {cursor: {row: 5, visible: true}}]"),
        ("trap 'stty size' WINCH; echo on; while :; do :; done", "[{see: on}, {resize: [50, 20], see: 20 50}]"),
        ("echo id 42; read x; echo got $x", "[{set: {id: 'id (\\d+)'}}, {send: '{{ id }}{{ id }}'}, {see: got 4242}]"),
        ("stty size; echo $COLUMNS $TERM $TZ", "[{see: 80 120}, {see: 120 xterm-256color UTC}]"),
        ("sleep 0.05; echo late", "[{see: late}, {settle: 0.01}, {exit: 0}]"),
        ("kill -SEGV $$", "[{exit: -11}]"),
        ("exit 7", "[{exit: any}]"),
        ("echo one", "[{expect: one, pattern: two, exit: 0}]"),  # where both are, `expect` counts
    ],
)  # fmt: skip
def test_a_program_that_does_what_it_should_passes(program: str, steps: str, tmp_path: Path) -> None:
    result = play_text(shell(program, steps), tmp_path)
    assert result.has_passed, result.report


@pytest.mark.parametrize(
    ("program", "steps", "message"),
    [
        ("exit 7", "[{expect: hello, timeout: 9}]", "step 1: the program ended with 7, and `hello` was not printed"),
        ("sleep 9", "[{expect: hello}]", "step 1: after 0.2 s `hello` was not printed"),
        ("sleep 9", "[{exit: 0}]", "step 1: after 0.2 s the program still runs"),
        ("exit 1", "[{exit: 0, timeout: 9}]", "step 1: the program ended with 1, not with 0"),
        ("kill -KILL $$", "[{see: x, timeout: 9}]", "step 1: the program was ended by signal 9, and the screen does"),
        ("echo x; sleep 9", "[{see: x, timeout: 9}, {gone: x}]", "step 2: after 0.2 s the screen still shows `x`"),
        ("sleep 9", "[{cursor: [2, 2]}]", "step 1: after 0.2 s the cursor is in row 1, column 1, visible, not where"),
        ("while :; do echo x; sleep 0.01; done", "[{settle: 0.5}]", "step 1: the screen never stayed as it was"),
        ("echo x; sleep 9", "[{click: x, timeout: 9}]", "step 1: the program does not listen to the mouse"),
        ("echo x; sleep 9", "[{see: {text: x, style: bold}}]", "step 1: after 0.2 s the screen does not show"),
        ("printf '\\377\\376caf\\303\\251'; sleep 9", "[{see: café, timeout: 9}, {see: tea}]", "step 2: after 0.2 s"),
    ],
)  # fmt: skip
def test_a_program_that_does_not_do_it_fails_and_says_how(
    program: str, steps: str, message: str, tmp_path: Path
) -> None:
    result = play_text(shell(program, steps, timeout=0.2), tmp_path)
    assert result.message.startswith(message)
    assert result.report.startswith(message.partition(": ")[2])


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-program", "`no-such-program` was not found"),
        ("./text", "`./text` is not executable"),
        ("./no-format", "`./no-format` cannot be run: Exec format error"),
    ],
)
def test_a_program_that_cannot_be_started_is_named(command: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "text").touch()
    (tmp_path / "no-format").write_bytes(b"\1\2\3")
    (tmp_path / "no-format").chmod(0o755)
    result = play_text(f"command: {command}\ncwd: .\nsteps: [{{expect: x}}]\n", tmp_path)
    assert result.message == message


def test_a_program_has_a_known_environment_unless_its_scenario_says_otherwise(tmp_path: Path) -> None:
    text = shell("echo $MORE $TZ $LC_ALL $VYB_AUTO_SCREENSHOT; echo $TMPDIR", f"[{{see: MORE}}, {{see: {tmp_path}}}]")
    environ = {**os.environ, "MORE": "caller", "LC_ALL": "C", "TZ": "Asia/Tokyo", "TMPDIR": "/tmp"}
    known = play_text(text.replace("see: MORE", "see: caller UTC C.UTF-8 1"), tmp_path, environ=environ)
    assert known.has_passed, known.report
    own = "env: {TZ: Asia/Tokyo, MORE: own, LC_ALL: C}\n" + text.replace("see: MORE", "see: own Asia/Tokyo C 1")
    said = play_text(own, tmp_path / "own", environ=environ)
    assert said.has_passed, said.report


@pytest.mark.parametrize(
    ("question", "size", "answer"),
    [("[6n", 6, "033 [ 1 ; 1 R"), ("[c", 3, "033 [ ?"), ("[?2004$p", 11, "033 [ ? 2 0 0 4 ; 2 $ y")],
)
def test_the_answers_of_the_terminal_reach_the_program(question: str, size: int, answer: str, tmp_path: Path) -> None:
    program = rf"""stty raw -echo; printf '\033{question}'; dd bs=1 count={size} 2>/dev/null | od -An -c | xargs echo"""
    result = play_text(shell(program, f"[{{see: '{answer}'}}, {{exit: 0}}]"), tmp_path)
    assert result.has_passed, result.report


# --- what a command printed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{send: 'echo a; false', expect_output: a, expect_code: 1}", None),
        ("{send: 'seq 3', expect_lines: 3, expect_contains: ['1', '3'], expect_not_contains: '4'}", None),
        ("{send: 'seq 3', expect_lines: ['2'], expect_regex: '^1.*3$'}", None),
        ("""{send: "echo '{\\"a\\": [1]}'", expect_json: {a: [1]}}""", None),
        ("{send: 'sleep 0.1; echo late', expect_output: late}", None),
        ("{send: 'tput bold; echo red', expect_output: red}", None),
        ("{send: 'echo a', expect_output: b}", "the command printed `a`, not `b`"),
        ("{send: 'true', expect_code: 1}", "the command ended with 0, not 1"),
        ("{send: 'seq 3', expect_lines: 2}", "the command printed 3 lines, not 2"),
        ("{send: 'seq 3', expect_lines: ['4']}", "the command printed no line `4`"),
        ("{send: 'seq 3', expect_contains: '4'}", "the command printed `1\\n2\\n3`, without `4`"),
        ("{send: 'seq 3', expect_not_contains: '2'}", "the command printed `2`"),
        ("{send: 'echo x', expect_regex: '^y'}", "the command printed `x`, which `^y` does not match"),
        ("{send: 'echo x', expect_json: 1}", "the command printed `x`, which is no JSON"),
        ("{send: 'echo 2', expect_json: 1}", "the command printed `2`, not `1`"),
    ],
)
def test_what_a_command_in_bash_printed_and_its_status_are_exactly_known(
    step: str, message: str | None, tmp_path: Path
) -> None:
    result = play_text(f"{BASH}  - {step}\n", tmp_path)
    assert (result.message.removeprefix("step 1: ") or None) == message
    assert not result.steps[0].approximate


def test_what_another_program_printed_is_known_approximately(tmp_path: Path) -> None:
    text = "command: [cat]\necho: true\ntimeout: 1\nsteps:\n  - {send: hello, expect_output: hello}\n"
    result = play_text(text, tmp_path)
    assert result.has_passed, result.report
    assert result.steps[0].approximate


@pytest.mark.parametrize("driver", ["pty", "pexpect"])
def test_a_line_that_nobody_showed_is_no_echo_if_it_is_printed(driver: str, tmp_path: Path) -> None:
    step = "{send: hello, expect_output: hello, expect_lines: 1}"
    text = f"command: [cat]\ndriver: {driver}\ntimeout: 1\nsteps: [{step}, {step}]\n"
    result = play_text(text, tmp_path, record=True)
    assert result.has_passed, result.report
    scenario, recording = parse("a.yaml", text).scenario, read(Path(result.artifacts[0]))
    again = asyncio.run(replay(scenario, recording, Stage(directory=tmp_path / "again", artifacts=tmp_path / "again")))
    assert again.has_passed, again.report


EDITOR = """
import os, select, termios, tty
print('on', end='', flush=True)
select.select([0], [], [])  # a line that is there before
tty.setcbreak(0, termios.TCSANOW)
while line := os.read(0, 100):  # shows what it reads, and answers with the same
    os.write(1, line + line)
"""


def test_a_line_that_a_program_shows_itself_is_an_echo_even_if_it_came_early(tmp_path: Path) -> None:
    text = f"command: {json.dumps([sys.executable, '-c', EDITOR])}\ntimeout: 30\n"
    result = play_text(f"{text}steps:\n  - see: on\n  - {{send: hello, expect_output: hello}}\n", tmp_path)
    assert result.has_passed, result.report


READER = """
import sys, time, tty
tty.setcbreak(0)
print('> ', end='', flush=True)
for line in sys.stdin:  # as a program with GNU's readline, where the terminal shows no input
    time.sleep(0.1)
    print(end=f'\\r\\n{eval(line)}\\n> ', flush=True)
"""


def test_the_empty_line_that_enter_shows_is_an_echo(tmp_path: Path) -> None:
    text = f"command: {json.dumps([sys.executable, '-c', READER])}\ntimeout: 30\n"
    steps = "steps: [{expect: '> '}, {send: 3 + 3, expect_output: '6', expect_lines: 1}]"
    result = play_text(f"{text}{steps}\n", tmp_path)
    assert result.has_passed, result.report


def test_a_prompt_for_each_line_before_is_waited_for_where_the_answer_matters(tmp_path: Path) -> None:
    text = f"command: {json.dumps([sys.executable, '-c', READER])}\ntimeout: 30\n"
    steps = "steps: [{expect: '> '}, {send: 1 + 1}, {send: 2 + 2}, {send: 3 + 3, expect_output: '6', expect_lines: 1}]"
    result = play_text(f"{text}{steps}\n", tmp_path)
    assert result.has_passed, result.report


def test_who_types_gives_the_program_a_moment_to_answer_what_was_typed_before(tmp_path: Path) -> None:
    steps = "[{see: on}, {send: a}, {send: b}, {key: f5}]"
    result = play_text(shell("stty -icanon; echo on; sleep 985", steps), tmp_path, record=True)
    typed = [moment.seconds for moment in read(Path(result.artifacts[0])).moments if moment.kind == "i"]
    assert all(after - before > 0.04 for before, after in pairwise(typed)), typed


# --- honesty --------------------------------------------------------------------------------------------------------


def test_text_that_was_matched_before_passes_only_with_a_warning_and_strictly_not_at_all(tmp_path: Path) -> None:
    text = shell("echo hello; sleep 9", "[{expect: hello, timeout: 9}, {expect: hello}]", timeout=0.2)
    result = play_text(text, tmp_path)
    assert [notice.code for notice in result.notices] == ["stale-match"]
    assert result.has_passed
    strict = play_text(text, tmp_path / "again", strict=True)
    assert "the screen shows it, but from before" in strict.message


def test_blanks_over_which_a_program_moves_its_cursor_are_on_the_screen_but_were_not_printed(tmp_path: Path) -> None:
    program = "printf 'db>\\033[C'; sleep 9"
    assert play_text(shell(program, "[{see: 'db> '}]"), tmp_path).has_passed
    assert not play_text(
        shell(program, "[{see: 'db> ', timeout: 9}, {gone: 'db> '}]", timeout=0.2), tmp_path
    ).has_passed
    text = shell(program, "[{see: db}, {expect: 'db> ', timeout: 0.2}]")
    assert [notice.code for notice in play_text(text, tmp_path).notices] == ["stale-match"]


def test_text_that_was_erased_does_not_pass(tmp_path: Path) -> None:
    program = "printf 'old'; printf '\\033[2J\\033[H'; echo new; sleep 9"
    assert not play_text(shell(program, "[{see: new, timeout: 9}, {see: old}]", timeout=0.2), tmp_path).has_passed


def test_a_pass_after_a_failure_is_flaky(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    text = f"retries: 1\n{shell(f'test -e {flag} && echo ok; touch {flag}', '[{see: ok}]')}"
    result = play_text(text, tmp_path)
    assert result.has_passed
    assert result.is_flaky
    assert result.summary() == "flaky: 1 step passed at attempt 2"


def test_each_play_begins_in_an_empty_directory(tmp_path: Path) -> None:
    text = shell("ls | wc -l; touch left", "[{expect: '0'}]") + "validations: [{type: path_exists, path: left}]\n"
    for name in ("first", "second"):
        assert play_text(text, tmp_path / name).has_passed


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ("{type: path_exists, path: out/a.txt}", ""),
        ("{type: path_exists, path: b.txt}", "`b.txt` is not there"),
        ("{type: file_contains, path: out/a.txt, text: 'o.e\\ntwo'}", ""),
        ("{type: file_contains, path: out/a.txt, text: three}", "`out/a.txt` holds nothing that matches `three`"),
        ("{type: file_contains, path: b.txt, text: x}", "`b.txt` is not there"),
        ("{type: file_contains, path: out, text: x}", "`out` cannot be read: is a directory"),
    ],
)
def test_what_the_program_left_is_validated(validation: str, message: str, tmp_path: Path) -> None:
    program = "mkdir out; printf 'one\\ntwo\\n' > out/a.txt"
    result = play_text(shell(program, "[{exit: 0}]") + f"validations: [{validation}]\n", tmp_path)
    assert result.message == message


@pytest.mark.parametrize(
    ("path", "is_there"),
    [("artifacts/a", True), ("tmp/a", True), ("./a", True), ("../app/a", True), ("a", False), ("left", True)],
)
def test_some_validations_look_where_the_program_started(path: str, is_there: bool, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    program = f"mkdir -p artifacts tmp; touch artifacts/a tmp/a a; touch {tmp_path}/play/work/left"
    validation = f"validations: [{{type: path_exists, path: {path}}}]\n"
    result = play_text(f"cwd: app\n{shell(program, '[{exit: 0}]')}{validation}", tmp_path)
    assert result.message == ("" if is_there else f"`{path}` is not there")


def test_commands_around_a_play_run_before_and_after_it_however_it_ended(tmp_path: Path) -> None:
    around = f"setup: echo ready > a\nteardown: cp a {tmp_path}/after\n"
    result = play_text(around + shell("cat a", "[{see: ready}, {see: more}]"), tmp_path)
    assert not result.has_passed
    assert (tmp_path / "after").read_text() == "ready\n"
    failed = play_text("setup: echo no; false\n" + shell("true", "[{exit: 0}]"), tmp_path / "b")
    assert failed.message.startswith("setup: `echo no; false` ended with ")


def test_a_sentinel_is_awaited_in_the_program_s_own_file(tmp_path: Path) -> None:
    program = 'sleep 0.05; echo "[WIDGET] list" >> $TMPDIR/.vyb_orchestro/sentinels; sleep 9'
    assert play_text(shell(program, "[{expect: '[WIDGET] list'}]"), tmp_path).has_passed
    missing = play_text(shell(program, "[{expect: '[PROMPT] x'}]", timeout=0.2), tmp_path / "b")
    assert missing.message.endswith("the sentinel `[PROMPT] x` was not reached")


def test_a_picture_is_text_svg_and_png(tmp_path: Path) -> None:
    result = play_text(shell("printf '\\033[31mred\\033[0m'; sleep 9", "[{see: red, screenshot: one}]"), tmp_path)
    text, svg, png = (Path(path) for path in result.artifacts)
    assert text.read_text() == "red\n"
    assert "red" in svg.read_text()
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_snapshot_is_compared_cell_by_cell(tmp_path: Path) -> None:
    text = shell(
        "printf 'now %s \\033[1mbold\\033[0m' $WHEN; sleep 9",
        "[{see: bold, snapshot: {name: s, masks: [{left: 5, right: 6}]}}]",
    )
    (tmp_path / "x").mkdir()
    plays = [(f"env: {{WHEN: '{when}'}}\n{text}", mode) for when, mode in (("11", "record"), ("22", "verify"))]
    results = [play_text(play, tmp_path, snapshot_mode=mode) for play, mode in plays]
    assert [result.message for result in results] == ["", ""]
    changed = play_text(plays[0][0].replace("[1m", "[3m"), tmp_path)
    assert changed.message == "step 1: the screen differs from the snapshot `s`"
    assert "-1:8-11 bold" in changed.report
    assert "+1:8-11 italic" in changed.report
    missing = play_text(plays[0][0].replace("name: s", "name: t"), tmp_path)
    assert missing.message == "step 1: there is no snapshot `t`"


def test_no_secret_is_in_anything_that_a_play_leaves(tmp_path: Path) -> None:
    secret = "s3cr3t-value-0123456789"
    program = "printf 'k%.0s' $(seq 110); echo $TOKEN; read x; printf $TOKEN | base64; echo $x; sleep 9"
    text = "secrets: [TOKEN]\nname: about s3cr3t-value-0123456789\n" + shell(
        program, f"[{{see: k}}, {{send: {secret}}}, {{see: {secret}, screenshot: a}}, {{see: nothing, timeout: 0.3}}]"
    )
    result = play_text(text, tmp_path, environ={**os.environ, "TOKEN": secret}, record=True)
    left = [path.read_text("utf-8", "replace") for path in (tmp_path / "artifacts").rglob("*.[tsc][xva]*")]
    for shown in (*left, result.report, result.message, result.name, *(step.title for step in result.steps)):
        assert secret not in shown.replace("\n", "").replace("\\r\\n", "")
        assert "czNjcjN0LXZhbHVlLTAxMjM0NTY3O" not in shown


DRAWS_ITSELF = """
command: [sh, -c, '{before}echo ready; until [ -e $TMPDIR/.vyb_orchestro/screenshot_triggers/one.trigger ];
  do sleep 0.01; done; {consume}; mkdir -p artifacts/screenshots; sleep 0.05; {draw}; echo done; exec sleep 9']
env: {{SECRET: hush, DIR: artifacts/screenshots}}
secrets: [SECRET]
timeout: 60
steps: [{{see: ready}}, {{screenshot: one{timeout}}}{more}]
"""
CONSUME, OWN = (
    "rm $TMPDIR/.vyb_orchestro/screenshot_triggers/one.trigger",
    'echo "<svg>its own hush</svg>" >$DIR/one.svg',
)
DONE = ", {see: done}"
NO_MORE = f"{DONE}, {{gone: never, timeout: 0.3}}"
"""The program has done all that it does, and then has as long as the last step may wait."""


@pytest.mark.parametrize(
    ("before", "consume", "draw", "timeout", "more", "is_own"),
    [
        ("", CONSUME, OWN, ", timeout: 60", "", True),
        ("", CONSUME, f"echo drawing; sleep 0.1; {OWN}", "", ", {see: drawing}", True),  # while other steps go on
        ("", "true", OWN, "", DONE, False),  # it was not asked, as far as anybody can tell
        ("", CONSUME, "true", "", NO_MORE, False),  # a promise that is not kept
        ("", CONSUME, 'echo "<svg>half" >$DIR/one.svg', "", NO_MORE, False),
        (f"mkdir -p $DIR; {OWN}; ", CONSUME, "true", "", NO_MORE, False),  # of an earlier run
        ("", CONSUME, 'echo "<svg>its own &no; </svg>" >$DIR/one.svg', "", NO_MORE, False),  # no SVG
    ],
)
def test_a_picture_that_a_program_draws_of_itself_wins(
    before: str, consume: str, draw: str, timeout: str, more: str, is_own: bool, tmp_path: Path
) -> None:
    text = DRAWS_ITSELF.format(before=before, consume=consume, draw=draw, timeout=timeout, more=more)
    result = play_text(text, tmp_path, environ={**os.environ, "SECRET": "hush"})
    assert result.has_passed, result.report
    drawn = (tmp_path / "artifacts" / "screenshots" / "one.svg").read_text()
    assert ("its own ***" in drawn) is is_own
    assert "hush" not in drawn
    assert sorted(Path(name).suffix for name in result.artifacts) == [".png", ".svg", ".txt"]
