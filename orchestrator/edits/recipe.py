"""How an edit is decided: a recipe reads what a file says, and answers with its edit, or that there is nothing to do.

A recipe never touches text. `run_recipe` is the one way to run one, so that no result leaves here unproven: it must
recognise its own result, and no checker may find something new in it. Never writes a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.edits.approval import Approval
from orchestrator.edits.document import Document
from orchestrator.edits.formats import document_class
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText


@dataclass(frozen=True, slots=True)
class Edited:
    """The file as it should be."""

    document: Document
    summary: str
    """What changes, such as `sets a timeout`."""
    warnings: tuple[str, ...] = ()
    approval: Approval | None = None
    """What beside the file has to be set on GitHub."""


@dataclass(frozen=True, slots=True)
class Satisfied:
    """The file is as it should be."""

    reason: str
    warnings: tuple[str, ...] = ()
    approval: Approval | None = None


Recipe = Callable[[Document], Edited | Satisfied]
"""With its parameters bound. Raises `Refusal` when it can say neither."""


def run_recipe(recipe: Recipe, source: SourceText) -> Edited | Satisfied:
    """Run a recipe on a file, and prove its result.

    :raises Refusal: of the format or the recipe; `edit/gate` or `edit/validator` when the result does not hold.
    """
    from orchestrator.edits.validators import check

    document = document_class(source.path).parse(source)
    result = recipe(document)
    if isinstance(result, Satisfied):
        return result
    if result.document.source == source:
        raise Refusal("edit/gate", f"the edit of `{source.path}` would change nothing, and says that it does")
    _check_again(recipe, result)
    check(document, result.document)
    return result


def _check_again(recipe: Recipe, result: Edited) -> None:
    """Run a recipe on its own result: there must be nothing left to do."""
    path = result.document.source.path
    try:
        again = recipe(result.document)
    except Refusal as refusal:
        message = f"the edit of `{path}` would not recognise its own result: {refusal.message}"
        hint = "find the place by what the edit leaves as it is"
        raise Refusal("edit/gate", message, hint=hint, location=refusal.location) from None
    if isinstance(again, Edited):
        message = f"the edit of `{path}` would be made again on its own result: {again.summary}"
        raise Refusal("edit/gate", message, hint="parts of it undo each other")
