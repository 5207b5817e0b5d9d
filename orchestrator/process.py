"""Runs child processes cheaply, and makes sure that none outlives its task or its run.

Every child leads a process group of its own, so that a whole pipeline can be ended at once, and carries the run's id in
its environment, so that even a daemon that left the group can be found. Nothing here interprets output or decides
whether an exit status is a failure.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orchestrator.child import Child, Exit, Readers, readers
from orchestrator.spawning import Spawner
from orchestrator.watchdog import boot_ticks, end_processes

RUN_ID = "ORCHESTRATE_RUN_ID"
# A resumed run keeps its id: this tells its children from those a killed run's watchdog may still be ending.
LAUNCH_ID = "ORCHESTRATE_LAUNCH_ID"

ROUND = 0.01  # seconds until the watchdog hears of a child: most are over by then, and never mentioned
BRIEF = 0.05  # seconds after which a child counts as lasting: until then, the end of its output tells of its exit


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A pid and about when it started, in clock ticks since boot (0 if unknown): a pid alone may be reused."""

    pid: int
    started: int


class Children:
    """The child processes of one run: none outlives `close` or, thanks to the watchdog, this process."""

    def __init__(self, run_id: str, *, watchdog: bool = True) -> None:
        self._marks = {RUN_ID: run_id, LAUNCH_ID: os.urandom(8).hex()}
        self._launch = f"{LAUNCH_ID}={self._marks[LAUNCH_ID]}"
        self._running: set[Child] = set()
        self._told: set[Child] = set()  # children that the watchdog knows of
        self._brief: dict[Child, Callable[[ProcessId], None] | None] = {}  # those that may end before they last
        self._over = b""  # of those that have ended: news that can wait for the next one's beginning
        self._round: asyncio.TimerHandle | None = None
        self._environ: tuple[Mapping[str, str], dict[bytes, bytes]] = {}, {}
        self._watchdog = _Watchdog(self._launch) if watchdog else None
        self._readers: Readers | asyncio.AbstractEventLoop | None = None

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        output: Callable[[bytes], None],
        timeout: float | None = None,  # noqa: ASYNC109 - a limit on the child, which may then end in good order
        grace: float = 5.0,
        on_lasting: Callable[[ProcessId], None] | None = None,
    ) -> Exit:
        """Run `argv` to its end, passing what it writes (stdout and stderr as one stream) to `output`.

        After `timeout` seconds, or when cancelled, its process group gets SIGTERM and `grace` seconds later
        SIGKILL; a second cancellation does not wait that long. What the leader leaves running in its group is
        killed. `on_lasting` is told of a child that has not ended after `BRIEF` seconds. Raises OSError if the
        program cannot be started.
        """
        if not self._readers:
            self._begin()
        assert self._readers
        began = self._loop.time()
        pid, pipe = self._spawner.spawn(argv, cwd, env.get("PATH"), self._marked(env))
        child = Child(pid, pipe, began, output, self._loop, self._readers, self._forget)
        self._running.add(child)
        self._brief[child] = on_lasting
        if self._round is None:
            self._round = self._loop.call_later(ROUND, self._go_round)
        try:
            return await child.wait(timeout, grace)
        finally:
            if not child.over.has_rung:
                await child.end(grace)

    def mark(self) -> Mapping[str, str]:
        """Return the environment by which a process that somebody else starts is found and ended after this run."""
        if not self._readers:
            self._begin()
        return self._marks

    def kill(self) -> None:
        """Kill every process group now; each `run` then returns how its child ended."""
        for child in tuple(self._running):
            child.kill()

    async def close(self) -> None:
        """Kill what still runs, end the daemons that children left behind, and return when all are gone."""
        self.kill()
        while self._running:
            await next(iter(self._running)).over.wait()
        if self._round:
            self._round.cancel()
            self._round = None
        if self._readers:
            self._spawner.close()
        if isinstance(self._readers, Readers):
            self._readers.close()
        self._readers = None
        if not self._watchdog or not await self._watchdog.dismiss():
            await asyncio.to_thread(end_processes, {os.fsencode(self._launch)})

    def _begin(self) -> None:
        if self._watchdog:
            self._watchdog.start()
        self._loop = asyncio.get_running_loop()
        self._readers = readers()
        self._spawner = Spawner()

    def _marked(self, env: Mapping[str, str]) -> dict[bytes, bytes]:
        """Return `env` with our marks, as the system takes it: most children get the same."""
        if env != self._environ[0]:
            marked = {**env, **self._marks}
            self._environ = dict(env), {os.fsencode(name): os.fsencode(value) for name, value in marked.items()}
        return self._environ[1]

    def _forget(self, child: Child) -> None:
        self._running.discard(child)
        self._brief.pop(child, None)
        if child in self._told:
            self._told.discard(child)
            self._over += b"-%d\n" % child.pid

    def _go_round(self) -> None:
        """See to the children that run on, which most do not live to see."""
        if self._watchdog:
            self._tell(self._watchdog)
        born_before = self._loop.time() - BRIEF
        for child, note in [*self._brief.items()]:
            if child.began <= born_before:
                del self._brief[child]
                child.watch()
                if note:
                    note(ProcessId(child.pid, boot_ticks()))
        self._round = self._loop.call_later(ROUND, self._go_round) if self._brief else None

    def _tell(self, watchdog: _Watchdog) -> None:
        """Tell the watchdog who runs; a child that a kill leaves behind sooner is found by its marks."""
        begun = self._running - self._told
        if begun:
            watchdog.tell(self._over + b"".join(b"+%d %d\n" % (child.pid, boot_ticks()) for child in begun))
            self._told |= begun
            self._over = b""


def end_stragglers(run_ids: Collection[str], *, known: Iterable[ProcessId] = ()) -> list[int]:
    """End what survived a killed run: processes marked with its id, and the groups of its `known` leaders.

    Blocks for some seconds if they ignore SIGTERM. Returns the pids that were signalled.
    """
    marks = {os.fsencode(f"{RUN_ID}={run_id}") for run_id in run_ids}
    return end_processes(marks, [(process.pid, process.started) for process in known if process.started])


class _Watchdog:
    """The small program that ends a launch's processes once its pipe to this process breaks (watchdog.py)."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._process: subprocess.Popen[bytes] | None = None
        self._leash = -1

    def start(self) -> None:
        if self._process:
            return
        read_end, leash = os.pipe()
        os.set_blocking(leash, False)
        program = Path(__file__).with_name("watchdog.py")
        # In a run inside a run, we are a marked process of the outer one: when that ends us, this must go on.
        env = {name: value for name, value in os.environ.items() if name not in (RUN_ID, LAUNCH_ID)}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", program, self._mark],
                stdin=read_end,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=env,
                start_new_session=True,
            )
        except BaseException:
            os.close(leash)
            raise
        finally:
            os.close(read_end)
        self._leash = leash

    def tell(self, news: bytes) -> None:
        # It may have been killed, or stopped with a full pipe: the marks in the environment do not need it.
        with suppress(BrokenPipeError, BlockingIOError):
            os.write(self._leash, news)

    async def dismiss(self) -> bool:
        """Let it end what is left and exit; return whether it did."""
        if not self._process:
            return True
        process, self._process = self._process, None
        os.close(self._leash)
        return await asyncio.to_thread(process.wait) == 0
