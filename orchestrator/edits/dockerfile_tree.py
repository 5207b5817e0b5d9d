"""Where the instructions of a Dockerfile stand, by BuildKit's rules. Never changes anything.

The rules: parser directives at the top, continued lines with comments and blank lines among them, here-documents
(https://docs.docker.com/reference/dockerfile/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from orchestrator.edits import lines
from orchestrator.edits.text import SourceText

KEYWORDS: Final = frozenset({
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
})  # fmt: skip
_WITH_HEREDOCS: Final = frozenset({"ADD", "COPY", "RUN"})
_DIRECTIVE: Final = re.compile(r"[^\S\n]*#[^\S\n]*(syntax|escape|check)[^\S\n]*=[^\S\n]*([^\n]*\S)", re.IGNORECASE)
_KEYWORD: Final = re.compile(r"[ \t]*([A-Za-z]+)(?=[ \t\r\n]|\Z)[ \t]*")
_WORD: Final = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""", re.DOTALL)
_HEREDOC: Final = re.compile(r"""\d*<<(-?)(["']?)([^<"'\s]+)\2""")


@dataclass
class Instruction:
    """An instruction from its keyword up to the end of its last line, and what Docker reads behind the keyword.

    `spans` says where in the file each character of the value stands. A line break that continues an instruction is
    no character of its value; what indents the next line counts at most as one blank.
    """

    keyword: str
    start: int
    value_start: int
    end: int = 0
    value: str = ""
    spans: list[tuple[int, int]] = field(default_factory=list)
    has_lines: bool = False
    """It has a here-document, whose line breaks are part of the value."""

    def take(self, text: str, start: int) -> None:
        """Add what stands at an offset to the value."""
        self.value += text
        self.spans += [(at, at + 1) for at in range(start, start + len(text))]

    def strip(self) -> None:
        """Take the blanks off the end of the value."""
        self.value = self.value.rstrip()
        del self.spans[len(self.value) :]


def directives_end(source: SourceText) -> tuple[int, str]:
    """Return where the parser directives end, and the character that continues a line."""
    at, escape = 0, "\\"
    while match := _DIRECTIVE.match(source.text, at):
        if match[1].lower() == "escape" and match[2] in "\\`":
            escape = match[2]
        at = source.line_end(match.end())
    return at, escape


def instructions(source: SourceText) -> Iterator[Instruction]:
    """Yield the instructions.

    :raises Refusal: `edit/syntax` or `edit/template`.
    """
    at, escape = directives_end(source)
    while at < len(source.text):
        if _says_nothing(source, at):
            at = source.line_end(at)
            continue
        instruction = _instruction(source, at, escape)
        yield instruction
        at = instruction.end


def _says_nothing(source: SourceText, at: int) -> bool:
    line = source.text[at : source.line_end(at)].strip()
    return not line or line.startswith("#")


def _instruction(source: SourceText, at: int, escape: str) -> Instruction:
    match = _KEYWORD.match(source.text, at)
    if match is None or match[1].upper() not in KEYWORDS:
        word = source.text[at : source.line_end(at)].strip().split(" ")[0]
        raise lines.broken(source, at, f"`{word}` is no instruction")
    instruction = Instruction(match[1], match.start(1), match.end())
    instruction.end = _read_lines(source, instruction, escape)
    instruction.strip()
    for name, is_indented in _heredocs(instruction):
        _read_heredoc(source, instruction, name, is_indented=is_indented)
    return instruction


def _read_lines(source: SourceText, instruction: Instruction, escape: str) -> int:
    """Read a line and those that continue it. Return where they end."""
    continued = re.compile(rf"(?:^|(?<!{re.escape(escape)})){re.escape(escape)}[ \t]*$")
    at = instruction.value_start
    while at < len(source.text):
        end = source.line_end(at)
        line = source.text[at:end].rstrip("\r\n")
        sign = continued.search(line)
        part = line[: sign.start()] if sign else line
        indent = len(part) - len(part.lstrip())
        needs_blank = indent > 0 and instruction.value[-1:].strip() != ""
        skipped = indent - 1 if needs_blank else indent
        instruction.take(part[skipped:], at + skipped)
        at = end
        if sign is None:
            break
        while at < len(source.text) and _says_nothing(source, at):
            at = source.line_end(at)
    return at


def _heredocs(instruction: Instruction) -> list[tuple[str, bool]]:
    """Return the names of the here-documents, and whether tabs before their lines do not count."""
    first, *words = [instruction.keyword, *_WORD.findall(instruction.value)]
    if first.upper() == "ONBUILD" and words:
        first = words[0]
    if first.upper() not in _WITH_HEREDOCS:
        return []
    return [(match[3], match[1] == "-") for match in map(_HEREDOC.fullmatch, words) if match]


def _read_heredoc(source: SourceText, instruction: Instruction, name: str, *, is_indented: bool) -> None:
    instruction.has_lines = True
    while True:
        if instruction.end >= len(source.text):
            raise lines.broken(source, instruction.start, f"the here-document `{name}` does not end")
        start, end = instruction.end, source.line_end(instruction.end)
        line = source.text[start:end].rstrip("\r\n")
        instruction.value += "\n"
        instruction.spans.append((instruction.spans[-1][1], start))
        instruction.take(line, start)
        instruction.end = end
        if (line.lstrip("\t") if is_indented else line) == name:
            return
