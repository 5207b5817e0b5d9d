"""What stood where a task writes: kept before, so that the change can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.change import FileEdit, digest
from orchestrator.errors import TaskError
from orchestrator.record.events import ChangeStaged
from orchestrator.record.objects import ObjectStore
from orchestrator.workspace import Workspace

MOST_OUTPUTS: Final = 2000
"""Files of one task that are kept for a rollback; an action that writes more is listed as not restorable."""


@dataclass(frozen=True)
class Outputs:
    """The files an action may write, as they were before it."""

    paths: tuple[str, ...]
    before: dict[str, tuple[str | None, int | None]]
    """Digest and mode of each file."""
    absent: tuple[str, ...]
    """Directories and paths that did not exist."""

    @classmethod
    def keep(cls, workspace: Workspace, objects: ObjectStore, paths: Sequence[str]) -> Outputs | None:
        """Store the files at and below `paths`; None if they are more than is worth keeping."""
        files = workspace.files_below(paths, MOST_OUTPUTS)
        if files is None:
            return None
        before: dict[str, tuple[str | None, int | None]] = {}
        for path in files:
            content = workspace.read(path)
            if content is not None:
                before[path] = (objects.put(content), workspace.mode(path))
        absent = dict.fromkeys(name for path in paths for name in (*workspace.missing_directories(path), path))
        return cls(tuple(paths), before, tuple(name for name in absent if workspace.mode(name) is None))

    def changes(self, workspace: Workspace) -> list[tuple[str, str | None, str | None, int | None]]:
        """Return path, digest before, digest after and mode before of each file that is not what it was."""
        found = workspace.files_below(self.paths, MOST_OUTPUTS)
        paths = dict.fromkeys([*self.before, *(found or ())])
        edits = []
        for path in paths:
            old, mode = self.before.get(path, (None, None))
            new = digest(workspace.read(path))
            if new != old:
                edits.append((path, old, new, mode))
        return edits

    def new_directories(self, workspace: Workspace) -> list[str]:
        """Return the directories that were made, outermost first."""
        return [path for path in self.absent if workspace.is_directory(path)]


def undo(staged: ChangeStaged, workspace: Workspace, objects: ObjectStore) -> list[str]:
    """Take back a change that may have been applied in part; return the files that somebody else changed since.

    :raises EnvironmentProblem: when the machine refuses.
    """
    left = []
    for path, before, after, mode in reversed(staged.edits):
        try:
            workspace.remove_temporary(path, staged.suffix)
            current = workspace.read(path)
        except TaskError:
            left.append(path)
            continue
        if digest(current) == before:
            continue
        content = None if before is None else objects.get(before)
        if digest(current) != after or (before is not None and content is None):
            left.append(path)
            continue
        workspace.write(FileEdit(path, current, content, mode), staged.suffix)
    workspace.remove_empty(staged.directories)
    return left
