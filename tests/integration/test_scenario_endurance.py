"""Many plays, under load: none fails by chance, nothing of them is left, and a flood takes no more than its share."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.model import Scenario
from orchestrator.scenarios.play import play
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.stage import Stage
from tests.support.documents import REPOSITORY

AT_ONCE = 8
PATIENT = 60
"""Seconds that a step waits: under load a program takes its time, but nothing here takes longer than it must."""
STEADY = [
    "command: [sh, -c, 'printf \"ready> \"; read x; echo got $x']\n"
    "steps: [{expect: 'ready> '}, {send: hello, see: got hello}, {exit: 0}]",
    'command: [sh, -c, \'printf "\\033[2J\\033[5;9Hthere\\033[3;1H"; read x; printf "\\033[2Jnew"; exit 4\']\n'
    "steps: [{see: {text: there, row: 5}, cursor: [3, 1]}, {send: '', gone: there, see: new}, {exit: 4}]",
    "command: [sh, -c, 'trap \"echo caught; exit 3\" INT; echo on; while :; do sleep 0.01; done']\n"
    "steps: [{see: on}, {control: c, see: caught, exit: 3}]",
    "command: [sh, -c, 'stty -icanon min 6; printf \"\\033[6n\"; dd bs=6 count=1 2>/dev/null | od -An -c']\n"
    "steps: [{see: '033   [   1   ;   1   R'}, {exit: 0}]",
    "command: [bash, --norc]\n"
    "steps: [{send: 'seq 3; false', expect_lines: 3, expect_code: 1}, {send: exit 5, exit: 5}]",
]
HOSTILE = [
    "command: [sh, -c, 'exit 7']\nsteps: [{exit: 7}]",
    "command: [sh, -c, 'sleep 983']\ntimeout: 0.05\nsteps: [{see: never}]",
    "command: [sh, -c, 'trap \"\" HUP TERM INT; echo on; sleep 983']\nsteps: [{see: on}]",
    "command: [bash, -c, 'nohup sleep 983 >/dev/null 2>&1 & (sleep 983 &); echo on; sleep 983']\nsteps: [{see: on}]",
    "command: [sh, -c, 'printf \"\\377\\376\\033[c\\033[?2026$p\"; sleep 983']\n"
    "steps: [{resize: [30, 9]}, {settle: 0.01}]",
    "command: [sh, -c, 'kill -SEGV $$']\nsteps: [{exit: -11}]",
    "command: [sh, -c, 'yes | head -c 300000']\nsteps: [{exit: 0}]",
    "command: [sh, -c, 'echo on; sleep 983']\ndriver: pipe\nsteps: [{see: 'on'}]",
    "command: no-such-program\nsteps: [{see: never}]",
]


@pytest.fixture
def _load() -> Iterator[None]:
    burners = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(os.cpu_count() or 1)]
    yield
    for burner in burners:
        burner.kill()
        burner.wait()


def scenarios(texts: list[str], timeout: float) -> list[Scenario]:
    return [parse("a.yaml", text if "timeout:" in text else f"timeout: {timeout}\n{text}").scenario for text in texts]


def play_many(found: list[Scenario], runs: int, directory: Path) -> list[Result]:
    """Play scenarios in turn, some at once; return what came of each."""

    async def all_of_them() -> list[Result]:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> Result:
            async with room:
                place = directory / str(number)
                result = await play(
                    found[number % len(found)], Stage(directory=place, artifacts=directory / "artifacts")
                )
                shutil.rmtree(place)
                return result

        return await asyncio.gather(*(one(number) for number in range(runs)))

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("runs", [300, pytest.param(10_000, marks=pytest.mark.long)])
@pytest.mark.usefixtures("_load")
def test_no_play_fails_by_chance_while_the_processors_are_busy(runs: int, tmp_path: Path) -> None:
    results = play_many(scenarios(STEADY, PATIENT), runs, tmp_path)
    assert [result.report for result in results if not result.has_passed] == []
    assert [notice for result in results for notice in result.notices] == []


@pytest.mark.long
@pytest.mark.usefixtures("_load")
def test_no_example_fails_by_chance_in_a_hundred_plays(tmp_path: Path) -> None:
    binaries = Path(sys.executable).parent
    examples = str(REPOSITORY / "examples" / "scenarios")
    done = subprocess.run(
        [str(binaries / "orchestrate"), "scenario", "run", examples, "--repeat", "100", "--workers", "8", "--strict"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"},  # the Python with Textual
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, [line for line in done.stdout.splitlines() if not line.startswith("  succeeded")]
    assert int(re.search(r"(\d+) succeeded", done.stdout)[1]) >= 1300  # type: ignore[index]  # it is there


@pytest.mark.parametrize("runs", [24, pytest.param(1_000, marks=pytest.mark.long)])
def test_no_process_no_descriptor_and_no_directory_is_left(
    runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    found = scenarios(HOSTILE, PATIENT)
    play_many(found, len(found), tmp_path)  # what is opened once stays open
    before = set(os.listdir("/proc/self/fd"))
    results = play_many(found, runs, tmp_path)
    failed = {index % len(found) for index, result in enumerate(results) if not result.has_passed}
    assert failed == {1, 8}, [result.report for result in results if not result.has_passed]
    assert set(os.listdir("/proc/self/fd")) == before
    assert list(temporary.iterdir()) == []
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert b"sleep\x00983\x00" not in commands


@pytest.mark.parametrize("megabytes", [24, pytest.param(100, marks=pytest.mark.long)])
def test_a_flood_takes_no_more_than_its_share(megabytes: int, tmp_path: Path) -> None:
    text = "command: [sh, -c, 'yes some line of text | head -c {size}; echo; echo the end']\nsteps: [{{see: the end}}]"
    play_many(scenarios([text.format(size=8 << 20)], PATIENT), 1, tmp_path)
    Path("/proc/self/clear_refs").write_text("5")  # the most memory is counted from now on
    before = memory("VmRSS")
    (result,) = play_many(scenarios([text.format(size=megabytes << 20)], PATIENT), 1, tmp_path)
    assert result.has_passed, result.report
    assert memory("VmHWM") - before < 16 << 20


def memory(name: str) -> int:
    """Return a figure of our own memory in bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10
