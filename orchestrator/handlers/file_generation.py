"""`file_generation`: files from templates. What a person changed is never overwritten silently."""

from __future__ import annotations

import posixpath
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orchestrator.change import Change, FileEdit, digest
from orchestrator.errors import TaskError
from orchestrator.handler import Claims, FileHandler, PlanContext
from orchestrator.plan.fields import ProjectPath, TemplateName
from orchestrator.plan.model import Task
from orchestrator.templates import Templates
from orchestrator.workspace import FileView

OnConflict = Literal["keep", "overwrite", "backup", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGenerationTask(Task):
    """Files from templates."""

    type: Literal["file_generation"]
    target: ProjectPath
    """A directory (ending in `/`), or the file itself when there is one template."""
    templates: tuple[TemplateName, ...]
    """Names of templates: of the project's `templates/`, else shipped."""
    on_conflict: OnConflict = "keep"
    """What happens to an existing file that differs from what would be generated."""

    def __post_init__(self) -> None:
        if not self.templates:
            raise ValueError("name at least one template")

    def outputs(self) -> dict[str, str]:
        """Return template name -> path of the file it makes."""
        if len(self.templates) == 1 and not self.target.endswith("/"):
            return {self.templates[0]: posixpath.normpath(self.target)}
        return {name: posixpath.normpath(posixpath.join(self.target, name)) for name in self.templates}


class FileGeneration(FileHandler):
    """Renders templates over the facts of the project."""

    type = "file_generation"
    model = FileGenerationTask

    def claims(self, task: FileGenerationTask) -> Claims:
        outputs = task.outputs().values()
        backups = [_backup_name(path) for path in outputs] if task.on_conflict == "backup" else []
        return Claims(writes=(*outputs, *backups))

    def sources(self, task: FileGenerationTask, templates: Templates) -> Sequence[str]:
        return [templates.source(name) or "" for name in task.templates]

    def plan(self, task: FileGenerationTask, context: PlanContext) -> Change:
        known = context.previous.get("generated", {})
        texts = context.previous.get("texts", {})
        edits: list[FileEdit] = []
        kept: list[str] = []
        generated: dict[str, str] = {}
        rendered: dict[str, str] = {}
        for name, path in task.outputs().items():
            text = context.templates.render(name, _context(task, context))
            made = text.encode()
            generated[path], rendered[path] = str(digest(made)), text
            current = context.files.read(path)
            if current is None or digest(current) == known.get(path):  # then nobody's work is lost
                wanted: bytes | None = made
            else:
                wanted = _resolve(task, path, current, made, texts.get(path), edits, context.files)
            if wanted is None:
                kept.append(path)
            elif wanted != current:
                edits.append(FileEdit(path, current, wanted))
        return Change(
            _summary(edits, kept),
            tuple(edits),
            warnings=tuple(f"kept `{path}`, which differs from its template" for path in kept),
            evidence={"generated": generated, **({"texts": rendered} if task.on_conflict == "merge" else {})},
        )


def _context(task: FileGenerationTask, context: PlanContext) -> dict[str, Any]:
    about = {"id": task.id, "name": task.name, "description": task.description, "target": task.target}
    return {"task": about, "variables": context.variables, "facts": context.facts()}


def _resolve(
    task: FileGenerationTask,
    path: str,
    current: bytes,
    made: bytes,
    base: str | None,
    edits: list[FileEdit],
    files: FileView,
) -> bytes | None:
    """Return what a file that differs becomes, None to keep it."""
    if current == made:
        return made
    match task.on_conflict:
        case "keep":
            return None
        case "overwrite":
            return made
        case "backup":
            _back_up(path, current, files, edits)
            return made
        case "merge":
            return _merge(path, current, made, base)


def _back_up(path: str, current: bytes, files: FileView, edits: list[FileEdit]) -> None:
    backup = _backup_name(path)
    earlier = files.read(backup)
    if earlier is None:
        edits.append(FileEdit(backup, None, current, files.mode(path)))
    elif earlier != current:
        raise TaskError("task/refused", f"`{backup}` already holds an earlier backup", hint="move it away")


def _merge(path: str, current: bytes, made: bytes, base: str | None) -> bytes:
    """Return the three-way merge of a person's file and the new text, over what was generated last."""
    if base is None:
        hint = "delete or rename the file, or use another `on_conflict`"
        raise TaskError("task/refused", f"`{path}` exists, and nothing tells what was generated before", hint=hint)
    with tempfile.TemporaryDirectory() as directory:
        names = []
        for name, content in (("yours", current), ("before", base.encode()), ("template", made)):
            Path(directory, name).write_bytes(content)
            names.append(name)
        try:
            merged = subprocess.run(
                ["git", "merge-file", "-p", *names], cwd=directory, capture_output=True, check=False
            )
        except OSError:
            raise TaskError("environment/missing-tool", "merging needs `git` on PATH") from None
    if merged.returncode != 0:
        hint = "take over the template's change by hand, or use another `on_conflict`"
        raise TaskError("task/refused", f"`{path}` and its template changed in the same places", hint=hint)
    return merged.stdout


def _backup_name(path: str) -> str:
    return f"{path}.orig"


def _summary(edits: Sequence[FileEdit], kept: Sequence[str]) -> str:
    parts = []
    new = sum(edit.before is None for edit in edits)
    if new:
        parts.append(f"creates {new} file{'s' * (new > 1)}")
    if len(edits) > new:
        parts.append(f"rewrites {len(edits) - new}")
    if kept:
        parts.append(f"keeps {len(kept)} that differ{'s' * (len(kept) == 1)}")
    return ", ".join(parts) or "already generated"
