"""The command `orchestro`, which takes the same way as `orchestrate scenario`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ORCHESTRO = Path(sys.executable).with_name("orchestro")
FAILING = "name: a\ncommand: echo hello\ncolour: red\nsteps: [{expect: bye, timeout: 0.2}]\n"


def orchestro(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(directory), "PATH": "/usr/bin:/bin"}
    return subprocess.run([ORCHESTRO, *words], cwd=directory, env=environ, capture_output=True, text=True, check=False)


def test_a_workspace_is_where_programs_run_with_home_and_data(tmp_path: Path) -> None:
    show = "pwd > where; echo $HOME $VYB_DATA_ROOT; touch $HOME/a $VYB_DATA_ROOT/b"
    steps = f"steps: [{{expect: '{tmp_path}/w/home {tmp_path}/w/data', exit: 0}}]"
    where = f"{{type: file_contains, path: where, text: '^{tmp_path}/w$'}}"
    validations = f"validations: [{where}, {{type: path_exists, path: home/a}}]"
    (tmp_path / "a.yaml").write_text(f"command: [sh, -c, '{show}']\nunknown: 1\n{steps}\n{validations}\n")
    done = orchestro(tmp_path, "run", "a.yaml", "--workspace", "w", "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning[unknown-key]: unknown key `unknown`" in done.stderr
    assert (tmp_path / "w" / "data" / "b").exists()


def test_without_a_workspace_programs_run_in_the_current_directory(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("command: ls\nsteps: [{expect: a.yaml}, {exit: 0}]\n")
    assert orchestro(tmp_path, "a.yaml").returncode == 0


def test_many_run_at_once_when_that_is_wanted(tmp_path: Path) -> None:
    """Each waits for the file that the other makes, so that one after the other cannot pass."""
    for mine, other in (("a", "b"), ("b", "a")):
        wait = f"touch {mine}.here; until test -e {other}.here; do sleep 0.01; done; echo met"
        (tmp_path / f"{mine}.yaml").write_text(f"command: [sh, -c, '{wait}']\ntimeout: 20\nsteps: [{{expect: met}}]\n")
    done = orchestro(tmp_path, "run", "a.yaml", "b.yaml", "--parallel", "--workers", "8")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("a.here", "b.here"):
        (tmp_path / name).unlink()
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text((tmp_path / name).read_text().replace("timeout: 20", "timeout: 0.5"))
    assert orchestro(tmp_path, "run", "a.yaml", "b.yaml").returncode == 1


def test_a_dry_run_plays_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("command: touch made\nsteps: [{exit: 0}]\n")
    done = orchestro(tmp_path, "run", "a.yaml", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "1 scenario checked\n")
    assert not (tmp_path / "made").exists()


def test_a_failure_is_told_and_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(FAILING)
    done = orchestro(tmp_path, "run", "a.yaml", "--junit-xml", "out.xml")
    assert done.returncode == 1 and "`bye` was not printed" in done.stdout
    assert "<failure" in (tmp_path / "out.xml").read_text()


def test_bad_input_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    done = orchestro(tmp_path, "run", "none.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith("error[plan/not-found]: `none.yaml` does not exist")
