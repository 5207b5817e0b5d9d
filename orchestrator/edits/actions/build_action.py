"""Steps that build an image with one of Docker's actions: whether they push it, and the lists they take."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from orchestrator.edits.workflow import Step

EXPRESSION: Final = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

_ACTIONS: Final = frozenset({"docker/build-push-action", "depot/build-push-action"})
_METADATA: Final = re.compile(r"steps\.([\w-]+)\.outputs\.(?:tags|json)")


def is_build_action(step: Step) -> bool:
    """Say whether a step builds an image with an action."""
    return step.action in _ACTIONS


def pushes_image(step: Step) -> bool:
    """Say whether such a step sends its image to a registry, at least at times."""
    outputs = str(step.with_.get("outputs") or "")
    is_off = str(step.with_.get("push", False)).lower() in ("false", "none", "")
    return not is_off or "type=registry" in outputs or "push=true" in outputs


def metadata_of(step: Step) -> str | None:
    """Return the id of the step that makes the tags; None where they are written down."""
    found = _METADATA.search(str(step.with_.get("tags") or ""))
    return found[1] if found else None


def listed(value: object) -> Sequence[str]:
    """Return the entries of a list in the way of Docker's actions: lines or commas, expressions whole, comments."""
    text = str(value or "")
    masked = EXPRESSION.sub(lambda found: "_" * len(found[0]), text)
    ends = [-1, *(found.start() for found in re.finditer(r"[\n,]", masked)), len(text)]
    entries = [text[start + 1 : end].partition("#")[0].strip() for start, end in pairwise(ends)]
    return [entry for entry in entries if entry]
