"""One task at a time, tried for real in a project of its own: planned, previewed and applied with the real runners."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from orchestrator.change import Change, TaskResult
from orchestrator.clock import SystemClock
from orchestrator.engine.preview import PreviewRunner
from orchestrator.engine.runner import ApplyRunner
from orchestrator.handler import Answer, Handler
from orchestrator.handlers.registry import Registry
from orchestrator.masking import Masker
from orchestrator.plan.model import Plan, PrepareStep, Settings, Task
from orchestrator.process import Children
from orchestrator.record.events import Event, TaskOutput
from orchestrator.record.objects import ObjectStore
from orchestrator.templates import Templates
from orchestrator.workspace import FileView, Overlay, Workspace
from tests.support.plans import side_by_side

T = TypeVar("T")
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}


class ReadOnly:
    """A view of the project that has nothing but the methods a plan may use."""

    def __init__(self, files: FileView) -> None:
        self.read = files.read
        self.mode = files.mode
        self.is_directory = files.is_directory
        self.match = files.match
        self.stamp = files.stamp


@dataclass
class Bench:
    """A project, its templates, and what earlier attempts left in the record."""

    base: Path
    environ: dict[str, str] = field(default_factory=lambda: dict(ENVIRON))
    secrets: tuple[str, ...] = ()
    answers: dict[str, Answer] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    settings: Settings = Settings()
    others: tuple[Task, ...] = ()
    """What else is in the plan."""
    strict: bool = False
    remote: str | None = None
    """`owner/name` of the project on GitHub."""

    def __post_init__(self) -> None:
        self.root = self.base / "project"
        self.root.mkdir(exist_ok=True)
        self.registry: Any = Registry()
        self.workspace = Workspace(self.root)
        self.previous: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.events: list[Event] = []
        self.prepared: list[PrepareStep] = []

    # --- the project ----------------------------------------------------------------------------------------

    def write(self, path: str, text: str, mode: int | None = None) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if mode is not None:
            file.chmod(mode)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def template(self, name: str, text: str) -> None:
        file = self.base / "templates" / f"{name}.j2"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def tree(self) -> dict[str, str]:
        """Return a digest of the kind, mode and content of everything in the project."""
        return {
            path.relative_to(self.root).as_posix(): hashlib.sha256(
                f"{path.lstat().st_mode}".encode() + (path.read_bytes() if path.is_file() else b"")
            ).hexdigest()
            for path in self.root.rglob("*")
        }

    # --- tasks ----------------------------------------------------------------------------------------------

    def handler(self, task: Task) -> Handler[Any]:
        found: Handler[Any] = self.registry.handler(task.type)
        return found

    def plan(self, task: Task) -> Change:
        """Return what the task would do, asked of a view that cannot write."""
        runner = self.runner(task)
        return runner.change(task, runner.digest(task), ReadOnly(self.workspace))

    def runner(self, *tasks: Task) -> ApplyRunner:
        """Return a runner for a plan of these tasks."""
        runner = ApplyRunner(
            **self._planning(*tasks),
            workspace=self.workspace,
            objects=ObjectStore(self.base / "objects"),
            children=None,  # type: ignore[arg-type]  # made where there is a loop
            masker=Masker(self.secrets),
            run_directory=self.base / "run",
            run_id="r1",
            is_prepared=self.prepared.__contains__,
            prepared=self.prepared.append,
            strict=self.strict,
        )
        runner.record = runner.record_soon = runner.publish = self.events.append
        return runner

    def preview(self, *tasks: Task) -> list[TaskResult]:
        """Return what the tasks would come to, one after the other."""
        runner = PreviewRunner(**self._planning(*tasks), files=Overlay(Workspace(self.root)))
        results = [runner.attempt(task, 1) for task in tasks]
        assert all(isinstance(result, TaskResult) for result in results)
        return results  # type: ignore[return-value]  # just checked

    def attempt(self, task: Task, number: int = 1) -> TaskResult:
        """Try the task; remember its evidence if it succeeded."""
        runner = self.runner(task)

        async def main() -> TaskResult:
            attempt = runner.attempt(task, number)
            return attempt if isinstance(attempt, TaskResult) else await attempt

        result = run_with_children(runner, main)
        if result.status in ("succeeded", "unchanged") and result.evidence:  # none = as before
            self.previous[task.id] = (result.digest, result.evidence)
        return result

    def attempts(self, *tasks: Task) -> list[TaskResult]:
        """Try the tasks one after the other, in one run."""
        runner = self.runner(*tasks)

        async def main() -> list[TaskResult]:
            attempts = [runner.attempt(task, 1) for task in tasks]
            return [one if isinstance(one, TaskResult) else await one for one in attempts]

        return run_with_children(runner, main)

    def failure(self, task: Task) -> tuple[str, str]:
        """Try the task, which fails; return the code and message."""
        result = self.attempt(task)
        assert result.status == "failed"
        assert result.error is not None
        return result.error.code, result.error.message

    @property
    def output(self) -> str:
        """What was shown of the output of all attempts."""
        return "".join(event.text for event in self.events if isinstance(event, TaskOutput))

    def _planning(self, *tasks: Task) -> dict[str, Any]:
        known = {task.id: task for task in (*self.others, *tasks)}
        plan: Plan = side_by_side(*known.values(), root=self.root, settings=self.settings, variables=self.variables)
        return {
            "plan": plan,
            "handlers": self.registry,
            "templates": Templates([self.base / "templates"]),
            "clock": SystemClock(),
            "answers": self.answers,
            "previous": self.previous,
            "facts": lambda: {"package": {"name": "shop"}, "remote": self.remote},
            "environ": self.environ,
        }


def run_with_children(runner: ApplyRunner, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `main` while the runner can start processes, none of which outlives it."""

    async def guarded() -> T:
        runner.children = Children("bench", watchdog=False)
        try:
            return await main()
        finally:
            await runner.children.close()

    return asyncio.run(guarded())
