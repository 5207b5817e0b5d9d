"""What a shell script says: its commands, and where each word of it stands. Reads; never runs anything.

The grammar is tree-sitter's for bash. An expression of the workflow (`${{ ... }}`) counts as part of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_NOTHING: Final = frozenset({"true", ":"})
_SAYS_ONLY: Final = frozenset({"echo", "printf", "true", ":", "exit", "sleep"})


class Word(NamedTuple):
    """One word of a command; `start` and `end` are offsets of characters, its quotes included."""

    text: str
    """Without its quotes."""
    start: int
    end: int


class Command(NamedTuple):
    """A simple command; variables that are set for it alone are left out."""

    words: tuple[Word, ...]
    start: int
    end: int

    @property
    def program(self) -> str:
        """Its name without a directory."""
        return self.words[0].text.rpartition("/")[2]

    def begins(self, *texts: str) -> bool:
        """Say whether its first words are these, options between them left out."""
        plain = [self.program, *(word.text for word in self.words[1:] if not word.text.startswith("-"))]
        return tuple(plain[: len(texts)]) == texts


class Fallback(NamedTuple):
    """`... || true`: from the end of what may fail to the end of the script's piece that hides it."""

    command: Command | None
    """The last command of what may fail, None where it is no simple one."""
    start: int
    end: int


class Loop(NamedTuple):
    """`for variable in values; do body; done`."""

    variable: str
    values: tuple[str, ...]
    body: str
    start: int
    end: int


@dataclass(frozen=True)
class Script:
    """The text of a `run`."""

    text: str

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """All simple commands, in order, those in loops and conditions too."""
        return tuple(self._command(node) for node in self._nodes("command"))

    @cached_property
    def fallbacks(self) -> tuple[Fallback, ...]:
        """The places where a failure is swallowed by `|| true`, `|| :` or `|| echo ...`."""
        return tuple(found for node in self._nodes("list") if (found := self._fallback(node)) is not None)

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """All `for` loops over words."""
        return tuple(found for node in self._nodes("for_statement") if (found := self._loop(node)) is not None)

    @property
    def is_valid(self) -> bool:
        """Say whether the grammar understands all of it."""
        return not self._root.has_error

    @property
    def is_placeholder(self) -> bool:
        """Say whether it only prints: nothing in it reads or changes anything."""
        simple = self.is_valid and not any(self._nodes("file_redirect", "pipeline", "command_substitution"))
        return simple and all(command.program in _SAYS_ONLY for command in self.commands)

    @cached_property
    def _data(self) -> bytes:
        return _EXPRESSION.sub(lambda found: "_" * len(found[0]), self.text).encode()

    @cached_property
    def _root(self) -> Node:
        return _parser().parse(self._data).root_node

    def _nodes(self, *kinds: str) -> Iterator[Node]:
        stack = [self._root]
        while stack:
            node = stack.pop()
            if node.type in kinds:
                yield node
            stack.extend(reversed(node.children))

    def _offset(self, byte: int) -> int:
        return byte if len(self._data) == len(self.text) else len(self._data[:byte].decode())

    def _command(self, node: Node) -> Command:
        parts = [part for part in node.named_children if part.type not in ("variable_assignment", "comment")]
        words = tuple(self._word(part) for part in parts if "redirect" not in part.type)
        start, end = self._offset(node.start_byte), self._offset(node.end_byte)
        return Command(words or (Word("", start, start),), start, end)

    def _word(self, node: Node) -> Word:
        start, end = self._offset(node.start_byte), self._offset(node.end_byte)
        text = self.text[start:end]
        is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
        return Word(text[1:-1] if is_quoted else text, start, end)

    def _fallback(self, node: Node) -> Fallback | None:
        left, right = node.children[0], node.children[-1]
        if not any(child.type == "||" for child in node.children) or right.type != "command":
            return None
        hides = self._command(right).program
        if hides not in _NOTHING and hides != "echo":
            return None
        while left.type == "list":
            left = left.children[-1]
        if left.type == "redirected_statement":
            left = left.child_by_field_name("body") or left
        tried = self._command(left) if left.type == "command" else None
        return Fallback(tried, self._offset(node.children[0].end_byte), self._offset(node.end_byte))

    def _loop(self, node: Node) -> Loop | None:
        variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        if variable is None or body is None:
            return None
        values = tuple(self._word(value).text for value in node.children_by_field_name("value"))
        inside = self.text[self._offset(body.start_byte) : self._offset(body.end_byte)]
        told = inside.removeprefix("do").removesuffix("done").strip("\n")
        name = self.text[self._offset(variable.start_byte) : self._offset(variable.end_byte)]
        return Loop(name, values, told, self._offset(node.start_byte), self._offset(node.end_byte))


@lru_cache(maxsize=1)
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))
