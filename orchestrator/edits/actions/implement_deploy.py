"""`implement_staging_deploy`, `implement_production_deploy`: a step that only prints becomes one that deploys.

The image is the one that was built before, by its digest. Never touches a step that does real work, unless told to.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.edits.actions import deploy_scripts
from orchestrator.edits.actions.deploy_job import environment_name, find_job, names_of, use_environment, with_env, words
from orchestrator.edits.actions.deploy_scripts import Rollout
from orchestrator.edits.actions.image import Image, find_image, parts
from orchestrator.edits.actions.parameters import ImplementDeploy, StepSelector
from orchestrator.edits.actions.reach import unreachable
from orchestrator.edits.actions.rollout import placeholders, rollouts
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Insert, Mutation, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow, placed

_CONNECTED: Final = re.compile(r"kube_?config|\.kube\b|get-credentials|(k8s|aks)-set-context", re.IGNORECASE)
_METHODS: Final = {"kubectl": "kubectl ", "helm": "helm ", "compose": "docker compose "}
_HOSTED: Final = re.compile(r"(ubuntu|windows|macos)-")


@dataclass(frozen=True)
class Plan:
    """What a deployment becomes."""

    step: Step
    run: str
    env: dict[str, str]
    image: Image
    connection: dict[str, Any] | None
    """A step that comes before."""


def implement_staging_deploy(document: Document, parameters: ImplementDeploy) -> Edited | Satisfied:
    """Deploy to staging.

    :raises Refusal: when it is not plain what is deployed where the plan means.
    """
    return _implement(document, parameters, "staging")


def implement_production_deploy(document: Document, parameters: ImplementDeploy) -> Edited | Satisfied:
    """Deploy to production.

    :raises Refusal: when it is not plain what is deployed where the plan means.
    """
    return _implement(document, parameters, "production")


def _implement(document: Document, parameters: ImplementDeploy, default: str) -> Edited | Satisfied:
    workflow = Workflow.of(document)
    job = find_job(workflow, parameters.job, parameters.environment or default)
    _check_job(job)
    warnings = tuple(unreachable(workflow, job))
    if not parameters.replace and _is_deployed(job, parameters):
        return Satisfied(f"`{job.id}` deploys already", warnings)
    environment = parameters.environment or environment_name(job) or default
    if parameters.replace and any(_is_written(_plan(workflow, step, parameters, environment)) for step in job.steps):
        return Satisfied(f"`{job.id}` deploys so already", warnings)
    plan = _plan(workflow, _placeholder(workflow, job, parameters, environment), parameters, environment)
    new = edited(document, [*_mutations(plan, job, parameters, environment)])
    told = (*warnings, *plan.image.warnings, *_warnings(plan, job, parameters))
    return Edited(new, f"lets `{job.id}` deploy to `{environment}`", told)


def _check_job(job: Job) -> None:
    if job.is_reusable_call:
        message = f"the job `{job.id}` uses another workflow, and has no steps"
        place = job.document.location((*job.path, "uses"))
        raise Refusal("edit/conflict", message, hint=f"edit the jobs of `{job.data['uses']}`", location=place)
    if job.steps and job.steps[-1].shell not in ("bash", "sh"):
        message = f"the job `{job.id}` runs its scripts with `{job.steps[-1].shell}`, and a deployment is one for bash"
        place = job.document.location((*job.path, "runs-on"))
        raise Refusal("edit/conflict", message, hint="let it run on `ubuntu-latest`", location=place)


def _is_deployed(job: Job, parameters: ImplementDeploy) -> bool:
    """Say whether the job deploys what the plan means, by somebody's work."""
    found = rollouts(job)
    wanted = [*parameters.services, parameters.namespace or "", *parts(parameters.image or "")]
    if parameters.method in _METHODS:
        wanted.append(_METHODS[parameters.method])
    if parameters.run:
        wanted += [line.strip() for line in parameters.run.splitlines()]
    text = "\n".join(_said(step) for step in found)
    selector = parameters.step
    waiting = () if selector is None else [step for step in placeholders(job) if _is_chosen(step, selector)]
    return bool(found) and not waiting and all(word in text for word in wanted)


def _said(step: Step) -> str:
    """Return what a step says, its variables included."""
    return "\n".join(map(str, (step.run, step.uses, *step.with_.values(), *_env(step).values())))


def _env(step: Step) -> dict[str, Any]:
    env = step.data.get("env")
    return env if isinstance(env, dict) else {}


def _plan(workflow: Workflow, step: Step, parameters: ImplementDeploy, environment: str) -> Plan:
    job = step.job
    method = _method(workflow, step, parameters)
    secrets = list(parameters.secrets)
    connection = None
    if method in ("kubectl", "helm") and not _is_connected(job, step):
        clusters = [name for name in secrets if "KUBE" in name.upper()] or ["KUBE_CONFIG"]
        secrets = [name for name in secrets if name != clusters[0]]
        connection = deploy_scripts.connect(clusters[0], environment)
    given = {name: deploy_scripts.secret(name) for name in secrets}
    if method == "run":
        image, run = _own(workflow, job, parameters)
    else:
        image = find_image(workflow, job, parameters.image)
        run = _script(step, method, parameters, image)
    return Plan(step, run, {**given, **image.env}, image, connection)


def _placeholder(workflow: Workflow, job: Job, parameters: ImplementDeploy, environment: str) -> Step:
    """Return the step that becomes the deployment."""
    hint = "name it with `step`"
    if parameters.step is not None:
        step = workflow.one_step(workflow.select_steps(parameters.step, [job]), "such step", hint=hint)
        if step not in placeholders(job) and not parameters.replace:
            raise _working(step)
        return step
    found = placeholders(job)
    if len(found) > 1:
        found = [step for step in found if re.search(r"deploy|rollout|release", step.label, re.IGNORECASE)] or found
    if len(found) > 1:
        found = [step for step in found if words(f"{step.label} {step.run}") & names_of(environment)] or found
    if not found and parameters.replace:
        found = [step for step in rollouts(job) if step.run]
    if not found and (working := rollouts(job)):
        raise _working(working[0])
    if not found:
        message = f"no step of the job `{job.id}` only prints what it should do"
        raise Refusal("edit/no-match", message, hint="name the step with `step`", location=job.location)
    return workflow.one_step(found, f"steps of `{job.id}` that could become the deployment", hint=hint)


def _working(step: Step) -> Refusal:
    message = f"`{step.label}` does real work, and not this"
    hint = "`replace: true` writes it anew"
    return Refusal("edit/not-placeholder", message, hint=hint, location=step.location)


def _method(workflow: Workflow, step: Step, parameters: ImplementDeploy) -> str:
    """Return how it is deployed: as the plan says, else as other jobs do it."""
    if parameters.method is not None:
        return parameters.method
    if parameters.run is not None:
        return "run"
    others = [_said(each) for job in workflow.jobs.values() if job.id != step.job.id for each in rollouts(job)]
    known = [name for name, command in _METHODS.items() if any(command in text for text in others)]
    if len(known) != 1:
        message = f"nothing tells how `{step.job.id}` deploys"
        hint = "say it with `method`: kubectl, helm or compose; or give the command with `run`"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=step.location)
    return known[0]


def _is_connected(job: Job, placeholder: Step) -> bool:
    others = [step.data for step in job.steps if step.index != placeholder.index]
    return bool(_CONNECTED.search(str([others, job.data.get("env"), job.document.data.get("env")])))


def _own(workflow: Workflow, job: Job, parameters: ImplementDeploy) -> tuple[Image, str]:
    """Return the command of the plan, and the image where the command uses it."""
    run = parameters.run or ""
    if not run.strip():
        message = "the method `run` needs a command"
        raise Refusal("edit/missing-parameter", message, hint="give it with `run`", location=job.location)
    uses_image = re.search(r"\$\{?(IMAGE|DIGEST|TAG)\b", run)
    return find_image(workflow, job, parameters.image) if uses_image else Image(""), run


def _script(step: Step, method: str, parameters: ImplementDeploy, image: Image) -> str:
    place = step.location
    if not parameters.services:
        message, hint = "what is rolled out is not known", "name it with `services`, such as `[api]`"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=place)
    if not image.digest and not image.tag:
        message = f"which `{image.name}` is deployed is not known"
        raise Refusal("edit/missing-parameter", message, hint="give `image` a tag", location=place)
    namespace = shlex.quote(parameters.namespace) if parameters.namespace else None
    rollout = Rollout([shlex.quote(name) for name in parameters.services], namespace, image)
    match method:
        case "kubectl":
            return deploy_scripts.kubectl(rollout)
        case "helm" if parameters.chart is not None:
            return deploy_scripts.helm(rollout, shlex.quote(parameters.chart))
        case "helm":
            message = "which chart is installed is not known"
            raise Refusal("edit/missing-parameter", message, hint="name it with `chart`", location=place)
    if _HOSTED.match(str(step.job.data.get("runs-on"))) and "DOCKER_HOST" not in (*parameters.secrets, *_env(step)):
        message = "Compose would start the services on GitHub's own runner"
        hint = "name the secret `DOCKER_HOST` in `secrets`, or let the job run on the host itself"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=place)
    return deploy_scripts.compose(rollout)


def _is_written(plan: Plan) -> bool:
    return plan.step.run == plan.run and plan.env.items() <= _env(plan.step).items()


def _mutations(plan: Plan, job: Job, parameters: ImplementDeploy, environment: str) -> Iterator[Mutation]:
    step = plan.step
    yield from plan.image.mutations
    if parameters.environment is not None or environment_name(job) is None:
        yield from use_environment(job, environment)
    if plan.connection is not None:
        yield Insert((*job.path, "steps"), step.index, plan.connection)
    if "name" not in step.data:
        yield placed(step, "name", "Deploy")
    yield from with_env(step, plan.env)
    yield Set((*step.path, "run"), plan.run)


def _is_chosen(step: Step, selector: StepSelector | str) -> bool:
    return step in Workflow.of(step.job.document).select_steps(selector, [step.job])


def _warnings(plan: Plan, job: Job, parameters: ImplementDeploy) -> Sequence[str]:
    told = []
    if plan.connection is not None and not parameters.secrets:
        told.append("the secret `KUBE_CONFIG` has to hold the configuration of `kubectl` for the cluster")
    if plan.step.data.get("continue-on-error"):
        line = job.document.location((*plan.step.path, "continue-on-error")).line
        told.append(f"line {line}: `continue-on-error` hides a deployment that fails")
    if "docker compose" in plan.run and "export IMAGE" in plan.run:
        told.append("the Compose file has to name the image as `${IMAGE}`")
    return told
