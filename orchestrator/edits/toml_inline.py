"""Items of TOML arrays and entries of inline tables, put in and taken out: their commas, lines and comments."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.edits import lines
from orchestrator.edits.text import SourceText, Splice
from orchestrator.edits.toml_tree import Entry, Value


def inserted(source: SourceText, holder: Value, members: Sequence[Entry], index: int, written: str) -> list[Splice]:
    """Put a member before the one at `index`, on a line of its own where the others are."""
    if not members:
        return [_first(source, holder, written)]
    if index == len(members):
        return _appended(source, holder, members, written)
    behind = members[index]
    if not _starts_line(source, behind.start):
        return [Splice(behind.start, behind.start, f"{written}, ")]
    before = holder.start if index == 0 else _end(members[index - 1])
    at = lines.comments_start(source, behind.start, stop=source.line_end(before))
    return [lines.inserted(source, at, [f"{lines.indent(source, behind.start)}{written},"])]


def removed(source: SourceText, holder: Value, members: Sequence[Entry], index: int) -> list[Splice]:
    """Take a member out, with its comma, and with its line where that holds nothing else."""
    member = members[index]
    is_last = index == len(members) - 1
    next_start = holder.end - 1 if is_last else members[index + 1].start
    if _starts_line(source, member.start) and _starts_line(source, next_start):
        return _line_removed(source, holder, members, index)
    if not is_last:
        return [Splice(member.start, next_start, "")]
    if index == 0:
        return [Splice(holder.start + 1, holder.end - 1, "")]
    before = members[index - 1]
    has_comment = "#" in source.text[_end(before) : member.start]
    return [Splice(member.start if has_comment else before.value.end, member.value.end, "")]


def _first(source: SourceText, holder: Value, written: str) -> Splice:
    start, end = holder.start + 1, holder.end - 1
    inside = source.text[start:end]
    if not inside.strip():
        return Splice(start, end, f" {written} " if holder.kind == "inline_table" else written)
    closing = source.line_start(end)  # there are comments, so the closing bracket is on a line of its own
    return lines.inserted(source, closing, [f"{lines.indent(source, end)}    {written},"])


def _appended(source: SourceText, holder: Value, members: Sequence[Entry], written: str) -> list[Splice]:
    last = members[-1]
    end = last.value.end
    if not _starts_line(source, holder.end - 1):
        on_own_line = len(members) > 1 and _starts_line(source, last.start)
        gap = source.newline + lines.indent(source, last.start) if on_own_line else " "
        return [Splice(end, end, f",{gap}{written}")]
    comma = [] if last.comma is not None else [Splice(end, end, ",")]
    line = _line_like(source, members, written) + ("," if last.comma is not None else "")
    return [*comma, lines.inserted(source, source.line_end(_end(last)), [line])]


def _line_like(source: SourceText, members: Sequence[Entry], written: str) -> str:
    first_of_lines = [each for each in members if _starts_line(source, each.start)]
    return (lines.indent(source, first_of_lines[-1].start) if first_of_lines else "    ") + written


def _line_removed(source: SourceText, holder: Value, members: Sequence[Entry], index: int) -> list[Splice]:
    member = members[index]
    before = source.line_end(_end(members[index - 1]) if index else holder.start)
    end = source.line_end(_end(member))
    is_last = index == len(members) - 1
    above = lines.comments_start(source, member.start, stop=before)
    start = above if is_last else lines.owned_start(source, member.start, end, stop=before)
    splices = [lines.removed(source, start, end)]
    if is_last and member.comma is None and index > 0:
        comma = members[index - 1].comma
        assert comma is not None, "an item with one behind it has a comma"
        return [Splice(comma, comma + 1, ""), *splices]
    return splices


def _end(entry: Entry) -> int:
    """Return where a member ends with its comma."""
    return entry.value.end if entry.comma is None else entry.comma + 1


def _starts_line(source: SourceText, offset: int) -> bool:
    return not source.text[source.line_start(offset) : offset].strip()
