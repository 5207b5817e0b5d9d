"""One task for each of many: what a `for_each` expands into, and whether that is known before the run."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from orchestrator import globs
from orchestrator.plan.graph import ancestors
from orchestrator.plan.model import Plan


class Item(NamedTuple):
    """What one expansion is for."""

    label: str
    value: str


def match_files(root: Path, pattern: str) -> list[Item]:
    """Return an item for each file that matches; the label is what the `*` stood for."""
    expression = globs.compile_pattern(pattern)
    items = []
    for path in globs.match_files(root, pattern):
        match = expression.match(path)
        stars = [text for text in match.groups() if text] if match else []
        items.append(Item("/".join(stars) or path, path))
    return items


def written_before(
    plan: Plan, ids: Collection[str], pattern: str, written: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return those of `written` (task id, path) that come before `ids` and lie where `pattern` looks.

    A task that may write anywhere (`.`) says nothing about this pattern and is left out.
    """
    expression, base = globs.compile_pattern(pattern), globs.base_of(pattern)

    def looks_at(path: str) -> bool:
        normal = posixpath.normpath(path)
        above = normal != "." and (normal == base or base.startswith(f"{normal}/"))
        return above or expression.match(normal) is not None

    found = [(task_id, path) for task_id, path in written if looks_at(path)]
    before = ancestors(plan, ids) if found else set()
    return [(task_id, path) for task_id, path in found if task_id in before]
