"""The commands in a Markdown document, with what they are said to print. A library parses; nothing is run here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

LANGUAGES: Final = frozenset({"bash", "sh", "shell", "console", "terminal"})
PROMPT: Final = "$ "
INLINE: Final = " #=> "


@dataclass(frozen=True)
class Example:
    """A command, and what it is said to print."""

    command: str
    expected: tuple[str, ...]
    """Lines; none means that the command must succeed."""
    first: int
    """The line of the document that it begins in, from 1."""
    last: int
    """The last line of it and of what it prints."""
    margin: str
    """What stands before each of its lines: the document may quote it."""
    is_inline: bool = False


def examples(text: str) -> list[Example]:
    """Return the commands of a document, in their order."""
    from markdown_it import MarkdownIt

    lines = text.split("\n")
    found: list[Example] = []
    for token in MarkdownIt("commonmark").parse(text):
        words = token.info.split()
        if token.type == "fence" and token.map is not None and words and words[0].lower() in LANGUAGES:
            found += _of_fence(token.content.split("\n")[:-1], token.map[0] + 1, lines)
    return found


def rewrite(text: str, printed: Mapping[Example, str]) -> str:
    """Return a document in which commands are followed by what they printed."""
    lines = text.split("\n")
    for example in sorted(printed, key=lambda each: each.first, reverse=True):
        shown = [f"{example.margin}{line}".rstrip() for line in printed[example].rstrip("\n").split("\n")]
        length = _length(example)
        head = lines[example.first - 1 : example.first - 1 + length]
        if example.is_inline:
            command = head[-1].rpartition(INLINE.rstrip())[0].rstrip()
            prompt = "" if command.startswith(example.margin + PROMPT) else PROMPT
            one = f"{command}{INLINE}{shown[0][len(example.margin) :]}"
            several = [command.replace(example.margin, example.margin + prompt, 1), *shown]
            head, shown = (head[:-1], [one]) if len(shown) == 1 else (head[:-1], several)
        lines[example.first - 1 : example.last] = [*head, *shown]
    return "\n".join(lines)


def _of_fence(content: list[str], start: int, lines: list[str]) -> Iterator[Example]:
    """Yield the commands of a block of code; `start` is the index of its first line in the document."""
    at = 0
    while at < len(content):
        if not _is_command(content[at]):
            at += 1
            continue
        first = at
        while content[at].endswith("\\") and at + 1 < len(content):
            at += 1
        written = [content[first].removeprefix(PROMPT), *content[first + 1 : at + 1]]
        command, inline, value = "".join(_joined(written)).rpartition(INLINE)
        at += 1
        begin = at
        while not inline and at < len(content) and not _is_command(content[at]):
            at += 1
        expected = (value.strip(),) if inline else tuple(_without_end(content[begin:at]))
        full = lines[start + first]
        margin = full[: len(full) - len(content[first])]
        last = start + (begin if inline else begin + len(expected))
        yield Example(command or value, expected, start + first + 1, last, margin, bool(inline))


def _is_command(line: str) -> bool:
    return line.startswith(PROMPT) or INLINE in line


def _joined(written: list[str]) -> Iterator[str]:
    """Yield the parts of a command that goes over several lines."""
    for line in written[:-1]:
        yield line[:-1]
    yield written[-1]


def _without_end(lines: Iterable[str]) -> list[str]:
    """Return lines without the empty ones at the end."""
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _length(example: Example) -> int:
    """Return how many lines the command of an example takes."""
    return example.last - example.first + 1 - (0 if example.is_inline else len(example.expected))
