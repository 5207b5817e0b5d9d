"""What every file format can do for an edit, and the gates every edit passes before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Self, TypeVar

from orchestrator.edits.mutation import Add, Mutation, Path, applied, differences
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.errors import Location


class Document(Protocol):
    """A parsed file: its text, what it means as plain data, and where each part stands."""

    values_are_text: ClassVar[bool]
    """The format knows no numbers: `8080` in a plan means the text."""

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


D = TypeVar("D", bound=Document)


def edited(document: D, mutations: Sequence[Mutation]) -> D:
    """Return the document with all mutations made; every path means the document as given.

    :raises Refusal: when a place cannot be edited safely, or (`edit/gate`) when the result would not be exactly what
        the mutations mean.
    """
    splices: list[Splice] = []
    for mutation in mutations:
        document.guard(mutation.path[:-1] if isinstance(mutation, Add) else mutation.path)
        splices += document.splices(mutation)
    try:
        source = document.source.spliced(splices)
        new = type(document).parse(source)
        model = applied(document.data, mutations)
    except (ValueError, LookupError):
        raise _gate(document, mutations, "two of the edits touch the same place") from None
    except Refusal as refusal:
        raise _gate(document, mutations, f"the result cannot be read: {refusal.message}") from refusal
    if not _is_unchanged_outside(document.source.text, source.text, splices):
        raise _gate(document, mutations, "text beside the edit would change")
    for path in differences(model, new.data):
        raise _gate(document, mutations, f"`{'.'.join(map(str, path))}` would not be what was meant")
    return new


def _gate(document: Document, mutations: Sequence[Mutation], message: str) -> Refusal:
    where = document.location(mutations[0].path)
    return Refusal("edit/gate", message, location=where, hint="please report this; nothing was written")


def _is_unchanged_outside(old: str, new: str, splices: Sequence[Splice]) -> bool:
    """Take the splices back out of the new text, from what each put there, and see whether the old text remains."""
    at = shift = 0
    for start, end, text in sorted(splices, key=lambda each: each[:2]):
        if old[at:start] != new[at + shift : start + shift]:
            return False
        at, shift = max(at, end), shift + len(text) - (end - max(at, start))
    return old[at:] == new[at + shift :]
