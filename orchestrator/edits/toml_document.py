"""TOML files: what they mean is `tomllib`'s answer, where it stands the grammar's.

A table is changed in the form it has: below its header, as dotted keys, or inline. One that is spelled in two forms
is left alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final, Self

from orchestrator.edits import lines, toml_inline, toml_tables
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, plain
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.edits.toml_style import header, key, lines_of_array, value
from orchestrator.edits.toml_tree import Entry, Section, Tree, tree
from orchestrator.errors import Location

_PLACE: Final = re.compile(r"(?P<problem>.*) \(at (line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")
_SIGN: Final = re.compile(r"(\s*)=(\s*)\Z")


@dataclass(frozen=True)
class TomlDocument:
    """The tables of a file. Numbers and dates are what TOML says they are."""

    values_are_text: ClassVar[bool] = False
    source: SourceText

    @classmethod
    def parse(cls, source: SourceText) -> Self:
        document = cls(source)
        _ = document.data
        if document._tree.error is not None:
            raise lines.broken(source, document._tree.error, "invalid statement")
        return document

    @cached_property
    def data(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.source.text)
        except tomllib.TOMLDecodeError as error:
            raise self._problem(str(error)) from None

    def location(self, path: Path) -> Location:
        return self.source.location(self._start(path))

    def comments(self, path: Path) -> str:
        start, text = self._start(path), self.source.text
        above = text[toml_tables.above(self.source, self._tree, start) : self.source.line_start(start)]
        entry = self._tree.entries.get(path)
        section = self._section(path)
        end = entry.value.end if entry else section.header_end if section else start
        beside = text[end : self.source.line_end(end)].lstrip(", \t")
        return lines.uncommented(above + (beside if beside.startswith("#") else ""))

    def guard(self, path: Path) -> None:
        for size in range(1, len(path) + 1):
            ways = self._tree.ways.get(path[:size], {})
            if len(ways) > 1:
                raise self._two_forms(path[:size])

    def splices(self, mutation: Mutation) -> Sequence[Splice]:
        match mutation:
            case Set(path, new):
                return [self._set(path, plain(new))]
            case Add(path, new, before, after):
                return self._added(path, plain(new), before, after)
            case Insert(path, index, new):
                return self._inserted(path, index, plain(new))
            case Remove(path):
                return self._removed(path)

    @cached_property
    def _tree(self) -> Tree:
        return tree(self.source.text)

    def _start(self, path: Path) -> int:
        if not path:
            return 0
        if path in self._tree.entries:
            return self._tree.entries[path].start
        section = self._section(path)
        if section is not None:
            return section.start
        ways = self._tree.ways.get(path)
        return min(ways.values()) if ways else self._start(path[:-1])

    def _problem(self, message: str) -> Refusal:
        """Return why `tomllib` cannot read the file."""
        match = _PLACE.fullmatch(message)
        problem = match["problem"] if match else message
        if self._tree.error is None and problem.startswith(("Cannot", "Duplicate")):
            return self._repeated(problem)
        at = len(self.source.text.rstrip()) if self._tree.error is None else self._tree.error
        if match and match["line"]:
            at = lines.line_offset(self.source, int(match["line"])) + int(match["column"]) - 1
        return lines.broken(self.source, at, problem[:1].lower() + problem[1:])

    def _repeated(self, problem: str) -> Refusal:
        mixed = [path for path, ways in self._tree.ways.items() if len(ways) > 1]
        path, start = self._tree.repeated or (mixed[0] if mixed else (), 0)
        if path in mixed:
            return self._two_forms(path)
        message = f"`{header(path)}` is there twice" if path else problem
        where = self.source.location(start)
        return Refusal("edit/duplicate-key", message, location=where, hint="remove one of them")

    def _two_forms(self, path: Path) -> Refusal:
        where = self.source.location(max(self._tree.ways[path].values()))
        message = f"the table `{header(path)}` is spelled both with dotted keys and with a header"
        return Refusal("edit/conflict", message, location=where, hint="spell it in one way first")

    def _shapeless(self, path: Path, message: str, hint: str) -> Refusal:
        return Refusal("edit/wrong-shape", message, location=self.location(path), hint=hint)

    def _set(self, path: Path, new: Any) -> Splice:
        entry = self._tree.entries.get(path)
        if entry is None:
            raise self._shapeless(path, f"`{header(path)}` is a table", "set its keys one by one")
        start, end = entry.value.start, entry.value.end
        old = self.source.text[start:end]
        like = old if entry.value.kind == "string" else self._quote
        if isinstance(new, list) and new and "\n" in old and entry.value.kind == "array":
            items = [value(item, like) for item in new]
            return Splice(start, end, lines_of_array(items, self.source.newline, lines.indent(self.source, start)))
        return Splice(start, end, self._value(new, like))

    def _added(self, path: Path, new: Any, before: str | None, after: str | None) -> list[Splice]:
        parent, name = path[:-1], str(path[-1])
        if path in self._tree.entries or path in self._tree.ways:
            message = f"`{header(path)}` is there already"
            raise Refusal("edit/conflict", message, location=self.location(path))
        siblings = self._siblings(parent)
        named = [each for each in siblings if each.path[len(parent)] in (before, after)]
        is_before = bool(before and named)
        neighbour = next(iter(named if is_before else reversed(named or siblings)), None)
        if parent in self._tree.members:
            return self._member_added(parent, key(name), new, neighbour, is_before=is_before)
        if self._wants_header(path, new, siblings):
            return [self._table_added(path, new, before, after)]
        if neighbour is None:
            return [self._first_added(parent, f"{key(name)} = {self._value(new)}")]
        written = ".".join((*neighbour.keys[: len(parent) - neighbour.depth], key(name)))
        holder = neighbour.path[: neighbour.depth]
        if holder in self._tree.members:
            return self._member_added(holder, written, new, neighbour, is_before=is_before)
        return [self._line_added(written, new, neighbour, is_before=is_before)]

    def _siblings(self, parent: Path) -> list[Entry]:
        """Return the entries of a table that stand together, as lines or inline."""
        if parent in self._tree.members:
            return self._tree.members[parent]
        section = self._section(parent)
        if section is not None:
            return section.entries
        return [entry for entry in self._tree.entries.values() if _is_dotted_into(entry, parent)]

    def _section(self, path: Path) -> Section | None:
        return next((section for section in self._tree.sections if section.path == path), None)

    def _wants_header(self, path: Path, new: Any, siblings: Sequence[Entry]) -> bool:
        """Say whether a new value goes below a header of its own, as its siblings and such values usually do."""
        if "dotted" in self._tree.ways.get(path[:-1], {}):
            return False
        if isinstance(new, list):
            return len(path) != 2 and bool(new) and all(isinstance(item, dict) for item in new)
        return isinstance(new, dict) and not any(each.value.kind == "inline_table" for each in siblings)

    def _table_added(self, path: Path, new: Any, before: str | None, after: str | None) -> Splice:
        parts = new if isinstance(new, list) else [new]
        tables = [toml_tables.table_lines(path, part, self._quote, is_row=part is not new) for part in parts]
        written = [line for table in tables for line in ("", *table)][1:]
        at = toml_tables.before(self.source, self._tree, (*path[:-1], before)) if before else None
        if at is None and after:
            at = toml_tables.behind(self.source, self._tree, (*path[:-1], after))
        if at is None:
            at = toml_tables.behind(self.source, self._tree, path[:-1])
        return toml_tables.inserted(self.source, self._tree, len(self.source.text) if at is None else at, written)

    def _first_added(self, parent: Path, line: str) -> Splice:
        """Put the first entry into a table: below its header, before the tables inside it, or below a new header."""
        section = self._section(parent)
        if section is not None and parent:
            return lines.inserted(self.source, self.source.line_end(section.header_end), [line])
        at = toml_tables.before(self.source, self._tree, parent)
        if at is None:
            return lines.inserted(self.source, len(self.source.text), [line])
        return lines.inserted(self.source, at, [f"[{header(parent)}]", line, ""] if parent else [line, ""])

    def _line_added(self, written: str, new: Any, neighbour: Entry, *, is_before: bool) -> Splice:
        text = self.source.text
        indent = text[self.source.line_start(neighbour.start) : neighbour.start]
        line = indent + written + self._sign(neighbour, len(written)) + self._value(new)
        if is_before:
            return lines.inserted(self.source, toml_tables.above(self.source, self._tree, neighbour.start), [line])
        return lines.inserted(self.source, self.source.line_end(neighbour.value.end), [line])

    def _member_added(
        self, holder: Path, written: str, new: Any, neighbour: Entry | None, *, is_before: bool
    ) -> list[Splice]:
        members = self._tree.members[holder]
        index = members.index(neighbour) + (not is_before) if neighbour else 0
        sign = self._sign(neighbour, 0) if neighbour else " = "
        entry = f"{written}{sign}{self._value(new)}"
        return toml_inline.inserted(self.source, self._tree.entries[holder].value, members, index, entry)

    def _sign(self, neighbour: Entry, width: int) -> str:
        """Return the `=` with the blanks around it, in the column where a neighbour has it if that one is aligned."""
        written = self.source.text[neighbour.start : neighbour.value.start]
        match = _SIGN.search(written)
        assert match is not None, "a key and its value have a sign between them"
        blanks = " " * max(1, match.end(1) - width) if len(match[1]) > 1 else match[1]
        return f"{blanks}={match[2]}"

    def _inserted(self, path: Path, index: int, new: Any) -> list[Splice]:
        if path in self._tree.rows:
            return [self._row_inserted(path, range(self._tree.rows[path] + 1)[index], new)]
        entry = self._tree.entries.get(path)
        if entry is None or entry.value.kind != "array":
            raise self._shapeless(path, f"`{header(path)}` is no list", "a list is written `[...]`, or below `[[...]]`")
        members = self._tree.members[path]
        at = range(len(members) + 1)[index]
        strings = [each.value for each in members if each.value.kind == "string"]
        like = self.source.text[strings[0].start : strings[0].end] if strings else self._quote
        return toml_inline.inserted(self.source, entry.value, members, at, value(new, like))

    def _row_inserted(self, path: Path, index: int, new: Any) -> Splice:
        if not isinstance(new, dict):
            raise self._shapeless(path, f"an item of `{header(path)}` is a table", "give its keys and values")
        written = toml_tables.table_lines(path, new, self._quote, is_row=True)
        at = toml_tables.before(self.source, self._tree, (*path, index))
        if at is None:
            at = toml_tables.behind(self.source, self._tree, (*path, index - 1))
        assert at is not None, "an array of tables has at least one"
        return toml_tables.inserted(self.source, self._tree, at, written)

    def _removed(self, path: Path) -> Sequence[Splice]:
        self._check_parent_stays(path)
        inline = [
            (holder, index)
            for holder, members in self._tree.members.items()
            for index, member in enumerate(members)
            if len(holder) < len(path) and toml_tables.is_within(member.path, path)
        ]
        if len(inline) > 1:
            raise self._shapeless(path, f"`{header(path)}` has several dotted keys", "remove them one by one")
        for holder, index in inline:
            place = self._tree.entries[holder].value
            return toml_inline.removed(self.source, place, self._tree.members[holder], index)
        return list(toml_tables.removed(self.source, self._tree, path))

    def _check_parent_stays(self, path: Path) -> None:
        """A table that has no header, or an array of tables, is there only as long as something is in it."""
        parent = path[:-1]
        if self._section(parent) is not None or parent in self._tree.entries:
            return
        places = (*self._tree.entries, *(section.path for section in self._tree.sections))
        others = (each for each in places if toml_tables.is_within(each, parent))
        if all(toml_tables.is_within(each, path) for each in others):
            message = f"`{header(parent)}` would be gone too"
            raise self._shapeless(path, message, f"remove `{header(parent)}`")

    @cached_property
    def _quote(self) -> str:
        quotes = self._tree.quotes
        return "'" if quotes.count("'") * 2 > len(quotes) else '"'

    def _value(self, new: Any, like: str | None = None) -> str:
        return value(new, like or self._quote, self.source.newline, indent="")


def _is_dotted_into(entry: Entry, table: Path) -> bool:
    return entry.depth < len(table) < len(entry.path) and toml_tables.is_within(entry.path, table)
