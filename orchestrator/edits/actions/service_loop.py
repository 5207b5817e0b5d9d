"""A step that does the same for one service after the other, in a `for` loop: over which, and what for each.

Refuses what would not mean the same when each service has a machine of its own.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from orchestrator.edits.programs import invoked, is_image_build, is_install
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Command, Loop, Script
from orchestrator.edits.workflow import Step

_VALUE: Final = re.compile(r"[\w./@:+-]+")
_REFERENCE: Final = re.compile(r"\$\{?(\w+)(?:\[[@*]\])?\}?")
_ASSIGNED: Final = (
    r"""(?m)^[ \t]*(?:export |readonly |declare -a )?{}=(?:"([^"]*)"|'([^']*)'|\(([^)]*)\)|(\S+))[ \t]*\n?"""
)
_PREPARES: Final = frozenset(
    {"set", "cd", "export", "echo", "printf", "mkdir", "shopt", "readonly", "declare", "true", ":"}
)
_JUMPS: Final = frozenset({"break", "continue", "return", "wait"})
_SHARED: Final = re.compile(r"GITHUB_(OUTPUT|ENV|STATE|PATH)\b|::set-output")
_HINT: Final = "give each service a step of its own, or edit it by hand"


@dataclass(frozen=True)
class ServiceLoop:
    """A loop that builds services."""

    step: Step
    loop: Loop
    services: tuple[str, ...]
    run: str
    """What is left to do for one service, which the loop's variable names."""


def is_build(step: Step) -> bool:
    """Say whether a step builds something."""
    return step.action == "docker/build-push-action" or any(map(_is_work, step.script.commands if step.script else ()))


def loops_in(step: Step) -> Iterator[Loop]:
    """Yield the loops of a step that build something for each of several words."""
    for loop in step.script.loops if step.script else ():
        if any(map(_is_work, Script(loop.body).commands)) and loop.values:
            yield loop


def read_loop(step: Step, loop: Loop, services: Sequence[str]) -> ServiceLoop:
    """Return what a loop does; `services` are those the plan names, if it does.

    :raises Refusal: when it is more than the same for each of several services.
    """
    before, after = step.run[: loop.start], step.run[loop.end :]
    found = _values(step, loop, before)
    if services:
        _check_named(step, loop, found, services)
        found = tuple(services)
    if found is None or len(found) < 2 or not all(map(_VALUE.fullmatch, found)):
        message = "nothing tells the services this loop is over"
        hint = "name them with `services`"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=step.place_of(loop.start))
    _check_around(step, loop, before, after)
    body = _body(loop)
    _check_body(step, loop, body)
    run = _without_list(before, loop) + _with_scope(body, loop.variable) + after.rstrip() + "\n"
    return ServiceLoop(step, loop, found, run)


def _is_work(command: Command) -> bool:
    return is_image_build(command) or is_install(command) or "build" in invoked(command)[:2]


def _values(step: Step, loop: Loop, before: str) -> tuple[str, ...] | None:
    """Return the words of a loop; those of a variable where that is set in the script or the workflow."""
    reference = _REFERENCE.fullmatch(loop.values[0]) if len(loop.values) == 1 else None
    if reference is None:
        return loop.values
    assigned = re.search(_ASSIGNED.format(reference[1]), before)
    if assigned:
        return tuple(word.strip("'\"") for word in "".join(part or "" for part in assigned.groups()).split())
    for holder in (step.data, step.job.data, step.document.data):
        env = holder.get("env")
        if isinstance(env, dict) and isinstance(env.get(reference[1]), str):
            return tuple(env[reference[1]].split())
    return None


def _check_named(step: Step, loop: Loop, found: Sequence[str] | None, services: Sequence[str]) -> None:
    """Refuse services that are not words of the loop: they may be names where the loop is over directories."""
    for service in services:
        if found is not None and not any(fnmatchcase(service, value) for value in found):
            message = f"the loop is over {', '.join(f'`{value}`' for value in found)}, and `{service}` is none of them"
            hint = "name services as the loop does"
            raise Refusal("edit/conflict", message, hint=hint, location=step.place_of(loop.start))


def _check_around(step: Step, loop: Loop, before: str, after: str) -> None:
    first, last = Script(before), Script(after)
    is_known = first.is_valid and all(command.program in _PREPARES for command in first.commands)
    is_end = last.is_valid and all(command.program in ("echo", "printf") for command in last.commands)
    if not is_known or not is_end or after.lstrip(" \t").startswith((">", "<", "|", "&")):
        where = "behind" if is_known else "before"
        message = f"the script does more {where} the loop, which every service would do too"
        hint = "give that a step of its own"
        raise Refusal("edit/conflict", message, hint=hint, location=step.place_of(loop.start))


def _check_body(step: Step, loop: Loop, body: str) -> None:
    script = Script(body)
    place = step.place_of(loop.start)
    if not script.is_valid or script.loops or script.runs_beside or {each.program for each in script.commands} & _JUMPS:
        message = "the loop does more than the same for each service"
        raise Refusal("edit/conflict", message, hint=_HINT, location=place)
    if _SHARED.search(body):
        message = "the loop sets what later steps read, and of several machines only one would be heard"
        raise Refusal("edit/conflict", message, hint=_HINT, location=place)


def _body(loop: Loop) -> str:
    return textwrap.dedent(loop.body).strip().removesuffix(";").rstrip()


def _without_list(before: str, loop: Loop) -> str:
    """Leave out the variable that holds the services, where only the loop reads it."""
    reference = _REFERENCE.fullmatch(loop.values[0])
    if reference is None or reference[1] in loop.body:
        return before
    return re.sub(_ASSIGNED.format(reference[1]), "", before, count=1)


def _with_scope(body: str, variable: str) -> str:
    """Give each service a cache of its own: they would overwrite each other's."""
    script = Script(body)
    words = [word for command in script.commands for word in command.words]
    shared = [word for word in words if "type=gha" in word.text and "scope=" not in body[word.start : word.end]]
    ends = [word.end - (body[word.end - 1] == '"') for word in shared if body[word.end - 1] != "'"]
    return script.replaced([(end, end, f",scope=${variable}") for end in ends])
