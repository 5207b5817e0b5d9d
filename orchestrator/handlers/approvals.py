"""The part of an approval gate that GitHub keeps: read by a plan, written when the plan is applied.

Never takes a rule away. Where nothing can be asked of GitHub, a person is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from orchestrator.change import Change
from orchestrator.edits.approval import Approval
from orchestrator.errors import TaskError
from orchestrator.handler import Answer, ApplyContext, PlanContext
from orchestrator.integrations import git
from orchestrator.integrations.github import MOST_REVIEWERS, Protection, Repository, Unreachable

MARK: Final = "GitHub: "
"""Actions that tell GitHub something begin with this."""


def foresee(change: Change, approval: Approval, context: PlanContext) -> Change:
    """Return the change of the file with what else is needed: an action on GitHub, or a question to a person.

    :raises TaskError: when GitHub does not answer, or what is asked for is not possible.
    """
    _heed(context.answer)
    remote, host = context.facts().get("remote"), context.facts().get("host")
    try:
        repository = Repository.known_to(context.environ, remote, host)
    except Unreachable as error:
        return _ask(change, approval, context, str(error))
    current = _read(repository, approval)
    missing = list(_missing(approval, current))
    if not missing:
        return replace(change, summary=f"{change.summary}; GitHub asks before `{approval.environment}`")
    if why := _obstacle(approval, current):
        if context.answer is not None:
            message = f"on GitHub, `{approval.environment}` still does not {', nor '.join(missing)}"
            raise TaskError("task/failed", message, hint=_instructions(approval, context.environ, remote))
        return _ask(change, approval, context, why)
    _merged(repository, approval, current)  # whoever cannot be added is found out now
    action = f"{MARK}let `{approval.environment}` {', '.join(missing)}"
    return replace(change, summary=f"{change.summary}; {action}", actions=(*change.actions, action))


async def enforce(approval: Approval, context: ApplyContext) -> None:
    """Add to GitHub's rules of the environment what is missing.

    :raises TaskError: when GitHub refuses.
    """
    facts = git.facts(context.root)
    await asyncio.to_thread(_write, approval, context.environ, facts.get("remote"), facts.get("host"))


def _write(approval: Approval, environ: Mapping[str, str], remote: str | None, host: str | None) -> None:
    try:
        repository = Repository.known_to(environ, remote, host)
        wanted = _merged(repository, approval, _read(repository, approval))
        made = repository.protect(approval.environment, wanted)
    except Unreachable as error:
        hint = _instructions(approval, environ, remote) if error.status in (403, 404, 422) else None
        if hint is not None:
            hint = f"use a token that may administer the repository, or do it by hand. {hint}"
        raise TaskError("task/failed", str(error), hint=hint, retryable=error.passes) from None
    if lost := list(_missing(approval, made)):
        raise TaskError("task/failed", f"GitHub took it, but `{approval.environment}` does not {', nor '.join(lost)}")


def _read(repository: Repository, approval: Approval) -> Protection:
    try:
        return repository.protection(approval.environment) or Protection()
    except Unreachable as error:
        raise TaskError("task/failed", str(error), retryable=error.passes) from None


def _merged(repository: Repository, approval: Approval, current: Protection) -> Protection:
    known = {reviewer.name.lower() for reviewer in current.reviewers}
    try:
        new = [repository.reviewer(name) for name in approval.reviewers if name.lower() not in known]
    except Unreachable as error:
        hint = "is there such a person or team, and may the token see it?" if error.status == 404 else None
        raise TaskError("task/failed", str(error), hint=hint, retryable=error.passes) from None
    merged = current.stricter(new, approval.wait_timer, approval.prevent_self_review)
    if len(merged.reviewers) > MOST_REVIEWERS:
        names = ", ".join(f"`{reviewer.name}`" for reviewer in current.reviewers)
        message = f"`{approval.environment}` would have {len(merged.reviewers)} reviewers, and GitHub takes six"
        raise TaskError("task/refused", message, hint=f"it has {names}; name a team instead of people")
    return merged


def _missing(approval: Approval, current: Protection) -> Iterator[str]:
    """Yield what the environment does not do yet, as verbs."""
    known = {reviewer.name.lower() for reviewer in current.reviewers}
    asked = [name for name in approval.reviewers if name.lower() not in known]
    if asked:
        yield f"ask {' or '.join(f'`{name}`' for name in asked)}"
    elif not known:
        yield "ask anybody"
    if (approval.wait_timer or 0) > current.wait_timer:
        yield f"wait {approval.wait_timer} minutes"
    if approval.prevent_self_review and not current.prevent_self_review:
        yield "prevent self-review"


def _obstacle(approval: Approval, current: Protection) -> str | None:
    """Return why a person has to do it although GitHub can be reached."""
    if not (approval.reviewers or current.reviewers):
        return "the plan names no `reviewers`"
    if not current.admins_may_bypass:
        return "GitHub's API would let administrators bypass the rules again"
    return None


def _ask(change: Change, approval: Approval, context: PlanContext, why: str) -> Change:
    if context.answer is not None:
        return replace(change, summary=f"{change.summary}; approved by {context.answer.by}")
    instructions = _instructions(approval, context.environ, context.facts().get("remote"))
    asks = f"{instructions}\nThis cannot be done from here: {why}."
    return replace(change, asks=f"{change.asks}\n\n{asks}" if change.asks else asks)


def _heed(answer: Answer | None) -> None:
    if answer is not None and answer.decision == "rejected":
        comment = f": {answer.comment}" if answer.comment else ""
        raise TaskError("task/rejected", f"rejected by {answer.by}{comment}")


def _instructions(approval: Approval, environ: Mapping[str, str], remote: str | None) -> str:
    server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return approval.instructions(f"{server}/{remote}" if remote else None)
