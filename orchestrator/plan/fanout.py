"""One task for each of many: what a `for_each` expands into, and whether that is known before the run."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from orchestrator import globs
from orchestrator.plan.graph import ancestors
from orchestrator.plan.model import Plan, Task


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
    plan: Plan, ids: Collection[str], pattern: str, writes: Callable[[Task], Iterable[str]]
) -> Iterator[tuple[str, str]]:
    """Yield (task id, path) for what tasks that come before `ids` write where `pattern` looks.

    A task that may write anywhere (`.`) says nothing about this pattern and is left out.
    """
    expression, base = globs.compile_pattern(pattern), globs.base_of(pattern)
    for task_id in sorted(ancestors(plan, ids)):
        for path in writes(plan.tasks[task_id]):
            normal = posixpath.normpath(path)
            below = normal != "." and (normal == base or base.startswith(f"{normal}/"))
            if below or expression.match(normal):
                yield task_id, path
