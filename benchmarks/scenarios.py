"""Times scenarios beside their floor, a bare openpty and select, in one run on one machine.

    python benchmarks/scenarios.py              # everything, in two minutes
    python benchmarks/scenarios.py --quick      # a tenth of it

The scenario: wait for a prompt, type a line, wait for the answer. The floor does the same with nothing around it.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import pty
import resource
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import orders

from orchestrator.app.project import Options, Ports, Project
from orchestrator.app.run import execute
from orchestrator.batch import Wanted, load_all, make_plan
from orchestrator.handlers.scenario import Caller
from orchestrator.scenarios.driver import Launch, start
from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.play import play
from orchestrator.scenarios.plugin_set import open_plugins
from orchestrator.scenarios.recording import Recording
from orchestrator.scenarios.screen import open_screen
from orchestrator.scenarios.session import Session
from orchestrator.scenarios.stage import Stage

PROGRAM = 'printf "ready> "; read line; echo "got $line"'
SCENARIO = f"""
command: [sh, -c, '{PROGRAM}']
steps:
  - expect: "ready> "
  - send: hello
  - expect: got hello
"""
SIZE = Size(120, 80)
MB = 1 << 20
MEMORY = Path("/dev/shm")


class Spent(NamedTuple):
    """Milliseconds, of the clock and of the processor (children included)."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    scale = 0.1 if parser.parse_args().quick else 1.0
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        os.chdir(directory)
        three_steps(int(300 * scale))
        echo(int(3000 * scale))
        throughput(int(200 * scale))
        for workers in (8, 40):
            for burning in (0, 4):
                parallel(40, workers, 2.0 if scale == 1.0 else 0.5, burning)
        if scale == 1.0:
            orders.compare_orders()
        orders.check_fairness()
        orders.check_deadlines()


def three_steps(runs: int) -> None:
    scenario, environ = parse("bench.yaml", SCENARIO).scenario, dict(os.environ)

    async def one(where: str, number: int) -> None:
        place = Path(where).absolute() / f"play-{number}"
        result = await play(scenario, Stage(directory=place, artifacts=place, environ=environ))
        assert result.has_passed, result.report

    async def ours(where: str) -> list[Spent]:
        await one(where, -1)  # imports
        return [await measured(lambda number=number: one(where, number)) for number in range(runs)]

    rows = {"floor: openpty + select": [measured_now(bare_scenario) for _ in range(runs)]}
    rows["scenario of 3 steps"] = asyncio.run(ours("."))
    if MEMORY.is_dir():  # what a new directory costs is up to the disk
        with tempfile.TemporaryDirectory(prefix="bench-", dir=MEMORY) as directory:
            rows["... its directories in memory"] = asyncio.run(ours(directory))
    for name, spent in rows.items():
        wall = statistics.median(each.wall for each in spent)
        cpu = statistics.fmean(each.cpu for each in spent)
        p95 = statistics.quantiles([each.wall for each in spent], n=20)[-1]
        print(f"{name:<28} {wall:6.2f} ms p50  {p95:6.2f} ms p95  {cpu:6.2f} ms cpu")


def bare_scenario() -> None:
    master, slave = pty.openpty()
    child = subprocess.Popen(["sh", "-c", PROGRAM], stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    seen = b""
    for wanted, typed in ((b"ready> ", b"hello\r"), (b"got hello", b"")):
        while wanted not in seen:
            select.select([master], [], [])
            seen += os.read(master, 65536)
        os.write(master, typed)
    child.wait()
    os.close(master)


def echo(rounds: int) -> None:
    """Type a character and wait until the terminal has it on the screen."""

    async def ours() -> list[float]:
        screen = open_screen(SIZE)
        session = Session(screen, Recording(SIZE, ""))
        await session.start(Launch(["cat"], Path.cwd(), dict(os.environ), SIZE, echo=True), "pty")
        times = []
        for _ in range(rounds):
            began, before = time.perf_counter(), session.transcript.position
            session.type(b"x", "x")
            await session.until(lambda at=before: session.transcript.position > at or None, 5)
            times.append(time.perf_counter() - began)
            if len(times) % 50 == 0:
                session.type(b"\r", "")
                await session.settle(0.005, 5)
        await session.close()
        return times

    def floor() -> list[float]:
        master, slave = pty.openpty()
        child = subprocess.Popen(["cat"], stdin=slave, stdout=slave, start_new_session=True)
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            os.write(master, b"x")
            select.select([master], [], [])
            os.read(master, 65536)
            times.append(time.perf_counter() - began)
            if len(times) % 50 == 0:
                os.write(master, b"\r")
                while select.select([master], [], [], 0.005)[0]:
                    os.read(master, 65536)
        child.kill()
        child.wait()
        os.close(master)
        os.close(slave)
        return times

    for name, times in (("floor: echo", floor()), ("echo, seen by a session", asyncio.run(ours()))):
        print(f"{name:<28} {statistics.median(times) * 1000:6.3f} ms p50")


def throughput(megabytes: int) -> None:
    line = b"\x1b[32msome text\x1b[0m that a program prints, with \x1b[1mcolours\x1b[0m and \xc3\xa9\r\n"
    chunk = line * (65536 // len(line))
    screen, began = open_screen(SIZE), time.perf_counter()
    for _ in range(megabytes * MB // len(chunk)):
        screen.feed(chunk)
    print(f"{'emulator alone':<28} {megabytes / (time.perf_counter() - began):6.1f} MB/s")

    program = ["sh", "-c", f"yes 'some line of text that is printed' | head -c {megabytes * MB}"]

    class Ear:
        def __init__(self) -> None:
            self.size, self.over = 0, asyncio.Event()

        def received(self, data: bytes) -> None:
            self.size += len(data)

        def ended(self, _how: object) -> None:
            self.over.set()

    async def flood(make: Callable[[], Ear | Session]) -> float:
        ear, began = make(), time.perf_counter()
        driver = await start("pty", Launch(program, Path.cwd(), dict(os.environ), SIZE), ear)
        if isinstance(ear, Ear):
            await ear.over.wait()
        else:
            await ear.until(lambda: ear.exit, 600)
        await driver.close()
        return megabytes / (time.perf_counter() - began)

    print(f"{'floor: flood, thrown away':<28} {asyncio.run(flood(Ear)):6.1f} MB/s")
    rate = asyncio.run(flood(lambda: Session(open_screen(SIZE), Recording(SIZE, ""))))
    print(f"{'flood, on a screen':<28} {rate:6.1f} MB/s")
    print(f"{'memory':<28} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MB at most")


def parallel(count: int, workers: int, seconds: float, burning: int) -> None:
    """Play sleepers through the engine, from its start to its end; compare with what no scheduler can beat.

    That is the longest of: the rounds that so few workers need, one scenario, and the processors' time that all of them
    use in this run, over the processors there are. Every so many-th one burns a processor instead, if `burning`.
    """
    directory = Path(f"sleepers-{workers}-{burning}")
    directory.mkdir()
    for number in range(count):
        command, status = f"[sleep, '{seconds}']", 0
        if burning and number % burning == 0:
            command, status = f"[timeout, '{seconds}', sh, -c, 'while :; do :; done']", 124
        text = f"command: {command}\nsteps: [{{exit: {status}}}]\n"
        (directory / f"{number:02}.yaml").write_text(text)
    wanted = Wanted(files=[directory], workers=workers)
    plan = make_plan(wanted, load_all(wanted))
    project = Project(Options(state_dir=directory / "state"), Ports(), plan)
    handler: Any = project.registry.handler("scenario")
    handler.caller = Caller(plugins=open_plugins())  # as the command does before
    began, before = time.perf_counter(), _cpu_of(resource.RUSAGE_CHILDREN)
    assert execute(project).exit_code == 0
    took = time.perf_counter() - began
    used = (_cpu_of(resource.RUSAGE_CHILDREN) - before) / len(os.sched_getaffinity(0))
    limit = max(math.ceil(count / workers) * seconds, used)
    title = f"{count} x {seconds:g} s, {workers} workers{', cpu' if burning else ''}"
    print(f"{title:<28} {took:6.2f} s  {limit / took:6.3f} of the physical limit")


async def measured(what: Callable[[], object]) -> Spent:
    began, before = time.perf_counter(), _cpu()
    await what()  # type: ignore[misc]
    return Spent((time.perf_counter() - began) * 1000, (_cpu() - before) * 1000)


def measured_now(what: Callable[[], None]) -> Spent:
    began, before = time.perf_counter(), _cpu()
    what()
    return Spent((time.perf_counter() - began) * 1000, (_cpu() - before) * 1000)


def _cpu() -> float:
    return _cpu_of(resource.RUSAGE_SELF) + _cpu_of(resource.RUSAGE_CHILDREN)


def _cpu_of(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
