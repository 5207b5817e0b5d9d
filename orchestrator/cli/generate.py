"""`generate tests`: tests for one file without a plan, made by the same code as in a run."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import typer

from orchestrator.change import Change
from orchestrator.errors import UsageError
from orchestrator.handler import ApplyContext, PlanContext
from orchestrator.handlers.test_generation import TestGeneration, TestGenerationTask
from orchestrator.process import Children
from orchestrator.templates import project_templates
from orchestrator.workspace import Workspace


def tests(target: Path, out: Path | None, project: Path, *, dry_run: bool) -> int:
    """Generate tests; return the exit code.

    :raises TaskError: when there are none to generate.
    """
    root = project.resolve()
    path = _inside(target, root)
    task = TestGenerationTask(
        id="generate",
        name="generate",
        type="test_generation",
        target=path,
        test_file=_inside(out, root) if out else _beside(path, is_directory=target.is_dir()),
        priority="high",
    )
    workspace, handler = Workspace(root), TestGeneration()
    change = handler.plan(task, PlanContext(files=workspace, templates=project_templates(root), environ=os.environ))
    if change.is_empty or dry_run:
        typer.echo(f"{task.test_file}: {change.summary}")
        return 0
    typer.echo(f"{task.test_file}: {asyncio.run(_generate(handler, task, change, workspace))}")
    return 0


async def _generate(handler: TestGeneration, task: TestGenerationTask, change: Change, workspace: Workspace) -> str:
    children = Children("generate")

    async def command(
        argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: Callable[[bytes], None] | None = None
    ) -> int:
        ended = await children.run(argv, cwd=cwd, env=env, output=output or _ignore)
        return ended.code if ended.code is not None else -(ended.signal or 0)

    with tempfile.TemporaryDirectory(prefix="orchestrate-") as directory:
        context = ApplyContext(
            root=workspace.root,
            files=workspace,
            environ=os.environ,
            command=command,
            lasting=command,
            log=lambda line: typer.echo(line, err=True),
            artifacts=lambda: Path(directory),
        )
        try:
            applied = await handler.apply(task, change, context)
        finally:
            await children.close()
    return applied.summary or ""


def _ignore(_chunk: bytes) -> None:
    """Drop what a command prints: what matters of it comes back in its reports."""


def _inside(file: Path, root: Path) -> str:
    """Return the path of a file relative to the project."""
    path = os.path.relpath(file.resolve(), root).replace(os.sep, "/")
    if path.startswith(".."):
        raise UsageError(
            "usage/bad-option", f"`{file}` is not in the project `{root}`", hint="name the project with --project"
        )
    return path


def _beside(target: str, *, is_directory: bool) -> str:
    """Return where tests of a file or directory go when nobody says: beside it, where its runner looks for them."""
    path = PurePosixPath(target)
    if is_directory:
        return str(path / "__tests__" / f"{path.name}.test.ts")
    python = path.parent / "tests" / f"test_{path.name}"
    other = path.parent / "__tests__" / f"{path.stem}.test{path.suffix}"
    return str(python if path.suffix == ".py" else other)
