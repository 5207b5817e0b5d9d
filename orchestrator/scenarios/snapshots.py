"""Snapshots: what a screen was, cell by cell, kept in a file that people can read and compare."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.style import Style
from rich.text import Text

from orchestrator.masking import Masker
from orchestrator.scenarios.failure import StepFailed
from orchestrator.scenarios.model import Region, Scenario, SnapshotOf
from orchestrator.scenarios.screen import Screen
from orchestrator.scenarios.stage import Stage

SUFFIX = ".snapshot"
PROPOSED = ".new"
MASKED = "▒"


class Snapshots:
    """The snapshots of one scenario."""

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        file = stage.root / scenario.file
        self.directory = (stage.snapshots or file.absolute().parent / ".snapshots") / _slug(file.stem or scenario.name)
        self._mode = stage.snapshot_mode

    def check(self, wanted: str | SnapshotOf, screen: Screen, masker: Masker) -> None:
        """Compare the screen with a snapshot, or make one where the caller wants that.

        :raises StepFailed: when they differ, or there is none.
        """
        name, masks = (wanted, ()) if isinstance(wanted, str) else (wanted.name, wanted.masks)
        path = self.directory / f"{_slug(name)}{SUFFIX}"
        now = describe(masker.drawn(screen.drawn()), masks)
        before = path.read_text("utf-8") if path.is_file() else None
        if self._mode == "propose":
            Proposal(path).make(None if before == now else now)
        elif before == now:
            return
        elif self._mode == "update" or (self._mode == "record" and before is None):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(now, "utf-8")
        elif before is None:
            raise StepFailed(f"there is no snapshot `{name}`", detail="make it with `--snapshot record`")
        else:
            raise StepFailed(f"the screen differs from the snapshot `{name}`", detail="\n".join(_diff(before, now)))


@dataclass(frozen=True)
class Proposal:
    """What a screen was, beside the snapshot at `path`, until a person says which of them is right."""

    path: Path

    @property
    def _file(self) -> Path:
        return self.path.with_name(self.path.name + PROPOSED)

    def make(self, text: str | None) -> None:
        """Write it; None takes an earlier one away."""
        if text is None:
            self.reject()
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(text, "utf-8")

    def accept(self) -> None:
        """Make it the snapshot."""
        self._file.replace(self.path)

    def reject(self) -> None:
        """Leave the snapshot as it is."""
        self._file.unlink(missing_ok=True)

    def diff(self) -> list[str]:
        """Return how it differs from the snapshot; all of it if there is none."""
        before = self.path.read_text("utf-8") if self.path.is_file() else ""
        return _diff(before, self._file.read_text("utf-8"))


def find_proposals(directories: Iterable[Path]) -> list[Proposal]:
    """Return what waits for a person below some directories."""
    found = {path for directory in directories for path in directory.rglob(f"*{SUFFIX}{PROPOSED}")}
    return [Proposal(path.with_name(path.name.removesuffix(PROPOSED))) for path in sorted(found)]


def _diff(before: str, now: str) -> list[str]:
    return list(difflib.unified_diff(before.splitlines(), now.splitlines(), "snapshot", "screen", lineterm="", n=1))


def describe(drawn: str, masks: Iterable[Region] = ()) -> str:
    """Return the text of a screen, and below it how its cells are drawn."""
    rows = [AnsiDecoder().decode_line(line) for line in drawn.split("\n")]
    for mask in masks:
        for row in rows[mask.top - 1 : mask.bottom]:
            _hide(row, mask)
    texts = [row.plain.rstrip() for row in rows]
    styles = [line for number, row in enumerate(rows, 1) for line in _styles(number, row)]
    return "\n".join([*texts, "---", *styles, ""])


def _hide(row: Text, mask: Region) -> None:
    end = mask.right or len(row)
    kept = row[: mask.left - 1], row[end:]
    row.plain = ""
    row.spans = []
    row.append_text(kept[0]).append(MASKED * max(end - mask.left + 1, 0)).append_text(kept[1])


def _styles(number: int, row: Text) -> Iterator[str]:
    """Yield the runs of cells of one row that are drawn in some style, such as `3:5-9 bold red`."""
    cells = [Style.null()] * len(row)
    for span in row.spans:
        style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
        for index in range(span.start, min(span.end, len(cells))):
            cells[index] += style
    start = 0
    for index in range(1, len(cells) + 1):
        if index == len(cells) or str(cells[index]) != str(cells[start]):
            if not (cells[start] == Style.null() or str(cells[start]) == "none"):
                yield f"{number}:{start + 1}-{index} {cells[start]}"
            start = index


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "screen"
