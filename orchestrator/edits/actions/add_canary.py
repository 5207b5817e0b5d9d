"""`add_canary`: a part of the pods runs the new version first; only when that goes well do all of them.

A job `canary` gives the image to a second Deployment behind the same Service, waits and checks; a job `promote` does
what the deploying job did. That job stays, for who chooses to deploy to all at once when starting the workflow by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from orchestrator.edits.actions import add_blue_green
from orchestrator.edits.actions.deploy_job import copied, environment_name, find_job
from orchestrator.edits.actions.deploy_scripts import TIMEOUT
from orchestrator.edits.actions.kubectl import Deployment, deployments, flags, is_waiting
from orchestrator.edits.actions.parameters import AddCanary
from orchestrator.edits.actions.rollout import (
    asks,
    condition,
    end_of_rollout,
    is_migration,
    is_rollout,
    needed_rollouts,
)
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Mutation, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Script
from orchestrator.edits.workflow import Job, Step, Workflow, bare_condition, narrowed

INPUT: Final = "rollout"
PERCENT: Final = 10
WAIT: Final = "5m"
"""How long the canary serves before it is judged."""


class Setting(NamedTuple):
    """What the job deploys, and how the canary is made of it."""

    job: Job
    images: Sequence[Deployment]
    parameters: AddCanary

    @property
    def names(self) -> Sequence[str]:
        return [each.name for each in self.images]


def add_canary(document: Document, parameters: AddCanary) -> Edited | Satisfied:
    """Let a part of the pods run the new version first.

    :raises Refusal: when the job deploys otherwise than by giving Deployments an image.
    """
    workflow = Workflow.of(document)
    if _is_wired(workflow):
        return Satisfied("`promote` waits for `canary`")
    job = find_job(workflow, parameters.job, "production")
    setting = _setting(job, parameters)
    add = [
        Add(("jobs", "canary"), _canary(setting), after=job.id),
        Add(("jobs", "promote"), _promote(setting), after=job.id),
    ]
    choice = narrowed(f"inputs.{INPUT} == 'all'", job)
    new = edited(document, [*_dispatch(workflow), choice, *add])
    return Edited(new, f"lets a canary go before `{job.id}`", tuple(_warnings(workflow, setting)))


def _is_wired(workflow: Workflow) -> bool:
    """Say whether both jobs are there.

    :raises Refusal: when one is, or they do not wait for each other.
    """
    found = [workflow.jobs[name] for name in ("canary", "promote") if name in workflow.jobs]
    if len(found) == 2 and "canary" in found[1].needs:
        return True
    if found:
        message = (
            "`promote` does not wait for `canary`" if len(found) == 2 else f"there is a job `{found[0].id}` already"
        )
        raise Refusal("edit/conflict", message, hint="rename or finish it by hand", location=found[-1].location)
    return False


def _setting(job: Job, parameters: AddCanary) -> Setting:
    first = needed_rollouts(job)[0]
    colours = [step for step in job.steps if step.data.get("id") in add_blue_green.IDS]
    if colours:
        message = f"`{job.id}` has another strategy already"
        raise Refusal("edit/conflict", message, hint="take that out first", location=colours[0].location)
    images = [
        each for step in job.steps if step.script for each in deployments(step.script) if each.verb == "set image"
    ]
    plain = all(re.fullmatch(r"[a-z0-9.-]+", each.name) for each in images)
    others = [step for step in job.steps if is_rollout(step) and not _gives_image(step)]
    if not images or not plain or others:
        message = f"`{job.id}` deploys otherwise than by giving Deployments an image"
        hint = "a canary needs `kubectl set image deployment/NAME ...`"
        raise Refusal("edit/wrong-shape", message, hint=hint, location=(others or [first])[0].location)
    percent = parameters.percent
    if percent is not None and not 0 < percent < 100:
        raise Refusal(
            "edit/wrong-shape", "a canary is a part of the pods", hint="give `percent` 1 to 99", location=job.location
        )
    if parameters.wait is not None and not re.fullmatch(r"\d+[smh]?", parameters.wait):
        raise Refusal(
            "edit/wrong-shape", "`wait` is no time", hint="write it as `sleep` does: `5m`", location=job.location
        )
    return Setting(job, images, parameters)


def _gives_image(step: Step) -> bool:
    return step.script is not None and any(each.verb == "set image" for each in deployments(step.script))


def _canary(setting: Setting) -> dict[str, Any]:
    """Return the job that tries the new version on a part of the pods."""
    job, parameters = setting.job, setting.parameters
    first, end = needed_rollouts(job)[0].index, end_of_rollout(job)
    steps = [copied(step) for step in job.steps[:first]]
    steps += [_to_canary(step, setting) for step in job.steps[first:end] if _deploys(step)]
    steps.append({"name": "Let the canary serve", **condition(job), "run": f"sleep {parameters.wait or WAIT}"})
    steps.append({"name": "Check the canary", **condition(job), "run": parameters.check or _ready(setting)})
    steps += [copied(step) for step in job.steps[end:] if parameters.check is None and _is_plain_request(step)]
    steps.append({"name": "Take the canary back", "if": "failure()", "run": parameters.abort or _retire(setting)})
    said = bare_condition(job.data.get("if"))
    wanted = f"inputs.{INPUT} != 'all'"
    if said:
        wanted += f" && ({said})" if "||" in said else f" && {said}"
    return _job(setting, "Canary in", {"if": wanted}, steps)


def _promote(setting: Setting) -> dict[str, Any]:
    """Return the job that rolls out to all what the canary has proved; it has migrated too."""
    job = setting.job
    first = needed_rollouts(job)[0].index
    steps = [copied(step) for step in job.steps if step.index >= first or not is_migration(step)]
    retire = {"name": "Retire the canary", "if": "always()", "run": setting.parameters.abort or _retire(setting)}
    return _job(setting, "Promote to", {"needs": [*job.needs, "canary"]}, [*steps, retire])


def _job(setting: Setting, title: str, head: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a job like the one that deploys; `head` replaces, or comes before `runs-on`."""
    data = setting.job.data
    place = environment_name(setting.job) or setting.job.id
    made: dict[str, Any] = {}
    for key, value in data.items():
        if key == "runs-on":
            made |= {name: said for name, said in head.items() if name not in data}
        if key == "name":
            made[key] = f"{title} {place}"
        elif key in head:
            made[key] = head[key]
        elif key not in ("if", "steps", "outputs"):
            made[key] = value
    return {**made, "steps": steps}


def _deploys(step: Step) -> bool:
    return step.script is not None and any(True for _ in deployments(step.script))


def _is_plain_request(step: Step) -> bool:
    return asks(step, None) and "if" not in step.data and not is_rollout(step)


def _to_canary(step: Step, setting: Setting) -> dict[str, Any]:
    """Return a step that rolls out to the canaries; they get their size between the image and the waiting."""
    script = step.script
    assert script is not None
    mentions = [each for each in deployments(script) if each.name in setting.names]
    pieces = [(each.start, each.end, f"deployment/{each.name}-canary") for each in mentions]
    waits = [each.command.start for each in mentions if each.verb == "rollout status"]
    images = [each for each in mentions if each.verb == "set image"]
    sizes = "".join(_size(each, setting.parameters.percent or PERCENT) for each in images)
    renamed = dict(step.data)
    if sizes and waits and _starts_line(script, min(waits)):
        renamed["run"] = script.replaced([*pieces, (min(waits), min(waits), sizes)])
    elif sizes:
        later = setting.job.steps[step.index + 1 :]
        unwatched = [each for each in images if not any(is_waiting(other, each.name) for other in later)]
        renamed["run"] = f"{script.replaced(pieces).rstrip()}\n{sizes}{_wait(unwatched)}"
    else:
        renamed["run"] = script.replaced(pieces)
    if sizes and "name" in step.data:
        renamed["name"] = "Deploy the canary"
    return renamed


def _wait(images: Sequence[Deployment]) -> str:
    calls = [(f"kubectl{flags(each.command)}", each.name) for each in images]
    return "".join(f"{call} rollout status deployment/{name}-canary --timeout={TIMEOUT}\n" for call, name in calls)


def _starts_line(script: Script, at: int) -> bool:
    return not script.text[script.text.rfind("\n", 0, at) + 1 : at]


def _size(deployment: Deployment, percent: float) -> str:
    """Return the commands that give a canary its share of all pods, rounded up: it has at least one."""
    scale = 1 if percent == int(percent) else 10
    part, rest = round(percent * scale), round((100 - percent) * scale)
    call, name = f"kubectl{flags(deployment.command)}", deployment.name
    return (
        f"replicas=$({call} get deployment/{name} --output jsonpath='{{.spec.replicas}}')\n"
        f'{call} scale deployment/{name}-canary --replicas="$(((replicas * {part} + {rest - 1}) / {rest}))"\n'
    )


def _ready(setting: Setting) -> str:
    """Return the commands that fail when a canary's pods are not ready any more."""
    return _each(setting, "rollout status deployment/{}-canary --timeout=30s")


def _retire(setting: Setting) -> str:
    return _each(setting, "scale deployment/{}-canary --replicas=0")


def _each(setting: Setting, call: str) -> str:
    lines = [f"kubectl{flags(each.command)} {call.format(each.name)}" for each in setting.images]
    return lines[0] if len(lines) == 1 else "".join(f"{line}\n" for line in lines)


def _dispatch(workflow: Workflow) -> Iterator[Mutation]:
    """Yield the input that chooses, and what lets the workflow be started by hand.

    :raises Refusal: when there is another input of that name.
    """
    choice = {
        "description": "Who meets the new version first",
        "type": "choice",
        "options": ["canary", "all"],
        "default": "canary",
    }
    events, path = workflow.events, ("on", "workflow_dispatch")
    by_hand = events.get("workflow_dispatch")
    if not isinstance(workflow.document.data.get("on"), dict):
        yield Set(("on",), {**dict.fromkeys(events), "workflow_dispatch": {"inputs": {INPUT: choice}}})
    elif "workflow_dispatch" not in events:
        yield Add(path, {"inputs": {INPUT: choice}})
    elif not isinstance(by_hand, dict):
        yield Set(path, {"inputs": {INPUT: choice}})
    elif not isinstance(by_hand.get("inputs"), dict):
        yield (
            Add((*path, "inputs"), {INPUT: choice})
            if "inputs" not in by_hand
            else Set((*path, "inputs"), {INPUT: choice})
        )
    elif INPUT not in by_hand["inputs"]:
        yield Add((*path, "inputs", INPUT), choice)
    else:
        message = f"the workflow has another input `{INPUT}`"
        place = workflow.document.location((*path, "inputs", INPUT))
        raise Refusal("edit/conflict", message, hint="rename that one", location=place)


def _warnings(workflow: Workflow, setting: Setting) -> Iterator[str]:
    names = " and ".join(f"`{name}-canary`" for name in setting.names)
    have = f"Deployment {names} has" if len(setting.names) == 1 else f"Deployments {names} have"
    yield f"the {have} to exist behind the same Service: the share is that of the pods"
    for job in workflow.dependents(setting.job.id):
        yield f"line {job.location.line}: `{job.id}` waits for `{setting.job.id}`, which a canary rollout skips"
