"""`test_generation`: tests that would be missed if they were deleted, made from what the code does and proven."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from orchestrator.change import Change, FileEdit, Outcome
from orchestrator.errors import TaskError
from orchestrator.generation import ownership
from orchestrator.generation.python.foreseen import foresee as foresee_python
from orchestrator.generation.request import Request
from orchestrator.generation.result import Generated
from orchestrator.generation.typescript.foreseen import foresee as foresee_typescript
from orchestrator.generation.typescript.graphql import schema_in
from orchestrator.generation.typescript.modules import sources_in, untested_in
from orchestrator.generation.typescript.nodes import Nodes
from orchestrator.handler import WHOLE_PROJECT, Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.plan.fields import Count, ProjectPath
from orchestrator.plan.model import Task
from orchestrator.workspace import FileView, Workspace

_KINDS: Final = {
    "typescript": {"unit", "route", "config", "graphql", "e2e"},
    "javascript": {"unit", "route", "config", "graphql"},
    "python": {"unit", "route", "config"},
}
_COMMENTS: Final = {"typescript": "//", "javascript": "//", "python": "#"}
_NOT_OURS: Final = {
    "person": "`{}` was written by a person and stays as it is",
    "edited": "`{}` was generated and then changed by a person; it stays as it is",
    "current": "`{}` fits its target",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TestGenerationTask(Task):
    """Tests for a file or a directory."""

    type: Literal["test_generation"]
    target: ProjectPath
    """What is tested."""
    test_file: ProjectPath
    """Where the tests go."""
    language: Literal["typescript", "javascript", "python"] | None = None
    """Absent: Python where the target is a `.py` file, else TypeScript."""
    test_type: Literal["unit", "route", "config", "graphql", "e2e"] = "unit"
    estimated_cases: Count | None = None
    """A hint; never a number to reach."""

    @property
    def written_in(self) -> str:
        """The language, said or seen."""
        return self.language or ("python" if self.target.endswith(".py") else "typescript")


class TestGeneration(FileHandler):
    """Generates where nobody else has written; what cannot be covered yet is shown, and fails when it is run."""

    type = "test_generation"
    model = TestGenerationTask
    runs_project_code = True

    def __init__(self) -> None:
        self._nodes = Nodes()

    def claims(self, task: TestGenerationTask) -> Claims:
        reads = WHOLE_PROJECT if task.test_type == "e2e" else task.target
        return Claims(reads=(reads,), writes=(task.test_file,))

    def plan(self, task: TestGenerationTask, context: PlanContext) -> Change:
        uncovered = _uncovered(task, context.files)
        if uncovered is not None:
            return Change(f"{uncovered} are not covered yet", actions=(f"test `{task.target}`",), exact=False)
        target = _target(task, context.files)
        owner = ownership.owner_of(_text(context.files, task.test_file), target)
        if owner in _NOT_OURS and not (owner == "current" and _may_verify(context)):
            unverified = "; it was generated, not verified" if context.previous.get("needs") else ""
            return Change(_NOT_OURS[owner].format(task.test_file) + unverified)
        if task.test_type == "e2e":
            summary = "a flow through the application, run where its services are named"
            return Change(summary, actions=(f"generate `{task.test_file}`",), exact=False)
        functions, cases = _foreseen(task, target)
        if not functions:
            return Change("finds no function or class", actions=(f"test `{task.target}`",), exact=False)
        summary = f"about {cases} cases for {_counted(functions)}"
        return Change(summary, actions=(f"generate `{task.test_file}` from `{task.target}`",), exact=False)

    async def apply(self, task: TestGenerationTask, _change: Change, context: ApplyContext) -> Applied:
        uncovered = _uncovered(task, context.files)
        if uncovered is not None:
            hint = "functions and classes are"
            raise TaskError("generation/not-covered", f"{uncovered} are not covered yet", hint=hint)
        target = _target(task, context.files)
        before = context.files.read(task.test_file)
        schema = schema_in(task.target, context.files) if context.files.is_directory(task.target) else ()
        request = request_of(task, context.root, _modules(task, context.files), has_schema=bool(schema))
        made = await self._generated(task, request, context)
        if _target(task, context.files) != target:
            raise TaskError("task/conflict", f"`{task.target}` changed while it was tested", retryable=True)
        text = ownership.mark(made.text, target, _COMMENTS[task.written_in])
        edit = FileEdit(task.test_file, before, text.encode())  # what somebody wrote meanwhile is not overwritten
        Workspace(context.root).apply([edit], f".{os.getpid()}.tmp")
        for line in report_of(made, task.estimated_cases):
            context.log(line)
        status: Outcome = "unverifiable" if made.needs else "succeeded"
        return Applied(summary_of(made), status, evidence=_evidence(made))

    async def _generated(self, task: TestGenerationTask, request: Request, context: ApplyContext) -> Generated:
        if task.written_in == "python":
            from orchestrator.generation.python.pipeline import generate

            return await generate(request, context.command, context.artifacts(), context.log, context.environ)
        from orchestrator.generation.typescript.flow_pipeline import generate as generate_flow
        from orchestrator.generation.typescript.pipeline import generate as generate_typescript

        made = generate_flow if task.test_type == "e2e" else generate_typescript
        return await made(request, context.lasting, context.artifacts(), context.log, context.environ, self._nodes)


def request_of(
    task: TestGenerationTask, root: Path, modules: tuple[str, ...] = (), *, has_schema: bool = False
) -> Request:
    """Return what a task asks of the generator."""
    return Request(
        root=root,
        target=task.target,
        test_file=task.test_file,
        modules=modules,
        has_schema=has_schema,
        words=f"{task.name} {task.description}",
        kind=task.test_type,
        priority=task.priority,
        estimated_cases=task.estimated_cases,
    )


def summary_of(made: Generated) -> str:
    """Return what was generated, in one line."""
    if made.needs:
        return f"generated, not verified: needs {' and '.join(f'`{name}`' for name in made.needs)}"
    if made.is_flow:
        return f"held against the services: {made.funnel.kept} case{'s' * (made.funnel.kept != 1)}"
    score = f", {made.killed} of {made.mutants} mutants noticed" if made.mutants else ""
    return f"{made.funnel.kept} cases: {made.after or 'coverage unknown'}{score}"


def report_of(made: Generated, estimated: int | None) -> list[str]:
    """Return what a person may want to know of a generated file."""
    lines = [str(made.funnel), f"before: {made.before or 'not covered'}", f"after: {made.after or 'unknown'}"]
    if estimated is not None:
        lines.append(f"{made.funnel.kept} cases where {estimated} were estimated")
    lines.append(f"{made.killed} of {made.mutants} mutants noticed, in {made.seconds:g} s")
    if made.is_truncated:
        lines.append("the clock ended the search early; a quieter machine may find more")
    return [*lines, *(f"look at: {one}" for one in made.suspicious)]


def _foreseen(task: TestGenerationTask, text: str) -> tuple[tuple[str, ...], int]:
    """Return the functions that tests will be about, and about how many cases they need."""
    return foresee_python(text, task.target) if task.written_in == "python" else foresee_typescript(text)


def _counted(functions: tuple[str, ...]) -> str:
    """Return how many functions and routes there are, in words."""
    operations = sum(name.startswith(("query ", "mutation ")) for name in functions)
    routes = sum(" " in name for name in functions) - operations
    counts = {"function": len(functions) - routes - operations, "route": routes, "operation": operations}
    return " and ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items() if count)


def _uncovered(task: TestGenerationTask, files: FileView) -> str | None:
    """Return what there is no generator for yet, in words that `are not covered yet` can follow."""
    if task.test_type not in _KINDS[task.written_in]:
        return f"tests of the kind `{task.test_type}`"
    return "directories" if files.is_directory(task.target) and task.written_in == "python" else None


def _modules(task: TestGenerationTask, files: FileView) -> tuple[str, ...]:
    """Return the files that a directory stands for, none for a target that is a file.

    :raises TaskError: when there is nothing to test in it.
    """
    if task.test_type == "e2e" or not files.is_directory(task.target):
        return ()
    return schema_in(task.target, files) or untested_in(task.target, task.test_file, files)


def _target(task: TestGenerationTask, files: FileView) -> str:
    """Return the text of the target: of a directory, all that is tested of it.

    :raises TaskError: when there is none.
    """
    modules = sources_in(files) if task.test_type == "e2e" else _modules(task, files)
    if modules:
        return "".join(f"// {path}\n{_text(files, path) or ''}\n" for path in modules)
    text = _text(files, task.target)
    if text is None or not text.strip():
        reason = "does not exist" if text is None else "is empty"
        raise TaskError("generation/target-missing", f"the target `{task.target}` {reason}")
    return text


def _may_verify(context: PlanContext) -> bool:
    """Say whether what could not be verified the last time can be now."""
    needs = context.previous.get("needs") or ()
    return bool(needs) and all(context.environ.get(name) for name in needs)


def _text(files: FileView, path: str) -> str | None:
    content = files.read(path)
    if content is None:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise TaskError("generation/target-missing", f"`{path}` is not UTF-8 text") from None


def _evidence(made: Generated) -> dict[str, Any]:
    return {
        "needs": list(made.needs),
        "kept": made.funnel.kept,
        "proposed": made.funnel.proposed,
        "dropped": made.funnel.dropped,
    }
