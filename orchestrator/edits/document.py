"""What every file format can do for an edit, and the gates every edit passes before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from orchestrator.edits.mutation import Mutation, Path, applied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.errors import Location


class Document(Protocol):
    """A parsed file: its text, what it means as plain data, and where each part stands."""

    @classmethod
    def parse(cls, source: SourceText) -> Self:
        """Parse a file.

        :raises Refusal: `edit/syntax` when it is not of this format.
        """

    @property
    def source(self) -> SourceText: ...

    @property
    def data(self) -> Any:
        """Mappings as dicts with their order, lists, strings, numbers, truth values, None.

        What is no plain data in the file (a call, a variable, an anchor's use) is an `Opaque`.
        """

    def location(self, path: Path) -> Location:
        """Return where the node at `path` starts (its key, for an entry of a mapping)."""

    def comments(self, path: Path) -> str:
        """Return the comments that belong to the node: those right above it and the one beside it, without marks."""

    def guard(self, path: Path) -> None:
        """Refuse to edit what does not stand alone: an alias, an anchor in use, a merge key, a duplicate key, a tag.

        :raises Refusal: naming what is in the way, and its place.
        """

    def splices(self, mutation: Mutation) -> Sequence[Splice]:
        """Return how the text changes, in the file's own style.

        :raises Refusal: when this place cannot be edited safely.
        """
