"""Ends the processes a run left behind, and is the small program that does so when the run was killed.

`python -I -S watchdog.py NAME=VALUE` reads process groups from standard input: `+pid started` when one
begins, `-pid` when it is over. However the run ends, by `kill -9` too, the kernel then closes the other end
of the pipe; whatever is left is ended: the groups still listed, the sessions of their leaders, each process with
NAME=VALUE in its environment, and what such a one leads.

It runs outside the package and starts in milliseconds: it imports a little of the standard library, no more.
"""

import os
import signal
import sys
import time
from collections.abc import Collection, Iterable

GRACE = 2.0  # seconds between SIGTERM and SIGKILL
PATIENCE = 3.0  # seconds after SIGKILL; a process stuck in the kernel (a dead network disk) may outlive them
LARGEST_ENVIRONMENT = 6 << 20  # bytes; three quarters of the usual 8 MB stack limit (execve(2))
SLACK = os.sysconf("SC_CLK_TCK")  # ticks, one second: between a process's start and our note of it


def end_processes(marks: Collection[bytes], known: Iterable[tuple[int, int]] = (), grace: float = GRACE) -> list[int]:
    """End the processes with one of `marks` in their environment, or in the group or session of a `known` leader.

    `marks` are whole entries, `b"NAME=VALUE"`. `known` are (pid, start time) of leaders; a pid that is another
    process by now is left alone. What a marked process leads is ended too: not all of it need be marked.
    Blocks until all are gone, at most `grace` + PATIENCE seconds.
    Returns the pids that were signalled; without /proc (macOS) these are the `known` process groups alone.
    """
    # Looked up once: the leader is often the first to go, and what it led must still be known after that.
    leaders = {pid for pid, started in known if _is_same(start_time(pid), started)}
    ended: set[int] = set()
    began = time.monotonic()
    pause = 0.005
    while (waited := time.monotonic() - began) < grace + PATIENCE:
        targets = set()
        for target in _find(set(marks), leaders):
            number = signal.SIGKILL if waited >= grace else signal.SIGTERM if target not in ended else 0
            if _signal(target, number):
                targets.add(target)
        if not targets:
            break
        ended |= targets
        time.sleep(pause)
        pause = min(2 * pause, 0.2)
    return sorted(map(abs, ended))


def start_time(pid: int) -> int:
    """Return when `pid` started, in clock ticks since boot; 0 if it is gone or the system has no /proc."""
    stat = _stat(pid)
    return int(stat[19]) if stat else 0


def boot_ticks() -> int:
    """Return the clock ticks since boot, 0 where the system has no such clock: far cheaper than `start_time`."""
    try:
        return int(time.clock_gettime(time.CLOCK_BOOTTIME) * SLACK)
    except (AttributeError, OSError):
        return 0


def main() -> None:
    """Keep the list of process groups until the run ends, then end them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    news = b""
    while chunk := os.read(0, 65536):
        *lines, news = (news + chunk).split(b"\n")
        for line in lines:
            pid, _, started = line[1:].partition(b" ")
            if line.startswith(b"+"):
                groups[int(pid)] = int(started)
            else:
                groups.pop(int(pid), None)
    # A child between fork and exec has no mark yet, but holds the pipe open until exec: none is missed here.
    end_processes({os.fsencode(sys.argv[1])}, groups.items())


def _is_same(found: int, started: int) -> bool:
    return abs(found - started) <= SLACK if found else started == 0


def _find(marks: set[bytes], leaders: set[int]) -> list[int]:
    """Return what `os.kill` takes: pids, or negative group numbers where there is no /proc."""
    try:
        names = os.listdir("/proc")
    except FileNotFoundError:
        return [-group for group in leaders]
    pids = [int(name) for name in names if name.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and _belongs(pid, marks, leaders)]


def _belongs(pid: int, marks: set[bytes], leaders: set[int]) -> bool:
    """Say whether to end a process; one that is marked and leads a group becomes one of the `leaders`."""
    stat = _stat(pid)
    if not stat or stat[0] in (b"Z", b"X"):  # a zombie has ended, and only its parent can bury it
        return False
    if not leaders.isdisjoint(map(int, stat[2:4])):  # its group and its session
        return True
    environment = _read(f"/proc/{pid}/environ", LARGEST_ENVIRONMENT)
    if marks.isdisjoint(environment.split(b"\0")):
        return False
    if int(stat[2]) == pid:
        leaders.add(pid)
    return True


def _stat(pid: int) -> list[bytes]:
    """Return the fields of /proc/PID/stat from the third on; the second may hold spaces (proc(5))."""
    return _read(f"/proc/{pid}/stat", 4096).rpartition(b") ")[2].split()


def _read(path: str, size: int) -> bytes:
    """Return what the file holds; nothing if its process is gone or belongs to another user."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(file, size)
    except OSError:
        return b""
    finally:
        os.close(file)


def _signal(target: int, number: int) -> bool:
    """Return whether there was a process to signal."""
    try:
        os.kill(target, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
