"""Starts a program at the head of a process group of its own, with its output in a pipe.

Where this process has a terminal, the program leads a session too: it can neither read what is typed for us nor be
stopped for trying, and one that wants a password says that it has no terminal. Where there is none, as in CI, a session
would keep it from nothing, and Linux makes a scheduling group for each (sched(7), autogroup), which takes about as long
as starting the program.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from orchestrator.signals import EVERY, restoring

# What posix_spawn and Popen call the two.
_SESSION: Final[tuple[dict[str, Any], dict[str, Any]]] = {"setsid": True}, {"start_new_session": True}
_GROUP: Final[tuple[dict[str, Any], dict[str, Any]]] = {"setpgroup": 0}, {"process_group": 0}


class Spawner:
    """Starts programs in one directory, with one search path and one terminal: this process's own as it is made."""

    def __init__(self) -> None:
        self._path, self._directory = os.environ.get("PATH"), os.getcwd()
        self._here, self._elsewhere = _SESSION if _has_terminal() else _GROUP
        self._nothing = os.open(os.devnull, os.O_RDONLY)

    def spawn(self, argv: Sequence[str], cwd: Path, path: str | None, env: Mapping[bytes, bytes]) -> tuple[int, int]:
        """Start `argv`; return its pid and the pipe its output comes from. `path` is the PATH that `env` holds."""
        # posix_spawn is the cheapest way, but knows no working directory and searches our own PATH.
        is_here = str(cwd) == self._directory and path == self._path
        read_end, write_end = os.pipe()
        try:
            if is_here:
                return self._spawn_here(argv, env, write_end), read_end
            return self._spawn_elsewhere(argv, cwd, env, write_end), read_end
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)

    def close(self) -> None:
        """Start nothing more."""
        os.close(self._nothing)

    def _spawn_here(self, argv: Sequence[str], env: Mapping[bytes, bytes], output: int) -> int:
        return os.posix_spawnp(
            argv[0],
            list(argv),
            env,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, self._nothing, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
            ],
            setsigdef=EVERY,
            **self._here,
        )

    def _spawn_elsewhere(self, argv: Sequence[str], cwd: Path, env: Mapping[bytes, bytes], output: int) -> int:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=restoring(),
            close_fds=False,  # like posix_spawn; what Python opens is not inheritable anyway
            **self._elsewhere,
        )
        child.returncode = 0  # somebody else waits for it; else this object would, and warn that it still runs
        return child.pid


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
