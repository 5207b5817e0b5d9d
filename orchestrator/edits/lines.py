"""Whole lines put into a file and taken out of it, and the comments above them. It knows no format but the marks of
its comments, and never decides what a line means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice

_TEMPLATE_MARKS: Final = ("{%", "{{", "{#", "<%")


def inserted(source: SourceText, offset: int, lines: Sequence[str]) -> Splice:
    """Put lines before the one that starts at `offset`; at the end of a file they are as terminated as its last."""
    newline = source.newline
    if offset == len(source.text) and source.text and not source.text.endswith("\n"):
        return Splice(offset, offset, "".join(newline + line for line in lines))
    return Splice(offset, offset, "".join(line + newline for line in lines))


def removed(source: SourceText, start: int, end: int) -> Splice:
    """Take out the lines from `start` up to `end`. What stood before keeps its end as the file had it."""
    text = source.text
    if end == len(text) and not text.endswith("\n") and start > 0:
        start -= 2 if text.endswith("\r\n", 0, start) else 1
    return Splice(start, end, "")


def removed_paragraph(source: SourceText, start: int, end: int) -> Splice:
    """Like `removed`; of blank lines on both sides the fewer go too, and those before what was last in the file."""
    above, behind = _blanks_above(source, start), _blanks_behind(source, end)
    if end == len(source.text):
        return removed(source, above[-1] if above else start, end)
    if start == 0:
        return removed(source, start, behind[-1] if behind else end)
    return removed(source, start, [end, *behind][min(len(above), len(behind))])


def is_blank(source: SourceText, offset: int) -> bool:
    """Say whether the line that holds `offset` is empty. Before and behind the text there is no line."""
    if not 0 <= offset < len(source.text):
        return False
    return not source.text[source.line_start(offset) : source.line_end(offset)].strip()


def indent(source: SourceText, at: int) -> str:
    """Return the blanks that the line of an offset starts with, up to that offset."""
    line = source.text[source.line_start(at) : at]
    return line[: len(line) - len(line.lstrip())]


def line_offset(source: SourceText, number: int) -> int:
    """Return where the line of that number starts; the first one is 1."""
    at = 0
    for _ in range(number - 1):
        at = source.line_end(at)
    return at


def comments_start(source: SourceText, offset: int, marks: tuple[str, ...] = ("#",), stop: int = 0) -> int:
    """Return where the comment lines right above the line of `offset` start, at `stop` at the earliest.

    Those that are indented more belong to what is above.
    """
    start = source.line_start(offset)
    depth = len(indent(source, offset))
    while start > stop:
        above = source.line_start(start - 1)
        if not _is_comment(source, above, marks) or len(indent(source, start - 1)) > depth:
            break
        start = above
    return start


def comments_end(source: SourceText, end: int, marks: tuple[str, ...] = ("#",)) -> int:
    """Return where the comment lines right below `end` end, unless they stand right above something else."""
    behind = end
    while behind < len(source.text) and _is_comment(source, behind, marks):
        behind = source.line_end(behind)
    return behind if behind == len(source.text) or is_blank(source, behind) else end


def owned_start(source: SourceText, start: int, end: int, marks: tuple[str, ...] = ("#",), stop: int = 0) -> int:
    """Return where what belongs to the lines from `start` to `end` starts: they, or the comment lines right above.

    A comment above several lines in a row speaks of all of them, so it does not go with the first.
    """
    speaks_of_more = end < len(source.text) and not is_blank(source, end) and not _is_comment(source, end, marks)
    return source.line_start(start) if speaks_of_more else comments_start(source, start, marks, stop)


def uncommented(text: str, marks: tuple[str, ...] = ("#",)) -> str:
    """Return comment lines as prose: without marks, blanks around and line ends."""
    return "\n".join(line.strip().lstrip("".join(marks)).strip() for line in text.splitlines() if line.strip())


def broken(source: SourceText, at: int, problem: str) -> Refusal:
    """Return why a file cannot be read that breaks its format's rules at an offset, or at the text behind it."""
    line = source.text[at : source.line_end(at)]
    where = source.location(at + len(line) - len(line.lstrip(" \t")))
    if line.lstrip().startswith(_TEMPLATE_MARKS):
        hint = "edit what the template is rendered to, or the template by hand"
        return Refusal("edit/template", f"`{source.path}` is a template", location=where, hint=hint)
    return Refusal("edit/syntax", f"`{source.path}`: {problem}", location=where)


def _blanks_above(source: SourceText, start: int) -> list[int]:
    """Return where the blank lines right above start, the nearest first."""
    starts = []
    while is_blank(source, start - 1):
        start = source.line_start(start - 1)
        starts.append(start)
    return starts


def _blanks_behind(source: SourceText, end: int) -> list[int]:
    """Return where the blank lines right behind end, the nearest first."""
    ends = []
    while is_blank(source, end):
        end = source.line_end(end)
        ends.append(end)
    return ends


def _is_comment(source: SourceText, start: int, marks: tuple[str, ...]) -> bool:
    return source.text[start : source.line_end(start)].lstrip().startswith(marks)
