"""Commits what a run applied, and nothing else, after each task, group or phase."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from orchestrator.errors import OrchestratorError
from orchestrator.integrations import git
from orchestrator.plan.model import Plan
from orchestrator.record.events import (
    ApprovalAsked,
    Committed,
    Entry,
    Event,
    GroupFinished,
    OutputsWritten,
    PhaseFinished,
    RolledBack,
    RunFinished,
    RunPaused,
    TaskFinished,
    Warned,
)
from orchestrator.record.state import RunState


class Committer:
    """An observer; git's refusal is a warning, because the work itself is done."""

    def __init__(self, plan: Plan, root: Path, record: Callable[[Event], None]) -> None:
        self._plan = plan
        self._root = root
        self._record = record
        self._per = plan.settings.git.commit
        self._titles = {group.ref: group.name for phase in plan.phases for group in phase.groups}
        self._titles |= {phase.key: phase.name for phase in plan.phases}
        self._pending: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self._outputs: dict[str, tuple[str, ...]] = {}

    def catch_up(self, entries: Iterable[Entry]) -> None:
        """Take note of what an earlier part of this run applied and did not come to commit."""
        for entry in entries:
            match entry.event:
                case OutputsWritten() | ApprovalAsked() | TaskFinished():
                    self._note(entry.event)
                case Committed(paths=paths):
                    self._forget(paths=set(paths))
                case RolledBack(tasks=tasks):
                    self._forget(tasks=set(tasks))
                case _:
                    pass

    def see(self, entries: Sequence[Entry], _state: RunState) -> None:
        for entry in entries:
            match entry.event:
                case OutputsWritten():
                    self._note(entry.event)
                case ApprovalAsked(task=task_id) | TaskFinished(task=task_id):
                    self._note(entry.event)
                    if self._per == "task":
                        self._commit(task_id)
                case GroupFinished(group=ref) if self._per == "group":
                    self._commit(ref)
                case PhaseFinished(phase=key):
                    self._commit(key)
                case RunFinished() | RunPaused():
                    for place in list(self._pending):
                        self._commit(place)
                case _:
                    pass

    def close(self) -> None:
        pass

    def _note(self, event: OutputsWritten | ApprovalAsked | TaskFinished) -> None:
        if event.task not in self._plan.tasks:
            return
        if isinstance(event, OutputsWritten):
            self._outputs[event.task] = tuple(path for path, _, after, _ in event.edits if after is not None)
            return
        written = (*event.files, *self._outputs.pop(event.task, ()))
        if written and (isinstance(event, ApprovalAsked) or event.status == "succeeded"):
            self._remember(event.task, written)

    def _remember(self, task_id: str, paths: tuple[str, ...]) -> None:
        task = self._plan.tasks[task_id]
        place = {"task": task_id, "group": f"{task.phase}/{task.group}"}.get(self._per, task.phase)
        self._pending.setdefault(place, []).append((task_id, paths))

    def _forget(self, *, tasks: AbstractSet[str] = frozenset(), paths: AbstractSet[str] = frozenset()) -> None:
        for place, done in self._pending.items():
            self._pending[place] = [
                (task_id, written) for task_id, written in done if task_id not in tasks and not set(written) <= paths
            ]

    def _commit(self, place: str) -> None:
        done = self._pending.pop(place, None)
        if not done:
            return
        paths = list(dict.fromkeys(path for _, more in done for path in more))
        tasks = [f"{task_id} {self._plan.tasks[task_id].name}" for task_id, _ in done]
        title = self._titles.get(place, tasks[0])
        message = title if self._per == "task" else "\n".join([title, "", *(f"- {task}" for task in tasks)])
        try:
            commit = git.commit(self._root, paths, message)
        except OrchestratorError as error:
            self._record(Warned(message=f"not committed: {error.message}"))
            return
        if commit is not None:
            self._record(Committed(commit=commit, paths=tuple(paths)))
