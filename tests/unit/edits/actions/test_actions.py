"""The named edits, case by case: `cases/<action>.yml` says what becomes of which file.

A case has a `name`, perhaps `parameters` as a plan would say them, a file `before`, and one of these:

- `after`, the file as it should be, or `diff`, its lines that go and come, with perhaps `warnings`;
- `satisfied: true`, with perhaps `warnings`;
- `refused`, a code, with the `line` and a part of what is `said`; the hint counts too.

`path` is the file's name where it is no workflow, `files` are others of the project; `newline: crlf` runs it with
those line ends. A warning is given by a part of it. Every action also runs over the files of `awkward`, where it must
not crash.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from orchestrator.edits.actions import ACTIONS, parameters_of, recipe_of
from orchestrator.edits.recipe import Edited, Satisfied, run_recipe
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.workspace import Workspace

HERE = Path(__file__).parent
WORKFLOW = ".github/workflows/ci.yml"
BUILT = sorted(name for name, action in ACTIONS.items() if action.recipe is not None)


def cases() -> Iterator[Any]:
    for file in sorted((HERE / "cases").glob("*.yml")):
        for case in yaml.safe_load(file.read_text()):
            yield pytest.param(file.stem, case, id=f"{file.stem}: {case['name']}")


@pytest.mark.parametrize(("action", "case"), list(cases()))
def test_a_file_becomes_what_it_should(action: str, case: dict[str, Any], tmp_path: Path) -> None:
    before = text_of(case, "before")
    run = partial(run_case, action, case, project(tmp_path, case))
    if "refused" in case:
        check_refusal(run, before, case)
        return
    result = run(before)
    check_warnings(result, case)
    if case.get("satisfied"):
        assert isinstance(result, Satisfied)
        return
    assert isinstance(result, Edited)
    text = result.document.source.text
    if "diff" in case:
        assert changed_lines(before, text) == case["diff"]
    else:
        assert text == text_of(case, "after")
    assert isinstance(run(text), Satisfied)


@pytest.mark.parametrize("file", sorted((HERE / "awkward").iterdir()), ids=lambda file: file.stem)
@pytest.mark.parametrize("action", BUILT)
def test_an_awkward_file_crashes_no_action(action: str, file: Path, tmp_path: Path) -> None:
    source = SourceText.read(WORKFLOW, file.read_bytes())
    try:
        result = run_recipe(recipe_of(action, adapter(action).validate_python({}), Workspace(tmp_path)), source)
    except Refusal as refusal:
        assert refusal.code.startswith("edit/")
        assert refusal.code not in ("edit/gate", "edit/validator")
    else:
        assert isinstance(result, Edited | Satisfied)


def check_refusal(run: Callable[[str], object], before: str, case: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        run(before)
    refusal = refused.value
    assert (refusal.code, refusal.location and refusal.location.line) == (case["refused"], case.get("line"))
    assert case.get("said", "") in f"{refusal.message}; {refusal.hint}"


def check_warnings(result: Edited | Satisfied, case: dict[str, Any]) -> None:
    expected = case.get("warnings", [])
    assert len(result.warnings) == len(expected), result.warnings
    for warning, part in zip(result.warnings, expected, strict=True):
        assert part in warning


def changed_lines(before: str, after: str) -> str:
    """Return the lines that go and come."""
    lines = list(difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), n=0))
    return "".join(line for line in lines[2:] if not line.startswith("@@"))


def run_case(action: str, case: dict[str, Any], files: Workspace, text: str) -> Edited | Satisfied:
    parameters = adapter(action).validate_python(case.get("parameters", {}))
    return run_recipe(recipe_of(action, parameters, files), SourceText(case.get("path", WORKFLOW), text))


def project(root: Path, case: dict[str, Any]) -> Workspace:
    for path, text in case.get("files", {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Workspace(root)


@cache
def adapter(action: str) -> TypeAdapter[Any]:
    return TypeAdapter(parameters_of(action))


def text_of(case: dict[str, Any], key: str) -> str:
    text: str = case[key]
    return text.replace("\n", "\r\n") if case.get("newline") == "crlf" else text
