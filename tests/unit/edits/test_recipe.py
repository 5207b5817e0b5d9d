"""What no recipe can get past: an edit that is none, that would be made twice, or that a checker does not like."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.edits.approval import Approval
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Insert, Set
from orchestrator.edits.recipe import Edited, Recipe, Satisfied, run_recipe
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText

TEXT = "name: CI\non: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n"


def renamed(document: Document) -> Edited | Satisfied:
    if document.data["name"] == "Build":
        return Satisfied("it is named so", ("a remark",))
    return Edited(edited(document, [Set(("name",), "Build")]), "renames it")


def refusal(recipe: Recipe, path: str = "ci.yml", text: str = TEXT) -> str:
    with pytest.raises(Refusal) as caught:
        run_recipe(recipe, SourceText(path, text))
    return str(caught.value)


def test_an_edit_is_the_new_document() -> None:
    result = run_recipe(renamed, SourceText("ci.yml", TEXT))
    assert isinstance(result, Edited)
    assert result.document.source.text == TEXT.replace("CI", "Build")
    assert run_recipe(renamed, result.document.source) == Satisfied("it is named so", ("a remark",))


def test_what_only_github_can_do_is_passed_on() -> None:
    approval = Approval("production")
    assert run_recipe(lambda _: Satisfied("so", approval=approval), SourceText("ci.yml", TEXT)).approval == approval


def test_an_edit_that_changes_nothing_is_a_bug() -> None:
    assert refusal(lambda document: Edited(document, "edits")) == (
        "error[edit/gate]: the edit of `ci.yml` would change nothing, and says that it does"
    )


def test_an_edit_that_would_be_made_again_is_refused() -> None:
    def longer(document: Document) -> Edited:
        return Edited(edited(document, [Insert(("jobs", "a", "steps"), 0, {"run": "true"})]), "adds a step")

    assert refusal(longer) == (
        "error[edit/gate]: the edit of `ci.yml` would be made again on its own result: adds a step\n"
        "  hint: parts of it undo each other"
    )


def test_an_edit_that_does_not_recognise_its_result_is_refused() -> None:
    def forgetful(document: Document) -> Edited:
        if document.data["name"] != "CI":
            raise Refusal("edit/no-match", "nothing is named `CI`", location=document.location(("name",)))
        return Edited(edited(document, [Set(("name",), "Build")]), "renames it")

    assert refusal(forgetful) == (
        "error[edit/gate]: the edit of `ci.yml` would not recognise its own result: nothing is named `CI`\n"
        "  --> ci.yml:1:1\n"
        "  hint: find the place by what the edit leaves as it is"
    )


def test_an_edit_that_a_checker_does_not_like_is_refused() -> None:
    def misspelled(document: Document) -> Edited | Satisfied:
        if "nmae" in document.data:
            return Satisfied("it is there")
        return Edited(edited(document, [Add(("nmae",), "CI", after="name")]), "adds a name")

    assert "Additional properties are not allowed ('nmae' was unexpected)" in refusal(
        misspelled, ".github/workflows/ci.yml"
    )


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("ci.yml", "a: [1\n", "edit/syntax"),
        ("picture.png", "x", "edit/unknown-format"),
        ("ci.yml", "a: 1\n---\nb: 2\n", "edit/multi-document"),
    ],
)
def test_what_cannot_be_parsed_reaches_no_recipe(path: str, text: str, code: str) -> None:
    reached: list[Document] = []
    recipe: Callable[[Document], Satisfied] = lambda document: reached.append(document) or Satisfied("so")  # noqa: E731
    assert refusal(recipe, path, text).startswith(f"error[{code}]: ")
    assert reached == []
