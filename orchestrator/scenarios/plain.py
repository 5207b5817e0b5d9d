"""The screen by a terminal emulator in plain Python (bittty): slower, and at home everywhere."""

from __future__ import annotations

from typing import Any, Final, Literal

from bittty import Board, KeyEvent, KeyModifiers, MemoryConnection
from bittty.caps import TerminalCaps

from orchestrator.scenarios.keys import Key
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.screen import CELL, Cursor

_MODIFIERS: Final = ((1, KeyModifiers.SHIFT), (2, KeyModifiers.CTRL), (4, KeyModifiers.ALT), (8, KeyModifiers.SUPER))
_BUTTONS: Final = {"left": 0, "middle": 1, "right": 2}
_NAMES: Final = {"page_up": "pageup", "page_down": "pagedown"}


class PlainScreen:
    """A screen."""

    def __init__(self, size: Size) -> None:
        self._board: Any = Board(width=size.columns, height=size.rows)
        self._cable = MemoryConnection()
        self._board.host.attach(self._cable)
        self._tell_pixels(size)

    @property
    def size(self) -> Size:
        return Size(self._board.width, self._board.height)

    def feed(self, data: bytes) -> bytes:
        self._board.feed_host_data(data)
        return self._sent()

    def rows(self) -> list[str]:
        return [row.rstrip() for row in self._board.capture_text(trim=False).split("\n")]

    def drawn(self) -> str:
        return str(self._board.capture_pane())

    def cursor(self) -> Cursor:
        cursor = self._board.cursor
        return Cursor(cursor.y + 1, min(cursor.x + 1, self._board.width), bool(self._board.modes.cursor_visible))

    def resize(self, size: Size) -> None:
        self._tell_pixels(size)
        self._board.resize_from_frontend(*size)

    def is_held(self) -> bool:
        return bool(self._board.modes.synchronized_output)

    def key(self, key: Key) -> bytes:
        held = KeyModifiers.NONE
        for bit, modifier in _MODIFIERS:
            held |= modifier if key.modifiers & bit else KeyModifiers.NONE
        text = None
        if key.is_character and not key.modifiers & ~1:
            text = key.name.upper() if key.modifiers & 1 else key.name
        self._board.input_key_event(KeyEvent(_NAMES.get(key.name, key.name), held, text=text))
        return self._sent()

    def paste(self, text: str) -> bytes:
        self._board.input_paste(text)
        return self._sent()

    def click(self, row: int, column: int, button: Literal["left", "middle", "right"]) -> bytes:
        middle = tuple(int((at - 0.5) * pixels) - 1 for at, pixels in zip((column, row), CELL, strict=True))  # from 0
        for event in ("press", "release"):
            self._board.input_mouse(column, row, _BUTTONS[button], event, set(), middle)
        return self._sent()

    def close(self) -> None:
        """Python frees it."""

    def _tell_pixels(self, size: Size) -> None:
        window = (size.columns * CELL[0], size.rows * CELL[1])
        self._board.set_caps(TerminalCaps(cell_px=CELL, window_px=window))

    def _sent(self) -> bytes:
        parts = [part.encode() if isinstance(part, str) else part for part in self._cable.data]
        self._cable.data.clear()
        return b"".join(parts)
