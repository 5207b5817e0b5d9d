"""Paths people write, such as `jobs.*.steps[?uses^='actions/checkout'].with`, and the places of a file they mean.

The words are those of JSONPath (RFC 9535) and JMESPath: keys, `*`, `[0]`, `[?filter]`; the comparisons `^=`, `$=` and
`*=` are those of CSS selectors. Knows plain data only; never reads or changes a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn, assert_never

from orchestrator.edits.mutation import Path

_KEY: Final = re.compile(r"(?:[^\s.\[\]'\"*?=!^$]|\$(?!=))+")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_INDEX: Final = re.compile(r"-?[0-9]+(?=\]|\Z)")
_COMPARISON: Final = re.compile(r"\s*(==|!=|\^=|\$=|\*=)\s*")
_BARE_VALUE: Final = re.compile(r"[^\s\[\]'\"=]+")


class PathSyntax(ValueError):
    """A path that cannot be read. `column` counts from 1."""

    def __init__(self, column: int, problem: str) -> None:
        super().__init__(f"column {column}: {problem}")
        self.column = column


class Key(NamedTuple):
    """The entry of a mapping."""

    name: str


class Index(NamedTuple):
    """The item of a list; negative ones count from its end."""

    number: int


class Every(NamedTuple):
    """Every entry or item."""


class Filter(NamedTuple):
    """Those entries or items in which `within` compares so; `within` is empty for the item itself.

    Without a comparison: those that have it.
    """

    within: tuple[str, ...]
    comparison: str | None = None
    value: str = ""


Part = Key | Index | Every | Filter
Pattern = tuple[Part, ...]
"""A path that was read. The empty one is the whole file."""


@lru_cache(maxsize=1024)
def parse(text: str) -> Pattern:
    """Return the parts of a path.

    :raises PathSyntax: naming the column.
    """
    return tuple(_Reader(text).parts())


def find(pattern: Pattern, data: Any) -> list[Path]:
    """Return the places in `data` that a pattern means, in the order of the file."""
    found: list[tuple[Path, Any]] = [((), data)]
    for part in pattern:
        found = [((*path, key), value) for path, node in found for key, value in _children(part, node)]
    return [path for path, _ in found]


def show(path: Path | Pattern) -> str:
    """Return a path as people write it."""
    text = ""
    for part in path:
        shown = _shown(part)
        text += shown if shown.startswith("[") or not text else f".{shown}"
    return text or "$"


def written(value: Any) -> str | None:
    """Return a scalar as text, the way filters compare it; None for what is no scalar."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return None
        case _:
            return str(value)


class _Reader:
    """Reads a path from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def parts(self) -> Iterator[Part]:
        if self.text == "$" or self.text.startswith(("$.", "$[")):
            self.at = 1
            if self.at == len(self.text):
                return
            self._take(".")
        elif not self.text:
            self._fail("a path names something; `$` is the whole file")
        while True:
            yield self._bracket() if self._take("[") else self._name()
            if self.at == len(self.text):
                return
            if not self._take(".") and not self._is_at("["):
                self._fail("a `.` or `[` is missing")

    def _name(self) -> Part:
        if self._take("*"):
            if self.at < len(self.text) and not self._is_at(".") and not self._is_at("["):
                self._fail("`*` stands alone; a key that has one is put in quotes")
            return Every()
        return Key(self._key())

    def _bracket(self) -> Part:
        part: Part
        if self._take("*"):
            part = Every()
        elif self._take("?"):
            part = self._filter()
        elif index := _INDEX.match(self.text, self.at):
            self.at = index.end()
            part = Index(int(index[0]))
        else:
            quoted = self._quoted()
            if quoted is None:
                self._fail("within `[ ]` stands a number, `*`, a `?filter` or a key in quotes")
            part = Key(quoted)
        if not self._take("]"):
            self._fail("a `]` is missing")
        return part

    def _filter(self) -> Filter:
        within = self._within()
        comparison = _COMPARISON.match(self.text, self.at)
        if not comparison:
            return Filter(within)
        self.at = comparison.end()
        return Filter(within, comparison[1], self._value())

    def _within(self) -> tuple[str, ...]:
        if self._take("@") and not self._take("."):
            return ()
        names = [self._key()]
        while self._take("."):
            names.append(self._key())
        return tuple(names)

    def _key(self) -> str:
        return self._quoted_or(_KEY, "a key is missing; one with other characters is put in quotes")

    def _value(self) -> str:
        return self._quoted_or(_BARE_VALUE, "a value to compare with is missing")

    def _quoted_or(self, bare: re.Pattern[str], otherwise: str) -> str:
        quoted = self._quoted()
        if quoted is not None:
            return quoted
        found = bare.match(self.text, self.at)
        if not found:
            self._fail(otherwise)
        self.at = found.end()
        return found[0]

    def _quoted(self) -> str | None:
        if not self._is_at("'") and not self._is_at('"'):
            return None
        found = _QUOTED.match(self.text, self.at)
        if not found:
            self._fail("the quote does not end")
        self.at = found.end()
        return re.sub(r"\\(.)", r"\1", found[0][1:-1])

    def _is_at(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def _take(self, text: str) -> bool:
        if not self._is_at(text):
            return False
        self.at += len(text)
        return True

    def _fail(self, problem: str) -> NoReturn:
        raise PathSyntax(self.at + 1, problem)


def _children(part: Part, node: Any) -> Iterator[tuple[str | int, Any]]:
    match part:
        case Key(name):
            if isinstance(node, dict) and name in node:
                yield name, node[name]
        case Index(number):
            if isinstance(node, list) and -len(node) <= number < len(node):
                yield number % len(node), node[number]
        case Every():
            yield from _entries(node)
        case Filter():
            yield from ((key, value) for key, value in _entries(node) if _passes(part, value))
        case _:
            assert_never(part)


def _entries(node: Any) -> Iterator[tuple[str | int, Any]]:
    match node:
        case dict():
            yield from node.items()
        case list():
            yield from enumerate(node)


def _passes(wanted: Filter, value: Any) -> bool:
    for name in wanted.within:
        if not isinstance(value, dict) or name not in value:
            return wanted.comparison == "!="
        value = value[name]
    return wanted.comparison is None or _compares(wanted.comparison, written(value), wanted.value)


def _compares(comparison: str, text: str | None, value: str) -> bool:
    if text is None:
        return comparison == "!="
    match comparison:
        case "==":
            return text == value
        case "!=":
            return text != value
        case "^=":
            return text.startswith(value)
        case "$=":
            return text.endswith(value)
        case _:
            return value in text


def _shown(part: str | int | Part) -> str:
    match part:
        case int():
            return f"[{part}]"
        case str():
            return part if _KEY.fullmatch(part) and part != "$" else _quote(part)
        case Key(name):
            return _shown(name)
        case Index(number):
            return f"[{number}]"
        case Every():
            return "*"
        case Filter(within, comparison, value):
            subject = ".".join(map(_shown, within)) or "@"
            return f"[?{subject}{comparison}{_quote(value)}]" if comparison else f"[?{subject}]"
        case _:
            assert_never(part)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
