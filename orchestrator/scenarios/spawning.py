"""Starts a program on a terminal, in a directory: what `os.posix_spawn` does, and the directory, which it lacks.

Forking copies our address space, and a shell that changes the directory first costs half a millisecond. The C library
can do it (`posix_spawn_file_actions_addchdir_np`: glibc 2.29, musl 1.1.24, macOS 10.15); where it cannot, a shell does.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from orchestrator.signals import EVERY

SIZE: Final = 1024
"""Bytes that hold any of the C library's opaque structures: glibc's largest has 336."""
SET_SIGNALS: Final = 0x04
SET_SESSION: Final = 0x0400 if sys.platform == "darwin" else 0x80
_IN_DIRECTORY: Final = ("/bin/sh", "-c", 'cd -- "$0" && exec "$@"')


def spawn(argv: Sequence[str], cwd: Path, env: Mapping[str, str], terminal: str) -> int:
    """Start the leader of a session whose controlling terminal is the one named; return its pid.

    :raises OSError: when it cannot be started.
    """
    library = _library()
    if library is None:
        return _through_shell(argv, cwd, env, terminal)
    actions, attributes, signals = (ctypes.create_string_buffer(SIZE) for _ in range(3))
    library.posix_spawn_file_actions_init(actions)
    library.posix_spawnattr_init(attributes)
    try:
        # The session comes first, then the actions in order: the first terminal a leader opens is the session's.
        library.posix_spawn_file_actions_addopen(actions, 0, os.fsencode(terminal), os.O_RDWR, 0)
        library.posix_spawn_file_actions_adddup2(actions, 0, 1)
        library.posix_spawn_file_actions_adddup2(actions, 0, 2)
        library.posix_spawn_file_actions_addchdir_np(actions, os.fsencode(cwd))
        library.sigfillset(signals)
        library.posix_spawnattr_setsigdefault(attributes, signals)
        library.posix_spawnattr_setflags(attributes, ctypes.c_short(SET_SIGNALS | SET_SESSION))
        pid = ctypes.c_int()
        words = _array([*map(os.fsencode, argv)])
        variables = _array(os.fsencode("\0".join(map("=".join, env.items()))).split(b"\0"))
        error = library.posix_spawn(ctypes.byref(pid), words[0], actions, attributes, words, variables)
    finally:
        library.posix_spawn_file_actions_destroy(actions)
        library.posix_spawnattr_destroy(attributes)
    if error:
        raise OSError(error, os.strerror(error), argv[0])
    return pid.value


@cache
def _library() -> Any | None:
    library = ctypes.CDLL(None)
    return library if hasattr(library, "posix_spawn_file_actions_addchdir_np") else None


def _array(texts: Sequence[bytes]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * (len(texts) + 1))(*texts, None)


def _through_shell(argv: Sequence[str], cwd: Path, env: Mapping[str, str], terminal: str) -> int:
    return os.posix_spawn(
        _IN_DIRECTORY[0],
        [*_IN_DIRECTORY, str(cwd), *argv],
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, terminal, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ],
        setsid=True,
        setsigdef=EVERY,
    )
