"""`remove_continue_on_error`: what fails, fails the build.

A failure is hidden by the key `continue-on-error`, by a command's own flag, or by `|| true`. Where nobody said which
of these are meant, only those count that hide a check: `docker stop db || true` hides nothing that anybody waits for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from orchestrator.edits.actions.parameters import RemoveContinueOnError
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Mutation, Path, Remove, Set
from orchestrator.edits.programs import is_check
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Command, Script
from orchestrator.edits.workflow import Job, Step, Workflow, bare_condition, refuse_expression

_KEY: Final = "continue-on-error"
_FLAG: Final = re.compile(r"--(?:continue-on-error|exit-zero|soft-fail)(?:=true)?")
_BESIDES: Final = re.compile(
    r"download|upload|cache|notif|slack|discord|teams|comment|label|codecov|coveralls|cleanup|artifact", re.IGNORECASE
)
_READ: Final = r"steps\.{}\.(outcome|conclusion)"


class _Piece(NamedTuple):
    """A piece of a script that hides a failure: its flag with the blank before it, or `|| true`."""

    start: int
    end: int
    text: str
    command: Command | None
    hides_check: bool
    is_plain: bool
    """Whether nothing else depends on it."""


def remove_continue_on_error(document: Document, parameters: RemoveContinueOnError) -> Edited | Satisfied:
    """Take out what hides failures.

    :raises Refusal: when GitHub computes whether a failure counts, or the places that are named do not exist.
    """
    workflow = Workflow.of(document)
    jobs = workflow.select_jobs(parameters.job)
    steps = _steps(workflow, jobs, parameters)
    found: list[Mutation | str] = []
    if not parameters.kinds or "key" in parameters.kinds:
        holders: list[Job | Step] = [*(() if parameters.step or parameters.command else jobs), *steps]
        found += [each for holder in holders for each in _key(holder, parameters)]
    found += [each for step in steps for each in _script(step, parameters)]
    mutations = [each for each in found if not isinstance(each, str)]
    warnings = tuple(each for each in found if isinstance(each, str))
    if not mutations:
        return Satisfied("nothing hides a failing check", warnings)
    lines = sorted({document.location(mutation.path).line for mutation in mutations})
    told = f"lets failures count (line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))})"
    return Edited(edited(document, mutations), told, warnings)


def _steps(workflow: Workflow, jobs: Sequence[Job], parameters: RemoveContinueOnError) -> Sequence[Step]:
    steps: Sequence[Step] = [step for job in jobs for step in job.steps]
    if parameters.step is not None:
        found = workflow.select_steps(parameters.step, jobs)
        steps = [workflow.one_step(found, "step is what `step` says", hint="say more of it, or which `job`")]
    wanted = _tried(parameters.command)
    if wanted is None:
        return steps
    steps = [step for step in steps if wanted in step.run]
    if not steps:
        place = workflow.document.location(("jobs",))
        message = f"no step runs `{wanted}`"
        raise Refusal("edit/no-match", message, hint="`command` is a part of a step's `run`", location=place)
    return steps


def _tried(command: str | None) -> str | None:
    """Return a command that a plan names, without the `|| true` that may have been copied with it."""
    return command and command.partition("||")[0].strip()


def _key(holder: Job | Step, parameters: RemoveContinueOnError) -> Iterator[Mutation | str]:
    """Yield the removal of the key, and what is to be told about it."""
    path = (*holder.path, _KEY)
    value = holder.data.get(_KEY)
    if str(value).lower() in ("none", "false"):
        return
    place = holder.document.location(path)
    refuse_expression(value, place, "whether a failure counts here")
    reason = "" if _is_explicit(parameters) or isinstance(holder, Job) else _need(holder)
    if reason:
        yield f"line {place.line}: `{_KEY}` stays: {reason}; to take it out, name the `step`"
        return
    holder.document.guard(path)
    comment = holder.document.comments(path).strip()
    if comment:
        yield f"line {place.line}: a comment explained `{_KEY}`: {' '.join(comment.split())}"
    yield Remove(path)


def _is_explicit(parameters: RemoveContinueOnError) -> bool:
    return bool(parameters.kinds or parameters.step or parameters.command)


def _need(step: Step) -> str:
    """Return why the job relies on a step that may fail, nothing where it does not."""
    reader = re.compile(_READ.format(re.escape(str(step.data.get("id")))))
    for path, text in _texts(step.job.data, step.job.path):
        if reader.search(text):
            return f"line {step.document.location(path).line} asks how the step ended"
    if _is_aftermath(step):
        return "the step also runs after a failure"
    return f"`{step.action}` checks nothing" if _BESIDES.search(step.action) else ""


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _texts(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from _texts(item, (*path, index))
        case str():
            yield path, value


def _script(step: Step, parameters: RemoveContinueOnError) -> Iterator[Mutation | str]:
    """Yield what the script becomes without what hides failures, and what is to be told about what stays."""
    if step.script is None:
        return
    kinds = parameters.kinds or ("flag", "or_true")
    pieces = [
        *(_flags(step.script) if "flag" in kinds else ()),
        *(_fallbacks(step.script) if "or_true" in kinds else ()),
    ]
    taken = [piece for piece in pieces if _is_meant(piece, step, parameters)]
    for piece in pieces:
        if piece not in taken and piece.hides_check and parameters.command is None:
            reason = "the step also runs after a failure" if _is_aftermath(step) else "more than a check depends on it"
            line = step.place_of(piece.start).line
            yield f"line {line}: `{piece.text}` stays: {reason}; to take it out, name the `command`"
    if taken:
        yield Set((*step.path, "run"), step.script.replaced([(piece.start, piece.end, "") for piece in taken]))


def _flags(script: Script) -> Iterator[_Piece]:
    for command in script.commands:
        for before, word in zip(command.words, command.words[1:], strict=False):
            if _FLAG.fullmatch(word.text):
                yield _Piece(before.end, word.end, word.text, command, hides_check=True, is_plain=True)


def _fallbacks(script: Script) -> Iterator[_Piece]:
    for found in script.fallbacks:
        text = " ".join(script.text[found.start : found.end].replace("\\\n", " ").split())
        hidden = [command for command in script.commands if found.since <= command.start < found.start]
        is_plain = found.is_plain and found.command is not None and is_check(found.command)
        yield _Piece(found.start, found.end, text, found.command, any(map(is_check, hidden)), is_plain)


def _is_meant(piece: _Piece, step: Step, parameters: RemoveContinueOnError) -> bool:
    wanted = _tried(parameters.command)
    if wanted is not None:
        return piece.command is not None and wanted in step.run[piece.command.start : piece.end]
    return _is_explicit(parameters) or (piece.hides_check and piece.is_plain and not _is_aftermath(step))


def _is_aftermath(step: Step) -> bool:
    """Say whether a step cleans up after others, however these ended."""
    return bool(re.search(r"\b(always|failure|cancelled)\(\)", bare_condition(step.data.get("if")) or ""))
