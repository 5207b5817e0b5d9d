"""What an attempt would do: both runners decide by this, so that a preview announces what a run does."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestrator.change import Change, FileEdit, TaskFailure, TaskResult
from orchestrator.clock import Clock
from orchestrator.engine.claims import covers
from orchestrator.engine.command import TaskLog
from orchestrator.errors import OrchestratorError, TaskError
from orchestrator.handler import Answer, Claims, Handler, PlanContext
from orchestrator.plan.interpolate import expand_environment
from orchestrator.plan.model import Plan, Task, digest_of
from orchestrator.templates import Templates
from orchestrator.workspace import FileView

_NOTHING: tuple[str, Mapping[str, Any]] = ("", {})


class Handlers(Protocol):
    """Finds the handler of a task."""

    def handler(self, type_name: str) -> Handler[Any]:
        """Return the handler of a type the loader accepted."""


@dataclass(kw_only=True)
class Planning:
    """What both runners know."""

    plan: Plan
    handlers: Handlers
    templates: Templates
    clock: Clock
    answers: Mapping[str, Answer]
    previous: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """By task id: the digest and evidence of its last success."""
    facts: Callable[[], Mapping[str, Any]] = dict
    environ: Mapping[str, str] = field(default_factory=dict)

    def digest(self, task: Task) -> str:
        """Return what stands for the task and everything it is made from."""
        sources = self.handlers.handler(task.type).sources(task, self.templates)
        return digest_of([task.digest, *sources]) if sources else task.digest

    def change(self, task: Task, work: str, files: FileView) -> Change:
        """Ask the handler what it would do."""
        last, evidence = self.previous.get(task.id, _NOTHING)
        context = PlanContext(
            files=files,
            templates=self.templates,
            variables=self.plan.variables,
            answer=self.answers.get(task.id),
            previous=evidence,
            is_same_work=last == work,
            facts=self.facts,
            environ=self.environ_of(task),
        )
        return self.handlers.handler(task.type).plan(task, context)

    def environ_of(self, task: Task) -> Mapping[str, str]:
        """Return the caller's environment with the task's `env` laid over it."""
        if not task.env:
            return self.environ
        return {**self.environ, **{name: expand_environment(v, self.environ) for name, v in task.env.items()}}

    def check_problems(self, task: Task) -> None:
        """Raise what stands in the task's way, such as a variable that nobody set."""
        for problem in self.plan.problems.get(task.id, ()):
            raise problem

    def skipped(self, task: Task) -> TaskResult | None:
        """Return the result of a task that its `when` or a person rules out."""
        if task.when is False:
            return TaskResult(task.id, "skipped", summary="`when` is false")
        answer = self.answers.get(task.id)
        if answer is not None and answer.decision == "skipped":
            return TaskResult(task.id, "skipped", summary=f"skipped by {answer.by}: {answer.comment}".rstrip(": "))
        return None


def check_claims(edits: Sequence[FileEdit], claims: Claims) -> None:
    """Raise if an edit is not among what the task announced."""
    for edit in edits:
        if not covers([path or "." for path in claims.writes], os.path.normpath(edit.path)):
            raise TaskError("task/outside-claim", f"it would write `{edit.path}`, which it did not announce")


def failure_of(error: Exception, log: TaskLog | None = None) -> TaskFailure:
    """Return what an attempt raised as a failure: a failing task is a result, and so is a handler's bug."""
    if isinstance(error, OrchestratorError):
        retryable = isinstance(error, TaskError) and error.retryable
        return TaskFailure(error.code, error.message, error.hint, retryable)
    if log is not None:
        log.write("".join(traceback.format_exception(error)).encode())
    return TaskFailure("task/crashed", f"{type(error).__name__}: {error}", "this is a bug in the task type")
