"""Runs a plan like the command does and prints how much of the cpu time its journal and its rendering took."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from orchestrator.app.project import Options, Ports, Project
from orchestrator.app.run import execute
from orchestrator.record.events import Entry, Event
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.state import RunState
from orchestrator.reporters.lines import Lines

spent = {"journal": 0.0, "rendering": 0.0}


class TimedJournal(SqliteJournal):
    """Counts the seconds of appending."""

    def append(self, events: Sequence[Event]) -> list[Entry]:
        began = time.process_time()
        entries = super().append(events)
        spent["journal"] += time.process_time() - began
        return entries


class TimedLines(Lines):
    """Counts the seconds of showing."""

    def see(self, entries: Sequence[Entry], state: RunState) -> None:
        began = time.process_time()
        super().see(entries, state)
        spent["rendering"] += time.process_time() - began


def main() -> None:
    gc.disable()
    project = Project(Options(config=Path(sys.argv[1])), Ports(journal=TimedJournal))
    project.ports = replace(project.ports, observers=[TimedLines(project.plan, sys.stdout, os.environ)])
    execute(project)
    total = sum(os.times()[:4])
    print(*(f"{seconds / total:.4f}" for seconds in spent.values()), file=sys.stderr)


if __name__ == "__main__":
    main()
