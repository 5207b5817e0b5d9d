"""What a person's terminal sends, cut into what the person did: text, keys, pastes. Knows no steps."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import cache
from typing import Final, Literal, NamedTuple

from orchestrator.scenarios.keys import MODIFIERS, NAMED, Key
from orchestrator.scenarios.screen import Screen

# ECMA-48 control sequences, SS3, and Alt with a character.
_TOKEN = re.compile(
    r"\x1b\[200~(?P<paste>.*?)\x1b\[201~"
    r"|(?P<report>\x1b\[(?:\d+;\d+R|\??[\d;]*\$y|[?>=][\d;]*c|[IO]|\?[\d;]*u)|\x1b[\]P_][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|(?P<sequence>\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b[^\x1b])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
    r"|(?P<one>.)",
    re.DOTALL,
)
_PLAIN: Final = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x1b": "escape"}
_HELD: Final = ("ctrl", "alt", "shift")


class Input(NamedTuple):
    """Something that a person did."""

    kind: Literal["text", "key", "control", "paste", "raw"]
    """`raw` is what has no name."""
    value: str


class Keyboard:
    """Takes what a terminal sends."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self, data: bytes) -> Iterator[Input]:
        """Yield what a person did; what a terminal answers to questions of the program is nothing."""
        for token in _TOKEN.finditer(self._decoder.decode(data)):
            match token.lastgroup:
                case "paste":
                    yield Input("paste", token["paste"])
                case "text":
                    yield Input("text", token["text"])
                case "sequence":
                    yield self._of_sequence(token["sequence"])
                case "one":
                    yield _of_character(token["one"])

    def _of_sequence(self, sequence: str) -> Input:
        name = _names(self._screen).get(sequence.encode())
        return Input("key", name) if name else Input("raw", sequence)


def _of_character(character: str) -> Input:
    if name := _PLAIN.get(character):
        return Input("key", name)
    letter = chr(ord(character) | 0x40)  # ECMA-48: control codes are two columns to the left
    return Input("control", letter.lower())


def _names(screen: Screen) -> dict[bytes, str]:
    """Return the names of keys by what they are in the terminal's present modes; the simplest name counts."""
    names: dict[bytes, str] = {}
    for key, name in _keys():
        if data := screen.key(key):
            names.setdefault(data, name)
    return names


@cache
def _keys() -> list[tuple[Key, str]]:
    names = [*sorted(NAMED), *(chr(code) for code in range(0x21, 0x7F) if chr(code) != "+")]
    found = []
    for held in range(8):
        words = [word for word in _HELD if MODIFIERS[word] & held]
        found += [(Key(name, held), "+".join([*words, name])) for name in names]
    return found
