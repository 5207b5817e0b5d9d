"""`add_sbom_generation`: an image gets a bill of materials (SBOM) when it is built."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions.built_image import BuiltImage, built_image, is_pushed
from orchestrator.edits.actions.docker_build import commands_of
from orchestrator.edits.actions.image_steps import (
    SYFT,
    builds_of,
    later_steps,
    lists_image,
    one_build,
    put_behind,
    refuse_call,
)
from orchestrator.edits.actions.parameters import AddSbomGeneration
from orchestrator.edits.actions.pins import uses
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow, is_expression, refuse_expression

_ENDINGS: Final = {"spdx-json": "spdx.json", "cyclonedx-json": "cyclonedx.json"}
_OF_FILES: Final = frozenset({"cyclonedx-npm", "cyclonedx-py", "cyclonedx-bom", "cdxgen"})


def add_sbom_generation(document: Document, parameters: AddSbomGeneration) -> Edited | Satisfied:
    """Let a bill of materials be made of the image that is built, or of the files of `path`.

    :raises Refusal: when it is not plain which image that is.
    """
    workflow = Workflow.of(document)
    refuse_call(workflow, parameters.job)
    if parameters.path is not None and parameters.image is None:
        return _of_files(workflow, parameters, parameters.path)
    builds = builds_of(workflow, parameters.job)
    if not builds:
        return _without_build(workflow, parameters)
    lacking = [build for build in builds if not _has_sbom(workflow, build)]
    if not lacking:
        return Satisfied(f"a bill of materials is made of what {_named(builds)} builds")
    build = one_build(workflow, lacking, parameters.image)
    if parameters.tool == "buildkit":
        return _attested(build)
    image = built_image(build, parameters.image)
    step = _step(workflow, build.job, parameters, {"image": image.reference}, image.condition)
    result = put_behind(build, image, step)
    return Edited(result, f"makes a bill of materials of what `{build.label}` builds", tuple(_told(build, image)))


def _named(builds: Sequence[Step]) -> str:
    return " and ".join(f"`{build.label}`" for build in builds)


def _has_sbom(workflow: Workflow, build: Step) -> bool:
    words = [word.text for command in commands_of(build) for word in command.words]
    attests = f"{build.with_.get('attests') or ''} {' '.join(words)}"
    is_attested = str(build.with_.get("sbom", False)).lower() not in ("false", "none", "")
    told = re.search(r"type=sbom|--sbom(?!=false)", attests)
    return is_attested or told is not None or any(lists_image(step) for step in later_steps(workflow, build))


def _attested(build: Step) -> Edited:
    """Let BuildKit put the bill of materials beside the image, into the registry."""
    path = (*build.path, "with", "sbom")
    refuse_expression(build.with_.get("sbom"), build.document.location(path), "`sbom`")
    version = re.search(r"@v?(\d+)", build.uses)
    problem = None
    if not build.uses:
        problem = f"`{build.label}` is a script; add `--sbom=true` to its command"
    elif not is_pushed(build):
        problem = f"`{build.label}` pushes nothing, and only a registry keeps what BuildKit makes"
    elif version is not None and len(version[1]) < 3 and int(version[1]) < 4:
        problem = f"`{build.uses}` knows no `sbom`; that came with v4"
    if problem is not None:
        raise Refusal("edit/conflict", problem, hint="`tool: syft` makes a file instead", location=build.location)
    near = next((key for key in ("provenance", "push") if key in build.with_), None)
    mutation: Mutation = Set(path, value=True) if "sbom" in build.with_ else Add(path, value=True, after=near)
    result = edited(build.document, [mutation])
    return Edited(result, f"lets BuildKit make a bill of materials of what `{build.label}` builds")


def _of_files(workflow: Workflow, parameters: AddSbomGeneration, path: str) -> Edited | Satisfied:
    if any(_lists_files(step, path) for job in workflow.select_jobs(parameters.job) for step in job.steps):
        return Satisfied(f"a bill of materials is made of `{path}`")
    job = _one_job(workflow, parameters)
    checkout = next((step for step in job.steps if step.action == "actions/checkout"), None)
    if checkout is None:
        hint = "name a job with `actions/checkout` with `job`"
        raise Refusal("edit/no-match", f"the job `{job.id}` checks nothing out", hint=hint, location=job.location)
    step = _step(workflow, job, parameters, {"path": path}, "")
    result = edited(job.document, [Insert((*job.path, "steps"), checkout.index + 1, step)])
    return Edited(result, f"makes a bill of materials of `{path}` in `{job.id}`")


def _lists_files(step: Step, path: str) -> bool:
    if step.action == SYFT and not step.with_.get("image"):
        return posixpath.normpath(str(step.with_.get("path", "."))) == posixpath.normpath(path)
    for command in commands_of(step):
        words = [posixpath.normpath(word.text.removeprefix("dir:")) for word in command.words[1:]]
        if command.program in _OF_FILES or (command.program == "syft" and posixpath.normpath(path) in words):
            return True
    return False


def _without_build(workflow: Workflow, parameters: AddSbomGeneration) -> Edited | Satisfied:
    steps = [step for job in workflow.select_jobs(parameters.job) for step in job.steps if lists_image(step)]
    wanted = parameters.image
    if steps and (wanted is None or any(wanted in f"{step.with_} {step.run}" for step in steps)):
        return Satisfied(f"{_named(steps)} makes a bill of materials")
    if wanted is None:
        hint = "say `image`, or `path: .` for what is in the repository"
        place = workflow.document.location(("jobs",))
        raise Refusal("edit/no-match", "no step builds an image", hint=hint, location=place)
    job = _one_job(workflow, parameters)
    step = _step(workflow, job, parameters, {"image": wanted}, "")
    result = edited(job.document, [Insert((*job.path, "steps"), len(job.data["steps"]), step)])
    return Edited(result, f"makes a bill of materials of `{wanted}`")


def _one_job(workflow: Workflow, parameters: AddSbomGeneration) -> Job:
    found = [job for job in workflow.select_jobs(parameters.job) if job.steps]
    if len(found) == 1:
        return found[0]
    place = workflow.document.location(("jobs",))
    message = "nothing tells which job should make the bill of materials"
    raise Refusal("edit/missing-parameter", message, hint="name it with `job`", location=place)


def _step(
    workflow: Workflow, job: Job, parameters: AddSbomGeneration, subject: dict[str, Any], condition: str
) -> dict[str, Any]:
    form = parameters.format or "spdx-json"
    settings = {**subject, "format": form, "artifact-name": _artifact(workflow, job, parameters, form)}
    if _is_released(workflow) and not _may_write(job):
        settings["upload-release-assets"] = False
    head = {"name": "Generate an SBOM", **({"if": condition} if condition else {})}
    return {**head, "uses": uses(SYFT, parameters.pin, workflow), "with": settings}


def _artifact(workflow: Workflow, job: Job, parameters: AddSbomGeneration, form: str) -> str:
    """Return the name of the artifact: one for each run of a job, or they would clash."""
    name, matrix = parameters.artifact_name, job.matrix
    is_one = not matrix and not is_expression((job.data.get("strategy") or {}).get("matrix"))
    if name is not None:
        if not is_one and not is_expression(name):
            message = f"the job `{job.id}` runs several times, and all would upload `{name}`"
            hint = "let `artifact_name` tell them apart, such as `sbom-${{ strategy.job-index }}`"
            raise Refusal("edit/conflict", message, hint=hint, location=job.document.location((*job.path, "strategy")))
        return name
    ending = _ENDINGS.get(form, form)
    if not is_one:
        keys = list(_telling(matrix)) or ["strategy.job-index"]
        return f"sbom-{'-'.join(f'${{{{ {key} }}}}' for key in keys)}.{ending}"
    taken = {str(step.with_.get("artifact-name") or step.with_.get("name")) for step in workflow.steps}
    return f"sbom.{ending}" if f"sbom.{ending}" not in taken else f"sbom-{job.id}.{ending}"


def _telling(matrix: dict[str, Any]) -> Iterator[str]:
    """Yield the keys of a matrix that tell its jobs apart, as far as their values can be part of a file's name."""
    for key, values in matrix.items():
        if key in ("include", "exclude"):
            continue
        if not isinstance(values, list) or any(not re.fullmatch(r"[\w.-]+", str(value)) for value in values):
            return
    if not matrix.get("include"):
        yield from (f"matrix.{key}" for key in matrix if key != "exclude")


def _is_released(workflow: Workflow) -> bool:
    """Say whether the workflow runs for releases, to which the action attaches its file."""
    push = workflow.events.get("push") or {}
    on_tags = "push" in workflow.events and isinstance(push, dict) and ("tags" in push or "branches" not in push)
    return "release" in workflow.events or on_tags


def _may_write(job: Job) -> bool:
    granted = job.data.get("permissions", job.document.data.get("permissions", "write-all"))
    return granted == "write-all" or (isinstance(granted, dict) and granted.get("contents") == "write")


def _told(build: Step, image: BuiltImage) -> Iterator[str]:
    line = build.location.line
    if not image.is_pushed:
        yield f"line {line}: `{build.label}` pushes nothing, so this is of an image that nobody can pull"
    elif is_expression(build.with_.get("push")):
        yield f"line {line}: a bill of materials is made only of what is pushed (`{image.condition}`)"
