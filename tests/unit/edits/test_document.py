"""The gates: a format that splices wrongly is found out before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.errors import Location


@dataclass(frozen=True)
class Lines:
    """A format whose lines are a list, and which splices whatever it is told to."""

    source: SourceText
    told: Sequence[Splice] = ()

    @classmethod
    def parse(cls, source: SourceText) -> Lines:
        if "bad" in source.text:
            raise Refusal("edit/syntax", "a bad line", location=Location(source.path, 1, 1))
        return cls(source)

    @property
    def data(self) -> Any:
        return self.source.text.splitlines()

    def location(self, path: Path) -> Location:
        return Location(self.source.path, int(path[0]) + 1 if path else 1, 1)

    def comments(self, path: Path) -> str:
        return ""

    def guard(self, path: Path) -> None:
        if path == (2,):
            raise Refusal("edit/alias", "line 3 is guarded", location=self.location(path))

    def splices(self, mutation: Mutation) -> Sequence[Splice]:
        return self.told


class CarelessText(SourceText):
    """A text that changes more than its splices."""

    def spliced(self, splices: Sequence[Splice]) -> SourceText:
        return SourceText(self.path, super().spliced(splices).text.upper())


def edit(told: Sequence[Splice], *mutations: Mutation) -> str:
    return edited(Lines(SourceText("f", "a\nb\nc\n"), told), mutations).source.text


def refusal_of(told: Sequence[Splice], *mutations: Mutation) -> tuple[str, str]:
    with pytest.raises(Refusal) as raised:
        edit(told, *mutations)
    assert raised.value.location is not None
    return raised.value.code, raised.value.message


def test_an_edit_that_does_what_it_means_passes() -> None:
    assert edit([Splice(2, 3, "B")], Set((1,), "B")) == "a\nB\nc\n"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ([Splice(2, 3, "X")], "`1` would not be what was meant"),
        ([], "`1` would not be what was meant"),
        ([Splice(2, 3, "B"), Splice(6, 6, "d")], "`3` would not be what was meant"),
        ([Splice(2, 3, "bad")], "the result cannot be read: a bad line"),
        ([Splice(2, 3, "B"), Splice(2, 4, "")], "two of the edits touch the same place"),
    ],
)
def test_any_other_result_is_refused(told: Sequence[Splice], message: str) -> None:
    assert refusal_of(told, Set((1,), "B")) == ("edit/gate", message)


@pytest.mark.parametrize("mutation", [Set((2,), "C"), Insert((2,), 0, "C"), Remove((2,)), Add((2, "k"), "C")])
def test_every_place_is_guarded(mutation: Mutation) -> None:
    assert refusal_of([], mutation) == ("edit/alias", "line 3 is guarded")


def test_text_beside_the_edit_must_stay() -> None:
    with pytest.raises(Refusal, match="text beside the edit would change"):
        edited(Lines(CarelessText("f", "a\nb\nc\n"), [Splice(2, 3, "B")]), [Set((1,), "B")])
