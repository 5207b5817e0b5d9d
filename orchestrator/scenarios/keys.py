"""The names of keys. What bytes a key is depends on the terminal's modes, which the screen knows."""

from __future__ import annotations

from typing import Final, NamedTuple

from orchestrator.errors import did_you_mean

MODIFIERS: Final = {"shift": 1, "ctrl": 2, "control": 2, "alt": 4, "meta": 4, "super": 8}
_WORDS: Final = "up down left right home end insert delete enter tab escape backspace page_up page_down"
NAMED: Final = frozenset([*_WORDS.split(" "), *(f"f{number}" for number in range(1, 25))])
ALIASES: Final = {
    "esc": "escape", "return": "enter", "del": "delete", "ins": "insert", "pageup": "page_up", "pgup": "page_up",
    "pagedown": "page_down", "pgdn": "page_down", "bs": "backspace", "plus": "+", "space": " ",
}  # fmt: skip
CONTROL_SYMBOLS: Final = "@[\\]^_"


class Key(NamedTuple):
    """A key: one character, or a name of `NAMED`; and the modifiers that are held (bits of `MODIFIERS`)."""

    name: str
    modifiers: int = 0

    @property
    def is_character(self) -> bool:
        return len(self.name) == 1


def parse_key(text: str) -> Key | str:
    """Return the key that `text`, such as `ctrl+shift+left`, names, or what is wrong with it."""
    *held, name = text.split("+") if not text.endswith("+") else [*text[:-1].rstrip("+").split("+"), "+"]
    modifiers = 0
    for word in filter(None, held):
        if word.lower() not in MODIFIERS:
            return _unknown(word, MODIFIERS, "modifier")
        modifiers |= MODIFIERS[word.lower()]
    if len(name) == 1:
        return Key(name, modifiers)
    known = ALIASES.get(name.lower(), name.lower())
    if known not in NAMED and len(known) != 1:
        return _unknown(name, {*NAMED, *ALIASES}, "key")
    return Key(known, modifiers)


def is_control(text: str) -> bool:
    """Say whether there is a control code for Ctrl and this."""
    return len(text) == 1 and ((text.isascii() and text.isalpha()) or text in CONTROL_SYMBOLS or text == "?")


def control_code(text: str) -> bytes:
    """Return the control code of Ctrl and a letter or symbol (ECMA-48: its column two to the left)."""
    return b"\x7f" if text == "?" else bytes([ord(text.upper()) & 0x1F])


def _unknown(word: str, known: object, what: str) -> str:
    near = did_you_mean(word.lower(), list(known))  # type: ignore[call-overload]  # any collection of words
    return f"there is no {what} `{word}`" + (f"; {near}" if near else "")
