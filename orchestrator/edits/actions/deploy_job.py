"""The jobs of a workflow that deploy: which one is meant, what it waits for, and where its keys belong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions.pins import noted
from orchestrator.edits.actions.rollout import placeholders, rollouts
from orchestrator.edits.mutation import Add, Insert, Mutation, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow, is_expression, refuse_expression

HEAD: Final = ("name", "needs", "if", "runs-on", "environment", "concurrency", "permissions", "outputs")
"""How people order the head of a job; `env` and what comes behind it is left out."""
_ALSO: Final = {"production": {"prod", "live"}, "staging": {"stage"}}
_DEPLOYING: Final = {"deploy", "deployment", "release", "rollout", "publish", "promote", "canary", "ship"}


def find_job(workflow: Workflow, pattern: str | None, environment: str) -> Job:
    """Return the one job that `job` names, else the one that looks as if it deployed to an environment.

    :raises Refusal: when it is not plain which one that is.
    """
    if pattern is not None:
        return _one(workflow.select_jobs(pattern), f"several jobs match `{pattern}`")
    jobs = workflow.jobs.values()
    found = [job for job in jobs if is_for(job, environment)]
    found = [job for job in found if words_of(job) & _DEPLOYING] or found
    found = found or [job for job in jobs if words_of(job) & _DEPLOYING and _speaks_of(job, environment)]
    if not found:
        message = f"no job looks as if it deployed to `{environment}`"
        place = workflow.document.location(("jobs",))
        raise Refusal("edit/no-match", message, hint=workflow.job_hint(), location=place)
    return _one(found, f"several jobs look as if they deployed to `{environment}`")


def deploying_jobs(workflow: Workflow, pattern: str | None) -> Sequence[Job]:
    """Return the jobs that match a pattern, for None those that deploy, and do not only try it.

    :raises Refusal: when there are none.
    """
    if pattern is not None:
        return workflow.select_jobs(pattern)
    found = [job for job in workflow.jobs.values() if _is_called_so(job) and (rollouts(job) or placeholders(job))]
    if not found:
        message = "no job is known to deploy"
        place = workflow.document.location(("jobs",))
        raise Refusal("edit/no-match", message, hint=workflow.job_hint(), location=place)
    return found


def is_for(job: Job, environment: str) -> bool:
    """Say whether a job looks as if it deployed to an environment."""
    known = names_of(environment)
    there = environment_name(job)
    return (there is not None and there.lower() in known) or bool(words_of(job) & known)


def names_of(environment: str) -> set[str]:
    """Return what people call an environment."""
    return {environment.lower(), *_ALSO.get(environment.lower(), ())}


def words_of(job: Job) -> set[str]:
    """Return the words of a job's id and name."""
    return words(f"{job.id} {job.data.get('name') or ''}")


def words(text: str) -> set[str]:
    """Return the words of a text, in small letters."""
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def environment_name(job: Job) -> str | None:
    """Return the name of the environment a job uses, None where it has none."""
    there = job.data.get("environment")
    name = there.get("name") if isinstance(there, dict) else there
    return name if isinstance(name, str) else None


def add_to_head(job: Job, key: str, value: Any) -> Add:
    """Add a key to the head of a job, where people look for it."""
    before = HEAD[: HEAD.index(key)]
    after = next((name for name in reversed(list(job.data)) if name in before), None)
    return Add((*job.path, key), value, after=after, before=None if after else next(iter(job.data)))


def use_environment(job: Job, environment: str) -> Iterator[Mutation]:
    """Yield what makes a job use an environment.

    :raises Refusal: when it uses another.
    """
    place = job.document.location((*job.path, "environment"))
    if "environment" not in job.data:
        yield add_to_head(job, "environment", environment)
        return
    name = environment_name(job)
    if name is None:
        message = f"the `environment` of the job `{job.id}` has no name"
        raise Refusal("edit/wrong-shape", message, hint="give it one", location=place)
    refuse_expression(name, place, f"the environment of the job `{job.id}`")
    if name.lower() != environment.lower():  # GitHub knows no difference
        message = f"the job `{job.id}` uses the environment `{name}`, not `{environment}`"
        raise Refusal("edit/conflict", message, hint=f"say so with `environment: {name}`", location=place)


def wait_for(job: Job, other: str) -> Iterator[Mutation]:
    """Yield what makes a job wait for another one, which comes first in its list."""
    path = (*job.path, "needs")
    if other in job.needs:
        return
    if not job.needs and "needs" not in job.data:
        yield add_to_head(job, "needs", other)
    elif isinstance(job.data["needs"], list):
        yield Insert(path, 0, other)
    else:
        yield Set(path, [other, *job.needs])


def with_env(step: Step, env: dict[str, str]) -> Iterator[Mutation]:
    """Yield what gives a script variables."""
    there = step.data.get("env")
    if "env" not in step.data and env:
        yield Add((*step.path, "env"), env, before="run")
        return
    known = there if isinstance(there, dict) else {}
    for name, value in env.items():
        if name not in known:
            yield Add((*step.path, "env", name), value)
        elif known[name] != value:
            yield Set((*step.path, "env", name), value)


def copied(step: Step) -> dict[str, Any]:
    """Return a step for another job, with the version that a comment tells beside its `uses`."""
    return {**step.data, "uses": noted(step)} if step.uses else dict(step.data)


def ancestors(workflow: Workflow, job: Job) -> Sequence[Job]:
    """Return the jobs that a job waits for, nearest first."""
    found: list[Job] = []
    waiting = [job]
    while waiting:
        for name in waiting.pop(0).needs:
            other = workflow.jobs.get(name)
            if other is not None and other not in found:
                found.append(other)
                waiting.append(other)
    return found


def concurrency_group(job: Job) -> str:
    """Return a name that all deployments to the same place share."""
    name = environment_name(job)
    if name is not None:
        return f"deploy-{name if is_expression(name) else name.lower()}"
    for environment, others in _ALSO.items():
        if words_of(job) & {environment, *others}:
            return f"deploy-{environment}"
    return job.id if job.id.startswith("deploy") else f"deploy-{job.id}"


def take_turns(job: Job) -> Iterator[Add]:
    """Yield what keeps two deployments to the same place from running at once, where nothing does yet."""
    if "concurrency" not in job.data and "concurrency" not in job.document.data:
        group = {"group": concurrency_group(job), "cancel-in-progress": False}
        yield add_to_head(job, "concurrency", group)


def cut_short(job: Job) -> str | None:
    """Return a warning when another run may end this job half-way."""
    for holder, path in ((job.data, (*job.path, "concurrency")), (job.document.data, ("concurrency",))):
        rule = holder.get("concurrency")
        if isinstance(rule, dict) and rule.get("cancel-in-progress") not in (None, False):
            line = job.document.location((*path, "cancel-in-progress")).line
            return f"line {line}: `cancel-in-progress` lets a newer run end `{job.id}` half-way"
    return None


def _one(found: Sequence[Job], problem: str) -> Job:
    if len(found) > 1:
        names = ", ".join(f"`{job.id}`" for job in found)
        message = f"{problem}: {names}"
        raise Refusal("edit/ambiguous", message, hint="name one with `job`", location=found[1].location)
    return found[0]


def _speaks_of(job: Job, environment: str) -> bool:
    """Say whether what a job only prints is about an environment."""
    return any(words(f"{step.label} {step.run}") & names_of(environment) for step in placeholders(job))


def _is_called_so(job: Job) -> bool:
    """Say whether a job, or its workflow, is called as what deploys is: tests start services too."""
    workflow = f"{job.document.data.get('name') or ''} {job.document.source.path.rpartition('/')[2]}"
    places = {name for place in _ALSO for name in names_of(place)}
    return "environment" in job.data or bool((words_of(job) | words(workflow)) & (_DEPLOYING | places))
