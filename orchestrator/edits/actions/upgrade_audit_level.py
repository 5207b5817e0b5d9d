"""`upgrade_audit_level`: audits of dependencies fail at less severe advisories.

Without a level, audits fail at every advisory, so that a level can only loosen them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from orchestrator.edits.actions.parameters import UpgradeAuditLevel
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Mutation, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Command, Word
from orchestrator.edits.workflow import Step, Workflow
from orchestrator.errors import Location

_LEVELS: Final = ("info", "low", "moderate", "high", "critical", "none")
_AUDITS: Final = (
    (("npm", "audit"), "--audit-level"),
    (("pnpm", "audit"), "--audit-level"),
    (("bun", "audit"), "--audit-level"),
    (("yarn", "npm", "audit"), "--severity"),
)
_NOT_AUDITS: Final = (("npm", "audit", "fix"), ("npm", "audit", "signatures"), ("pnpm", "audit", "signatures"))


class _Audit(NamedTuple):
    """A command that audits."""

    step: Step
    command: Command
    option: str
    level: Word | None

    @property
    def place(self) -> Location:
        return self.step.place_of(self.command.start)

    @property
    def shown(self) -> str:
        return f"`{' '.join(word.text for word in self.command.words[:6])}`"


def upgrade_audit_level(document: Document, parameters: UpgradeAuditLevel) -> Edited | Satisfied:
    """Let every audit fail at least at the level.

    :raises Refusal: when nothing audits, an audit cannot fail, or would fail more seldom than it does.
    """
    workflow = Workflow.of(document)
    audits = _audits(workflow, parameters)
    level = parameters.level
    if level is None:
        hint = "say at which severity audits should fail with `level`, such as `level: high`"
        raise Refusal("edit/missing-parameter", "nothing tells the `level`", hint=hint, location=audits[0].place)
    changes = [(audit, change) for audit in audits if (change := _change(audit, level, parameters.allow_looser))]
    warnings = tuple(warning for audit in audits for warning in _warnings(audit, level, parameters.allow_looser))
    if not changes:
        return Satisfied(f"every audit fails at `{level}`", warnings)
    lines = ", ".join(str(audit.place.line) for audit, _ in changes)
    return Edited(
        edited(document, list(_mutations(changes))), f"lets audits fail at `{level}` (line {lines})", warnings
    )


def _audits(workflow: Workflow, parameters: UpgradeAuditLevel) -> Sequence[_Audit]:
    jobs = workflow.select_jobs(parameters.job)
    steps: Sequence[Step] = [step for job in jobs for step in job.steps]
    if parameters.step is not None:
        found = workflow.select_steps(parameters.step, jobs)
        steps = [workflow.one_step(found, "step is what `step` says", hint="say more of it, or which `job`")]
    audits = [audit for step in steps for audit in _of_step(step)]
    if not audits:
        place = workflow.document.location(("jobs",))
        hint = "an audit is `npm audit`, `pnpm audit`, `yarn npm audit` or `bun audit` in a step's `run`"
        raise Refusal("edit/no-match", "no step audits dependencies", hint=hint, location=place)
    return audits


def _of_step(step: Step) -> Iterator[_Audit]:
    for command in step.script.commands if step.script else ():
        for words, option in _AUDITS:
            if command.begins(*words) and not any(command.begins(*others) for others in _NOT_AUDITS):
                yield _Audit(step, command, option, command.option(option))


def _change(audit: _Audit, level: str, allow_looser: bool) -> tuple[int, int, str] | None:
    """Return what the script becomes where: start, end and the new text.

    :raises Refusal: when the audit cannot fail, or would fail more seldom than it does.
    """
    there = _level_of(audit)
    if audit.step.script is not None and audit.step.script.is_hidden(audit.command):
        hint = "take that out first, with `remove_continue_on_error`"
        raise Refusal("edit/conflict", f"what {audit.shown} finds is ignored (`||`)", hint=hint, location=audit.place)
    if there == level or (there is not None and not allow_looser and _is_stricter(there, level)):
        return None
    if audit.level is not None:
        return audit.level.start, audit.level.end, level
    if level not in _LEVELS[:2] and not allow_looser:
        message = f"{audit.shown} fails at every advisory, and would let those below `{level}` pass"
        hint = "nothing has to be done to be stricter than that; say `allow_looser: true` if it is meant"
        raise Refusal("edit/would-loosen", message, hint=hint, location=audit.place)
    word = next(word for word in audit.command.words if word.text == "audit")
    return word.end, word.end, f" {audit.option}{'=' if audit.option == '--audit-level' else ' '}{level}"


def _level_of(audit: _Audit) -> str | None:
    """Return the level an audit fails at, None where it says none."""
    if audit.level is None or audit.level.text in _LEVELS:
        return audit.level and audit.level.text
    if audit.level.text:
        message = f"the level of {audit.shown} is computed"
        raise Refusal("edit/expression", message, hint="change it where it is computed", location=audit.place)
    message = f"`{audit.option}` has no level"
    hint = f"write `{audit.option}` with one of {', '.join(_LEVELS[:-1])}"
    raise Refusal("edit/wrong-shape", message, hint=hint, location=audit.place)


def _is_stricter(one: str, other: str) -> bool:
    return _LEVELS.index(one) < _LEVELS.index(other)


def _mutations(changes: Sequence[tuple[_Audit, tuple[int, int, str]]]) -> Iterator[Mutation]:
    """Yield what each step runs then."""
    steps = {audit.step.path: audit.step for audit, _ in changes}
    for path, step in steps.items():
        pieces = [change for audit, change in changes if audit.step is step]
        if step.script is not None:
            yield Set((*path, "run"), step.script.replaced(pieces))


def _warnings(audit: _Audit, level: str, allow_looser: bool) -> Iterator[str]:
    there = _level_of(audit)
    line = audit.place.line
    if there is not None and _is_stricter(there, level) and not allow_looser:
        yield f"line {line}: `{there}` is stricter than `{level}`, and stays; to loosen it, say `allow_looser: true`"
    for holder, name in ((audit.step.data, "step"), (audit.step.job.data, "job")):
        if str(holder.get("continue-on-error") or False).lower() != "false":
            yield f"line {line}: the {name} has `continue-on-error`, so that nothing fails"
