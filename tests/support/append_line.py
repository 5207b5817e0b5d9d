"""A task type from outside: adds a line to a file of the project. What a plugin's author would write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orchestrator.change import Change, FileEdit
from orchestrator.handler import Applied, ApplyContext, Claims, PlanContext
from orchestrator.plan.fields import ProjectPath, Text
from orchestrator.plan.model import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendLineTask(Task):
    """A line that a file must have."""

    type: Literal["append_line"]
    target: ProjectPath
    line: Text


class AppendLine:
    """Reads the whole file and writes it back longer: two at once would lose one of the lines."""

    type = "append_line"
    model = AppendLineTask

    def claims(self, task: AppendLineTask) -> Claims:
        return Claims(writes=(task.target,))

    def sources(self, _task: AppendLineTask, _templates: Any) -> Sequence[str]:
        return ()

    def plan(self, task: AppendLineTask, context: PlanContext) -> Change:
        before = context.files.read(task.target) or b""
        if task.line.encode() in before.splitlines():
            return Change("the line is there")
        after = before + task.line.encode() + b"\n"
        return Change("adds a line", (FileEdit(task.target, before or None, after),))

    async def apply(self, _task: AppendLineTask, _change: Change, _context: ApplyContext) -> Applied:
        return Applied()


def install(directory: Path, **entry_points: str) -> str:
    """Make a distribution as an installer would leave it; return the PYTHONPATH that finds it."""
    metadata = directory / "third_party-1.0.dist-info"
    metadata.mkdir(parents=True)
    metadata.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in entry_points.items()]
    metadata.joinpath("entry_points.txt").write_text("\n".join(["[orchestrator.handlers]", *lines, ""]))
    return os.pathsep.join([str(directory), str(Path(__file__).parent)])
