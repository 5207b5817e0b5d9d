"""The screen of a terminal: what a program's bytes come to, and what bytes a key is to that program.

Which emulator does the work is decided here, once: Ghostty's where it is installed, else one in plain Python.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, Protocol

from orchestrator.errors import EnvironmentProblem
from orchestrator.scenarios.keys import Key
from orchestrator.scenarios.model import Size

HINT = "install them with `pip install 'orchestrate[scenarios]'`, or `./setup.sh scenario --help` in a checkout"
CELL: Final = (8, 16)
"""Pixels of a cell, for programs that ask, or take clicks by the pixel: as wide and as high."""


class Cursor(NamedTuple):
    """Where the cursor is, from 1."""

    row: int
    column: int
    is_visible: bool


class Screen(Protocol):
    """A terminal's screen."""

    @property
    def size(self) -> Size:
        """How many cells it has."""

    def feed(self, data: bytes) -> bytes:
        """Draw what the program wrote; return what the terminal answers."""

    def rows(self) -> list[str]:
        """Return the text of each row, without blanks at its end."""

    def drawn(self) -> str:
        """Return the rows as text with SGR sequences, ended by line feeds."""

    def cursor(self) -> Cursor:
        """Return where the cursor is."""

    def resize(self, size: Size) -> None:
        """Take another size."""

    def is_held(self) -> bool:
        """Say whether the program is in the middle of a frame (mode 2026), which nobody should see yet."""

    def key(self, key: Key) -> bytes:
        """Return what the program must get for a key."""

    def paste(self, text: str) -> bytes:
        """Return what the program must get for pasted text."""

    def click(self, row: int, column: int, button: Literal["left", "middle", "right"]) -> bytes:
        """Return what the program must get for a click; nothing if it does not listen to the mouse."""

    def close(self) -> None:
        """Free what it holds."""


def open_screen(size: Size) -> Screen:
    """Return an empty screen.

    :raises EnvironmentProblem: when there is no emulator.
    """
    try:
        from orchestrator.scenarios.ghostty import GhosttyScreen
    except (ImportError, OSError):  # no wheel for this system, or its library cannot be loaded
        return _plain(size)
    return GhosttyScreen(size)


def _plain(size: Size) -> Screen:
    try:
        from orchestrator.scenarios.plain import PlainScreen
    except ImportError as error:
        message = f"scenarios need packages that are not installed: `{error.name}`"
        raise EnvironmentProblem("environment/missing-package", message, hint=HINT) from error
    return PlainScreen(size)
