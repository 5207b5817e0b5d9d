"""An image that a step builds, as later steps of the same job can name it: by the digest of what was pushed.

What was not pushed has no digest in a registry, and goes by its tag once it is loaded. Decides which image that is,
never what is done with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.edits.actions.build_action import EXPRESSION, is_build_action, listed, metadata_of, pushes_image
from orchestrator.edits.actions.docker_build import HINT, build_commands, commands_of, shared_env, tag_in_script
from orchestrator.edits.mutation import Add, Mutation, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Step, bare_condition, is_expression, placed

_CAPITALS: Final = re.compile(r"github\.(?:repository|actor|event)|vars\.|inputs\.")


@dataclass(frozen=True)
class BuiltImage:
    """An image behind the step that builds it."""

    reference: str
    """What names it."""
    condition: str = ""
    """When it is there at all; empty = always."""
    is_pushed: bool = False
    mutations: tuple[Mutation, ...] = ()
    """What the build needs for that: an `id`, or to load the image."""


def builds_image(step: Step) -> bool:
    """Say whether a step builds an image."""
    return is_build_action(step) or bool(build_commands(step))


def is_pushed(step: Step) -> bool:
    """Say whether the image that a step builds goes to a registry, at least at times."""
    if not is_build_action(step):
        pushes = any(command.begins("docker", "push") for each in step.job.steps for command in commands_of(each))
        return pushes or any(command.option("--push") is not None for command in build_commands(step))
    return pushes_image(step)


def built_image(step: Step, said: str | None) -> BuiltImage:
    """Return the image that a step builds; `said` is what the plan calls it.

    :raises Refusal: when later steps cannot name it.
    """
    if is_build_action(step):
        return _pushed(step, said) if is_pushed(step) else _loaded(step, said)
    return BuiltImage(said or tag_in_script(step), condition=_condition(step), is_pushed=is_pushed(step))


def name_of(reference: str) -> str:
    """Return a reference without its tag and digest, expressions counted as text."""
    name = EXPRESSION.sub(lambda found: "_" * len(found[0]), reference).partition("@")[0]
    colon = name.rfind(":")
    return reference[: colon if colon > name.rfind("/") else len(name)]


def _pushed(step: Step, said: str | None) -> BuiltImage:
    step_id, mutations = _id_of(step)
    digest = f"${{{{ steps.{step_id}.outputs.digest }}}}"
    if said is not None:
        name, mutations = (said, ()) if "@" in said or said != name_of(said) else (f"{said}@{digest}", mutations)
        return BuiltImage(name, _condition(step), is_pushed=True, mutations=tuple(mutations))
    return BuiltImage(f"{_pushed_name(step)}@{digest}", _condition(step), is_pushed=True, mutations=tuple(mutations))


def _loaded(step: Step, said: str | None) -> BuiltImage:
    """Return an image that stays on the runner. Buildx keeps it to itself unless it is told to load it."""
    metadata = metadata_of(step)
    tags = _tags(step)
    reference = said or next((tag for tag in tags if EXPRESSION.sub("", _with_env(step, tag))), None)
    if reference is None and metadata is not None:
        reference = f"${{{{ fromJSON(steps.{metadata}.outputs.json).tags[0] }}}}"
    if reference is None and len(tags) == 1:
        reference = tags[0]
    if reference is None:
        raise _nameless(step)
    return BuiltImage(reference, _condition(step), mutations=tuple(_load(step)))


def _load(step: Step) -> Iterator[Mutation]:
    load, outputs = step.with_.get("load"), str(step.with_.get("outputs") or "")
    if str(load).lower() == "true" or "type=docker" in outputs:
        return
    several = "," in str(step.with_.get("platforms") or "") or "\n" in str(step.with_.get("platforms") or "").strip()
    if outputs or several or is_expression(load):
        message = f"the image of `{step.label}` is neither pushed nor loaded"
        hint = "push it, or build one platform with `load: true`"
        raise Refusal("edit/conflict", message, hint=hint, location=step.location)
    path = (*step.path, "with")
    if "load" in step.with_:
        yield Set((*path, "load"), value=True)
    elif step.with_:
        yield Add((*path, "load"), value=True, after="push" if "push" in step.with_ else None)
    else:
        yield (Set if "with" in step.data else Add)(path, {"load": True})


def _id_of(step: Step) -> tuple[str, Sequence[Mutation]]:
    """Return the id of a step, and what gives it one where it has none."""
    if step.data.get("id"):
        return str(step.data["id"]), ()
    taken = [each.data.get("id") for each in step.job.steps]
    step_id = next(name for name in ("build", "build-image", f"build-{step.index + 1}") if name not in taken)
    return step_id, [placed(step, "id", step_id)]


def _condition(step: Step) -> str:
    """Return when a step leaves its image behind, as the `if` of another one."""
    push = step.with_.get("push") if is_build_action(step) else None
    own = step.data.get("if")
    parts = [bare_condition(own) or str(own)] if own else []
    if is_expression(push):
        found = EXPRESSION.fullmatch(str(push).strip())
        if found is None or "${{" in found[1]:
            place = step.job.document.location((*step.path, "with", "push"))
            raise Refusal("edit/expression", "`push` is made of several expressions", hint=HINT, location=place)
        parts.append(found[1] if re.search(r"[=!<>&|(]", found[1]) else f"format('{{0}}', {found[1]}) == 'true'")
    return " && ".join(f"({part})" if len(parts) > 1 and "||" in part else part for part in parts)


def _pushed_name(step: Step) -> str:
    """Return the name of the image that a step pushes, with a tag where only that is sure to be in small letters."""
    names = [name_of(tag) for tag in _tags(step)]
    metadata = metadata_of(step)
    if metadata is not None:
        found = [each for each in step.job.steps if each.data.get("id") == metadata]
        images = [name for each in found for name in listed(each.with_.get("images"))]
        names = [name.removeprefix("name=") for name in images if "=" not in name or name.startswith("name=")]
        if names and _CAPITALS.search(_with_env(step, names[0])):  # registries take none
            return f"${{{{ fromJSON(steps.{metadata}.outputs.json).tags[0] }}}}"
    outputs = [field.strip() for field in listed(step.with_.get("outputs"))]
    names += [field.removeprefix("name=") for field in outputs if field.startswith("name=")]
    name = next((name for name in names if EXPRESSION.sub("", _with_env(step, name))), None)
    if name is None:
        raise _nameless(step)
    return name


def _nameless(step: Step) -> Refusal:
    key = "tags" if "tags" in step.with_ else "uses"
    place = step.document.location((*step.path, *(("with",) if key == "tags" else ()), key))
    message = f"nothing tells what the image of `{step.label}` is called"
    return Refusal("edit/missing-parameter", message, hint=HINT, location=place)


def _tags(step: Step) -> Sequence[str]:
    """Return the tags of a build."""
    return [_told(step, tag) for tag in listed(step.with_.get("tags"))]


def _told(step: Step, text: str) -> str:
    """Return what a variable says in place of it, if more than a name is in there."""
    said = _with_env(step, text) if EXPRESSION.fullmatch(text) else text
    return said if said != name_of(said) else text


def _with_env(step: Step, text: str) -> str:
    """Put in what the workflow says of its variables."""

    def value(found: re.Match[str]) -> str:
        said = shared_env(step).get(found[1].removeprefix("env.")) if found[1].startswith("env.") else None
        return found[0] if said is None else str(said)

    return EXPRESSION.sub(value, text)
