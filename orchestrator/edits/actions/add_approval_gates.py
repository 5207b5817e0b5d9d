"""`add_approval_gates`: a job uses an environment, so that GitHub can ask people before it runs.

The file can only name the environment. Whom GitHub asks is no part of it: that goes back as an `Approval`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions.parameters import AddApprovalGates
from orchestrator.edits.approval import Approval
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Mutation, Path, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Workflow, refuse_expression

PRODUCTION: Final = "production"
"""What is deployed to where neither the plan nor the file says it."""

_ALSO: Final = {"production": {"prod", "live"}, "staging": {"stage"}}
_ROLLOUT: Final = {"deploy", "deployment", "release", "rollout", "publish", "promote", "ship"}


def add_approval_gates(document: Document, parameters: AddApprovalGates) -> Edited | Satisfied:
    """Let the jobs that deploy use an environment that GitHub asks people about.

    :raises Refusal: when it is not plain which jobs these are, or when one cannot have that environment.
    """
    workflow = Workflow.of(document)
    jobs = _chosen(workflow, parameters)
    environment = _environment(jobs, parameters)
    approval = Approval(environment, parameters.reviewers, parameters.wait_timer, parameters.prevent_self_review)
    changes = {job.id: list(_gate(job, environment, parameters.url)) for job in jobs}
    told = f"{' and '.join(f'`{name}`' for name in changes)} under the environment `{environment}`"
    mutations = [mutation for found in changes.values() for mutation in found]
    if not mutations:
        return Satisfied(f"{told} already", approval=approval)
    warnings = [_oidc(job) for job in jobs if "environment" not in job.data and _asks_for_identity(job)]
    return Edited(edited(document, mutations), f"puts {told}", tuple(warnings), approval)


def _chosen(workflow: Workflow, parameters: AddApprovalGates) -> Sequence[Job]:
    """Return the jobs that `job` names, else the one that looks as if it deployed there."""
    if parameters.job is not None:
        return workflow.select_jobs(parameters.job)
    environment = parameters.environment or PRODUCTION
    found = [job for job in workflow.jobs.values() if _is_for(job, environment)]
    found = [job for job in found if _words(job) & _ROLLOUT] or found
    if not found:
        message = f"no job looks as if it deployed to `{environment}`"
        place = workflow.document.location(("jobs",))
        raise Refusal("edit/no-match", message, hint=workflow.job_hint(), location=place)
    if len(found) > 1:
        names = ", ".join(f"`{job.id}`" for job in found)
        message = f"several jobs look as if they deployed to `{environment}`: {names}"
        raise Refusal("edit/ambiguous", message, hint="name one with `job`", location=found[1].location)
    return found


def _is_for(job: Job, environment: str) -> bool:
    known = {environment.lower(), *_ALSO.get(environment.lower(), ())}
    there = _name_of(job.data.get("environment")) or ""
    return there.lower() == environment.lower() or bool(_words(job) & known)


def _words(job: Job) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", f"{job.id} {job.data.get('name') or ''}".lower()))


def _environment(jobs: Sequence[Job], parameters: AddApprovalGates) -> str:
    """Return the environment's name: as the plan says, else as the jobs say, else `production` for jobs called so."""
    if parameters.environment is not None:
        refuse_expression(parameters.environment, jobs[0].location, "`environment`")
        return parameters.environment
    names = {_name_of(job.data.get("environment")) for job in jobs} - {None}
    if not names and all(_is_for(job, PRODUCTION) for job in jobs):
        return PRODUCTION
    if len(names) != 1:
        message = "the jobs use different environments" if names else "nothing tells where the job deploys to"
        raise Refusal("edit/missing-parameter", message, hint="say it with `environment`", location=jobs[0].location)
    return str(names.pop())


def _gate(job: Job, environment: str, url: str | None) -> Iterator[Mutation]:
    """Yield what the job lacks."""
    if job.is_reusable_call:
        message = f"the job `{job.id}` uses another workflow, and cannot have an environment"
        place = job.document.location((*job.path, "uses"))
        raise Refusal("edit/conflict", message, hint=f"add it to the jobs of `{job.data['uses']}`", location=place)
    path: Path = (*job.path, "environment")
    if "environment" not in job.data:
        last = next((key for key in ("if", "runs-on", "needs", "name") if key in job.data), None)
        yield Add(path, {"name": environment, "url": url} if url else environment, after=last)
        return
    there = job.data["environment"]
    _check_name(job, there, environment)
    if url is None or (isinstance(there, dict) and there.get("url") == url):
        return
    if not isinstance(there, dict):
        yield Set(path, {"name": there, "url": url})
    elif "url" in there:
        yield Set((*path, "url"), url)
    else:
        yield Add((*path, "url"), url)


def _check_name(job: Job, there: Any, environment: str) -> None:
    place = job.document.location((*job.path, "environment"))
    hint = f"write `environment: {environment}`"
    if there is None:
        raise Refusal("edit/null", f"the job `{job.id}` has `environment` without a value", hint=hint, location=place)
    name = _name_of(there)
    if name is None:
        message = f"the `environment` of the job `{job.id}` has no name"
        raise Refusal("edit/wrong-shape", message, hint=hint, location=place)
    refuse_expression(name, place, f"the environment of the job `{job.id}`")
    if name.lower() != environment.lower():  # GitHub knows no difference
        message = f"the job `{job.id}` uses the environment `{name}`, not `{environment}`"
        raise Refusal("edit/conflict", message, hint=f"protect that one with `environment: {name}`", location=place)


def _name_of(there: Any) -> str | None:
    name = there.get("name") if isinstance(there, dict) else there
    return name if isinstance(name, str) else None


def _asks_for_identity(job: Job) -> bool:
    granted = job.data.get("permissions", job.document.data.get("permissions"))
    return granted == "write-all" or (isinstance(granted, dict) and granted.get("id-token") == "write")


def _oidc(job: Job) -> str:
    return f"`{job.id}` asks for an OIDC token, whose subject now names the environment: tell those who trust it"
