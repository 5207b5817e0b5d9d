"""The screen by Ghostty's terminal emulation (libghostty-vt through pyghostty).

Cells are never asked for one by one, which costs 70 us each; a whole screen is formatted in as much time.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from pyghostty import Terminal, ffi, lib
from pyghostty.core import init_sized, read_buf

from orchestrator.scenarios.keys import Key
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.screen import CELL, Cursor

SCROLLBACK: Final = 5000
"""Rows that nobody looks at: with fewer than fill two of its pages the library unmaps one at every few scrolls."""
_PALETTE = re.compile("\x1b]4;[^\x1b]*\x1b\\\\")
_KEYS: Final = {
    "up": "ARROW_UP", "down": "ARROW_DOWN", "left": "ARROW_LEFT", "right": "ARROW_RIGHT",
    "`": "BACKQUOTE", "\\": "BACKSLASH", "[": "BRACKET_LEFT", "]": "BRACKET_RIGHT", ",": "COMMA", "=": "EQUAL",
    "-": "MINUS", ".": "PERIOD", "'": "QUOTE", ";": "SEMICOLON", "/": "SLASH", " ": "SPACE",
}  # fmt: skip
_BUTTONS: Final = {"left": "LEFT", "middle": "MIDDLE", "right": "RIGHT"}


class GhosttyScreen:
    """A screen."""

    def __init__(self, size: Size) -> None:
        self._terminal: Any = Terminal(cols=size.columns, rows=size.rows, scrollback=SCROLLBACK)
        self._replies: list[bytes] = []
        self._terminal.on_reply(self._replies.append)
        # Programs ask for sizes, above all those that take clicks by the pixel. The callback must outlive this call.
        self._sizing = ffi.callback("GhosttyTerminalSizeFn", self._tell_size)
        lib.ghostty_terminal_set(self._handle, lib.GHOSTTY_TERMINAL_OPT_SIZE, self._sizing)

    @property
    def size(self) -> Size:
        return Size(*self._terminal.size)

    def feed(self, data: bytes) -> bytes:
        self._terminal.feed(data)
        replies = b"".join(self._replies)
        self._replies.clear()
        return replies

    def rows(self) -> list[str]:
        return self._whole(self._format(lib.GHOSTTY_FORMATTER_FORMAT_PLAIN, trim=True).split("\n"))

    def drawn(self) -> str:
        text = _PALETTE.sub("", self._format(lib.GHOSTTY_FORMATTER_FORMAT_VT, trim=False))
        return "\n".join(self._whole(text.split("\r\n")))

    def cursor(self) -> Cursor:
        column, row = self._terminal.cursor
        return Cursor(row + 1, column + 1, bool(self._terminal.get("cursor_visible", "bool")))

    def resize(self, size: Size) -> None:
        self._terminal.resize(*size, *CELL)

    def is_held(self) -> bool:
        return bool(self._terminal.mode(2026))

    def key(self, key: Key) -> bytes:
        event = _made("key_event")
        lib.ghostty_key_event_set_action(event, lib.GHOSTTY_KEY_ACTION_PRESS)
        lib.ghostty_key_event_set_key(event, getattr(lib, f"GHOSTTY_KEY_{_identity(key)}"))
        lib.ghostty_key_event_set_mods(event, key.modifiers)
        if key.is_character:
            text = key.name.upper() if key.modifiers & 1 else key.name
            encoded = text.encode()
            lib.ghostty_key_event_set_utf8(event, encoded, len(encoded))
            lib.ghostty_key_event_set_unshifted_codepoint(event, ord(key.name.lower()[0]))
        encoder = _made("key_encoder")
        lib.ghostty_key_encoder_setopt_from_terminal(encoder, self._handle)
        return _filled(lambda *out: lib.ghostty_key_encoder_encode(encoder, event, *out))

    def paste(self, text: str) -> bytes:
        given = ffi.new("char[]", text.encode())
        size = len(given) - 1
        bracketed = self._terminal.mode(2004)
        return _filled(lambda *out: lib.ghostty_paste_encode(given, size, bracketed, *out), size + 64)

    def click(self, row: int, column: int, button: Literal["left", "middle", "right"]) -> bytes:
        encoder, event = _made("mouse_encoder"), _made("mouse_event")
        lib.ghostty_mouse_encoder_setopt_from_terminal(encoder, self._handle)
        size = init_sized("GhosttyMouseEncoderSize")
        size.cell_width, size.cell_height = CELL
        size.screen_width, size.screen_height = (n * cell for n, cell in zip(self.size, CELL, strict=True))
        lib.ghostty_mouse_encoder_setopt(encoder, lib.GHOSTTY_MOUSE_ENCODER_OPT_SIZE, size)
        position = ffi.new("GhosttyMousePosition*", ((column - 0.5) * CELL[0], (row - 0.5) * CELL[1]))
        lib.ghostty_mouse_event_set_position(event, position[0])
        lib.ghostty_mouse_event_set_button(event, getattr(lib, f"GHOSTTY_MOUSE_BUTTON_{_BUTTONS[button]}"))
        done = b""
        for action in (lib.GHOSTTY_MOUSE_ACTION_PRESS, lib.GHOSTTY_MOUSE_ACTION_RELEASE):
            lib.ghostty_mouse_event_set_action(event, action)
            done += _filled(lambda *out: lib.ghostty_mouse_encoder_encode(encoder, event, *out))
        return done

    def close(self) -> None:
        self._terminal.close()

    @property
    def _handle(self) -> Any:
        return self._terminal._t[0]  # noqa: SLF001  # the encoders are not wrapped yet

    def _tell_size(self, _terminal: Any, _data: Any, size: Any) -> bool:
        size.columns, size.rows = self._terminal.size
        size.cell_width, size.cell_height = CELL
        return True

    def _format(self, emit: int, *, trim: bool) -> str:
        columns, rows = self._terminal.size
        selection = init_sized("GhosttySelection")
        selection.start = self._terminal.ref(0, 0)[0]
        selection.end = self._terminal.ref(columns - 1, rows - 1)[0]
        options = init_sized("GhosttyTerminalSelectionFormatOptions")
        options.emit, options.unwrap, options.trim, options.selection = emit, False, trim, selection
        form = lib.ghostty_terminal_selection_format_buf
        return str(read_buf(lambda *out: form(self._handle, options[0], *out)))

    def _whole(self, rows: list[str]) -> list[str]:
        """Return as many rows as the screen has; the formatter leaves out empty ones at the end."""
        return rows + [""] * (self._terminal.size[1] - len(rows))


def _identity(key: Key) -> str:
    if key.name in _KEYS:
        return _KEYS[key.name]
    if not key.is_character:
        return key.name.upper()
    if not (key.name.isascii() and key.name.isalnum()):
        return "UNIDENTIFIED"
    return f"DIGIT_{key.name}" if key.name.isdigit() else key.name.upper()


def _made(kind: str) -> Any:
    """Return a new object of the library, which is freed together with its Python handle."""
    camel = "".join(word.capitalize() for word in kind.split("_"))
    holder = ffi.new(f"Ghostty{camel}*")
    getattr(lib, f"ghostty_{kind}_new")(ffi.NULL, holder)
    return ffi.gc(holder[0], getattr(lib, f"ghostty_{kind}_free"))


def _filled(call: Any, size: int = 128) -> bytes:
    buffer, count = ffi.new("char[]", size), ffi.new("size_t*")
    call(buffer, size, count)
    return bytes(ffi.buffer(buffer, count[0])[:])
