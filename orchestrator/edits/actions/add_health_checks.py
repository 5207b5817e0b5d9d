"""`add_health_checks`: a rollout that does not answer is a failed one.

In a workflow a step behind the rollout requests an address; in a Compose file or a Dockerfile the container is asked
(`container_health`). Never requests anything itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions import container_health, kubectl
from orchestrator.edits.actions.deploy_job import deploying_jobs
from orchestrator.edits.actions.parameters import AddHealthChecks
from orchestrator.edits.actions.rollout import asks, commands, condition, end_of_rollout, needed_rollouts, spoken
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Insert, Mutation
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow, placed

RETRIES: Final = 10
DELAY: Final = 6
"""Seconds between two requests: with ten of them a service has a minute to come up."""
TIMEOUT: Final = 10
"""Seconds that one request may take."""
_EXAMPLE: Final = re.compile(
    r"//(localhost|127\.0\.0\.1|0\.0\.0\.0)\b|[/.]example\.(com|org|net)\b|\.(example|test|invalid)\b"
    r"|your-?(domain|app|site)|changeme|<[\w -]+>",
    re.IGNORECASE,
)


def add_health_checks(document: Document, parameters: AddHealthChecks) -> Edited | Satisfied:
    """Let what was deployed prove that it answers.

    :raises Refusal: when nothing is deployed there yet, or no address is known.
    """
    match parameters.kind or _kind(document):
        case "compose":
            return container_health.check_compose(document, parameters)
        case "dockerfile":
            return container_health.check_dockerfile(document, parameters)
    workflow = Workflow.of(document)
    jobs = deploying_jobs(workflow, parameters.job)
    urls = {job.id: _url(job, parameters) for job in jobs}
    lacking = [job for job in jobs if not _is_checked(job, urls[job.id])]
    mutations = [mutation for job in jobs for mutation in _mutations(job, urls[job.id], job in lacking, parameters)]
    warnings = tuple(_warnings(jobs, urls))
    names = " and ".join(f"`{job.id}`" for job in jobs)
    if not mutations:
        return Satisfied(f"{names} {'asks' if len(jobs) == 1 else 'ask'} for an answer already", warnings)
    return Edited(edited(document, mutations), f"checks that what {names} deployed answers", warnings)


def _kind(document: Document) -> str:
    """Return what a file is.

    :raises Refusal: when it is nothing that has health checks.
    """
    if isinstance(document.data, dict) and "jobs" in document.data:
        return "workflow"
    if container_health.is_compose(document.data):
        return "compose"
    if container_health.is_dockerfile(document.data):
        return "dockerfile"
    message = f"`{document.source.path}` has neither `jobs` nor `services`, and is no Dockerfile"
    hint = "`target` must be a workflow, a Compose file or a Dockerfile"
    raise Refusal("edit/wrong-shape", message, hint=hint)


def _url(job: Job, parameters: AddHealthChecks) -> str | None:
    """Return the address: as the plan says, else that of the job's environment; None where one is requested already.

    :raises Refusal: when nothing tells.
    """
    first = needed_rollouts(job)[0]
    environment = job.data.get("environment")
    if parameters.url is not None:
        return parameters.url
    if isinstance(environment, dict) and environment.get("url"):
        return str(environment["url"])
    if _is_checked(job, None):
        return None
    message = f"at which address `{job.id}` answers is not known"
    hint = "say it with `url`, such as `${{ vars.BASE_URL }}/health`"
    raise Refusal("edit/missing-parameter", message, hint=hint, location=first.location)


def _is_checked(job: Job, url: str | None) -> bool:
    first = needed_rollouts(job)[0].index
    return any(asks(step, url) for step in job.steps[first:])


def _mutations(job: Job, url: str | None, is_lacking: bool, parameters: AddHealthChecks) -> Iterator[Mutation]:
    end = end_of_rollout(job)
    path = (*job.path, "steps")
    if is_lacking and url is not None:
        yield Insert(path, end, _request(url, job, parameters))
    if parameters.rollback and not any(_goes_back(step) for step in job.steps):
        checks = [step.index + 1 for step in job.steps[end:] if asks(step, url)]
        yield from _rollback(job, max(checks, default=end), parameters.rollback)


def _request(url: str, job: Job, parameters: AddHealthChecks) -> dict[str, Any]:
    """Return the step that requests an address until it answers."""
    timeout = f"{parameters.timeout:g}" if parameters.timeout else TIMEOUT
    return {
        "name": "Check health",
        **condition(job),
        "env": {"HEALTH_URL": url},
        "run": "curl --fail --silent --show-error --output /dev/null \\\n"
        f"  --retry {parameters.retries or RETRIES} --retry-delay {DELAY} --retry-all-errors \\\n"
        f'  --max-time {timeout} "$HEALTH_URL"\n',
    }


def _goes_back(step: Step) -> bool:
    """Say whether a step takes back what was deployed when something failed."""
    undoing = ("rollback", "rollout undo", "roll back", "revert")
    said = " ".join((step.label, *map(spoken, commands(step)))).lower()
    return bool(re.search(r"failure\(\)|== *'failure'", str(step.data.get("if")))) and any(
        word in said for word in undoing
    )


def _rollback(job: Job, index: int, command: bool | str) -> Iterator[Mutation]:
    """Yield a step that takes the rollout back; only when it had begun: else it would take back the one before."""
    first = needed_rollouts(job)[0]
    run = command if isinstance(command, str) else _undo(first)
    step_id = first.data.get("id") or _free_id(job, "deploy")
    if "id" not in first.data:
        yield placed(first, "id", step_id)
    started = f"failure() && steps.{step_id}.outcome != 'skipped'"
    env = {"env": kept} if (kept := _credentials(first)) else {}
    yield Insert((*job.path, "steps"), index, {"name": "Roll back", "if": started, **env, "run": run})


def _undo(rollout: Step) -> str:
    """Return the command that takes a rollout back.

    :raises Refusal: when it is none of `kubectl` or Helm.
    """
    lines = [*kubectl.undo(rollout), *_helm_rollback(rollout)]
    if not lines:
        message = f"how `{rollout.label}` is taken back is not known"
        hint = "give the command with `rollback`"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=rollout.location)
    return "".join(f"{line}\n" for line in lines) if len(lines) > 1 else lines[0]


def _helm_rollback(rollout: Step) -> Iterator[str]:
    for command in commands(rollout):
        verb, *rest = spoken(command).split(" ")[1:] or [""]
        if command.program == "helm" and verb in ("upgrade", "install") and rest:
            yield f"helm rollback {rest[0]}{kubectl.flags(command)} --wait"


def _credentials(rollout: Step) -> dict[str, Any]:
    """Return the variables of a rollout that say where it goes, not what it brings."""
    env = rollout.data.get("env")
    known = re.compile(r"KUBE|HELM|AWS|AZURE|GOOGLE|DOCKER_HOST|TOKEN")
    return {name: value for name, value in env.items() if known.search(name)} if isinstance(env, dict) else {}


def _free_id(job: Job, wanted: str) -> str:
    taken = {step.data.get("id") for step in job.steps}
    return wanted if wanted not in taken else f"{wanted}-rollout"


def _warnings(jobs: Sequence[Job], urls: dict[str, str | None]) -> Iterator[str]:
    for job in jobs:
        url = urls[job.id] or ""
        if _EXAMPLE.search(url):
            yield f"`{url}` looks like an example, not like the address of `{job.id}`"
        if "vars." in url and "environment" not in job.data:
            line = job.location.line
            yield f"line {line}: `{job.id}` uses no environment, so it sees the variables of the repository alone"
