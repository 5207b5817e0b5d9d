"""`scenario init`: a person uses a program at this terminal, and a scenario comes of it."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer
import yaml

from orchestrator.cli import screen
from orchestrator.errors import UsageError, raise_os_error
from orchestrator.reporters.text import number_of
from orchestrator.scenarios.author import Author
from orchestrator.scenarios.driver import Launch
from orchestrator.scenarios.model import Scenario, Size
from orchestrator.scenarios.recording import Recording
from orchestrator.scenarios.screen import open_screen
from orchestrator.scenarios.session import Session
from orchestrator.scenarios.stage import Stage, prepare

STDIN: Final = 0
CHUNK: Final = 1 << 16
CALM: Final = 0.05
"""Seconds without output after which a person has seen all that there is."""
FOREVER: Final = 10.0 * 365 * 24 * 3600


def init(command: Sequence[str], out: Path) -> int:
    """Record a session with a program; return the exit code.

    :raises UsageError: when there is no terminal, or the file is there already.
    """
    if not screen.can_ask():
        raise UsageError("usage/bad-option", "a person at a terminal is recorded, and there is none")
    if out.exists():
        raise UsageError("usage/not-empty", f"`{out}` is there already", hint="name another file with `--out`")
    argv = list(command) or [os.environ.get("SHELL") or "sh"]
    size = Size(*os.get_terminal_size())
    where = os.path.relpath(Path.cwd(), out.absolute().parent)
    scenario = Scenario(command=tuple(argv), cwd=where, size=size, echo=True)
    object.__setattr__(scenario, "file", str(out))
    typer.echo(f"recording `{shlex.join(argv)}`; end it as you always do", err=True)
    author = _recorded(scenario)
    made = {"name": out.stem, "command": argv, "cwd": where, "size": [*size], "echo": True}
    made |= {"secrets": author.secrets} if author.secrets else {}
    text = yaml.safe_dump(made | {"steps": author.steps}, sort_keys=False, allow_unicode=True, width=120)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise_os_error(error, out)
    typer.echo(f"{out}: {number_of(len(author.steps), 'step')}; play it with `orchestrate scenario run {out}`")
    if author.secrets:
        names = ", ".join(f"`{name}`" for name in author.secrets)
        typer.echo(f"what you typed unseen is not in it: set {names} in the environment to play it", err=True)
    return 0


def _recorded(scenario: Scenario) -> Author:
    import termios
    import tty

    before = termios.tcgetattr(STDIN)
    tty.setraw(STDIN)
    try:
        return asyncio.run(_record(scenario))
    finally:
        termios.tcsetattr(STDIN, termios.TCSADRAIN, before)


async def _record(scenario: Scenario) -> Author:
    with tempfile.TemporaryDirectory(prefix="scenario-") as directory:
        place = prepare(scenario, Stage(directory=Path(directory), artifacts=Path(directory)), 1)
        session = _Watched(scenario.terminal)
        launch = Launch(scenario.argv, place.cwd, place.environ, scenario.terminal, scenario.echo)
        await session.start(launch, "pty")
        author = Author(session.screen, session.hides_input, session.is_calm)
        loop = asyncio.get_running_loop()

        def read() -> None:
            data = os.read(STDIN, CHUNK)
            if not data:
                loop.remove_reader(STDIN)
            author.typed(data)
            session.type(data, "")

        def resize() -> None:
            size = Size(*os.get_terminal_size())
            author.resized(size)
            session.resize(size)

        loop.add_reader(STDIN, read)
        loop.add_signal_handler(signal.SIGWINCH, resize)
        try:
            author.ended(await session.until(lambda: session.exit, FOREVER))
        finally:
            loop.remove_reader(STDIN)
            loop.remove_signal_handler(signal.SIGWINCH)
            await session.close()
        return author


class _Watched(Session):
    """A session that a person sees, and whose terminal answers the program."""

    def __init__(self, size: Size) -> None:
        super().__init__(open_screen(size), Recording(size, ""))

    def is_calm(self) -> bool:
        """Say whether the program has drawn what it was drawing."""
        return self._loop.time() >= self._last_output + CALM

    def received(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        super().received(data)

    def _answer(self, replies: bytes) -> None:
        """The person's terminal answers."""
