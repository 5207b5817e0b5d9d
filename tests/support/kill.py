"""Runs a plan and kills itself at a chosen moment: `python kill.py PROJECT PLAN MOMENT NUMBER`.

MOMENT is `before-commit`, `after-commit`, `before-rename` or `after-rename`: of the NUMBER-th commit to the
journal, or the NUMBER-th file put in its place. A run that never comes to it prints `survived` and ends with
the exit code of the run.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.app.project import Options, Ports, Project
from orchestrator.app.run import execute
from orchestrator.record.events import Entry, Event
from orchestrator.record.journal import SqliteJournal
from orchestrator.workspace import Workspace

MOMENTS = ("before-commit", "after-commit", "before-rename", "after-rename")


class Fate:
    """Counts what happens, and strikes at the chosen moment."""

    def __init__(self, moment: str, number: int) -> None:
        self._moment = moment
        self._number = number
        self._counted = dict.fromkeys(MOMENTS, 0)

    def strike(self, moment: str) -> None:
        """End this process as the kernel does when memory runs out, if it is time."""
        self._counted[moment] += 1
        if moment == self._moment and self._counted[moment] == self._number:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalJournal(SqliteJournal):
    """A journal whose process may die around a commit."""

    def __init__(self, path: Path, *, fate: Fate, **options: Any) -> None:
        super().__init__(path, **options)
        self._fate = fate

    def append(self, events: Sequence[Event]) -> list[Entry]:
        if not events:
            return []
        self._fate.strike("before-commit")
        entries = super().append(events)
        self._fate.strike("after-commit")
        return entries


class MortalWorkspace(Workspace):
    """A workspace whose process may die around the replacement of a file."""

    def __init__(self, root: Path, fate: Fate) -> None:
        super().__init__(root)
        self._fate = fate

    def rename(self, temporary: str, target: str) -> None:
        self._fate.strike("before-rename")
        super().rename(temporary, target)
        self._fate.strike("after-rename")


def main(root: str, plan: str, moment: str, number: str) -> int:
    """Run the plan; return the run's exit code."""
    fate = Fate(moment, int(number))
    ports = Ports(
        journal=lambda path, **options: MortalJournal(path, fate=fate, **options),
        workspace=lambda path: MortalWorkspace(path, fate),
    )
    state = execute(Project(Options(config=Path(plan), project=Path(root)), ports))
    sys.stdout.write("survived\n")
    return state.exit_code or 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
