"""Files that are lists of lines: CODEOWNERS, .gitignore, .dockerignore, requirements.txt.

Every line is an item, blank ones and comments too. What a line says is never looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from orchestrator.edits import lines
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, plain
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.errors import Location


@dataclass(frozen=True)
class LineDocument:
    """A list of lines, without their ends."""

    values_are_text: ClassVar[bool] = True
    source: SourceText

    @classmethod
    def parse(cls, source: SourceText) -> Self:
        return cls(source)

    @cached_property
    def data(self) -> list[str]:
        return [self.source.text[start:end] for start, end in self._spans]

    def location(self, path: Path) -> Location:
        return self.source.location(self._spans[self._index(path)][0] if path else 0)

    def comments(self, path: Path) -> str:
        if not path:
            return ""
        start = self._spans[self._index(path)][0]
        return lines.uncommented(self.source.text[lines.comments_start(self.source, start) : start])

    def guard(self, path: Path) -> None:
        """Every line stands alone."""

    def splices(self, mutation: Mutation) -> Sequence[Splice]:
        match mutation:
            case Set(path, value):
                start, end = self._spans[self._index(path)]
                return [Splice(start, end, self._line(value) + self._end_of_empty(value, end))]
            case Remove(path):
                start = self._spans[self._index(path)][0]
                end = self.source.line_end(start)
                is_behind_blank = lines.is_blank(self.source, start - 1)
                return [Splice(start, end, "") if is_behind_blank else lines.removed(self.source, start, end)]
            case Insert((), index, value):
                at = [*(start for start, _ in self._spans), len(self.source.text)][index]
                splice = lines.inserted(self.source, at, [self._line(value)])
                return [splice._replace(text=splice.text + self._end_of_empty(value, at))]
            case Insert() | Add():
                raise self._shapeless()

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        spans = []
        text, start = self.source.text, 0
        while start < len(text):
            end = self.source.line_end(start)
            line = text[start:end]
            spans.append((start, start + len(line.removesuffix("\n").removesuffix("\r") if line[-1] == "\n" else line)))
            start = end
        return spans

    def _index(self, path: Path) -> int:
        match path:
            case (int(index),):
                return index
            case _:
                raise self._shapeless()

    def _end_of_empty(self, value: Any, end: int) -> str:
        """Return the end that an empty line needs to be one, as the last of a file whose last line has none."""
        text = self.source.text
        return self.source.newline if value == "" and end == len(text) and text and text[-1] != "\n" else ""

    def _shapeless(self) -> Refusal:
        hint = "a path in such a file is the number of a line, such as `[0]`"
        return Refusal("edit/wrong-shape", f"`{self.source.path}` is a list of lines", hint=hint)

    def _line(self, value: Any) -> str:
        text = plain(value)
        if not isinstance(text, str) or "\n" in text or text.endswith("\r"):
            raise Refusal("edit/wrong-shape", f"a line of `{self.source.path}` cannot be {text!r}")
        return text
