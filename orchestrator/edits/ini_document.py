"""Ini files as configparser reads them: setup.cfg, tox.ini, .flake8, .coveragerc, and .editorconfig.

A value of one line is text, one of several lines the list of those that are not blank. Nothing is interpolated, no
section takes over keys of another, and a `#` behind a value is part of it, as for the programs that read such files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final, Self

from orchestrator.edits import lines
from orchestrator.edits.ini_tree import MARKS, PREAMBLE, Option, Section, Value, meaning, sections
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, plain
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.errors import Location

_KEY: Final = re.compile(r"(?![#;\[])[^\s=:](?:[^=:\r\n]*[^\s=:])?")
_NAME: Final = re.compile(r"[^\r\n]+")


@dataclass(frozen=True)
class IniDocument:
    """Values by section and key. The keys before the first section of an .editorconfig stand beside its sections."""

    values_are_text: ClassVar[bool] = True
    source: SourceText

    @classmethod
    def parse(cls, source: SourceText) -> Self:
        document = cls(source)
        both = document._values.get(PREAMBLE, {}).keys() & document._values.keys()
        if both:
            name = min(both)
            where = source.location(document._sections[name].start)
            raise Refusal("edit/conflict", f"`{name}` is both a key and a section", location=where)
        return document

    @cached_property
    def data(self) -> dict[str, Value | dict[str, Value]]:
        named = {name: keys for name, keys in self._values.items() if name != PREAMBLE}
        return {**self._values.get(PREAMBLE, {}), **named}

    def location(self, path: Path) -> Location:
        try:
            return self.source.location(self._start(path))
        except LookupError:
            return self.location(path[:-1])

    def comments(self, path: Path) -> str:
        start = self._start(path)
        above = lines.comments_start(self.source, start, MARKS)
        return lines.uncommented(self.source.text[above : self.source.line_start(start)], MARKS)

    def guard(self, path: Path) -> None:
        """Every key stands alone: a file with a section or key that is there twice was refused as a whole."""

    def splices(self, mutation: Mutation) -> Sequence[Splice]:
        match mutation:
            case Add(path, value, before, after):
                return [self._added(self._place(path, value), plain(value), before, after)]
            case Set(path, value):
                return [self._set(self._place(path), plain(value))]
            case Insert(path, index, value):
                return [self._inserted(self._option(path), index, self._text(plain(value), is_item=True))]
            case Remove(path):
                return [self._removed(self._place(path))]

    @cached_property
    def _values(self) -> dict[str, dict[str, Value]]:
        return meaning(self.source, has_preamble=self._has_preamble)

    @cached_property
    def _sections(self) -> dict[str, Section]:
        return sections(self.source, has_preamble=self._has_preamble)

    @property
    def _has_preamble(self) -> bool:
        return self.source.path.rsplit("/", 1)[-1] == ".editorconfig"

    def _place(self, path: Path, value: Any = None) -> Path:
        """Return section, key and index of a path."""
        is_inside = self._has_preamble and not isinstance(value, dict) and path[:1] not in self._named
        place = (PREAMBLE, *path) if is_inside else path
        if not 1 <= len(place) <= 3:
            hint = "a path in such a file is `section.key`"
            raise Refusal("edit/wrong-shape", f"`{self.source.path}` has sections with keys", hint=hint)
        return place

    @cached_property
    def _named(self) -> set[Path]:
        return {(name,) for name in self._values if name != PREAMBLE}

    def _start(self, path: Path) -> int:
        if not path:
            return 0
        place = self._place(path)
        section = self._sections[str(place[0])]
        if len(place) == 1:
            return section.start
        option = section.options[str(place[1])]
        return option.start if len(place) == 2 else option.lines[int(place[2])].start

    def _option(self, path: Path) -> Option:
        place = self._place(path)
        if len(place) != 2 or not isinstance(self._values[str(place[0])][str(place[1])], list):
            hint = "a list has a line for each of its items"
            raise Refusal("edit/wrong-shape", "the place is no list", location=self.location(path), hint=hint)
        return self._sections[str(place[0])].options[str(place[1])]

    def _set(self, place: Path, value: Any) -> Splice:
        if len(place) == 1:
            where = self.source.location(self._sections[str(place[0])].start)
            raise Refusal("edit/wrong-shape", "a section is no value", location=where, hint="set its keys one by one")
        option = self._sections[str(place[0])].options[str(place[1])]
        if len(place) == 3:
            line = option.lines[int(place[2])]
            return Splice(line.start, line.end, self._text(value, is_item=True))
        end = option.lines[-1].end if option.lines else option.sign_end
        return Splice(option.sign_end, end, self._behind_sign(value, option))

    def _added(self, place: Path, value: Any, before: str | None, after: str | None) -> Splice:
        if len(place) == 1:
            return self._section_added(str(place[0]), value, self._following(before, after))
        if len(place) == 3:
            raise Refusal("edit/wrong-shape", "the place has no keys", location=self.location(place[:2]))
        section = self._sections[str(place[0])]
        self._check_absent(section, str(place[1]))
        neighbour = section.options.get(before or after or next(reversed(section.options), ""))
        written = self._entry(str(place[1]), value, neighbour or self._usual)
        if neighbour is None:
            gap = [""] if section.name == PREAMBLE and self.source.text else []
            return lines.inserted(self.source, section.header_end, [*written, *gap])
        at = neighbour.end if before is None else lines.comments_start(self.source, neighbour.start, MARKS)
        return lines.inserted(self.source, at, written)

    def _check_absent(self, section: Section, key: str) -> None:
        """Programs read keys without regard to case."""
        for name, option in section.options.items():
            if name.lower() == key.lower():
                where = self.source.location(option.start)
                raise Refusal("edit/conflict", f"the key `{name}` is there already", location=where)

    def _section_added(self, name: str, value: Any, following: str | None) -> Splice:
        if not isinstance(value, dict) or not _NAME.fullmatch(name):
            hint = "a path in such a file is `section.key`"
            raise Refusal("edit/wrong-shape", f"`{self.source.path}` has sections with keys", hint=hint)
        entries = [line for key, item in value.items() for line in self._entry(key, item, self._usual)]
        written = [f"[{name}]", *entries]
        if following:
            at = lines.comments_start(self.source, self._sections[following].start, MARKS)
            return lines.inserted(self.source, at, [*written, ""])
        end = len(self.source.text)
        gap = [""] if end and not lines.is_blank(self.source, end - 1) else []
        return lines.inserted(self.source, end, [*gap, *written])

    def _following(self, before: str | None, after: str | None) -> str | None:
        """Return the section that a new one goes before; the keys above the first one are no sections."""
        names = [name for name in self._sections if name != PREAMBLE]
        if after in names:
            return next(iter(names[names.index(after) + 1 :]), None)
        return before if before in names else None

    def _inserted(self, option: Option, index: int, text: str) -> Splice:
        indent, newline = self._item_indent(option), self.source.newline
        index = range(len(option.lines) + 1)[index]
        if index > 0:
            at = self.source.line_end(option.lines[index - 1].start)
        elif option.is_hanging:
            at = self.source.line_end(option.start)
        else:
            beside = option.lines[0]
            return Splice(beside.start, beside.end, text + newline + indent + self._text(beside.text, is_item=True))
        return lines.inserted(self.source, at, [indent + text])

    def _removed(self, place: Path) -> Splice:
        section = self._sections[str(place[0])]
        if len(place) == 1:
            start = lines.comments_start(self.source, section.start, MARKS)
            return lines.removed_paragraph(self.source, start, lines.comments_end(self.source, section.end, MARKS))
        option = section.options[str(place[1])]
        if len(place) == 3:
            return self._item_removed(option, int(place[2]))
        start = lines.owned_start(self.source, option.start, option.end, MARKS)
        return lines.removed_paragraph(self.source, start, option.end)

    def _item_removed(self, option: Option, index: int) -> Splice:
        if len(option.lines) == 1:
            hint = f"remove `{option.key}`"
            where = self.source.location(option.start)
            raise Refusal("edit/wrong-shape", "the list would be empty", location=where, hint=hint)
        line = option.lines[index]
        if option.is_hanging or (len(option.lines) > 2 and index > 0):
            end = self.source.line_end(line.start)
            start = lines.comments_start(self.source, line.start, MARKS, stop=self.source.line_end(option.start))
            return lines.removed(self.source, start, end)
        if index == 0:
            return Splice(option.sign_end, line.end, "")
        beside = self._text(option.lines[0].text, is_item=True)  # alone beside its key it would be no list
        return Splice(option.sign_end, line.end, self.source.newline + self._item_indent(option) + beside)

    @cached_property
    def _usual(self) -> Option:
        """Return a key whose spelling is that of the file."""
        options = (option for section in self._sections.values() for option in section.options.values())
        return next(options, Option("", 0, 0, [], 0))

    def _entry(self, key: str, value: Any, like: Option) -> list[str]:
        """Return the lines of a key with its value, spelled like another."""
        if not _KEY.fullmatch(key):
            raise Refusal("edit/wrong-shape", f"a key of `{self.source.path}` cannot be {key!r}")
        return f"{like.indent}{key}{like.sign}{self._behind_sign(value, like)}".split(self.source.newline)

    def _behind_sign(self, value: Any, like: Option) -> str:
        if isinstance(value, list) and value:
            before = self.source.newline + self._item_indent(like)
            return "".join(before + self._text(item, is_item=True) for item in value)
        text = self._text(value)
        return like.gap + text if text else ""

    def _item_indent(self, option: Option) -> str:
        """Return how far items are indented: as they are, as in the first list of the file, else by four blanks."""
        options = (each for section in self._sections.values() for each in section.options.values())
        known = [each.item_indent for each in (option, *options) if each.item_indent and each.indent == option.indent]
        return known[0] if known else option.indent + "    "

    def _text(self, value: Any, *, is_item: bool = False) -> str:
        is_text = isinstance(value, str) and value == value.strip() and "\n" not in value and "\r" not in value
        if not is_text or (is_item and (not value or value.startswith(MARKS))):
            hint = "give a list for a value of several lines" if isinstance(value, str) else "put it in quotes"
            raise Refusal("edit/wrong-shape", f"a value of `{self.source.path}` cannot be {value!r}", hint=hint)
        return str(value)
