"""The command on a real terminal: the question, the tree, Ctrl-C, answers by keys, colours and NO_COLOR."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl

import pytest

from orchestrator.signals import restore
from tests.support.project import COMMAND, Site, alive, ask, shell

COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|9[0-7]|38)[0-9;]*m")


def _take_terminal() -> None:
    """What a shell does for a program that it starts, also where the tests were started with Ctrl-C ignored."""
    ioctl(0, termios.TIOCSCTTY, 0)
    restore()


class Terminal:
    """A command with a terminal of its own; `screen` is all that it ever wrote."""

    def __init__(self, site: Site, *arguments: str, **environ: str) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=site.root,
            env={**site.environ, "TERM": "xterm-256color", **environ},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        self.screen = ""

    def read_until(self, text: str, seconds: float = 20.0) -> None:
        """Read until the screen has shown `text`."""
        self._read(lambda: text in self.screen, f"`{text}` is shown", seconds)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Read to the end; return the exit code."""
        self._read(lambda: False, "the command ends", 20.0)
        return self.process.wait(timeout=20)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _read(self, enough: object, what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not enough():  # type: ignore[operator]
            assert time.monotonic() < deadline, f"it never came about that {what}:\n{self.screen}"
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
            try:
                piece = os.read(self._master, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                return
            self.screen += piece
            if "\x1b[6n" in piece:
                self.press("\x1b[1;1R")  # where the cursor is, for who asks


@contextmanager
def terminal(site: Site, *arguments: str, **environ: str) -> Iterator[Terminal]:
    opened = Terminal(site, *arguments, **environ)
    try:
        yield opened
    finally:
        opened.close()


def plain(screen: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)


@pytest.mark.parametrize(
    ("key", "code", "made"), [("y\r", 0, True), ("n\r", 0, False), ("\r", 0, False), ("\x03", 0, False)]
)
def test_changes_are_shown_and_applied_only_after_a_yes(site: Site, key: str, code: int, made: bool) -> None:
    site.plan(shell("1", "touch made"))
    with terminal(site, "run") as shown:
        shown.read_until("Apply these changes?")
        assert "Task 1" in plain(shown.screen)
        assert not (site.root / "made").exists()
        shown.press(key)
        assert shown.end() in (code, 130)
    assert (site.root / "made").exists() == made
    assert "Traceback" not in shown.screen


def test_a_run_draws_in_colour_and_leaves_the_cursor_visible(site: Site) -> None:
    site.plan(shell("1", "sleep 0.5"), shell("2", "exit 3"))
    with terminal(site, "run", "--yes") as shown:
        assert shown.end() == 1
    assert COLOUR.search(shown.screen)
    assert shown.screen.rfind("\x1b[?25h") >= shown.screen.rfind("\x1b[?25l")
    assert "ended with 3" in plain(shown.screen)


def test_no_color_means_no_colour(site: Site) -> None:
    site.plan(shell("1", "sleep 0.3"), shell("2", "exit 3"))
    for arguments in (["plan"], ["run", "--yes"], ["status"]):
        with terminal(site, *arguments, NO_COLOR="1") as shown:
            shown.end()
        assert not COLOUR.search(shown.screen), repr(shown.screen)


def test_ctrl_c_on_the_terminal_lets_running_tasks_end(site: Site) -> None:
    site.plan(shell("1", "trap '' INT; touch begun; sleep 1; touch ended"), shell("2", "touch after"))
    with terminal(site, "run", "--yes") as shown:
        _until(site, "begun", shown)
        shown.press("\x03")
        assert shown.end() == 130
    assert (site.root / "ended").exists() and not (site.root / "after").exists()


def test_ctrl_c_twice_on_the_terminal_ends_them(site: Site) -> None:
    site.plan(shell("1", "touch begun; sleep 3600"))
    with terminal(site, "run", "--yes", MARK=str(site.base)) as shown:
        _until(site, "begun", shown)
        shown.press("\x03")
        shown.read_until("again to end them")
        shown.press("\x03")
        assert shown.end() == 130
    assert alive(f"MARK={site.base}") == []
    assert "Traceback" not in shown.screen


def test_a_person_answers_with_keys_while_the_rest_goes_on(site: Site) -> None:
    after = shell("2", "touch after", depends_on=["1"])
    site.plan(ask("1"), after, shell("3", "touch beside", parallel_safe=True), execution="parallel")
    with terminal(site, "run", "--yes") as shown:
        shown.read_until("Is it done?")
        assert "Look, then say yes." in plain(shown.screen)
        _until(site, "beside", shown)
        shown.press("\r")
        assert shown.end() == 0, shown.screen
    assert (site.root / "after").exists()
    assert site.finished()["1"] == "succeeded"


def test_what_was_typed_before_a_person_is_asked_answers_nothing(site: Site) -> None:
    site.plan(ask("1"), shell("2", "touch after", depends_on=["1"]))
    with terminal(site, "run") as shown:
        shown.read_until("Apply these changes?")
        shown.press("y\r\r\r")
        shown.read_until("Is it done?")
        shown.press("\x1b[B\x1b[B\r")  # later
        assert shown.end() == 4, shown.screen
    assert not (site.root / "after").exists()


def _until(site: Site, name: str, shown: Terminal) -> None:
    shown._read((site.root / name).exists, f"`{name}` is made", 20.0)
