"""Files of environment variables: `KEY=value`, `export KEY='value'`.

The readers of such files differ in what quotes and `$` mean, so a value is quoted where one of them needs it. Values
are text as it stands there: variables in them are never replaced.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Any, ClassVar, Final, NamedTuple, Self

from dotenv.parser import Binding, parse_stream

from orchestrator.edits import lines
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, plain
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.errors import Location

_HEAD: Final = re.compile(
    r"\s*(?P<export>export[^\S\r\n]+)?(?P<key>'[^']+'|[^=#\s]+)(?:[^\S\r\n]*(?P<sign>=)(?P<space>[^\S\r\n]*))?"
)
_QUOTED: Final = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_KEY: Final = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_BARE: Final = re.compile(r"(?:[\w./:@%+,=?*~^-]|\$\{\w+\}|[^\x00-\x7f\s])*")
_SINGLE: Final = re.compile(r"[^'\\\r\n]*")
_VARIABLE: Final = re.compile(r"\$\{\w+\}")
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


class Entry(NamedTuple):
    """One variable; offsets in the file. `end` is that of its last line, `quote` what stands around its value."""

    key: str
    value: str | None
    start: int
    value_start: int
    value_end: int
    end: int
    export: str
    quote: str


@dataclass(frozen=True)
class EnvDocument:
    """Variables by name. Of one that stands twice the last value counts, as for the programs that read it."""

    values_are_text: ClassVar[bool] = True
    source: SourceText

    @classmethod
    def parse(cls, source: SourceText) -> Self:
        document = cls(source)
        _ = document._entries
        return document

    @cached_property
    def data(self) -> dict[str, str | None]:
        return {entry.key: entry.value for entry in self._entries}

    def location(self, path: Path) -> Location:
        return self.source.location(self._entry(path[:1]).start if path and path[0] in self.data else 0)

    def comments(self, path: Path) -> str:
        if not path:
            return ""
        entry, text = self._entry(path), self.source.text
        above = text[self._above(entry) : self.source.line_start(entry.start)]
        return lines.uncommented(above + text[entry.value_end : entry.end])

    def guard(self, path: Path) -> None:
        standing = [entry for entry in self._entries if path[:1] == (entry.key,)]
        if len(standing) > 1:
            where = self.source.location(standing[1].start)
            first = self.source.location(standing[0].start).line
            hint = f"remove one; the other is in line {first}"
            raise Refusal("edit/duplicate-key", f"the variable `{path[0]}` is there twice", location=where, hint=hint)

    def splices(self, mutation: Mutation) -> Sequence[Splice]:
        self.guard(mutation.path)
        match mutation:
            case Set(path, value):
                entry = self._entry(path)
                sign = "=" if entry.value is None else ""
                return [Splice(entry.value_start, entry.value_end, sign + self._value(value, entry.quote))]
            case Add((str(key),), value, before, after):
                return [self._added(key, value, before, after)]
            case Remove(path):
                entry = self._entry(path)
                start = lines.owned_start(self.source, entry.start, entry.end, stop=self._end_before(entry))
                return [lines.removed_paragraph(self.source, start, entry.end)]
            case Add() | Insert():
                raise self._shapeless()

    def _added(self, key: str, value: Any, before: str | None, after: str | None) -> Splice:
        if key in self.data:
            where = self.location((key,))
            raise Refusal("edit/conflict", f"the variable `{key}` is there already", location=where)
        if not _KEY.fullmatch(key):
            raise Refusal("edit/wrong-shape", f"{key!r} is no name of a variable")
        neighbour = before or after or next(reversed(self.data), None)
        like = None if neighbour is None else self._entry((neighbour,))
        quote = like.quote if like else ""
        line = f"{self._export}{key}={self._value(value, quote)}"
        if like is None:
            return lines.inserted(self.source, len(self.source.text), [line])
        offset = like.end if before is None else self._above(like)
        return lines.inserted(self.source, offset, [line])

    @property
    def _export(self) -> str:
        """Return what a new variable has before its name: what most have."""
        exports = [entry.export for entry in self._entries]
        return max(reversed(exports), key=exports.count, default="")

    def _value(self, value: Any, quote: str) -> str:
        """Return the value as it stands behind the sign, in these quotes if they can hold it."""
        text = plain(value)
        if not isinstance(text, str):
            hint = "put it in quotes"
            raise Refusal("edit/wrong-shape", f"a variable of `{self.source.path}` is text, not {text!r}", hint=hint)
        if not quote and _BARE.fullmatch(text):
            return text
        is_literal = quote == "'" or "$" in _VARIABLE.sub("", text)
        return f"'{text}'" if is_literal and _SINGLE.fullmatch(text) else f'"{text.translate(_ESCAPES)}"'

    @cached_property
    def _entries(self) -> list[Entry]:
        entries, start = [], 0
        for binding in parse_stream(StringIO(self.source.text, newline="")):
            if binding.error:
                raise self._broken(start, binding)
            if binding.key is not None:
                entries.append(_entry(binding, start))
            start += len(binding.original.string)
        return entries

    def _entry(self, path: Path) -> Entry:
        if len(path) != 1:
            raise self._shapeless()
        return {entry.key: entry for entry in self._entries}[str(path[0])]

    def _above(self, entry: Entry) -> int:
        return lines.comments_start(self.source, entry.start, stop=self._end_before(entry))

    def _end_before(self, entry: Entry) -> int:
        """Return where the variable before one ends. Its value may have lines that look like comments."""
        return max((each.end for each in self._entries if each.end <= entry.start), default=0)

    def _shapeless(self) -> Refusal:
        hint = "a path in such a file is the name of a variable"
        return Refusal("edit/wrong-shape", f"`{self.source.path}` is a list of variables", hint=hint)

    def _broken(self, start: int, binding: Binding) -> Refusal:
        string = binding.original.string
        return lines.broken(self.source, start + len(string) - len(string.lstrip()), "no variable: `KEY=value`")


def _entry(binding: Binding, start: int) -> Entry:
    string, key = binding.original.string, binding.key or ""
    head = _HEAD.match(string)
    assert head is not None, "what has a key has a head"
    quoted = _QUOTED.match(string, head.end("space")) if head["sign"] else None
    at = head.end("space" if quoted or binding.value else "sign" if head["sign"] else "key")
    length = len(quoted[0]) if quoted else len(binding.value or "")
    return Entry(
        key,
        binding.value,
        start=start + head.start("export" if head["export"] else "key"),
        value_start=start + at,
        value_end=start + at + length,
        end=start + len(string),
        export=head["export"] or "",
        quote=quoted[0][0] if quoted else "",
    )
