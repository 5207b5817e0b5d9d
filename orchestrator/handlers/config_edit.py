"""`config_edit`: changes one thing in configuration files that people wrote, and no byte beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from msgspec.structs import replace

from orchestrator import globs
from orchestrator.change import Change, FileEdit, digest
from orchestrator.edits.actions import recipe_of
from orchestrator.edits.actions.choice import ActionName, Parameters, sort_out
from orchestrator.edits.edit_lists import Edit, make
from orchestrator.edits.recipe import Edited, Recipe, Satisfied, run_recipe
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.errors import TaskError
from orchestrator.handler import Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.handlers import approvals
from orchestrator.plan.fields import ProjectPath, Text, Texts
from orchestrator.plan.model import DERIVED, Task
from orchestrator.workspace import FileView

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEditTask(Task):
    """One thing to change in configuration files: a named `action` with its parameters, or a list of `edits`."""

    type: Literal["config_edit"]
    target: ProjectPath
    """The file, or a pattern for several: all of them can be edited, or none is."""
    action: ActionName | None = None
    """A named edit. Its parameters stand beside it."""
    parameters: Parameters = None
    edits: tuple[Edit, ...] = ()
    """Generic edits, made one after the other."""
    on_missing: Literal["refuse", "warn"] = "refuse"
    """What happens where the file has nothing that is to be edited."""
    verify: Text | Texts | None = None
    """A command that must succeed after the edit. Text goes through `sh -c`; a list is executed directly."""

    def __post_init__(self) -> None:
        if (self.action is None) == (not self.edits):
            raise ValueError("name an `action`, or list `edits`")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        own = {field.name for field in fields(cls)} - DERIVED - {"parameters"}
        return core_schema.no_info_before_validator_function(partial(sort_out, own=own), handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler.resolve_ref_schema(handler(core))
        made["allOf"] = made["properties"].pop("parameters")["allOf"]
        made["oneOf"] = [{"required": ["action"]}, {"required": ["edits"]}]
        made["unevaluatedProperties"] = made.pop("additionalProperties")
        return made


class ConfigEdit(FileHandler):
    """Runs one recipe on one file or on several."""

    type = "config_edit"
    model = ConfigEditTask
    runs_project_code = True

    def claims(self, task: ConfigEditTask) -> Claims:
        return Claims(writes=(globs.base_of(task.target) if globs.is_pattern(task.target) else task.target,))

    def may_ask(self, task: ConfigEditTask) -> bool:
        return task.action == "add_approval_gates"

    def looks_afar(self, task: ConfigEditTask) -> bool:
        return task.action == "add_approval_gates"

    def plan(self, task: ConfigEditTask, context: PlanContext) -> Change:
        missing: list[str] = []
        seen = _look(task, context.files, missing)
        change = _change(seen, missing)
        for each in seen:
            if each.outcome.approval is not None:
                change = approvals.foresee(change, each.outcome.approval, context)
        if task.verify is None or (change.is_empty and _is_verified(task, context)):
            return change
        return replace(change, actions=(*change.actions, f"run: {_shown(task.verify)}"), exact=False)

    async def apply(self, task: ConfigEditTask, change: Change, context: ApplyContext) -> Applied:
        applied = Applied()
        if task.verify is not None:
            await _verify(task.verify, context)
            applied = Applied(evidence={"verified": _fingerprint(task, context.files)})
        if any(action.startswith(approvals.MARK) for action in change.actions):
            for each in _look(task, context.files, []):
                if each.outcome.approval is not None:
                    await approvals.enforce(each.outcome.approval, context)
        return applied


class _Seen(NamedTuple):
    """A file as it was read, and what becomes of it."""

    path: str
    content: bytes
    outcome: Edited | Satisfied


def _look(task: ConfigEditTask, files: FileView, missing: list[str]) -> list[_Seen]:
    """Decide about each file; those that have no place for the edit are told in `missing`.

    :raises TaskError: when one of them cannot be edited; then none is.
    """
    recipe = _recipe(task, files)
    seen = []
    for path in _targets(task.target, files):
        try:
            content = _read(path, files)
            seen.append(_Seen(path, content, run_recipe(recipe, SourceText.read(path, content))))
        except Refusal as refusal:
            if task.on_missing == "refuse" or refusal.code != "edit/no-match":
                # What is kept of a failure is its text, so the place goes into it.
                raise TaskError(refusal.code, _placed(refusal), hint=refusal.hint) from None
            missing.append(_placed(refusal))
    return seen


def _recipe(task: ConfigEditTask, files: FileView) -> Recipe:
    if task.action is not None:
        return recipe_of(task.action, task.parameters, files)
    return partial(make, edits=task.edits)


def _targets(target: str, files: FileView) -> Sequence[str]:
    if not globs.is_pattern(target):
        return [target]
    found = files.match(target)
    if not found:
        raise TaskError("edit/not-a-file", f"`{target}` matches no file")
    return found


def _read(path: str, files: FileView) -> bytes:
    """Return what is in a file.

    :raises Refusal: where there is none.
    """
    try:
        content = files.read(path)
    except TaskError as error:
        raise Refusal("edit/not-a-file", error.message) from None
    if content is None:
        raise Refusal("edit/not-a-file", f"`{path}` does not exist", hint="look at the path, or make the file first")
    if not content.strip():
        raise Refusal("edit/not-a-file", f"`{path}` is empty", hint="write a first line into it")
    return content


def _placed(refusal: Refusal) -> str:
    return f"{refusal.location}: {refusal.message}" if refusal.location is not None else refusal.message


def _change(seen: Sequence[_Seen], missing: Sequence[str]) -> Change:
    edits = tuple(
        FileEdit(path, content, outcome.document.source.encode())
        for path, content, outcome in seen
        if isinstance(outcome, Edited)
    )
    warnings = [
        f"{path}: {warning}" if len(seen) > 1 else warning for path, _, outcome in seen for warning in outcome.warnings
    ]
    return Change(_summary([each.outcome for each in seen]), edits, warnings=(*warnings, *missing))


def _summary(outcomes: Sequence[Edited | Satisfied]) -> str:
    edited = [outcome for outcome in outcomes if isinstance(outcome, Edited)]
    match outcomes:
        case []:
            return "there is nothing to edit"
        case [Satisfied(reason)]:
            return reason
        case _ if not edited:
            return f"all {len(outcomes)} files are as they should be"
        case [_]:
            return edited[0].summary
        case _:
            return f"edits {len(edited)} of {len(outcomes)} files: {edited[0].summary}"


async def _verify(command: str | Sequence[str], context: ApplyContext) -> None:
    argv = ["sh", "-c", command] if isinstance(command, str) else list(command)
    code = await context.command(argv, cwd=context.root, env=context.environ)
    if code != 0:
        how = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
        hint = "the edit is made; put right what the command found, or take the edit back"
        raise TaskError("task/command", f"`{_shown(command)}` {how} after the edit", hint=hint)


def _is_verified(task: ConfigEditTask, context: PlanContext) -> bool:
    """Say whether the command succeeded when these files were as they are now."""
    verified = context.previous.get("verified") if context.is_same_work else None
    return verified is not None and verified == _fingerprint(task, context.files)


def _fingerprint(task: ConfigEditTask, files: FileView) -> str:
    contents = [f"{path}\0{digest(files.read(path))}\0" for path in _targets(task.target, files)]
    return hashlib.sha256("".join(contents).encode()).hexdigest()[:32]


def _shown(command: str | Sequence[str]) -> str:
    return command if isinstance(command, str) else " ".join(command)
