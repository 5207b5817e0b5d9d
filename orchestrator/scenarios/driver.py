"""What runs a scenario's program: on a terminal of its own where there is one, else on pipes.

A driver starts the program, passes bytes both ways and ends it. It knows no screen and decides nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from orchestrator.errors import EnvironmentProblem, TaskError
from orchestrator.scenarios.model import DriverName, Size

HINT: Final = "install it with `pip install 'orchestrate[pexpect]'`"
GRACE = 0.5
"""Seconds that a program gets to end by itself once its terminal is closed."""
LINGER = 0.25
"""Seconds that what a program left behind may go on writing."""


class Exit(NamedTuple):
    """How a program ended: its status, or the negative number of the signal that ended it; None if nobody knows."""

    code: int | None

    def __str__(self) -> str:
        if self.code is None:
            return "ended"
        return f"ended with {self.code}" if self.code >= 0 else f"was ended by signal {-self.code}"


class Listener(Protocol):
    """Is told what happens to the program, in the order in which it happens."""

    def received(self, data: bytes) -> None:
        """The program wrote something."""

    def ended(self, how: Exit) -> None:
        """The program has ended, and all that it wrote was received."""


class Launch(NamedTuple):
    """What is started, and where."""

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    size: Size
    echo: bool = False


class Driver(Protocol):
    """A program that runs."""

    def write(self, data: bytes) -> None:
        """Pass on what is typed; what the program does not take yet waits."""

    def resize(self, size: Size) -> None:
        """Tell the program that its terminal has another size."""

    def hides_input(self) -> bool:
        """Say whether the program reads a line that nobody shows, as for a password; False also if nobody knows."""

    async def close(self) -> None:
        """End the program and all that it started in its session, unless that has ended."""


def choose(wanted: DriverName) -> DriverName:
    """Return which driver serves."""
    if wanted == "auto":
        return "pipe" if sys.platform == "win32" else "pty"
    return wanted


async def start(kind: DriverName, launch: Launch, listener: Listener) -> Driver:
    """Start a program.

    :raises EnvironmentProblem: when the driver is not installed.
    :raises TaskError: when that is not possible.
    """
    program = find_program(launch)
    found = launch._replace(argv=[program, *launch.argv[1:]])
    try:
        match choose(kind):
            case "pipe":
                from orchestrator.scenarios.pipe import PipeDriver

                return await PipeDriver.start(found, listener)
            case "pexpect":
                from orchestrator.scenarios.pexpect_driver import PexpectDriver

                return PexpectDriver(found, listener)
            case _:
                from orchestrator.scenarios.terminal import TerminalDriver

                return await TerminalDriver.start(found, listener)
    except ImportError as error:
        message = f"the driver `{kind}` needs a package that is not installed: `{error.name}`"
        raise EnvironmentProblem("environment/missing-package", message, hint=HINT) from error
    except OSError as error:
        raise TaskError("task/command", f"`{launch.argv[0]}` cannot be run: {error.strerror}") from error


def find_program(launch: Launch) -> str:
    """Return the path of the program.

    :raises TaskError: when there is none that can be run.
    """
    name = launch.argv[0]
    path = str(launch.cwd / name) if os.sep in name else name
    found = shutil.which(path, path=launch.env.get("PATH", os.defpath))
    if found is None:
        if os.path.exists(path) and os.sep in name:
            raise TaskError("task/command", f"`{name}` is not executable", hint="is it a program?")
        raise TaskError("task/command", f"`{name}` was not found", hint="is it on PATH?")
    return found
