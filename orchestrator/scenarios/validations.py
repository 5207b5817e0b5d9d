"""What must be true of the files when the program has ended."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from orchestrator.scenarios.checks import compile_pattern
from orchestrator.scenarios.model import FileContains, PathExists, PluginValidation, Validation
from orchestrator.scenarios.stage import Place

LARGEST = 64 << 20


def failure_of(validation: Validation, place: Place) -> str | None:
    """Return why a validation does not hold, None if it does."""
    path = locate(validation.path, place)
    match validation:
        case PathExists():
            return None if path.exists() else f"`{validation.path}` is not there"
        case FileContains():
            return _failure_of_content(validation, path)
        case _:
            assert_never(validation)


def title_of(validation: Validation | PluginValidation) -> str:
    """Return one line that says what is validated."""
    if validation.description:
        return validation.description
    if isinstance(validation, PluginValidation):
        return f"{validation.type} validation"
    if isinstance(validation, PathExists):
        return f"`{validation.path}` exists"
    return f"`{validation.path}` contains `{validation.text}`"


def locate(path: str, place: Place) -> Path:
    """Return the file that a validation means: most are the workspace's, some the program's."""
    of_program = path.startswith((".", "artifacts/", "tmp/"))
    return (place.cwd if of_program else place.work) / path


def _failure_of_content(validation: FileContains, path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return f"`{validation.path}` is not there"
    except OSError as error:
        return f"`{validation.path}` cannot be read: {(error.strerror or str(error)).lower()}"
    if compile_pattern(validation.text).search(text):
        return None
    return f"`{validation.path}` holds nothing that matches `{validation.text}`"
