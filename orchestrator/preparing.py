"""Which of the plan's preparation steps have been done, and still count."""

from __future__ import annotations

from orchestrator.change import digest
from orchestrator.plan.model import PrepareStep, digest_of
from orchestrator.record.events import Prepared
from orchestrator.record.journal import SqliteJournal
from orchestrator.workspace import Workspace


class Preparations:
    """A step counts as done while its inputs are what they were then, and what it creates is there."""

    def __init__(self, journal: SqliteJournal, workspace: Workspace) -> None:
        self._journal = journal
        self._workspace = workspace
        self._done = {
            entry.event.task: entry.event.fingerprint
            for entry in journal.entries(kinds=[Prepared])
            if isinstance(entry.event, Prepared)
        }

    def is_done(self, step: PrepareStep) -> bool:
        """Say whether a step need not run."""
        is_present = step.creates is None or (self._workspace.root / step.creates).exists()
        return is_present and self._done.get(_name(step)) == self._fingerprint(step)

    def note(self, step: PrepareStep) -> None:
        """Write down that a step ran well."""
        self._journal.append([Prepared(_name(step), self._fingerprint(step))])

    def _fingerprint(self, step: PrepareStep) -> str:
        paths = (path for pattern in step.inputs for path in self._workspace.match(pattern))
        return digest_of([_name(step), step.cwd, {path: digest(self._workspace.read(path)) for path in paths}])


def _name(step: PrepareStep) -> str:
    return step.run if isinstance(step.run, str) else " ".join(step.run)
