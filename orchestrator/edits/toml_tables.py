"""Whole tables of a TOML file, put in and taken out: their headers, and the blank lines between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from orchestrator.edits import lines
from orchestrator.edits.mutation import Path
from orchestrator.edits.text import SourceText, Splice
from orchestrator.edits.toml_style import header, key, value
from orchestrator.edits.toml_tree import Section, Tree


def table_lines(path: Path, data: dict[str, Any], quote: str, *, is_row: bool = False) -> list[str]:
    """Return a table as lines, those inside it below headers of their own."""
    inner = {name: item for name, item in data.items() if isinstance(item, dict)}
    entries = [f"{key(name)} = {value(item, quote, indent='')}" for name, item in data.items() if name not in inner]
    title = f"[[{header(path)}]]" if is_row else f"[{header(path)}]"
    parts = [[title, *entries]] if entries or is_row or not inner else []
    parts += [table_lines((*path, name), item, quote) for name, item in inner.items()]
    return [line for part in parts for line in ("", *part)][1:]


def inserted(source: SourceText, tree: Tree, at: int, written: Sequence[str]) -> Splice:
    """Put tables before the line at an offset, with blank lines around them where the file has such."""
    is_spaced = len(tree.sections) <= 2 or any(_is_apart(source, tree, section) for section in tree.sections[2:])
    gap_before = is_spaced and at > 0 and not lines.is_blank(source, at - 1)
    gap_behind = is_spaced and at < len(source.text) and not lines.is_blank(source, at)
    return lines.inserted(source, at, [*([""] * gap_before), *written, *([""] * gap_behind)])


def before(source: SourceText, tree: Tree, path: Path) -> int | None:
    """Return where the first header of a table or one inside it starts, with its comments."""
    start = next((section.start for section in tree.sections[1:] if is_within(section.path, path)), None)
    return None if start is None else above(source, tree, start)


def behind(source: SourceText, tree: Tree, path: Path) -> int | None:
    """Return where the last table ends that is this one or inside it."""
    sections = [section for section in tree.sections[1:] if is_within(section.path, path)]
    return _end(source, sections[-1]) if sections else None


def removed(source: SourceText, tree: Tree, path: Path) -> Iterator[Splice]:
    """Take a table out, wherever the file spells a part of it: headers and what is below, and dotted keys."""
    ranges = []
    for is_inside, group in groupby(tree.sections, key=lambda section: is_within(section.path, path)):
        sections = list(group)
        if is_inside:
            ranges.append((above(source, tree, sections[0].start), _end(source, sections[-1])))
            continue
        for section in sections:
            dotted = [entry for entry in section.entries if is_within(entry.path, path)]
            for entry in dotted:
                end = source.line_end(entry.value.end)
                start = lines.owned_start(source, entry.start, end, stop=line_before(source, tree, entry.start))
                if ranges and ranges[-1][1] == start:
                    start = ranges.pop()[0]
                ranges.append((start, end))
    for start, end in ranges:
        yield lines.removed_paragraph(source, start, end)


def is_within(path: Path, holder: Path) -> bool:
    """Say whether a path leads to a place or into it."""
    return path[: len(holder)] == holder


def above(source: SourceText, tree: Tree, offset: int) -> int:
    """Return where the comments right above an offset's line start. A string may have lines that look like some."""
    return lines.comments_start(source, offset, stop=line_before(source, tree, offset))


def line_before(source: SourceText, tree: Tree, offset: int) -> int:
    """Return where the lines of the last header or value before an offset end."""
    end = tree.end_before(offset)
    return source.line_end(end) if end else 0


def _end(source: SourceText, section: Section) -> int:
    return lines.comments_end(source, source.line_end(section.end))


def _is_apart(source: SourceText, tree: Tree, section: Section) -> bool:
    return lines.is_blank(source, above(source, tree, section.start) - 1)
