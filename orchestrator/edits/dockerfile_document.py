"""Dockerfiles as lists of instructions, such as `{instruction: RUN, value: npm ci}`. A `FROM` starts a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any, ClassVar, Self

from orchestrator.edits import lines
from orchestrator.edits.dockerfile_tree import KEYWORDS, Instruction, directives_end, instructions
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, plain
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.errors import Location


@dataclass(frozen=True)
class DockerfileDocument:
    """Instructions in their order, the keywords in capitals. Of a value only what differs is replaced."""

    values_are_text: ClassVar[bool] = True
    source: SourceText

    @classmethod
    def parse(cls, source: SourceText) -> Self:
        document = cls(source)
        _ = document._instructions
        return document

    @cached_property
    def data(self) -> list[dict[str, str]]:
        return [{"instruction": each.keyword.upper(), "value": each.value} for each in self._instructions]

    def location(self, path: Path) -> Location:
        match path:
            case (int(index), "value"):
                return self.source.location(self._instructions[index].value_start)
            case (int(index), *_) if index < len(self._instructions):
                return self.source.location(self._instructions[index].start)
            case _:
                return self.source.location(0)

    def comments(self, path: Path) -> str:
        if not path:
            return ""
        start = self._instructions[int(path[0])].start
        return lines.uncommented(self.source.text[self._above(start) : self.source.line_start(start)])

    def guard(self, path: Path) -> None:
        """Every instruction stands alone."""

    def splices(self, mutation: Mutation) -> Sequence[Splice]:
        match mutation:
            case Set((int(index), "value"), value):
                return [self._replaced(self._instructions[index], value)]
            case Set((int(index), "instruction"), value):
                return [self._renamed(self._instructions[index], value)]
            case Insert((), index, value):
                return [self._inserted(range(len(self._instructions) + 1)[index], plain(value))]
            case Remove((int(index),)):
                each = self._instructions[index]
                start = lines.owned_start(self.source, each.start, each.end, stop=directives_end(self.source)[0])
                return [lines.removed_paragraph(self.source, start, each.end)]
            case Set() | Insert() | Remove() | Add():
                raise self._shapeless("its instructions can be inserted and removed, their values set")

    @cached_property
    def _instructions(self) -> list[Instruction]:
        return list(instructions(self.source))

    def _replaced(self, instruction: Instruction, value: Any) -> Splice:
        old, new, spans = instruction.value, self._text(plain(value)), instruction.spans
        if not old:
            return Splice(instruction.value_start, instruction.value_start, f" {new}")
        if instruction.has_lines and new.split("\n")[-1] != old.split("\n")[-1]:
            raise self._shapeless("a here-document ends with its name on a line of its own")
        first = _common(old, new)
        is_blank = new[first : first + 1].isspace()  # which would only indent a continued line
        step = int(is_blank and _starts_line(spans, first - 1))
        is_join = is_blank and (step == 1 or _starts_line(spans, first))
        same_end = _common(old[first:][::-1], new[first:][::-1])
        first -= step
        last, text = len(old) - same_end, new[first : len(new) - same_end]
        if "\n" in text and not instruction.has_lines:
            raise self._shapeless("write the value in one line")
        is_insertion = first == last
        is_cut_short = not text and last == len(old)  # nothing is left that a line could be continued for
        if first == 0:
            start = instruction.value_start
        else:
            start = spans[first - 1][1] if is_insertion or is_join or is_cut_short else spans[first][0]
        return Splice(start, start if is_insertion else spans[last - 1][1], text.replace("\n", self.source.newline))

    def _renamed(self, instruction: Instruction, value: Any) -> Splice:
        return Splice(instruction.start, instruction.start + len(instruction.keyword), self._keyword(plain(value)))

    def _inserted(self, index: int, value: Any) -> Splice:
        match value:
            case {"instruction": keyword, "value": text, **others} if not others:
                line = f"{self._keyword(keyword)} {self._text(text)}"
            case _:
                raise self._shapeless("give `instruction` and `value`")
        if "\n" in line:
            raise self._shapeless("write the value in one line")
        if index == 0:
            first = next(iter(self._instructions), None)
            at = self._above(first.start) if first else len(self.source.text)
            return lines.inserted(self.source, at, [line])
        neighbours = {index - 1, min(index, len(self._instructions) - 1)} - {0}
        gap = [""] if neighbours and all(map(self._is_apart, neighbours)) else []
        return lines.inserted(self.source, self._instructions[index - 1].end, [*gap, line])

    def _is_apart(self, index: int) -> bool:
        """Say whether a blank line stands before an instruction and its comments."""
        return lines.is_blank(self.source, self._above(self._instructions[index].start) - 1)

    def _above(self, start: int) -> int:
        return lines.comments_start(self.source, start, stop=directives_end(self.source)[0])

    def _keyword(self, value: Any) -> str:
        if not isinstance(value, str) or value not in KEYWORDS:
            raise self._shapeless(f"{value!r} is no instruction")
        is_lower = any(each.keyword.islower() for each in self._instructions[:1])
        return value.lower() if is_lower else value

    def _text(self, value: Any) -> str:
        if not isinstance(value, str) or not value or value != value.strip() or "\r" in value:
            raise self._shapeless("a value is text without blanks around it")
        return value

    def _shapeless(self, hint: str) -> Refusal:
        return Refusal("edit/wrong-shape", f"`{self.source.path}` is a list of instructions", hint=hint)


def _starts_line(spans: Sequence[tuple[int, int]], index: int) -> bool:
    """Say whether a character of a value is the first one of a line that continues another."""
    return 0 < index < len(spans) and spans[index][0] > spans[index - 1][1]


def _common(one: str, other: str) -> int:
    """Return how many characters two texts start with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
