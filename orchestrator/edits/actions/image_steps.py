"""Steps that look at an image once it is built: which build is meant, and which later steps look at images already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions.built_image import BuiltImage, builds_image, is_pushed, name_of
from orchestrator.edits.actions.docker_build import commands_of
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Insert
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Command
from orchestrator.edits.workflow import Step, Workflow

TRIVY: Final = "aquasecurity/trivy-action"
SYFT: Final = "anchore/sbom-action"

_PARTS: Final = re.compile(r"cyclonedx|spdx|github")
"""Formats that list what an image is made of, and judge nothing."""


def builds_of(workflow: Workflow, job: str | None) -> Sequence[Step]:
    """Return the steps that build an image; where some of them push it, only those."""
    builds = [step for each in workflow.select_jobs(job) for step in each.steps if builds_image(step)]
    return [step for step in builds if is_pushed(step)] or builds


def one_build(workflow: Workflow, builds: Sequence[Step], image: str | None) -> Step:
    """Return the only build, or the only one that tags an image of that name.

    :raises Refusal: when there are several.
    """
    if len(builds) > 1 and image is not None:
        builds = [step for step in builds if name_of(image) in f"{step.with_.get('tags')} {step.run}"] or builds
    several = len({step.job.id for step in builds}) > 1
    hint = "name one with `job`" if several else "tell which with `image`, such as `ghcr.io/owner/name`"
    return workflow.one_step(builds, "steps build an image", hint=hint)


def later_steps(workflow: Workflow, build: Step) -> Iterator[Step]:
    """Yield the steps behind a build, in its job and in those that wait for it."""
    yield from build.job.steps[build.job.steps.index(build) + 1 :]
    for job in workflow.dependents(build.job.id):
        yield from job.steps


def lists_image(step: Step) -> bool:
    """Say whether a step makes a bill of materials of an image."""
    if step.action == SYFT:
        return bool(step.with_.get("image"))
    if step.action == TRIVY:
        return _trivy_reads_image(step) and bool(_PARTS.match(str(step.with_.get("format"))))
    if step.action == "docker/scout-action":
        return "sbom" in str(step.with_.get("command"))
    return any(_lists(command) for command in commands_of(step))


def scans_image(step: Step) -> bool:
    """Say whether a step looks for vulnerabilities in an image."""
    if step.action == TRIVY:
        return _trivy_reads_image(step) and not _PARTS.match(str(step.with_.get("format")))
    if step.action in ("anchore/scan-action", "docker/scout-action"):
        return bool(step.with_.get("image")) and "sbom" not in str(step.with_.get("command"))
    return step.action == "snyk/actions/docker" or any(_scans(command) for command in commands_of(step))


def put_behind(
    build: Step,
    image: BuiltImage,
    step: dict[str, Any],
    passed: Callable[[Step], bool] | None = None,
) -> Document:
    """Put a step behind a build, and behind what follows that is `passed`."""
    document = edited(build.document, image.mutations) if image.mutations else build.document
    index = build.index + 1
    later = {other.index: other for other in build.job.steps}
    while passed is not None and index in later and passed(later[index]):
        index += 1
    return edited(document, [Insert((*build.job.path, "steps"), index, step)])


def refuse_call(workflow: Workflow, job: str | None) -> None:
    """Refuse jobs whose work another workflow does.

    :raises Refusal: naming the first of them, when no other job is meant.
    """
    jobs = workflow.select_jobs(job)
    if all(each.is_reusable_call for each in jobs):
        called = jobs[0]
        message = f"the job `{called.id}` uses another workflow"
        hint = f"edit `{called.data['uses']}` instead"
        raise Refusal("edit/conflict", message, hint=hint, location=called.document.location((*called.path, "uses")))


def _trivy_reads_image(step: Step) -> bool:
    return str(step.with_.get("scan-type", "image")) == "image"


def _lists(command: Command) -> bool:
    words = [word.text for word in command.words]
    if command.program == "syft":
        return not any(re.match(r"(dir:|file:|\.)", word) for word in words[1:])
    if command.begins("trivy", "image"):
        return any(_PARTS.match(word.removeprefix("--format=")) for word in words)
    return any(command.begins(*names) for names in (("docker", "sbom"), ("docker", "scout", "sbom")))


def _scans(command: Command) -> bool:
    if command.begins("trivy", "image"):
        return not _lists(command)
    if command.program == "grype":
        return not any(re.match(r"(dir:|file:|\.)", word.text) for word in command.words[1:])
    names = (("docker", "scout", "cves"), ("snyk", "container", "test"), ("docker", "scan"))
    return any(command.begins(*each) for each in names)
