"""One child process, from its start to its burial, moved on by the event loop.

asyncio's own subprocesses cost a thread per child on Python 3.11. Here the end of a child's output is a sign to look
whether it has ended; only the exit of one that lasts is reported by the kernel, on a pidfd. Nothing here decides which
processes run, or whether an exit status is a failure.
"""

import asyncio
import os
import select
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

from msgspec import Struct

from orchestrator.bell import Bell

LINGER = 0.25  # seconds a group whose leader has exited gets to finish writing, as in `cmd > >(tee log)`
CHUNK = 1 << 16  # bytes read at once: what a pipe holds by default
LARGEST_PIPE = 1 << 20  # bytes a child can make its pipe hold without privileges (pipe(7))


class Exit(Struct, frozen=True):
    """How a child ended: with `code`, or by `signal`; neither is known if this process ignores SIGCHLD."""

    code: int | None
    signal: int | None
    seconds: float
    timed_out: bool


class Child:
    """A process group from spawn to burial, moved on by the event loop: no cancellation can skip a step.

    The leader stays a zombie until the rest of its group is killed, so that the group's number is not reused.
    """

    def __init__(
        self,
        pid: int,
        pipe: int,
        began: float,
        output: Callable[[bytes], None],
        loop: asyncio.AbstractEventLoop,
        readers: "Readers | asyncio.AbstractEventLoop",
        on_over: Callable[["Child"], None],
    ) -> None:
        self.pid = pid
        self.over = Bell()
        self._pipe: int | None = pipe
        self._pidfd: int | None = None
        self._output = output
        self._readers = readers
        self._on_over = on_over
        self._loop = loop
        self.began = began
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
        if not self.over.has_rung:
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
        self._seconds = self._loop.time() - self.began
        if self._pipe is not None:
            self._read()  # most often the end of the output, which comes with the exit
        self._settle()
        if not (self._ending or self.over.has_rung):
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
            self._seconds = self._loop.time() - self.began
        else:
            self.watch()

    def _settle(self) -> None:
        """Bury the group once its leader has exited and its output has ended, or will not be waited for."""
        if self.over.has_rung or not self._exited or not (self._killed or self._pipe is None):
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
        self.over.ring()
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


class Readers:
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


def readers() -> Readers | asyncio.AbstractEventLoop:
    """Return what hears of output: the loop itself where there is no epoll (macOS)."""
    return Readers() if hasattr(select, "epoll") else asyncio.get_running_loop()


def _reap(pid: int) -> int | None:
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:  # the kernel did, because SIGCHLD is ignored
        return None
