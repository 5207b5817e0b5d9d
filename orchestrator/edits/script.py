"""What a shell script says: its commands, and where each word of it stands. Reads; never runs anything.

The grammar is tree-sitter's for bash. An expression of the workflow (`${{ ... }}`) counts as part of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_NOTHING: Final = frozenset({"true", ":"})
_ASKING: Final = frozenset({"command_substitution", "process_substitution", "negated_command", "pipeline", "list"})
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

    def option(self, name: str) -> Word | None:
        """Return the value of an option, without its quotes; empty where it has none, None where it is not there."""
        for word, behind in zip(self.words, (*self.words[1:], None), strict=True):
            if word.text == name:
                is_value = behind is not None and not behind.text.startswith("-")
                return _unquoted(behind) if behind and is_value else Word("", word.end, word.end)
            if word.text.startswith(f"{name}="):
                at = word.text.index("=") + 1
                return _unquoted(Word(word.text[at:], word.end - len(word.text) + at, word.end))
        return None


class Fallback(NamedTuple):
    """`... || true`: from the end of what may fail to the end of the script's piece that hides it."""

    command: Command | None
    """The last command of what may fail, None where it is no simple one."""
    start: int
    end: int
    since: int
    """Where what may fail begins."""
    is_plain: bool
    """Whether nothing but commands may fail, and nothing but the script asks whether they do."""


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
        """The places where a failure is swallowed by `|| true`, `|| :`, `|| exit 0` or `|| echo ...`."""
        return tuple(found for node in self._nodes("list") if (found := self._fallback(node)) is not None)

    def is_hidden(self, command: Command) -> bool:
        """Say whether the script goes on when a command fails."""
        return any(each.since <= command.start < each.start for each in self.fallbacks)

    def replaced(self, pieces: Sequence[tuple[int, int, str]]) -> str:
        """Return the text with pieces of it, from start to end, replaced by others."""
        text = self.text
        for start, end, new in sorted(pieces, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """All `for` loops over words."""
        return tuple(found for node in self._nodes("for_statement") if (found := self._loop(node)) is not None)

    @property
    def runs_beside(self) -> bool:
        """Say whether a command runs while the script goes on."""
        return any(self._nodes("&"))

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
        hides = self._command(right)
        if hides.program not in _NOTHING and not hides.begins("echo") and not hides.begins("exit", "0"):
            return None
        tried = _parts(left)
        command = self._command(tried[-1]) if tried[-1].type == "command" else None
        is_plain = all(part.type == "command" for part in tried) and _is_statement(node)
        since, start, end = (self._offset(at) for at in (left.start_byte, left.end_byte, node.end_byte))
        return Fallback(command, start, end, since, is_plain)

    def _loop(self, node: Node) -> Loop | None:
        variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        if variable is None or body is None:
            return None
        values = tuple(self._word(value).text for value in node.children_by_field_name("value"))
        inside = self.text[self._offset(body.start_byte) : self._offset(body.end_byte)]
        told = inside.removeprefix("do").removesuffix("done").strip("\n")
        name = self.text[self._offset(variable.start_byte) : self._offset(variable.end_byte)]
        return Loop(name, values, told, self._offset(node.start_byte), self._offset(node.end_byte))


def _unquoted(word: Word) -> Word:
    """Narrow a word to what stands in its quotes."""
    text = word.text.strip("'\"")
    start = word.start + (word.end - word.start - len(text)) // 2
    return Word(text, start, start + len(text))


def _parts(node: Node) -> Sequence[Node]:
    """Return what `&&` and `||` join, without redirections."""
    if node.type == "redirected_statement":
        node = node.child_by_field_name("body") or node
    return [part for child in node.named_children for part in _parts(child)] if node.type == "list" else [node]


def _is_statement(node: Node) -> bool:
    """Say whether nothing reads what a command prints or how it ends, but the shell that runs it."""
    while node.parent is not None:
        above = node.parent
        if above.type in _ASKING or node in above.children_by_field_name("condition"):
            return False
        node = above
    return True


@lru_cache(maxsize=1)
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))
