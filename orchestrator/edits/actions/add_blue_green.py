"""`add_blue_green`: a rollout goes to the colour nobody uses, is tried there, and then takes over.

Two Deployments, such as `api-blue` and `api-green`, stand behind one Service, whose selector names the colour that is
live. The ids of the steps say what they are: `deploy-idle`, `smoke`, `switch`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from orchestrator.edits.actions.deploy_job import deploying_jobs, with_env
from orchestrator.edits.actions.deploy_scripts import TIMEOUT
from orchestrator.edits.actions.kubectl import Deployment, deployments, flags, is_waiting
from orchestrator.edits.actions.parameters import AddBlueGreen
from orchestrator.edits.actions.rollout import asks, commands, condition, environ, needed_rollouts
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Insert, Mutation, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Script
from orchestrator.edits.workflow import Job, Step, Workflow, placed

IDS: Final = ("deploy-idle", "smoke", "switch")
LABEL: Final = "color"
"""The label by which the Service selects; as Kubernetes spells it in its own examples."""
_PATH: Final = re.compile(r"(?:\$\{\{.*?\}\}|https?://[^/]+)(/[^?#]*)")


class Setting(NamedTuple):
    """What is deployed, and how it is told of."""

    service: str
    colours: Sequence[str]
    where: str
    """Options such as ` --namespace staging`."""
    rollout: Step
    """The step that gives the Deployment its image."""

    @property
    def kubectl(self) -> str:
        return f"kubectl{self.where}"


def add_blue_green(document: Document, parameters: AddBlueGreen) -> Edited | Satisfied:
    """Deploy to the idle colour, try it, switch.

    :raises Refusal: when a job deploys otherwise than by giving a Deployment an image, or nothing tells how to try it.
    """
    workflow = Workflow.of(document)
    jobs = workflow.select_jobs(parameters.job) if parameters.job else list(workflow.jobs.values())
    for job in jobs:
        if _is_done(job):
            return Satisfied(f"`{job.id}` deploys to the idle colour and switches")
    job = _chosen(workflow, parameters)
    _refuse_other_strategy(workflow, job)
    setting = _setting(job, parameters)
    warnings = (
        f"the Deployments {' and '.join(f'`{setting.service}-{colour}`' for colour in setting.colours)} have to exist,"
        f" and the Service `{setting.service}` has to select one of them by its label `{LABEL}`",
    )
    new = edited(document, list(_mutations(job, setting, parameters)))
    return Edited(new, f"lets `{job.id}` deploy to the idle colour, try it and switch", warnings)


def _is_done(job: Job) -> bool:
    found = [str(step.data.get("id")) for step in job.steps if step.data.get("id") in IDS]
    return found == list(IDS)


def _chosen(workflow: Workflow, parameters: AddBlueGreen) -> Job:
    found = deploying_jobs(workflow, parameters.job)
    if len(found) > 1:
        message = f"several jobs deploy: {', '.join(f'`{job.id}`' for job in found)}"
        raise Refusal("edit/ambiguous", message, hint="name one with `job`", location=found[1].location)
    return found[0]


def _refuse_other_strategy(workflow: Workflow, job: Job) -> None:
    canary = workflow.jobs.get("canary")
    partial = [step for step in job.steps if step.data.get("id") in IDS]
    in_the_way = partial[0].location if partial else canary.location if canary and _is_same_place(canary, job) else None
    if in_the_way is not None:
        message = f"`{job.id}` has another strategy already"
        if partial:
            message = (
                f"`{job.id}` has a step `{partial[0].data['id']}` already, and not all of {', '.join(IDS)} in order"
            )
        raise Refusal("edit/conflict", message, hint="take that out first", location=in_the_way)


def _is_same_place(one: Job, other: Job) -> bool:
    return one.data.get("environment") == other.data.get("environment")


def _setting(job: Job, parameters: AddBlueGreen) -> Setting:
    """Return what the job deploys, as its commands say.

    :raises Refusal: when it is no Deployment, or one of several.
    """
    first = needed_rollouts(job)[0]
    found = {each.name: (each, step) for step in job.steps for each in _images_set(step)}
    service = parameters.service or (next(iter(found)) if len(found) == 1 else None)
    if service is None and found:
        message = f"`{job.id}` deploys several: {', '.join(f'`{name}`' for name in found)}"
        raise Refusal("edit/missing-parameter", message, hint="name one with `service`", location=first.location)
    if service is None or service not in found or not re.fullmatch(r"[a-z0-9.-]+", service):
        message = (
            f"no command of `{job.id}` gives {f'the Deployment `{service}`' if service else 'a Deployment'} its image"
        )
        hint = "two colours need `kubectl set image deployment/NAME ...`"
        raise Refusal("edit/wrong-shape", message, hint=hint, location=first.location)
    if len(parameters.colours) != 2 or not all(re.fullmatch(r"[a-z0-9-]+", each) for each in parameters.colours):
        message = "`colours` are two words"
        raise Refusal("edit/wrong-shape", message, hint="such as `[blue, green]`", location=first.location)
    mention, step = found[service]
    return Setting(service, parameters.colours, flags(mention.command), step)


def _images_set(step: Step) -> Iterator[Deployment]:
    if step.script is not None:
        yield from (each for each in deployments(step.script) if each.verb == "set image")


def _mutations(job: Job, setting: Setting, parameters: AddBlueGreen) -> Iterator[Mutation]:
    rollout, name = setting.rollout, setting.service
    yield from _deploy_idle(job, setting)
    last = rollout.index
    for step in job.steps[rollout.index + 1 :]:
        if step.script is None or not any(each.name == name for each in deployments(step.script)):
            continue
        if any(each.verb == "rollout undo" for each in deployments(step.script)):
            yield from _switch_back(step, setting, parameters)
        else:
            last = step.index
            if "if" not in step.data and "if" in rollout.data:
                yield placed(step, "if", rollout.data["if"])
            yield from with_env(step, {"IDLE": _output("idle")})
            yield Set((*step.path, "run"), _renamed(step.script, name, "$IDLE"))
    smoke = parameters.smoke or _smoke(job, setting)
    switch = parameters.switch or _patch(setting, "$IDLE")
    env = {"IDLE": _output("idle")}
    path = (*job.path, "steps")
    rest = {**condition(job), "env": env}
    yield Insert(path, last + 1, {"name": "Try the idle colour", "id": "smoke", **rest, "run": smoke})
    yield Insert(path, last + 1, {"name": "Switch to the idle colour", "id": "switch", **rest, "run": switch})


def _deploy_idle(job: Job, setting: Setting) -> Iterator[Mutation]:
    """Yield what sends the rollout to the idle colour."""
    step = setting.rollout
    old = step.data.get("id")
    if old is not None:
        _refuse_used(job, str(old), step)
        yield Set((*step.path, "id"), IDS[0])
    else:
        yield placed(step, "id", IDS[0])
    if "name" in step.data:
        yield Set((*step.path, "name"), "Deploy to the idle colour")
    assert step.script is not None
    rollout = _renamed(step.script, setting.service, "$idle").rstrip("\n")
    wait = f'\n{setting.kubectl} rollout status "deployment/{setting.service}-$idle" --timeout={TIMEOUT}'
    is_waited_for = any(is_waiting(each, setting.service) for each in job.steps)
    yield Set((*step.path, "run"), f"{_find_idle(setting)}{rollout}{'' if is_waited_for else wait}\n")


def _refuse_used(job: Job, old: str, rollout: Step) -> None:
    """Refuse to rename a step that others speak of; a rollback is written anew anyway."""
    for step in job.steps:
        goes_back = step.script is not None and any(each.verb == "rollout undo" for each in deployments(step.script))
        if f"steps.{old}." in str(step.data) and not goes_back:
            message = f"this step speaks of the step `{old}`, whose id has to become `{IDS[0]}`"
            raise Refusal("edit/conflict", message, hint=f"give `{old}` that id by hand", location=step.location)
    if f"steps.{old}." in str(job.data.get("outputs")) + str(job.data.get("environment")):
        message = f"the job speaks of the step `{old}`, whose id has to become `{IDS[0]}`"
        raise Refusal("edit/conflict", message, hint="give it that id by hand", location=rollout.location)


def _find_idle(setting: Setting) -> str:
    blue, green = setting.colours
    query = f"--output jsonpath='{{.spec.selector.{LABEL}}}'"
    return "\n".join(
        (
            f"live=$({setting.kubectl} get service {setting.service} {query})",
            'case "$live" in',
            f"  {blue}) idle={green} ;;",
            f"  {green}) idle={blue} ;;",
            f'  *) echo "::error::The Service {setting.service} selects neither {blue} nor {green}."; exit 1 ;;',
            "esac",
            'printf \'live=%s\\nidle=%s\\n\' "$live" "$idle" >> "$GITHUB_OUTPUT"\n',
        )
    )


def _renamed(script: Script, name: str, variable: str) -> str:
    """Return a script that speaks of the Deployment of a colour."""
    mentions = [each for each in deployments(script) if each.name == name]
    return script.replaced([(each.start, each.end, f'"deployment/{name}-{variable}"') for each in mentions])


def _patch(setting: Setting, variable: str) -> str:
    patch = f'--patch "spec: {{selector: {{{LABEL}: {variable}}}}}"'
    return f"{setting.kubectl} patch service {setting.service} {patch}\n"


def _switch_back(step: Step, setting: Setting, parameters: AddBlueGreen) -> Iterator[Mutation]:
    """Yield what makes a rollback return to the colour that was live; the other one stays as it is."""
    if parameters.switch is not None:
        message = "how `switch` is taken back is not known"
        hint = "write this step by hand, or leave `switch` out"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=step.location)
    yield from with_env(step, {"LIVE": _output("live")})
    condition = "failure() && steps.switch.outcome != 'skipped'"
    yield Set((*step.path, "if"), condition) if "if" in step.data else placed(step, "if", condition)
    yield Set((*step.path, "run"), _patch(setting, "$LIVE"))


def _smoke(job: Job, setting: Setting) -> str:
    """Return the commands that request from the idle colour what the job requests from the live one later.

    :raises Refusal: when it requests nothing.
    """
    path = next((found for step in job.steps if (found := _requested(step))), None)
    if path is None:
        message = f"how the idle colour of `{setting.service}` is tried is not known"
        hint = "say it with `smoke`, or add a health check first"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=setting.rollout.location)
    target = f'"deployment/{setting.service}-$IDLE"'
    return "\n".join(
        (
            "ports='{.spec.template.spec.containers[0].ports[0].containerPort}'",
            f'port=$({setting.kubectl} get {target} --output "jsonpath=$ports")',
            f'{setting.kubectl} port-forward {target} "8080:$port" &',
            "trap 'kill $!' EXIT",
            "curl --fail --silent --show-error --output /dev/null \\",
            f"  --retry 10 --retry-delay 3 --retry-all-errors --max-time 10 http://localhost:8080{path}\n",
        )
    )


def _requested(step: Step) -> str | None:
    """Return the path of the address that a step requests."""
    if not asks(step, None):
        return None
    known: dict[str, Any] = environ(step.job, step)
    for command in commands(step):
        for word in command.words[1:]:
            text = re.sub(r"\$\{?(\w+)(?:%/)?\}?", lambda found: str(known.get(found[1], found[0])), word.text)
            if (found := _PATH.fullmatch(text)) and re.fullmatch(r"/[\w./~-]*", found[1]):
                return found[1]
    return None


def _output(name: str) -> str:
    return f"${{{{ steps.{IDS[0]}.outputs.{name} }}}}"
