"""Times the command beside its floors, in pairs, and prints ratios."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import plans

HERE = Path(__file__).parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent
ORCHESTRATE = str(BIN / "orchestrate")


class Cost(NamedTuple):
    """What one process tree used: cpu seconds, and MB of its largest process."""

    cpu: float
    memory: float


class Row(NamedTuple):
    """One line of the result."""

    name: str
    ours: str
    floor: str
    ratio: str
    target: str


def measure(argv: Sequence[str], cwd: Path, environ: dict[str, str]) -> Cost:
    """Run a command to its end, without a terminal as in CI, and return what it used."""
    child = subprocess.Popen(
        argv, cwd=cwd, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    assert child.stderr is not None
    told = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(argv)} ended with {child.returncode}: {told.decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Bench:
    """A scratch directory with its own cache, and the pairs measured in it."""

    def __init__(self, directory: Path, runs: int) -> None:
        self.directory = directory
        self.runs = runs
        self.environ = {**os.environ, "XDG_CACHE_HOME": str(directory / "cache"), "CI": "true"}
        for name in ("GITHUB_ACTIONS", "PYTHONDONTWRITEBYTECODE"):
            self.environ.pop(name, None)

    def ours(self, *arguments: str, fresh: bool = True, cold: bool = False) -> Cost:
        """Run the command; `fresh` forgets earlier runs, `cold` the compiled plan."""
        if fresh:
            shutil.rmtree(self.directory / ".orchestrator", ignore_errors=True)
        if cold:
            shutil.rmtree(self.directory / "cache", ignore_errors=True)
        return measure([ORCHESTRATE, *arguments], self.directory, self.environ)

    def floor(self, name: str, *arguments: str) -> Cost:
        """Run one of the floors."""
        return measure([PYTHON, str(HERE / "floors" / name), *arguments], self.directory, self.environ)

    def shares(self, plan: Path) -> tuple[float, float]:
        """Return the shares of the journal and of rendering in the cpu seconds of a run."""
        shutil.rmtree(self.directory / ".orchestrator", ignore_errors=True)
        argv = [PYTHON, str(HERE / "shares.py"), str(plan)]
        ended = subprocess.run(argv, cwd=self.directory, env=self.environ, capture_output=True, text=True, check=True)
        journal, rendering = map(float, ended.stderr.split())
        return journal, rendering

    def pair(self, first: Callable[[], Cost], second: Callable[[], Cost]) -> tuple[float, float]:
        """Return the median cpu seconds of both, measured in turn."""
        first(), second()
        pairs = [(first().cpu, second().cpu) for _ in range(self.runs)]
        return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)


def bench_help(bench: Bench, _tasks: int) -> list[Row]:
    ours, floor = bench.pair(lambda: bench.ours("--help"), lambda: bench.floor("typer_program.py", "--help"))
    again, bare = bench.pair(
        lambda: bench.ours("--help"), lambda: measure([PYTHON, "-c", "pass"], bench.directory, bench.environ)
    )
    return [
        _row("`--help` v. a minimal typer program", ours, floor, "1.2"),
        _row("`--help` v. `python -c pass`", again, bare, "near 3"),
    ]


def bench_milestones(bench: Bench, tasks: int) -> list[Row]:
    plan, graph = plans.write_milestones(bench.directory, tasks)
    run = ("run", "--yes", "--config", str(plan))
    warm, floor = bench.pair(lambda: bench.ours(*run), lambda: bench.floor("kahn.py", str(graph)))
    cold, load = bench.pair(lambda: bench.ours(*run, cold=True), lambda: bench.floor("yaml_load.py", str(plan)))
    memory = bench.ours(*run).memory
    return [
        _row(f"{tasks} milestones, warm v. Kahn + asyncio", warm, floor, "3"),
        _row(f"{tasks} milestones, cold less 3 x Kahn v. yaml.load", cold - 3 * floor, load, "1.2"),
        Row(f"memory at {tasks} milestones", f"{memory:.0f} MB", "", "", "90 MB"),
    ]


def bench_commands(bench: Bench, tasks: int) -> list[Row]:
    plan, ninja = plans.write_commands(bench.directory, tasks)
    build = [str(BIN / "ninja"), "--quiet", "-j8", "-f", str(ninja)]
    ours, floor = bench.pair(
        lambda: bench.ours("run", "--yes", "--config", str(plan)),
        lambda: measure(build, bench.directory, bench.environ),
    )
    bare, again = bench.pair(
        lambda: bench.floor("spawn.py", str(tasks)), lambda: measure(build, bench.directory, bench.environ)
    )
    journal, rendering = bench.shares(plan)
    return [
        _row(f"{tasks} x /bin/true at 8 jobs v. ninja", ours, floor, "0.65, aim 0.55"),
        Row("... of which the journal", f"{journal:.1%}", "", "", "5 %"),
        Row("... of which rendering", f"{rendering:.1%}", "", "", "3 %"),
        _row("the same from a bare posix_spawn loop v. ninja", bare, again, "a limit, not a target"),
    ]


def bench_nothing(bench: Bench, tasks: int) -> list[Row]:
    plan = plans.write_fingerprinted(bench.directory, tasks)
    run = ("run", "--yes", "--config", str(plan))
    bench.ours(*run)
    ours, load = bench.pair(
        lambda: bench.ours(*run, fresh=False), lambda: bench.ours("validate", "--config", str(plan), fresh=False)
    )
    record = shutil.copy(bench.directory / ".orchestrator" / "journal.db", bench.directory)
    bare, start = bench.pair(
        lambda: bench.floor("nothing.py", str(record)),
        lambda: measure([PYTHON, "-c", "import hashlib, json, sqlite3"], bench.directory, bench.environ),
    )
    return [
        _added(f"nothing to do, {tasks} fingerprinted tasks, over loading the plan", ours, load, "+0.3 s"),
        _added("the same looks and rows from a bare program, over starting it", bare, start, "a limit, not a target"),
    ]


def bench_growth(bench: Bench, tasks: int) -> list[Row]:
    small, _ = plans.write_milestones(bench.directory, tasks)
    large_directory = bench.directory / "large"
    large_directory.mkdir()
    large, _ = plans.write_milestones(large_directory, tasks * 10)
    other = Bench(large_directory, bench.runs)
    many, few = bench.pair(
        lambda: other.ours("run", "--yes", "--config", str(large)),
        lambda: bench.ours("run", "--yes", "--config", str(small)),
    )
    return [_row(f"{tasks * 10} milestones v. {tasks}", many, few, "12")]


BENCHES: dict[str, Callable[[Bench, int], list[Row]]] = {
    "help": bench_help,
    "milestones": bench_milestones,
    "commands": bench_commands,
    "nothing": bench_nothing,
    "growth": bench_growth,
}


def _added(name: str, ours: float, floor: float, target: str) -> Row:
    return Row(name, f"{ours:.2f} s", f"{floor:.2f} s", f"+{ours - floor:.2f} s", target)


def _row(name: str, ours: float, floor: float, target: str) -> Row:
    return Row(name, f"{ours:.3f} s", f"{floor:.3f} s", f"{ours / floor:.2f}", target)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help="which benches; absent = all")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=10_000)
    arguments = parser.parse_args()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| what | ours | floor | ratio | target |\n|---|---|---|---|---|")
    for name in arguments.names or BENCHES:
        with tempfile.TemporaryDirectory() as directory:
            for row in BENCHES[name](Bench(Path(directory), arguments.runs), arguments.tasks):
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
