from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentProblem, StateError
from orchestrator.record.lock import ProjectLock

HOLDER = {"command": "orchestrate run", "run": "r1", "pid": 4711, "since": "2026-01-01T10:00:00+00:00"}
HOLD = """
import json, os, sys
from pathlib import Path
from orchestrator.record.lock import ProjectLock

with ProjectLock(Path(sys.argv[1]), json.loads(sys.argv[2])):
    print("held", flush=True)
    if sys.stdin.readline() == "die\\n":
        os.kill(os.getpid(), 9)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def hold(path: Path) -> subprocess.Popen[str]:
    import json

    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path, json.dumps(HOLDER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_who_holds_the_project(path: Path) -> None:
    with hold(path) as other:
        with pytest.raises(StateError) as caught, ProjectLock(path, {}):
            pass
        other.communicate("end\n")
    assert caught.value.code == "state/locked"
    assert caught.value.message == (
        "another run holds this project: `orchestrate run` (run r1, pid 4711, since 2026-01-01T10:00:00+00:00)"
    )


@pytest.mark.parametrize("ending", ["end", "die"])
def test_however_the_holder_ends_the_project_is_free(path: Path, ending: str) -> None:
    with hold(path) as other:
        other.communicate(f"{ending}\n")
    with ProjectLock(path, HOLDER):
        assert '"pid": 4711' in path.read_text()
    assert path.read_text() == ""


def test_a_holder_that_has_not_said_who_it_is_is_still_in_the_way(path: Path) -> None:
    with (
        ProjectLock(path, {"pid": 1}),
        pytest.raises(StateError, match="has not said"),
        ProjectLock(path, HOLDER),
    ):
        pass


def test_a_lock_that_cannot_be_made_is_the_machine_s_problem(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem), ProjectLock(tmp_path / "missing" / "lock", HOLDER):
        pass
