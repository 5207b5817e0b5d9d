"""Where the sections, the keys and the lines of values stand in an ini file, and what they mean.

What they mean is configparser's answer, as for the programs that read such files. It does not tell where they stand,
and ConfigUpdater takes indented comments for keys; so its rule for lines that continue a value is followed here.
Never changes anything.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from orchestrator.edits import lines
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText

MARKS: Final = ("#", ";")
PREAMBLE: Final = ""
"""The name of what stands before the first section, where the format has that."""
_PREAMBLE_HEADER: Final = "[\0]\n"  # no file has a NUL

Value = str | list[str]


class Line(NamedTuple):
    """One line of a value, without the blanks around it."""

    text: str
    start: int
    end: int


class Option(NamedTuple):
    """A key with its value. `sign_end` is behind its `=` or `:`, `end` behind the last line of its value."""

    key: str
    start: int
    sign_end: int
    lines: list[Line]
    end: int
    indent: str = ""
    sign: str = " ="
    gap: str = " "
    """What stands between the sign and a value beside it."""
    item_indent: str | None = None
    """What stands before the lines of the value below the key, if there are any."""
    is_hanging: bool = False
    """The value starts below the key."""


@dataclass(frozen=True)
class Section:
    """A section with its keys. `header_end` is behind the line of its header."""

    name: str
    start: int
    header_end: int
    options: dict[str, Option]

    @property
    def end(self) -> int:
        """Where its last value ends."""
        return max((option.end for option in self.options.values()), default=self.header_end)


def meaning(source: SourceText, *, has_preamble: bool) -> dict[str, dict[str, Value]]:
    """Return the values by section and key: one line as text, several as the list of those that are not blank.

    :raises Refusal: `edit/syntax`, `edit/template` or `edit/duplicate-key`.
    """
    parser = configparser.RawConfigParser(default_section=PREAMBLE)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser documents it
    head = _PREAMBLE_HEADER if has_preamble else ""
    try:
        parser.read_string(head + source.text)
    except (configparser.DuplicateSectionError, configparser.DuplicateOptionError, configparser.ParsingError) as error:
        raise _problem(source, error, head.count("\n")) from None
    return {
        PREAMBLE if name == "\0" else name: {key: _value(text) for key, text in parser.items(name)}
        for name in parser.sections()
    }


def sections(source: SourceText, *, has_preamble: bool) -> dict[str, Section]:
    """Return where everything stands, in a file that has a meaning."""
    found = {PREAMBLE: Section(PREAMBLE, 0, 0, {})} if has_preamble else {}
    starts = list(_starts(source))
    ends = [source.line_start(start) for start, _ in starts[1:]] + [len(source.text)]
    for (start, name), end in zip(starts, ends, strict=False):
        if name is not None:
            found[name] = Section(name, start, source.line_end(start), {})
        else:
            option = _option(source, start, end)
            next(reversed(found.values())).options[option.key] = option
    return found


def _problem(
    source: SourceText,
    error: configparser.DuplicateSectionError | configparser.DuplicateOptionError | configparser.ParsingError,
    extra_lines: int,
) -> Refusal:
    match error:
        case configparser.DuplicateSectionError():
            return _twice(source, f"[{error.section}]", (error.lineno or 1) - extra_lines)
        case configparser.DuplicateOptionError():
            return _twice(source, error.option, (error.lineno or 1) - extra_lines)
        case configparser.MissingSectionHeaderError():
            return lines.broken(source, lines.line_offset(source, error.lineno), "a key before the first `[section]`")
        case _:
            return lines.broken(source, lines.line_offset(source, error.errors[0][0] - extra_lines), "no `key = value`")


def _twice(source: SourceText, name: str, line: int) -> Refusal:
    where = source.location(lines.line_offset(source, line))
    return Refusal("edit/duplicate-key", f"`{name}` is there twice", location=where, hint="remove one of them")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _value(text: str) -> Value:
    return [line for line in text.split("\n") if line] if "\n" in text else text


def _starts(source: SourceText) -> Iterator[tuple[int, str | None]]:
    """Yield where each section starts, with its name, and each key.

    A line that is indented more than the key above it continues that key's value, as in configparser.
    """
    at, key_indent = 0, None
    while at < len(source.text):
        end = source.line_end(at)
        line, indent = source.text[at:end].strip(), _indent(source.text[at:end])
        if line and not line.startswith(MARKS) and (key_indent is None or indent <= key_indent):
            header = configparser.RawConfigParser.SECTCRE.match(line)
            key_indent = None if header else indent
            yield at + indent, header["header"] if header else None
        at = end


def _option(source: SourceText, start: int, limit: int) -> Option:
    text = source.text
    sign_end = min(at for at in (text.find("=", start, limit), text.find(":", start, limit)) if at >= 0) + 1
    key = text[start : sign_end - 1].rstrip()
    values = list(_lines(source, sign_end, limit))
    sign = text[start + len(key) : sign_end]
    below = [line.start for line in values if line.start >= source.line_end(start)]
    is_beside = len(below) < len(values)
    return Option(
        key,
        start,
        sign_end,
        values,
        end=source.line_end(values[-1].start if values else start),
        indent=text[source.line_start(start) : start],
        sign=sign,
        gap=text[sign_end : values[0].start] if is_beside else "" if sign == "=" else " ",
        item_indent=text[source.line_start(below[0]) : below[0]] if below else None,
        is_hanging=bool(values) and not is_beside,
    )


def _lines(source: SourceText, start: int, limit: int) -> Iterator[Line]:
    """Yield the lines of a value that are neither blank nor comments. The one beside the key is never a comment."""
    is_beside = True
    while start < limit:
        end = source.line_end(start)
        text = source.text[start:end].strip()
        if text and (is_beside or not text.startswith(MARKS)):
            first = start + source.text[start:end].index(text)
            yield Line(text, first, first + len(text))
        start, is_beside = end, False
