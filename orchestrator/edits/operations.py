"""The generic edits that plans list under `edits`, and how each is decided.

One operation is one mapping in the plan; the key that names it holds a path. Every operation edits, finds nothing left
to do, or refuses, and made again on its own result it finds nothing to do. None touches text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from orchestrator.edits import paths
from orchestrator.edits.document import Document
from orchestrator.edits.fields import KEYWORDS, Expected, PathText
from orchestrator.edits.mutation import Mutation, Path, Remove, Set, value_at
from orchestrator.edits.paths import Key
from orchestrator.edits.places import (
    addressed,
    check_mapping,
    existing,
    found_at,
    is_there,
    locate,
    nothing_at,
    wrong_shape,
)
from orchestrator.edits.placing import added, inserted, neighbour, taken
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.edits.values import as_written, find_words, is_same, is_within, spelled
from orchestrator.plan.fields import STRICT, Count, Text


class Operation(Protocol):
    """One generic edit."""

    @property
    def says(self) -> str:
        """What it does, for people."""

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        """Return what is left to do below `base`; nothing where that is nothing.

        :raises Refusal: when it can be neither done nor called done.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    __pydantic_config__: ClassVar[Any] = STRICT

    expect: Expected = "one"
    """How many places the path means: `one`, `many` (one or more) or a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOperation(_Operation):
    """Gives a place a value. A last key that is missing is added; what it would be in must be there."""

    set: PathText
    value: Any
    before: Text | None = None
    """The key that a new key goes before."""
    after: Text | None = None
    """The key that a new key goes after."""

    @property
    def says(self) -> str:
        return f"sets `{self.set}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        made: list[Mutation] = []
        for path in addressed(document, self.set, self.expect, base):
            if not is_there(document, path):
                made.append(added(document, path, spelled(document, self.value), self.before, self.after))
                continue
            old = value_at(document.data, path)
            value = spelled(document, as_written(self.value, old))
            if not is_same(old, value):
                made.append(Set(path, value))
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsureOperation(_Operation):
    """Adds what is missing, the mappings around it included. Another value that stands there is never replaced."""

    ensure: PathText
    value: Any
    before: Text | None = None
    """The key that a new key goes before."""
    after: Text | None = None
    """The key that a new key goes after."""

    @property
    def says(self) -> str:
        return f"adds `{self.ensure}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        pattern = paths.parse(self.ensure)
        fixed = len(pattern)
        while fixed and isinstance(pattern[fixed - 1], Key):
            fixed -= 1
        keys = [part.name for part in pattern[fixed:] if isinstance(part, Key)]
        value = spelled(document, self.value)
        found = existing(document, paths.show(pattern[:fixed]), self.expect, base)
        return [mutation for path in found for mutation in self._below(document, path, keys, value)]

    def _below(self, document: Document, path: Path, keys: Sequence[str], value: Any) -> Iterator[Mutation]:
        for depth, key in enumerate(keys, 1):
            check_mapping(document, path)
            path = (*path, key)
            if not is_there(document, path):
                for missing in reversed(keys[depth:]):
                    value = {missing: value}
                yield added(document, path, value, self.before, self.after)
                return
        if not is_same(value_at(document.data, path), value):
            raise taken(document, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOperation(_Operation):
    """Lays a mapping over the one at a place: its keys are added or replaced, all others stay."""

    merge: PathText
    value: dict[str, Any]

    @property
    def says(self) -> str:
        return f"merges into `{self.merge}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        found = addressed(document, self.merge, self.expect, base)
        return [mutation for path in found for mutation in self._laid_over(document, path, self.value)]

    def _laid_over(self, document: Document, path: Path, value: dict[str, Any]) -> Iterator[Mutation]:
        if not is_there(document, path) or value_at(document.data, path) is None:
            yield added(document, path, spelled(document, value))
            return
        check_mapping(document, path)
        for key, item in spelled(document, as_written(value, value_at(document.data, path))).items():
            at = (*path, key)
            if not is_there(document, at):
                yield added(document, at, item)
            elif isinstance(item, dict) and isinstance(value_at(document.data, at), dict):
                yield from self._laid_over(document, at, item)
            elif not is_same(value_at(document.data, at), item):
                yield Set(at, item)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendOperation(_Operation):
    """Puts an item at the end of a list, unless the list has it."""

    append: PathText
    value: Any
    key: Text | None = None
    """The key that tells which item it is; without it `id` and `name` do. Another item of that name is refused."""

    @property
    def says(self) -> str:
        return f"appends to `{self.append}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        return [
            mutation
            for path in existing(document, self.append, self.expect, base)
            for mutation in inserted(document, path, self.value, self.key)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertOperation(_Operation):
    """Puts an item before or after another one of a list, unless it stands there."""

    insert: PathText
    value: Any
    key: Text | None = None
    """The key that tells which item it is; without it `id` and `name` do. Another item of that name is refused."""
    before: PathText | None = None
    """The item it goes before, such as `[0]` or `[?run*='npm test']`."""
    after: PathText | None = None
    """The item it goes after."""

    def __post_init__(self) -> None:
        if (self.before is None) == (self.after is None):
            raise ValueError("`insert` takes one of `before` and `after`")

    @property
    def says(self) -> str:
        return f"inserts into `{self.insert}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        return [
            mutation
            for path in existing(document, self.insert, self.expect, base)
            for mutation in inserted(document, path, self.value, self.key, self.before, self.after)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveOperation(_Operation):
    """Takes keys or items out, with the comments that belong to them."""

    remove: PathText

    @property
    def says(self) -> str:
        return f"removes `{self.remove}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        pattern = paths.parse(self.remove)
        if found_at(document, pattern, base):
            return [Remove(path) for path in existing(document, self.remove, self.expect, base)]
        plain = next((at for at, part in enumerate(pattern) if not isinstance(part, Key)), len(pattern) - 1)
        if not found_at(document, pattern[:plain], base):  # then it is a misspelling rather than gone
            raise nothing_at(document, self.remove, base)
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceTextOperation(_Operation):
    """Replaces whole words within one text, such as a command or an image."""

    replace_text: PathText
    old: Text
    """Found where no other part of a word touches it: `npm test` is not in `npm test:unit`."""
    new: Text
    count: Count = 1
    """How often it must be there."""

    def __post_init__(self) -> None:
        if not self.old:
            raise ValueError("`old` must be some text")

    @property
    def says(self) -> str:
        return f"replaces `{self.old}` in `{self.replace_text}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        found = existing(document, self.replace_text, self.expect, base)
        return [mutation for path in found for mutation in self._replaced(document, path)]

    def _replaced(self, document: Document, path: Path) -> Iterator[Mutation]:
        text = value_at(document.data, path)
        if not isinstance(text, str):
            raise wrong_shape(document, path, "text")
        new = find_words(self.new, text) if self.new else []
        old = [span for span in find_words(self.old, text) if not any(is_within(span, other) for other in new)]
        if len(old) == self.count:
            for start, end in reversed(old):
                text = text[:start] + self.new + text[end:]
            yield Set(path, text)
        elif old or (self.new and len(new) < self.count):
            code = "edit/ambiguous" if old else "edit/no-match"
            times = "once" if len(old) == 1 else f"{len(old)} times"
            message = f"`{self.old}` is in `{paths.show(path)}` {times}, but {self.count} was expected"
            raise Refusal(code, message, location=locate(document, path), hint="it must be whole words; see `count`")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsureLineOperation:
    """Adds a line as the file would have it: a variable, an instruction, an owner. For .env, Dockerfile, ini, lists."""

    __pydantic_config__: ClassVar[Any] = STRICT

    ensure_line: Text
    section: Text | None = None
    """The section of an ini file that it belongs to."""
    before: PathText | None = None
    """The line it goes before: a key, or an item such as `[?@^='/src/']`."""
    after: PathText | None = None

    def __post_init__(self) -> None:
        if self.before is not None and self.after is not None:
            raise ValueError("`ensure_line` takes one of `before` and `after`")

    @property
    def says(self) -> str:
        return f"adds the line `{self.ensure_line}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        head = f"[{self.section}]\n" if self.section is not None else ""
        source = SourceText(document.source.path, f"{head}{self.ensure_line}\n")
        return list(self._missing(document, base, type(document).parse(source).data))

    def _missing(self, document: Document, path: Path, wanted: Any) -> Iterator[Mutation]:
        present = value_at(document.data, path)
        if isinstance(wanted, list) and isinstance(present, list):
            for item in wanted:
                yield from inserted(document, path, item, None, self.before, self.after)
        elif isinstance(wanted, dict) and isinstance(present, dict):
            for key, value in wanted.items():
                if key in present:
                    yield from self._missing(document, (*path, key), value)
                else:
                    yield added(document, (*path, key), value, *self._neighbours(document, path))
        elif not is_same(present, wanted):
            raise taken(document, path)

    def _neighbours(self, document: Document, path: Path) -> tuple[str | None, str | None]:
        return neighbour(document, path, self.before), neighbour(document, path, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertOperation(_Operation):
    """Refuses the whole task where something is not so. `expect: 0` wants nothing to be there."""

    __pydantic_config__: ClassVar[Any] = KEYWORDS

    assert_: PathText
    equals: Any = None
    """What must stand there."""

    @property
    def says(self) -> str:
        return f"looks at `{self.assert_}`"

    def mutations(self, document: Document, base: Path = ()) -> Sequence[Mutation]:
        for path in existing(document, self.assert_, self.expect, base):
            if self.equals is not None and not is_same(value_at(document.data, path), spelled(document, self.equals)):
                message = f"`{paths.show(path)}` is not what the plan says it must be"
                raise Refusal("edit/conflict", message, location=locate(document, path))
        return []
