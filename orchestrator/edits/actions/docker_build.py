"""What `docker build` in a script makes, as other steps can say it. Reads scripts; never edits them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Command
from orchestrator.edits.workflow import Step

HINT: Final = "name the image with `image`, such as `ghcr.io/owner/name:${{ github.sha }}`"

_EXPRESSION: Final = re.compile(r"(\$\{\{.*?\}\})")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_BUILDS: Final = (("docker", "build"), ("docker", "buildx", "build"), ("docker", "image", "build"))
_KNOWN: Final = {
    "GITHUB_SHA": "github.sha",
    "GITHUB_REF_NAME": "github.ref_name",
    "GITHUB_REPOSITORY": "github.repository",
    "GITHUB_REPOSITORY_OWNER": "github.repository_owner",
    "GITHUB_RUN_ID": "github.run_id",
    "GITHUB_RUN_NUMBER": "github.run_number",
}


def commands_of(step: Step) -> Sequence[Command]:
    """Return the commands that a step runs, none where it runs no shell script."""
    return step.script.commands if step.script else ()


def build_commands(step: Step) -> Sequence[Command]:
    """Return the commands that build an image."""
    return [command for command in commands_of(step) if any(command.begins(*words) for words in _BUILDS)]


def tag_in_script(step: Step) -> str:
    """Return the first tag of the image that a script builds.

    :raises Refusal: when it builds several, or when only the script knows what its variables mean.
    """
    commands = build_commands(step)
    tags = [tag for command in commands for tag in _tags(command)]
    message = f"nothing tells what the image of `{step.label}` is called"
    if len(commands) > 1:
        message = f"`{step.label}` builds several images"
    elif tags and (reference := _for_actions(step, tags[0])):
        return reference
    elif tags:
        message = f"only the script of `{step.label}` knows what `{tags[0]}` is"
    raise Refusal("edit/missing-parameter", message, hint=HINT, location=step.location)


def shared_env(step: Step) -> dict[str, Any]:
    """Return the variables that all steps of a job share."""
    levels = (step.document.data.get("env"), step.job.data.get("env"))
    return {name: value for level in levels if isinstance(level, dict) for name, value in level.items()}


def _tags(command: Command) -> Iterator[str]:
    words = [word.text for word in command.words]
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in ("-t", "--tag") and following:
            yield following
        elif word.startswith("--tag="):
            yield word.partition("=")[2].strip("'\"")


def _for_actions(step: Step, word: str) -> str | None:
    """Return a word of a script with its variables as expressions; None when only the script knows them."""
    own = step.data.get("env")
    local: dict[str, Any] = own if isinstance(own, dict) else {}
    assigned = set(re.findall(r"(?m)^\s*(?:export\s+|for\s+)?(\w+)(?:=|\s+in\s)", step.run))
    known = (local.keys() | shared_env(step).keys() | _KNOWN.keys()) - assigned

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in known:
            return found[0]
        return str(local[name]) if name in local else f"${{{{ {_KNOWN.get(name, f'env.{name}')} }}}}"

    told = "".join(part if part.startswith("${{") else _VARIABLE.sub(value, part) for part in _EXPRESSION.split(word))
    return None if re.search(r"[$`]", _EXPRESSION.sub("", told)) else told
