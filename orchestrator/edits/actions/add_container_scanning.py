"""`add_container_scanning`: an image is scanned once it is built, before anything deploys it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.edits.actions.built_image import BuiltImage, built_image
from orchestrator.edits.actions.docker_build import commands_of
from orchestrator.edits.actions.image_steps import (
    TRIVY,
    builds_of,
    later_steps,
    lists_image,
    one_build,
    put_behind,
    refuse_call,
    scans_image,
)
from orchestrator.edits.actions.parameters import AddContainerScanning
from orchestrator.edits.actions.pins import doubt, uses
from orchestrator.edits.document import Document
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Step, Workflow, is_expression, refuse_expression


def add_container_scanning(document: Document, parameters: AddContainerScanning) -> Edited | Satisfied:
    """Let Trivy scan the image that is built.

    :raises Refusal: when nothing builds one, or a scan that is there does not do what is asked for.
    """
    workflow = Workflow.of(document)
    refuse_call(workflow, parameters.job)
    builds = builds_of(workflow, parameters.job)
    if not builds:
        hint = "`target` must be the workflow that builds the image"
        place = document.location(("jobs",))
        raise Refusal("edit/no-match", "no step builds an image", hint=hint, location=place)
    scans = [[step for step in later_steps(workflow, build) if scans_image(step)] for build in builds]
    lacking = [build for build, found in zip(builds, scans, strict=True) if not found]
    if not lacking:
        return _present([step for found in scans for step in found], parameters)
    build = one_build(workflow, lacking, parameters.image)
    image = built_image(build, parameters.image)
    _refuse_early(build)
    result = put_behind(build, image, _step(workflow, parameters, image), lists_image)
    return Edited(result, f"scans what `{build.label}` builds", tuple(_told(build, image)))


def _present(scans: Sequence[Step], parameters: AddContainerScanning) -> Satisfied:
    """Return that scans do what is asked for.

    :raises Refusal: when none of them does.
    """
    wanted = {severity.strip().upper() for severity in parameters.severity.split(",")}
    reasons = [_shortcoming(scan, wanted, is_blocking=parameters.blocking) for scan in scans]
    if None not in reasons:
        message = f"`{scans[0].label}` scans the image, but {reasons[0]}"
        hint = "`make_trivy_blocking` mends that" if scans[0].action == TRIVY else "edit it by hand, or remove it"
        raise Refusal("edit/conflict", message, hint=hint, location=scans[0].location)
    scan = scans[reasons.index(None)]
    why = doubt(scan.uses)
    return Satisfied(f"`{scan.label}` scans the image", (f"line {scan.location.line}: {why}",) if why else ())


def _shortcoming(scan: Step, wanted: set[str], *, is_blocking: bool) -> str | None:
    """Return what a scan lacks. Of scanners beside Trivy only what GitHub itself would ignore is known."""
    ignored = scan.data.get("continue-on-error")
    refuse_expression(ignored, scan.location, "`continue-on-error`")
    if is_blocking and str(ignored).lower() == "true":
        return "its failure is ignored"
    if scan.action == TRIVY:
        return _trivy_lacks(scan.document, scan, wanted, is_blocking=is_blocking)
    for command in commands_of(scan):
        words = " ".join(word.text for word in command.words)
        if is_blocking and command.begins("trivy", "image") and "--exit-code" not in words:
            return "lets everything pass: it has no `--exit-code`"
    is_off = str(scan.with_.get("fail-build")).lower() == "false"
    return "lets everything pass" if is_blocking and is_off else None


def _trivy_lacks(document: Document, scan: Step, wanted: set[str], *, is_blocking: bool) -> str | None:
    for key in ("exit-code", "severity"):
        refuse_expression(scan.with_.get(key), document.location((*scan.path, "with", key)), f"`{key}`")
    if is_blocking and str(scan.with_.get("exit-code") or 0) == "0":
        return "lets everything pass: its `exit-code` is 0"
    said = str(scan.with_.get("severity") or "")
    missing = wanted - {severity.strip().upper() for severity in said.split(",")} if said else set()
    return f"ignores {', '.join(sorted(missing))}" if missing else None


def _refuse_early(build: Step) -> None:
    """Refuse to scan again what is scanned in the wrong place.

    :raises Refusal: when a step before the build scans an image that the build makes.
    """
    tags = str(build.with_.get("tags") or build.run)
    for step in build.job.steps:
        reference = str(step.with_.get("image-ref") or step.with_.get("image") or "")
        if scans_image(step) and reference and reference in tags:
            message = f"`{step.label}` scans the image before `{build.label}` builds it"
            raise Refusal("edit/conflict", message, hint="move it behind the build", location=step.location)


def _step(workflow: Workflow, parameters: AddContainerScanning, image: BuiltImage) -> dict[str, Any]:
    head = {"name": "Scan the image", **({"if": image.condition} if image.condition else {})}
    settings = {
        "image-ref": image.reference,
        "severity": parameters.severity,
        "exit-code": "1" if parameters.blocking else "0",
    }
    return {**head, "uses": uses(TRIVY, parameters.pin, workflow), "with": settings}


def _told(build: Step, image: BuiltImage) -> Iterator[str]:
    if is_expression(build.with_.get("push")):
        yield f"line {build.location.line}: an image is scanned only when it is pushed (`{image.condition}`)"
    for holder, path in ((build.job.data, build.job.path), (build.document.data, ())):
        env = holder.get("env")
        for name in env if isinstance(env, dict) else ():
            if str(name).startswith("TRIVY_"):
                line = build.document.location((*path, "env", name)).line
                yield f"line {line}: `{name}` counts for the scan too"
