"""What a task would do, said before it does it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

Outcome = Literal[
    "succeeded",
    "unchanged",
    "would_change",
    "may_run",
    "failed",
    "skipped",
    "blocked",
    "waiting",
    "unverifiable",
    "cancelled",
]
"""How a task ended, or in a preview would end. The first two, `skipped` and `unverifiable` satisfy dependents."""


def digest(content: bytes | None) -> str | None:
    """Return the sha256 of a file's content in hex; None for a file that is absent."""
    return None if content is None else hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file before and after; None = absent. `mode` are permission bits, None = as before (0o644 if new)."""

    path: str
    before: bytes | None
    after: bytes | None
    mode: int | None = None

    def diff(self) -> str:
        """Return a unified diff in git's form, with `/dev/null` for absence."""
        import difflib

        for content in (self.before, self.after):
            if content is not None and _is_binary(content):
                return f"Binary files a/{self.path} and b/{self.path} differ\n"
        lines = difflib.unified_diff(
            _lines(self.before),
            _lines(self.after),
            "/dev/null" if self.before is None else f"a/{self.path}",
            "/dev/null" if self.after is None else f"b/{self.path}",
        )
        return "".join(_terminated(lines))

    def line_counts(self) -> tuple[int, int]:
        """Return how many lines are added and removed."""
        added = removed = 0
        for line in self.diff().split("\n")[2:]:
            added += line.startswith("+")
            removed += line.startswith("-")
        return added, removed


class Change(Struct, frozen=True):
    """What a task would do. `exact`: the edits are all it does to the project, byte for byte."""

    summary: str
    edits: tuple[FileEdit, ...] = ()
    actions: tuple[str, ...] = ()
    """What happens beside the edits, such as a command that runs, for a person to read."""
    asks: str | None = None
    """Instructions for a person. The edits are made, then the task waits until they have answered."""
    exact: bool = True
    warnings: tuple[str, ...] = ()
    evidence: dict[str, Any] = {}
    """What the journal remembers of this, for the next plan of the same task; empty = what it remembers already."""

    @property
    def is_empty(self) -> bool:
        """Already satisfied: nothing to do, nobody to ask."""
        return not (self.edits or self.actions or self.asks)

    def diff(self) -> str:
        """Return the unified diffs of all edits."""
        return "".join(edit.diff() for edit in self.edits)

    def line_counts(self) -> tuple[int, int]:
        """Return how many lines are added and removed in all."""
        counts = [edit.line_counts() for edit in self.edits]
        return sum(added for added, _ in counts), sum(removed for _, removed in counts)


class TaskFailure(Struct, frozen=True):
    """Why a task did not do it, for a person."""

    code: str
    message: str
    hint: str | None = None
    retryable: bool = False


class TaskResult(Struct, frozen=True):
    """How one attempt ended. `seconds` is the time it took."""

    task_id: str
    status: Outcome
    seconds: float = 0.0
    change: Change | None = None
    summary: str = ""
    error: TaskFailure | None = None
    log: str | None = None
    artifacts: tuple[str, ...] = ()
    evidence: dict[str, Any] = {}
    files: dict[str, str | None] = {}
    """Digests of the files it wrote."""
    digest: str = ""
    """Of the task and its sources."""
    effects: tuple[str, ...] = ()
    """What it did that cannot be taken back."""


def _is_binary(content: bytes) -> bool:
    if b"\0" in content[:8000]:
        return True
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _lines(content: bytes | None) -> list[str]:
    # Only "\n" ends a line for git: `splitlines` would also split at "\r", form feeds and U+2028.
    return [] if not content else [*re.findall(r"[^\n]*\n|[^\n]+", content.decode("utf-8"))]


def _terminated(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.endswith("\n"):
            yield line
        else:
            yield f"{line}\n\\ No newline at end of file\n"
