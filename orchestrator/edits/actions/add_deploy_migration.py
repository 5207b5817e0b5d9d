"""`add_deploy_migration`: the database is migrated before new code meets it, and two deployments take turns.

Either as a step before the first one that deploys, or as a job that the deploying one waits for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions.deploy_job import (
    HEAD,
    ancestors,
    copied,
    cut_short,
    deploying_jobs,
    environment_name,
    take_turns,
    wait_for,
)
from orchestrator.edits.actions.deploy_scripts import secret
from orchestrator.edits.actions.parameters import AddDeployMigration
from orchestrator.edits.actions.pins import uses
from orchestrator.edits.actions.rollout import (
    commands,
    condition,
    environ,
    is_migration,
    migrates,
    needed_rollouts,
    rollouts,
    spoken,
)
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Insert, Mutation
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Script
from orchestrator.edits.workflow import Job, Step, Workflow

NAME: Final = "Migrate the database"
_NODE: Final = frozenset({"npm", "npx", "yarn", "pnpm", "node"})
_ELSEWHERE: Final = frozenset({"kubectl", "helm", "docker", "ssh", "curl", "aws", "gcloud", "az"})
"""Programs that migrate from where the code runs, not from the checked-out project."""


def add_deploy_migration(document: Document, parameters: AddDeployMigration) -> Edited | Satisfied:
    """Migrate the database before each rollout.

    :raises Refusal: when a job does not deploy yet, or migrates too late.
    """
    workflow = Workflow.of(document)
    jobs = _chosen(workflow, parameters)
    _check_all_deploy(jobs)
    command = (parameters.command or "").strip()
    lacking = [job for job in jobs if not _is_migrated(workflow, job, command)]
    if lacking and not command:
        command = _known_command(workflow, lacking)
    mutations = [mutation for job in lacking for mutation in _migration(workflow, job, command, parameters)]
    mutations += [mutation for job in jobs for mutation in take_turns(job)]
    names = " and ".join(f"`{job.id}`" for job in lacking or jobs)
    warnings = [*filter(None, map(cut_short, jobs))]
    if not mutations:
        return Satisfied(f"{names} {'migrates' if len(jobs) == 1 else 'migrate'} the database first", tuple(warnings))
    for job in lacking:
        warnings += _warnings(job, command, parameters)
    told = f"migrates the database before {names} deploy{'s' * (len(lacking) == 1)}"
    return Edited(
        edited(document, mutations), told if lacking else f"lets deployments of {names} take turns", (*warnings,)
    )


def _chosen(workflow: Workflow, parameters: AddDeployMigration) -> Sequence[Job]:
    if not parameters.jobs:
        return deploying_jobs(workflow, parameters.job)
    return [job for name in parameters.jobs for job in workflow.select_jobs(name)]


def _check_all_deploy(jobs: Sequence[Job]) -> None:
    """Refuse all jobs when one of them deploys nothing yet: what is half done is not seen later.

    :raises Refusal: naming that job.
    """
    for job in jobs:
        needed_rollouts(job)


def _known_command(workflow: Workflow, jobs: Sequence[Job]) -> str:
    """Return the command with which the workflow migrates elsewhere.

    :raises Refusal: when there is none, or several.
    """
    found = {step.run.strip() for step in workflow.steps if is_migration(step) and len([*commands(step)]) == 1}
    if len(found) != 1:
        message = "several commands migrate a database" if found else "how the database is migrated is not known"
        hint = "say it with `command`, such as `npm run migrate`"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=jobs[0].location)
    return found.pop()


def _is_migrated(workflow: Workflow, job: Job, command: str) -> bool:
    """Say whether the database is migrated before a job deploys, in it or in one for the same place before it.

    :raises Refusal: when it is migrated too late.
    """
    first = needed_rollouts(job)[0].index
    running = [step for step in job.steps if _runs(step, command)]
    place = environment_name(job)
    before = [
        each for each in ancestors(workflow, job) if environment_name(each) == place and (place or not rollouts(each))
    ]
    if any(step.index <= first for step in running) or any(
        _runs(step, command) for each in before for step in each.steps
    ):
        return True
    if running:
        message = f"`{job.id}` migrates the database after it has deployed"
        hint = "move this step before the deployment"
        raise Refusal("edit/conflict", message, hint=hint, location=running[0].location)
    return False


def _runs(step: Step, command: str) -> bool:
    """Say whether a step runs what migrates in a command, whatever is beside it; for no command any migration."""
    if not command:
        return is_migration(step)
    wanted = Script(command).commands
    core = [each for each in wanted if migrates(each)] or wanted[-1:]
    said = [spoken(each) for each in commands(step)]
    return bool(core) and all(spoken(each) in said for each in core)


def _migration(workflow: Workflow, job: Job, command: str, parameters: AddDeployMigration) -> Iterator[Mutation]:
    """Yield what migrates before a job deploys."""
    first = needed_rollouts(job)[0].index
    if parameters.as_ == "step":
        if not _checks_out(job.steps[:first]):
            for step in _checkout(workflow, command, parameters):
                yield Insert((*job.path, "steps"), 0, step)
        yield Insert((*job.path, "steps"), first, _step(job, command, parameters))
        return
    name = _job_name(workflow, job)
    yield Add(("jobs", name), _job(workflow, job, command, parameters), before=job.id)
    yield from wait_for(job, name)


def _step(job: Job, command: str, parameters: AddDeployMigration) -> dict[str, Any]:
    secrets = {name: secret(name) for name in _missing(job, command, parameters)}
    return {"name": NAME, **condition(job), **({"env": secrets} if secrets else {}), "run": command}


def _missing(job: Job, command: str, parameters: AddDeployMigration) -> Sequence[str]:
    """Return the secrets that the command needs and the job does not give it."""
    if command.split(maxsplit=1)[0] in _ELSEWHERE:
        return []
    return [name for name in parameters.secrets if name not in environ(job)]


def _job_name(workflow: Workflow, job: Job) -> str:
    deploying = [each for each in workflow.jobs.values() if rollouts(each)]
    if "migrate" not in workflow.jobs and len(deploying) == 1:
        return "migrate"
    place = environment_name(job) or ""
    return f"migrate-{place.lower() if re.fullmatch('[A-Za-z][A-Za-z0-9_-]*', place) else job.id}"


def _job(workflow: Workflow, job: Job, command: str, parameters: AddDeployMigration) -> dict[str, Any]:
    """Return a job that migrates where, when and after what another deploys, prepared as that one is."""
    before = job.steps[: needed_rollouts(job)[0].index]
    checkout = [] if _checks_out(before) else _checkout(workflow, command, parameters)
    head = {key: value for key, value in job.data.items() if key not in ("name", "outputs", "steps")}
    added = {str(each.path[-1]): each.value for each in take_turns(job)}
    if not before:
        added |= {"permissions": {"contents": "read"}}
    rest = {key: head.pop(key) for key in list(head) if key not in HEAD}
    head |= {**added, **rest}
    migrate = _step(job, command, parameters)
    return {"name": NAME, **head, "steps": [*checkout, *map(copied, before), migrate]}


def _checks_out(steps: Sequence[Step]) -> bool:
    return any(step.action == "actions/checkout" for step in steps)


def _checkout(workflow: Workflow, command: str, parameters: AddDeployMigration) -> Sequence[dict[str, Any]]:
    """Return the step that brings the project, where the command is one of the project's."""
    if command.split(maxsplit=1)[0] in _ELSEWHERE:
        return []
    return [{"uses": uses("actions/checkout", parameters.pin, workflow)}]


def _warnings(job: Job, command: str, parameters: AddDeployMigration) -> Iterator[str]:
    words = set(re.findall(r"[\w-]+", command))
    if words & _NODE and not any(step.action == "actions/setup-node" for step in job.steps):
        yield f"`{job.id}` sets up no Node.js: the runner's own version runs `{command}`"
    if missing := _missing(job, command, parameters):
        names = " and ".join(f"`{name}`" for name in missing)
        place = environment_name(job)
        have = f"secret {names} has" if len(missing) == 1 else f"secrets {names} have"
        yield f"the {have} to exist{f' in the environment `{place}`' if place else ''}"
    if parameters.as_ == "job" and job.data.get("environment"):
        yield f"an environment that asks people asks them twice now: for `{job.id}`, and for its migration"
