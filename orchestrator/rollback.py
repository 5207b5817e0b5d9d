"""Takes back what runs wrote, as far as nobody has touched it since. Git commits and commands are never taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.change import FileEdit, digest
from orchestrator.errors import StateError, TaskError
from orchestrator.record.events import ChangeStaged, Committed, RolledBack
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.objects import ObjectStore
from orchestrator.record.state import RunState, fold
from orchestrator.workspace import Workspace

Step = tuple[str, str | None, str | None, int | None]
"""Task, digest before, digest after, mode before: one edit of a file."""


@dataclass(frozen=True)
class Rollback:
    """What a rollback does, worked out before it does anything."""

    runs: tuple[str, ...]
    edits: tuple[FileEdit, ...]
    left: dict[str, str]
    """Files that stay as they are, and why."""
    directories: tuple[str, ...]
    temporary: tuple[tuple[str, str], ...]
    """Path and suffix of what a killed run may have left beside its files."""
    tasks: dict[str, tuple[str, ...]]
    """By run: the tasks that are undone afterwards."""
    effects: tuple[str, ...]
    """What the runs did beside files; it stays."""
    commits: tuple[str, ...]


def plan_rollback(
    journal: SqliteJournal,
    workspace: Workspace,
    objects: ObjectStore,
    *,
    run: str | None = None,
    everything: bool = False,
    concerns: Callable[[str], bool] = lambda _task: True,
) -> Rollback:
    """Return what taking back a run would do: `run`, or the last one that changed something, or all.

    `concerns` says which tasks are meant.

    :raises StateError: when there is nothing to take back.
    """
    states = {name: fold(journal.entries(run=name)) for name in journal.runs()}
    if run is not None and run not in states:
        raise StateError("state/no-run", f"there is no run `{run}`", hint="see `orchestrate history`")
    changing = [name for name, state in states.items() if any(concerns(change.task) for change in _changes(state))]
    chosen = changing if everything else [run] if run is not None else changing[-1:]
    if not any(name in changing for name in chosen):
        raise StateError("state/nothing-to-roll-back", "no run changed anything that is still there")
    taken = [(name, change) for name in chosen for change in _changes(states[name]) if concerns(change.task)]
    edits, left = _restore(taken, workspace, objects)
    stuck = {change.task for _, change in taken if any(path in left for path, *_ in change.edits)}
    finished = [task for name in chosen for task in states[name].tasks.values() if concerns(task.id)]
    return Rollback(
        runs=tuple(chosen),
        edits=tuple(edits),
        left=left,
        directories=tuple(dict.fromkeys(path for _, change in taken for path in change.directories)),
        temporary=tuple(
            (path, change.suffix)
            for name in chosen
            for change in states[name].unfinished.values()
            if concerns(change.task)
            for path, *_ in change.edits
        ),
        tasks={
            name: tuple(dict.fromkeys(c.task for owner, c in taken if owner == name and c.task not in stuck))
            for name in chosen
        },
        effects=tuple(
            f"{task.id}: {effect}" for task in finished if task.result is not None for effect in task.result.effects
        ),
        commits=tuple(
            entry.event.commit
            for name in chosen
            for entry in journal.entries(run=name, kinds=[Committed])
            if isinstance(entry.event, Committed)
        ),
    )


def roll_back(planned: Rollback, journal: SqliteJournal, workspace: Workspace) -> None:
    """Do it. Each file is replaced whole; a rollback that is killed can be repeated.

    :raises EnvironmentProblem: when the machine refuses.
    """
    for edit in planned.edits:
        workspace.write(edit, ".rollback.tmp")
    for path, suffix in planned.temporary:
        workspace.remove_temporary(path, suffix)
    workspace.remove_empty(planned.directories)
    for name in planned.runs:
        journal.run_id = name
        paths = tuple(edit.path for edit in planned.edits)
        journal.append([RolledBack("", name, planned.tasks[name], paths, tuple(planned.left))])


def _changes(state: RunState) -> list[ChangeStaged]:
    return [*state.staged, *state.unfinished.values()]


def _restore(
    taken: Sequence[tuple[str, ChangeStaged]], workspace: Workspace, objects: ObjectStore
) -> tuple[list[FileEdit], dict[str, str]]:
    steps: dict[str, list[Step]] = {}
    for _, change in taken:
        for path, before, after, mode in change.edits:
            steps.setdefault(path, []).append((change.task, before, after, mode))
    edits: list[FileEdit] = []
    left: dict[str, str] = {}
    for path, chain in steps.items():
        try:
            current = workspace.read(path)
        except TaskError as error:
            left[path] = error.message
            continue
        origin, mode = _origin(chain)
        if digest(current) == origin:
            continue
        if digest(current) != chain[-1][2]:
            left[path] = "it was changed since"
            continue
        content = None if origin is None else objects.get(origin)
        if origin is not None and content is None:
            left[path] = "its earlier content is not kept any more"
            continue
        edits.append(FileEdit(path, current, content, mode))
    return edits, left


def _origin(chain: Sequence[Step]) -> tuple[str | None, int | None]:
    """Return what the file was before the last unbroken series of edits."""
    _, before, _, mode = chain[-1]
    for _, earlier, after, earlier_mode in reversed(chain[:-1]):
        if after != before:
            break
        before, mode = earlier, earlier_mode
    return before, mode
