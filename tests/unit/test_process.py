import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pexpect
import pytest

from orchestrator.process import RUN_ID, Children, Exit, ProcessId, end_stragglers
from orchestrator.watchdog import SLACK, end_processes, start_time
from tests.support.signals import ignored

T = TypeVar("T")

HERE = Path.cwd()
ENV = dict(os.environ)
ROOT = Path(__file__).parents[2]

OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture(params=["pidfd", "thread"])
def exit_notice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with both ways to learn of an exit: macOS has no pidfd."""
    if request.param == "thread":
        monkeypatch.delattr(os, "pidfd_open", raising=False)


@pytest.fixture
def run_id() -> Iterator[str]:
    identity = f"test-{os.urandom(6).hex()}"
    yield identity
    end_stragglers([identity])


def play(scene: Callable[[Children], Coroutine[Any, Any, T]], run_id: str = "test", *, watchdog: bool = True) -> T:
    async def main() -> T:
        children = Children(run_id, watchdog=watchdog)
        try:
            return await scene(children)
        finally:
            await children.close()

    return asyncio.run(main())


def run(*argv: str, cwd: Path = HERE, env: dict[str, str] = ENV, **options: Any) -> tuple[Exit, bytes]:
    written: list[bytes] = []

    async def scene(children: Children) -> Exit:
        return await children.run(argv, cwd=cwd, env=env, output=written.append, **options)

    return play(scene, watchdog=False), b"".join(written)


def shell(script: str, **options: Any) -> tuple[Exit, bytes]:
    return run("/bin/sh", "-c", script, **options)


def is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def read_pids(file: Path, count: int) -> list[int]:
    assert wait_until(lambda: file.exists() and len(file.read_text().split()) == count)
    return [int(word) for word in file.read_text().split()]


def open_descriptors() -> set[int]:
    """Return the open descriptors without the one that the listing itself used."""
    return {int(entry.name) for entry in Path("/dev/fd").iterdir() if is_open(int(entry.name))}


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_an_exit_status_is_reported(exit_notice: None) -> None:
    ended, _ = shell("exit 7")
    assert (ended.code, ended.signal, ended.timed_out) == (7, None, False)


def test_a_death_by_signal_is_reported(exit_notice: None) -> None:
    ended, _ = shell("kill -USR1 $$")
    assert (ended.code, ended.signal) == (None, signal.SIGUSR1)


def test_stdout_and_stderr_arrive_in_the_order_they_were_written() -> None:
    _, written = shell("echo one; echo two >&2; echo three; echo four >&2")
    assert written == b"one\ntwo\nthree\nfour\n"


def test_output_without_meaning_in_utf_8_arrives_unchanged() -> None:
    assert shell(r"printf '\377\376\000\200'")[1] == b"\xff\xfe\x00\x80"


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in our directory", "in another directory"])
def test_stdin_is_empty_whatever_ours_holds(tmp_path: Path, elsewhere: bool) -> None:
    ours = os.dup(0)
    read_end, write_end = os.pipe()
    os.write(write_end, b"not for the child")
    os.dup2(read_end, 0)
    for descriptor in (read_end, write_end):
        os.close(descriptor)
    try:
        ended, written = run("cat", cwd=tmp_path if elsewhere else HERE)
    finally:
        os.dup2(ours, 0)
        os.close(ours)
    assert (ended.code, written) == (0, b"")


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in our directory", "in another directory"])
def test_a_child_leads_a_group_and_gets_none_of_our_descriptors_or_ignored_signals(
    tmp_path: Path, elsewhere: bool
) -> None:
    inheritable = {0, 1, 2} | {number for number in open_descriptors() if os.get_inheritable(number)}
    probe = "import os; print(os.getpid() == os.getpgrp(), *os.listdir('/dev/fd'))"
    _, written = run(sys.executable, "-I", "-S", "-c", probe, cwd=tmp_path if elsewhere else HERE)
    leads, *descriptors = written.decode().split()
    assert leads == "True"
    assert len(set(map(int, descriptors)) - inheritable) <= 1  # the listing's own
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        with ignored(number):
            ended, written = shell(f"kill -{number} $$; echo survived", cwd=tmp_path if elsewhere else HERE)
        assert (ended.signal, written) == (number, b"")


LEADING = """
import asyncio, os, sys
from pathlib import Path
from orchestrator.process import Children

PROBE = "import os; print(os.getsid(0) == os.getpid(), flush=True); os.open('/dev/tty', os.O_RDWR)"

async def main():
    children = Children("test", watchdog=False)
    argv = [sys.executable, "-I", "-S", "-c", PROBE]
    await children.run(argv, cwd=Path(sys.argv[1]), env=os.environ, output=lambda data: print(data.decode(), end=""))

asyncio.run(main())
"""


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in our directory", "in another directory"])
def test_a_child_cannot_reach_our_terminal_and_leads_a_session_only_where_there_is_one(
    tmp_path: Path, elsewhere: bool
) -> None:
    argv = [sys.executable, "-c", LEADING, str(tmp_path if elsewhere else ROOT)]
    with pexpect.spawn(argv[0], argv[1:], cwd=ROOT, encoding="utf-8") as terminal:
        seen = terminal.read()
    assert "True" in seen and "No such device" in seen
    seen = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, start_new_session=True).stdout
    assert "False" in seen and "No such device" in seen


def test_a_child_runs_in_the_directory_it_is_given(tmp_path: Path) -> None:
    assert run("pwd", "-P", cwd=tmp_path)[1].decode().strip() == str(tmp_path.resolve())


def test_a_program_is_looked_up_in_the_path_of_the_child(tmp_path: Path) -> None:
    program = tmp_path / "greet"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    assert run("greet", env={"PATH": str(tmp_path)})[1] == b"hello\n"


@linux_only
def test_a_child_gets_the_environment_it_is_given_and_the_run_id_and_no_more() -> None:
    async def scene(children: Children) -> Exit:
        return await children.run(["env"], cwd=HERE, env={"PATH": os.defpath}, output=written.append)

    written: list[bytes] = []
    play(scene, "run-7")
    lines = set(b"".join(written).decode().split())
    assert {f"{RUN_ID}=run-7", f"PATH={os.defpath}"} <= lines
    assert {line.partition("=")[0] for line in lines} == {"PATH", RUN_ID, "ORCHESTRATE_LAUNCH_ID"}


@pytest.mark.parametrize("path", ["own", "other"])
def test_a_missing_program_is_an_error_that_names_it(path: str) -> None:
    env = ENV if path == "own" else ENV | {"PATH": "/nowhere"}
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        run("no-such-program", env=env)


def test_a_file_that_is_not_executable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    with pytest.raises(PermissionError):
        run(str(tmp_path / "plain"))


def test_a_missing_directory_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        run("true", cwd=tmp_path / "gone")


def test_a_file_in_place_of_the_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        run("true", cwd=tmp_path / "file")


def test_a_timeout_ends_the_whole_group(tmp_path: Path, exit_notice: None) -> None:
    pids = tmp_path / "pids"
    ended, _ = shell(f"sleep 60 & echo $! $$ > {pids}; sleep 60 | sleep 60", timeout=0.1)
    assert (ended.signal, ended.timed_out) == (signal.SIGTERM, True)
    assert not any(map(is_alive, read_pids(pids, 2)))


def test_a_child_may_end_in_good_order_after_its_timeout() -> None:
    ended, written = shell("trap 'echo bye; exit 3' TERM; while :; do sleep 0.01; done", timeout=0.1)
    assert (ended.code, ended.timed_out) == (3, True)
    assert written.endswith(b"bye\n")


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace(exit_notice: None) -> None:
    ended, _ = shell("trap '' TERM; while :; do sleep 0.01; done", timeout=0.05, grace=0.1)
    assert (ended.signal, ended.timed_out) == (signal.SIGKILL, True)
    assert 0.15 <= ended.seconds < 5


def test_a_child_that_is_quicker_than_its_timeout_has_not_timed_out() -> None:
    ended, _ = shell("exit 0", timeout=30)
    assert (ended.code, ended.timed_out) == (0, False)


@pytest.mark.parametrize("times", [1, 2])
def test_cancelling_ends_the_group_and_a_second_time_does_not_wait_for_the_grace(
    tmp_path: Path, times: int, exit_notice: None
) -> None:
    pids = tmp_path / "pids"
    trap = "trap '' TERM;" if times == 2 else ""

    async def scene(children: Children) -> float:
        script = f"{trap} sleep 60 & echo $! $$ > {pids}; wait; sleep 60"
        task = asyncio.create_task(
            children.run(["/bin/sh", "-c", script], cwd=HERE, env=ENV, output=lambda _: None, grace=30)
        )
        await asyncio.to_thread(read_pids, pids, 2)
        began = time.monotonic()
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        # A signal that was sent is not yet a death; ten seconds are far less than the grace.
        while any(map(is_alive, read_pids(pids, 2))) and time.monotonic() - began < 10:
            await asyncio.sleep(0.01)
        assert not any(map(is_alive, read_pids(pids, 2)))
        return time.monotonic() - began

    assert play(scene) < 10


def test_only_a_child_that_lasts_is_told_of(exit_notice: None) -> None:
    async def scene(children: Children) -> None:
        for script in ("exit 0", "sleep 0.3; exit 0", "exec >&- 2>&-; sleep 0.3"):
            ended = await children.run(
                ["/bin/sh", "-c", script], cwd=HERE, env=ENV, output=print, on_lasting=told.append
            )
            assert ended.code == 0
            counts.append(len(told))

    told: list[ProcessId] = []
    counts: list[int] = []
    play(scene)
    assert counts == [0, 1, 2]


def test_a_child_that_closed_its_output_is_waited_for(exit_notice: None) -> None:
    ended, written = shell("echo out; exec >&- 2>&-; sleep 0.02; exit 3")
    assert (ended.code, written) == (3, b"out\n")
    assert ended.seconds >= 0.02


def test_background_children_die_with_the_leader(tmp_path: Path, exit_notice: None) -> None:
    pids = tmp_path / "pids"

    async def scene(children: Children) -> Exit:
        script = f"sleep 60 >/dev/null 2>&1 & echo $! > {pids}"
        ended = await children.run(["/bin/sh", "-c", script], cwd=HERE, env=ENV, output=lambda _: None)
        assert wait_until(lambda: not is_alive(read_pids(pids, 1)[0]))
        return ended

    assert play(scene).code == 0


def test_what_a_background_child_still_writes_shortly_after_the_leader_is_not_lost() -> None:
    ended, written = shell("(sleep 0.05; echo late) & echo early")
    assert (ended.code, written) == (0, b"early\nlate\n")


@pytest.mark.parametrize("daemon", ["sleep 60", "yes"])
def test_a_daemon_that_holds_the_pipe_does_not_hang_the_run(daemon: str, run_id: str) -> None:
    async def scene(children: Children) -> Exit:
        script = f'{sys.executable} -c \'import os; os.setsid(); os.execvp("sh", ["sh", "-c", "{daemon}"])\' &'
        script += ' while kill -0 $! && [ "$(ps -o sid= -p $!)" -ne $! ]; do sleep 0.01; done; echo done'
        return await children.run(["/bin/sh", "-c", script], cwd=HERE, env=ENV, output=sizes.append)

    sizes: list[bytes] = []
    ended = play(scene, run_id)
    assert ended.code == 0
    assert ended.seconds < 5
    assert end_stragglers([run_id]) == []  # closing found the daemon by its environment


def test_killing_ends_all_children_at_once(exit_notice: None) -> None:
    async def scene(children: Children) -> list[Exit]:
        def note(process: ProcessId) -> None:
            started.append(process)
            if len(started) == 3:
                asyncio.get_running_loop().call_soon(children.kill)

        script = "trap '' TERM; sleep 60"
        return await asyncio.gather(
            *[
                children.run(["/bin/sh", "-c", script], cwd=HERE, env=ENV, output=lambda _: None, on_lasting=note)
                for _ in range(3)
            ]
        )

    started: list[ProcessId] = []
    assert [ended.signal for ended in play(scene)] == [signal.SIGKILL] * 3


def test_closing_kills_what_still_runs() -> None:
    async def scene(children: Children) -> Exit:
        task = asyncio.create_task(children.run(["sleep", "60"], cwd=HERE, env=ENV, output=lambda _: None))
        await asyncio.sleep(0)
        await children.close()
        return await task

    assert play(scene).signal == signal.SIGKILL


def test_a_child_whose_status_the_kernel_threw_away_still_ends() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        ended, written = shell("echo out")
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert (ended.code, ended.signal, written) == (None, None, b"out\n")


def test_a_thousand_children_leave_no_descriptor_and_no_zombie(exit_notice: None) -> None:
    async def scene(children: Children) -> tuple[set[int], set[int]]:
        async def work(count: int) -> None:
            for _ in range(count):
                ended = await children.run(["/bin/true"], cwd=HERE, env=ENV, output=lambda _: None)
                assert ended.code == 0

        await work(1)
        before = open_descriptors()
        await asyncio.gather(*[work(125) for _ in range(8)])
        return before, open_descriptors()

    outside = open_descriptors()
    before, after = play(scene)
    assert before == after
    assert open_descriptors() == outside
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_failed_starts_leave_no_descriptor(tmp_path: Path) -> None:
    before = open_descriptors()
    for cwd in (HERE, tmp_path):
        with suppress(FileNotFoundError):
            run("no-such-program", cwd=cwd)
    assert open_descriptors() == before


@linux_only
def test_a_flood_of_output_passes_in_bounded_memory() -> None:
    program = """
import asyncio, os, resource, sys
from pathlib import Path
from orchestrator.process import Children

async def main():
    size = 0
    def count(data):
        nonlocal size
        size += len(data)
    children = Children("flood", watchdog=False)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flood = ["head", "-c", "100000000", "/dev/zero"]
    await children.run(flood, cwd=Path.cwd(), env=os.environ, output=count)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start
    await children.close()
    print(size, grown)

asyncio.run(main())
"""
    size, grown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True
    ).stdout.split()
    assert int(size) == 100_000_000
    assert int(grown) < 8_000  # KiB


KILLED_RUN = """
import asyncio, os, sys
from pathlib import Path
from orchestrator.process import Children

async def main():
    children = Children(sys.argv[1], watchdog=sys.argv[2] == "watched")
    await children.run(["/bin/sh", "-c", sys.argv[3]], cwd=Path.cwd(), env=os.environ, output=lambda _: None)

asyncio.run(main())
"""
DAEMON = f"{sys.executable} -c 'import os, time; os.setsid(); time.sleep(60)' & echo $! >> "


def kill_a_run(run_id: str, watched: str, script: str, pids: Path, count: int) -> list[int]:
    """Start a program that runs `script`, kill it once `count` pids are in the file, and return those."""
    with subprocess.Popen([sys.executable, "-c", KILLED_RUN, run_id, watched, script], cwd=ROOT) as program:
        found = read_pids(pids, count)
        assert all(map(is_alive, found))
        program.kill()
    return found


@linux_only
@pytest.mark.parametrize(
    "script",
    [
        pytest.param("echo $$ >> {pids}; sleep 60", id="a leader"),
        pytest.param("sleep 60 & echo $! $$ >> {pids}; wait", id="a group"),
        pytest.param(DAEMON + "{pids}; exec sleep 60", id="a daemon"),
        pytest.param("env -i sleep 60 & echo $! $$ >> {pids}; wait", id="a group without the environment"),
        pytest.param("trap '' TERM; env -i sleep 60 & echo $! >> {pids}; wait", id="one that ignores SIGTERM"),
    ],
)
def test_nothing_outlives_a_run_that_is_killed(tmp_path: Path, run_id: str, script: str) -> None:
    pids = tmp_path / "pids"
    found = kill_a_run(run_id, "watched", script.format(pids=pids), pids, 1 + script.count("$! $$"))
    assert wait_until(lambda: not any(map(is_alive, found)))


@linux_only
def test_a_run_inside_a_run_dies_with_it_and_so_do_its_children(tmp_path: Path, run_id: str) -> None:
    pids, program = tmp_path / "pids", tmp_path / "program.py"
    program.write_text(KILLED_RUN)
    script = f"echo $$ > {pids}; exec sleep 60"
    inner = f"PYTHONPATH={ROOT} exec {sys.executable} {program} {run_id}-inner watched '{script}'"
    found = kill_a_run(run_id, "watched", inner, pids, 1)
    assert wait_until(lambda: not is_alive(found[0]))


@linux_only
def test_what_survived_a_killed_run_is_ended_by_its_environment(tmp_path: Path, run_id: str) -> None:
    pids = tmp_path / "pids"
    found = kill_a_run(run_id, "unwatched", DAEMON + f"{pids}; exec sleep 60", pids, 1)
    assert is_alive(found[0])
    assert end_stragglers(["another-run"]) == []
    assert set(found) <= set(end_stragglers([run_id]))
    assert not is_alive(found[0])
    assert end_stragglers([run_id]) == []


@linux_only
def test_what_a_marked_process_leads_is_ended_although_it_is_neither_marked_nor_known(run_id: str) -> None:
    script = "trap '' TERM; env -i sleep 60 & echo $!; wait"
    with subprocess.Popen(
        ["/bin/sh", "-c", script], start_new_session=True, stdout=subprocess.PIPE, env=ENV | {RUN_ID: run_id}
    ) as leader:
        assert leader.stdout is not None
        member = int(leader.stdout.readline())
        assert {leader.pid, member} <= set(end_stragglers([run_id]))
    assert not is_alive(member)


@linux_only
@pytest.mark.parametrize("led", [{"start_new_session": True}, {"process_group": 0}], ids=["session", "group"])
def test_a_known_leader_is_ended_with_what_it_leads_but_never_a_later_holder_of_its_pid(led: dict[str, Any]) -> None:
    with subprocess.Popen(["/bin/sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, **led) as process:
        assert process.stdout is not None
        member = int(process.stdout.readline())
        started = start_time(process.pid)
        for other in (started - SLACK - 1, started + SLACK + 1, 0):
            assert end_stragglers([], known=[ProcessId(process.pid, other)]) == []
        assert process.poll() is None
        ended = end_stragglers([], known=[ProcessId(process.pid, started)])
        assert {process.pid, member} <= set(ended)
        assert process.wait() == -signal.SIGTERM


@linux_only
def test_a_session_whose_leader_is_gone_is_not_taken_for_the_one_it_once_led(run_id: str) -> None:
    script = "sleep 60 >/dev/null & echo $!"
    with subprocess.Popen(
        ["/bin/sh", "-c", script], start_new_session=True, stdout=subprocess.PIPE, env=ENV | {RUN_ID: run_id}
    ) as leader:
        assert leader.stdout is not None
        member = int(leader.stdout.read())
    for started in (0, 1):
        assert end_stragglers([], known=[ProcessId(leader.pid, started)]) == []
    assert is_alive(member)


@linux_only
def test_a_zombie_is_not_waited_for() -> None:
    with subprocess.Popen(["true"], start_new_session=True) as process:
        assert wait_until(lambda: not is_alive(process.pid))
        assert end_processes((), [(process.pid, start_time(process.pid))]) == []


@linux_only
def test_a_survivor_that_ignores_sigterm_is_killed() -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.01; done"
    with subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        end_processes((), [(process.pid, start_time(process.pid))], grace=0.05)
        assert process.wait() == -signal.SIGKILL


@linux_only
def test_the_watchdog_holds_neither_our_descriptors_nor_our_directory_and_survives_our_signals() -> None:
    async def scene(children: Children) -> None:
        await children.run(["true"], cwd=HERE, env=ENV, output=lambda _: None)
        pid = watchdog_pid()
        assert wait_until(lambda: all(is_ignoring(pid, number) for number in OURS))
        assert os.getsid(pid) == pid
        process = Path(f"/proc/{pid}")
        assert process.joinpath("cwd").readlink() == Path("/")
        descriptors = {entry.name: str(entry.readlink()) for entry in process.joinpath("fd").iterdir()}
        assert descriptors.pop("0").startswith("pipe:")
        assert descriptors == {"1": "/dev/null", "2": "/dev/null"}
        for number in OURS:
            os.kill(pid, number)
        await children.run(["true"], cwd=HERE, env=ENV, output=lambda _: None)
        assert is_alive(pid)

    play(scene)


def watchdog_pid() -> int:
    listing = subprocess.run(
        ["ps", "-ww", "--ppid", str(os.getpid()), "-o", "pid=,args="], capture_output=True, text=True
    )
    (pid,) = [line.split()[0] for line in listing.stdout.splitlines() if "watchdog.py" in line]
    return int(pid)


def is_ignoring(pid: int, number: int) -> bool:
    (mask,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "SigIgn" in line]
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)


@linux_only
def test_a_run_goes_on_and_closes_cleanly_when_its_watchdog_was_killed(tmp_path: Path, run_id: str) -> None:
    pids = tmp_path / "pids"

    async def scene(children: Children) -> Exit:
        await children.run(["true"], cwd=HERE, env=ENV, output=lambda _: None)
        os.kill(watchdog_pid(), signal.SIGKILL)
        script = f"{DAEMON}{pids}; while [ ! -s {pids} ]; do sleep 0.01; done"
        return await children.run(["/bin/sh", "-c", script], cwd=HERE, env=ENV, output=lambda _: None)

    assert play(scene, run_id).code == 0
    assert not is_alive(read_pids(pids, 1)[0])
