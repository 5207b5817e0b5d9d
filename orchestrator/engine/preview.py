"""How an attempt is made without doing anything: every task is planned over what those before it would leave."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.change import Change, TaskResult
from orchestrator.engine.claims import ancestry, normalise
from orchestrator.engine.executor import Attempt
from orchestrator.engine.planning import Planning, check_claims, failure_of
from orchestrator.handler import Claims
from orchestrator.plan.model import Task
from orchestrator.workspace import Overlay


@dataclass(kw_only=True)
class PreviewRunner(Planning):
    """Plans every task over what the tasks before it would leave. Writes nothing, runs nothing."""

    files: Overlay
    changes: dict[str, Change] = field(default_factory=dict)
    """What each task would do, for who shows it."""
    digests: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._open_at: dict[str, str] = {}  # path -> the task whose effect on it is not known
        self._open_below: dict[str, str] = {}  # the same for every directory above

    def attempt(self, task: Task, number: int) -> Attempt:  # noqa: ARG002  # a preview has one attempt
        if skipped := self.skipped(task):
            return skipped
        try:
            self.check_problems(task)
            work = self.digests[task.id] = self.digest(task)
            change = self.changes[task.id] = self.change(task, work, self.files)
            claims = normalise(self.handlers.handler(task.type).claims(task))
            return self._foresee(task, change, claims)
        except Exception as error:  # noqa: BLE001  # boundary: see `failure_of`
            return TaskResult(task.id, "failed", error=failure_of(error))

    def _foresee(self, task: Task, change: Change, claims: Claims) -> TaskResult:
        if change.asks is not None:
            check_claims(change.edits, claims)
            self.files.lay(change.edits)
            summary = f"{change.summary}; then it waits for a person" if change.edits else "waits for a person"
            return TaskResult(task.id, "may_run", change=change, summary=summary)
        why = self._depends_on_open(claims)
        if change.is_empty and why is None:
            return TaskResult(task.id, "unchanged", change=change, summary=change.summary)
        check_claims(change.edits, claims)
        self.files.lay(change.edits)
        if change.exact and why is None:
            return TaskResult(task.id, "would_change", change=change, summary=change.summary)
        for path in claims.writes:
            self._open_at[path] = task.id
            self._open_below.update(dict.fromkeys(ancestry(path)[1:], task.id))
        summary = f"{change.summary}; depends on what `{why}` does" if why else change.summary
        return TaskResult(task.id, "may_run", change=change, summary=summary)

    def _depends_on_open(self, claims: Claims) -> str | None:
        """Return the task whose unknown outcome this one reads or writes, if there is one."""
        for path in (*claims.reads, *claims.writes):
            for up in ancestry(path):
                if up in self._open_at:
                    return self._open_at[up]
            if path in self._open_below:
                return self._open_below[path]
        return None
