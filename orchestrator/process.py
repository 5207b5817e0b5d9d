"""Runs child processes cheaply, and makes sure that none outlives its task or its run.

Every child leads a session and a process group of its own, so that a whole pipeline can be ended at once, and
carries the run's id in its environment, so that even a daemon that left the group can be found. Nothing here
interprets output or decides whether an exit status is a failure.

asyncio's own subprocesses cost a thread per child on Python 3.11. Here the end of a child's output is a sign to look
whether it has ended; only the exit of one that lasts is reported by the kernel, on a pidfd.
"""

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orchestrator.alarms import Alarms
from orchestrator.signals import RESTORED, restoring
from orchestrator.watchdog import boot_ticks, end_processes

RUN_ID = "ORCHESTRATE_RUN_ID"
# A resumed run keeps its id: this tells its children from those a killed run's watchdog may still be ending.
LAUNCH_ID = "ORCHESTRATE_LAUNCH_ID"

NEWS = 0.01  # seconds until the watchdog hears of a child: most are over by then, and never mentioned
BRIEF = 0.05  # seconds after which a child counts as lasting: until then, the end of its output tells of its exit
LINGER = 0.25  # seconds a group whose leader has exited gets to finish writing, as in `cmd > >(tee log)`
CHUNK = 1 << 16  # bytes read at once: what a pipe holds by default
LARGEST_PIPE = 1 << 20  # bytes a child can make its pipe hold without privileges (pipe(7))


@dataclass(frozen=True, slots=True)
class Exit:
    """How a child ended: with `code`, or by `signal`; neither is known if this process ignores SIGCHLD."""

    code: int | None
    signal: int | None
    seconds: float
    timed_out: bool


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
        self._running: set[_Child] = set()
        self._told: set[_Child] = set()  # children that the watchdog knows of
        self._over = b""  # of those that have ended: news that can wait for the next one's beginning
        self._telling: asyncio.TimerHandle | None = None
        self._environ: tuple[Mapping[str, str], dict[bytes, bytes]] = {}, {}
        self._watchdog = _Watchdog(self._launch) if watchdog else None
        self._readers: _Readers | asyncio.AbstractEventLoop | None = None

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
        # posix_spawn is the cheapest way, but knows no working directory and searches our own PATH.
        is_here = str(cwd) == self._directory and env.get("PATH") == self._path
        began = asyncio.get_running_loop().time()
        pid, pipe = _spawn(argv, None if is_here else cwd, self._marked(env))
        child = _Child(pid, pipe, began, output, self._readers, self._forget)
        self._running.add(child)
        if self._watchdog and self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(NEWS, self._tell)
        alarm = self._alarms.set(BRIEF, partial(_last, child, on_lasting))
        try:
            return await child.wait(timeout, grace)
        finally:
            self._alarms.clear(alarm)
            if not child.over.is_set():
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
        if self._telling:
            self._telling.cancel()
            self._telling = None
        if isinstance(self._readers, _Readers):
            self._readers.close()
        self._readers = None
        if not self._watchdog or not await self._watchdog.dismiss():
            await asyncio.to_thread(end_processes, {os.fsencode(self._launch)})

    def _begin(self) -> None:
        if self._watchdog:
            self._watchdog.start()
        self._readers = _Readers() if hasattr(select, "epoll") else asyncio.get_running_loop()
        self._alarms = Alarms()
        self._path, self._directory = os.environ.get("PATH"), os.getcwd()

    def _marked(self, env: Mapping[str, str]) -> dict[bytes, bytes]:
        """Return `env` with our marks, as the system takes it: most children get the same."""
        if env != self._environ[0]:
            marked = {**env, **self._marks}
            self._environ = dict(env), {os.fsencode(name): os.fsencode(value) for name, value in marked.items()}
        return self._environ[1]

    def _forget(self, child: "_Child") -> None:
        self._running.discard(child)
        if child in self._told:
            self._told.discard(child)
            self._over += b"-%d\n" % child.pid

    def _tell(self) -> None:
        """Tell the watchdog who runs; a child that a kill leaves behind sooner is found by its marks."""
        self._telling = None
        assert self._watchdog
        begun = self._running - self._told
        self._watchdog.tell(self._over + b"".join(b"+%d %d\n" % (child.pid, boot_ticks()) for child in begun))
        self._told |= begun
        self._over = b""


def end_stragglers(run_ids: Collection[str], *, known: Iterable[ProcessId] = ()) -> list[int]:
    """End what survived a killed run: processes marked with its id, and the sessions of its `known` leaders.

    Blocks for some seconds if they ignore SIGTERM. Returns the pids that were signalled.
    """
    marks = {os.fsencode(f"{RUN_ID}={run_id}") for run_id in run_ids}
    return end_processes(marks, [(process.pid, process.started) for process in known if process.started])


class _Child:
    """A process group from spawn to burial, moved on by the event loop: no cancellation can skip a step.

    The leader stays a zombie until the rest of its group is killed, so that the group's number is not reused.
    """

    def __init__(
        self,
        pid: int,
        pipe: int,
        began: float,
        output: Callable[[bytes], None],
        readers: "_Readers | asyncio.AbstractEventLoop",
        on_over: Callable[["_Child"], None],
    ) -> None:
        self.pid = pid
        self.over = asyncio.Event()
        self._pipe: int | None = pipe
        self._pidfd: int | None = None
        self._output = output
        self._readers = readers
        self._on_over = on_over
        self._loop = asyncio.get_running_loop()
        self._began = began
        self._seconds = 0.0
        self._status: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timed_out = self._ending = self._killed = self._exited = self._is_watched = False
        readers.add_reader(pipe, self._read)

    async def wait(self, timeout: float | None, grace: float) -> Exit:  # noqa: ASYNC109
        if timeout is not None:
            self._after(timeout, self._expire, grace)
        await self.over.wait()
        code = None if self._status is None else os.waitstatus_to_exitcode(self._status)
        if code is not None and code < 0:
            return Exit(None, -code, self._seconds, self._timed_out)
        return Exit(code, None, self._seconds, self._timed_out)

    async def end(self, grace: float) -> None:
        self._terminate(grace)
        try:
            await self.over.wait()
        finally:  # when cancelled once more, the loop sees to the rest
            self.kill()

    def kill(self) -> None:
        if not self.over.is_set():
            self.watch()
            self._killed = True
            self._signal(signal.SIGKILL)
            self._settle()

    def _expire(self, grace: float) -> None:
        self._timed_out = True
        self._terminate(grace)

    def _terminate(self, grace: float) -> None:
        if not self._ending:
            self.watch()
            self._ending = True
            self._signal(signal.SIGTERM)
            self._after(grace, self.kill)

    def watch(self) -> None:
        """Have the kernel report the exit, whatever becomes of the output."""
        if self._is_watched or self._exited:
            return
        self._is_watched = True
        if self._pipe is not None:
            os.set_blocking(self._pipe, False)  # it will also be read when it has nothing to say
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # macOS, an old kernel, a strict container
            threading.Thread(target=self._wait_in_thread, daemon=True).start()
        else:
            self._readers.add_reader(self._pidfd, self._notice_exit)

    def _wait_in_thread(self) -> None:
        self._status = _reap(self.pid)
        with suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(self._notice_exit)

    def _notice_exit(self) -> None:
        if self._pidfd is not None:
            self._readers.remove_reader(self._pidfd)
            os.close(self._pidfd)
        self._exited = True
        self._seconds = self._loop.time() - self._began
        if self._pipe is not None:
            self._read()  # most often the end of the output, which comes with the exit
        self._settle()
        if not (self._ending or self.over.is_set()):
            self._ending = True
            self._after(LINGER, self.kill)

    def _read(self) -> None:
        assert self._pipe is not None
        with suppress(BlockingIOError):
            if data := os.read(self._pipe, CHUNK):
                self._output(data)
            else:
                self._close_pipe()
                self._look()
                self._settle()

    def _look(self) -> None:
        """See whether the leader has exited: most often that is why its output has ended."""
        if self._is_watched or self._exited:
            return
        try:
            has_exited = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except AttributeError:  # macOS
            has_exited = False
        except ChildProcessError:  # the kernel threw its status away, because SIGCHLD is ignored
            has_exited = True
        if has_exited:
            self._exited = True
            self._seconds = self._loop.time() - self._began
        else:
            self.watch()

    def _settle(self) -> None:
        """Bury the group once its leader has exited and its output has ended, or will not be waited for."""
        if self.over.is_set() or not self._exited or not (self._killed or self._pipe is None):
            return
        self._signal(signal.SIGKILL)
        rest = b""
        if self._pipe is not None:  # a daemon that left the group may hold it open, and write on and on
            with suppress(BlockingIOError):
                rest = os.read(self._pipe, LARGEST_PIPE)
            self._close_pipe()
        if self._timer:
            self._timer.cancel()
        if self._status is None:
            self._status = _reap(self.pid)
        self.over.set()
        self._on_over(self)
        if rest:
            self._output(rest)

    def _close_pipe(self) -> None:
        assert self._pipe is not None
        self._readers.remove_reader(self._pipe)
        os.close(self._pipe)
        self._pipe = None

    def _after(self, seconds: float, action: Callable[..., None], *arguments: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, action, *arguments)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            os.killpg(self.pid, number)


class _Readers:
    """A cheaper `add_reader` than the loop's own, which sees a single epoll for all children."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._actions: dict[int, Callable[[], None]] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._epoll, self._dispatch)

    def add_reader(self, descriptor: int, action: Callable[[], None]) -> None:
        self._actions[descriptor] = action
        self._epoll.register(descriptor, select.EPOLLIN)

    def remove_reader(self, descriptor: int) -> None:
        self._epoll.unregister(descriptor)
        del self._actions[descriptor]

    def close(self) -> None:
        self._loop.remove_reader(self._epoll)
        self._epoll.close()

    def _dispatch(self) -> None:
        for descriptor, _ in self._epoll.poll(0):
            if action := self._actions.get(descriptor):  # the action before may have removed this one
                action()


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


def _last(child: _Child, note: Callable[[ProcessId], None] | None) -> None:
    child.watch()
    if note:
        note(ProcessId(child.pid, boot_ticks()))


def _spawn(argv: Sequence[str], cwd: Path | None, env: Mapping[bytes, bytes]) -> tuple[int, int]:
    """Start `argv` as the leader of a new session; return its pid and the pipe its output comes from."""
    read_end, write_end = os.pipe()
    try:
        pid = _spawn_here(argv, env, write_end) if cwd is None else _spawn_elsewhere(argv, cwd, env, write_end)
    except BaseException:
        os.close(read_end)
        raise
    finally:
        os.close(write_end)
    return pid, read_end


def _spawn_here(argv: Sequence[str], env: Mapping[bytes, bytes], output: int) -> int:
    return os.posix_spawnp(
        argv[0],
        list(argv),
        env,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        ],
        setsid=True,
        setsigdef=RESTORED,
    )


def _spawn_elsewhere(argv: Sequence[str], cwd: Path, env: Mapping[bytes, bytes], output: int) -> int:
    child = subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=restoring(),
        close_fds=False,  # like posix_spawn; what Python opens is not inheritable anyway
    )
    child.returncode = 0  # _Child waits for it; else this object would, and warn that it still runs
    return child.pid


def _reap(pid: int) -> int | None:
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:  # the kernel did, because SIGCHLD is ignored
        return None
