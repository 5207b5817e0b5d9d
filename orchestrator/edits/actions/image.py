"""The image a job deploys: the one that a job before it has pushed, by its digest.

A digest names the very bytes that were built, where a tag may name others tomorrow. It goes from the build to the job
that deploys as an output. Decides which image that is; never how it is deployed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.edits.actions.build_action import EXPRESSION, is_build_action, listed, metadata_of, pushes_image
from orchestrator.edits.actions.deploy_job import add_to_head, ancestors, wait_for
from orchestrator.edits.actions.rollout import environ, substituted
from orchestrator.edits.mutation import Add, Mutation
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow, placed

_HINT: Final = "name the image with `image`, such as `ghcr.io/owner/name`"
_CONTEXTS: Final = re.compile(r"(?:github|vars|secrets|inputs|env)\.")
_TAG: Final = re.compile(r":((?:[^:/${}]|\$\{\{.*?\}\})+)\Z")


@dataclass(frozen=True)
class Image:
    """An image as the job that deploys can say it. Exactly one of `digest` and `tag` is there, or neither."""

    name: str
    """Without tag and digest; it may hold expressions."""
    digest: str = ""
    tag: str = ""
    mutations: tuple[Mutation, ...] = ()
    """What makes the digest known to the job."""
    warnings: tuple[str, ...] = ()

    @property
    def env(self) -> dict[str, str]:
        """The variables that `reference` uses."""
        said = {"IMAGE": self.name, "DIGEST": self.digest, "TAG": self.tag}
        return {name: value for name, value in said.items() if value}

    @property
    def shell_name(self) -> str:
        """The name as a word of a shell script. Registries take no capitals, and names of repositories have some."""
        is_plain = "${{" not in self.name and self.name == self.name.lower()
        return "$IMAGE" if is_plain else "${IMAGE,,}"

    @property
    def reference(self) -> str:
        """The whole image as a word of a shell script."""
        return self.shell_name + ("@$DIGEST" if self.digest else ":$TAG" if self.tag else "")


def find_image(workflow: Workflow, job: Job, said: str | None) -> Image:
    """Return the image that a job deploys: the one that is said, else the one that was built for it.

    :raises Refusal: when the file does not tell which one that is.
    """
    name, tag, digest = parts(said or "")
    if digest or tag:
        return Image(name, digest, tag, warnings=tuple(_unknown_tag(workflow, name, tag)))
    builds = _builds(workflow, job)
    if not builds:
        return _pushed_by_script(workflow, job, name)
    if len(builds) > 1:
        places = ", ".join(f"line {step.location.line}" for step in builds)
        message = f"several steps push an image: {places}"
        hint = "name the image with its tag with `image`, such as `ghcr.io/owner/name:${{ github.sha }}`"
        raise Refusal("edit/ambiguous", message, hint=hint, location=builds[1].location)
    return _built(job, builds[0], name)


def parts(reference: str) -> tuple[str, str, str]:
    """Return the name, the tag and the digest of an image; a tag beside a digest decides nothing."""
    name, _, digest = reference.partition("@")
    tag = _TAG.search(name)
    return (name[: tag.start()] if tag else name), (tag[1] if tag and not digest else ""), digest


def is_known_build(step: Step) -> bool:
    """Say whether a step builds an image and pushes it."""
    return is_build_action(step) and pushes_image(step)


def _builds(workflow: Workflow, job: Job) -> Sequence[Step]:
    """Return the steps that push an image before a job deploys; else those of jobs that it could wait for."""
    before = [job, *ancestors(workflow, job)]
    other = [each for each in workflow.jobs.values() if each not in before and job not in ancestors(workflow, each)]
    for jobs in (before, other):
        found = [step for each in jobs for step in each.steps if is_known_build(step)]
        if found:
            return found
    return ()


def _built(job: Job, build: Step, name: str) -> Image:
    builder = build.job
    if builder.matrix:
        message = f"the job `{builder.id}` builds several images, and a job has one output of a name"
        hint = "name the image with its tag with `image`, such as `ghcr.io/owner/name:${{ github.sha }}`"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=build.location)
    name = name or _name_of(build)
    step_id = _id_of(build)
    mutations: list[Mutation] = []
    if "id" not in build.data:
        mutations.append(placed(build, "id", step_id))
    digest = f"steps.{step_id}.outputs.digest"
    if builder.id == job.id:
        return Image(name, f"${{{{ {digest} }}}}", mutations=tuple(mutations))
    output, added = _output(builder, digest)
    mutations += (*added, *wait_for(job, builder.id))
    return Image(name, f"${{{{ needs.{builder.id}.outputs.{output} }}}}", mutations=tuple(mutations))


def _id_of(build: Step) -> str:
    taken = {step.data.get("id") for step in build.job.steps}
    return str(build.data.get("id") or ("build" if "build" not in taken else "build-image"))


def _output(builder: Job, digest: str) -> tuple[str, Sequence[Mutation]]:
    """Return the name of the job's output that is the digest, and what adds it where it is missing."""
    outputs = builder.data.get("outputs")
    value = f"${{{{ {digest} }}}}"
    if not isinstance(outputs, dict):
        return "digest", [add_to_head(builder, "outputs", {"digest": value})]
    for name, said in outputs.items():
        if digest in str(said):
            return name, []
    name = "digest" if "digest" not in outputs else "image-digest"
    return name, [Add((*builder.path, "outputs", name), value)]


def _name_of(build: Step) -> str:
    """Return the name of the image that a step builds."""
    names = list(_named(build.with_.get("tags")))
    if metadata := metadata_of(build):
        found = [step for step in build.job.steps if step.data.get("id") == metadata]
        names = [name for step in found for name in _named(step.with_.get("images"))]
    if not names and (said := re.search(r"\bname=([^,\s]+)", str(build.with_.get("outputs") or ""))):
        names = [said[1]]
    for each in names:
        name = _resolved(build.job, parts(each)[0])
        if name is not None:
            return name
    message = "what the image is called is not known where it is deployed" if names else "the image has no name here"
    raise Refusal("edit/missing-parameter", message, hint=_HINT, location=build.location)


def _named(value: object) -> Iterator[str]:
    """Yield the names of a list, written as they are or behind `name=`."""
    for entry in listed(value):
        if "=" not in entry.split("{{", maxsplit=1)[0].removeprefix("name="):
            yield entry.removeprefix("name=")


def _resolved(builder: Job, name: str) -> str | None:
    """Return a name as another job can say it; None when it cannot. Variables of the job are put in."""
    env = builder.data.get("env")
    own: dict[str, Any] = env if isinstance(env, dict) else {}
    everywhere = builder.document.data.get("env")
    shared: dict[str, Any] = everywhere if isinstance(everywhere, dict) else {}

    def value(found: re.Match[str]) -> str:
        variable = found[1].removeprefix("env.")
        return str(own[variable]) if found[1].startswith("env.") and variable in own else found[0]

    resolved = EXPRESSION.sub(value, name)
    said = [found[1] for found in EXPRESSION.finditer(resolved)]
    is_known = all(_CONTEXTS.match(each) and (not each.startswith("env.") or each[4:] in shared) for each in said)
    return resolved if resolved and is_known and "$" not in EXPRESSION.sub("", resolved) else None


def _pushed_by_script(workflow: Workflow, job: Job, name: str) -> Image:
    """Return the one image that a script pushes under a name another job can say."""
    before = [job, *ancestors(workflow, job)]
    pushed: dict[tuple[str, str], Step] = {}
    for step in (step for each in before for step in each.steps if step.script):
        for command in step.script.commands if step.script else ():
            text = substituted(command.words[-1].text, environ(step.job, step))
            reference = _resolved(step.job, text) if command.begins("docker", "push") else None
            there, tag, _ = parts(reference or "")
            if tag and tag != "latest" and name in ("", there):
                pushed[there, tag] = step
    if len(pushed) != 1:
        message = "several images are pushed" if pushed else f"no job before `{job.id}` is known to push an image"
        hint = "name the image with its tag with `image`, such as `ghcr.io/owner/name:${{ github.sha }}`"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=job.location)
    ((there, tag),) = pushed
    return Image(there, tag=tag)


def _unknown_tag(workflow: Workflow, name: str, tag: str) -> Iterator[str]:
    """Yield a warning when the tags that are pushed are all known, and this one is not among them."""
    tags = [each for step in workflow.steps if is_known_build(step) for each in _tags_of(step)]
    if tag and tags and None not in tags and not any(_is_same(tag, str(each)) for each in tags):
        yield f"no step pushes `{name}:{tag}`; the tags are {', '.join(f'`{each}`' for each in dict.fromkeys(tags))}"


def _tags_of(build: Step) -> Iterator[str | None]:
    """Yield the tags a step pushes; None where that is not written down."""
    metadata = metadata_of(build)
    if not metadata:
        yield from (parts(each)[1] or None for each in _named(build.with_.get("tags")))
        return
    for step in build.job.steps:
        if step.data.get("id") == metadata:
            rules = str(step.with_.get("tags") or "").splitlines()
            yield from (_rule(line.strip()) for line in rules if line.strip()) if rules else [None]


def _rule(rule: str) -> str | None:
    """Return the tag that a rule of docker/metadata-action makes, where it is a fixed one."""
    said = dict(part.partition("=")[::2] for part in rule.split(","))
    if said.get("type") == "sha" and said.get("format") == "long" and "enable" not in said:
        return f"{said.get('prefix', 'sha-')}${{{{ github.sha }}}}"
    return said.get("value") if said.get("type") == "raw" and "enable" not in said else None


def _is_same(one: str, other: str) -> bool:
    return re.sub(r"\s", "", one) == re.sub(r"\s", "", other)
