"""Paths that a change must touch before a workflow starts at all: `on.<event>.paths`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.document import edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Workflow

_EVENTS: Final = ("push", "pull_request", "pull_request_target")
_PENDING: Final = "a check that branch protection requires stays pending where the workflow does not start"


def filter_events(workflow: Workflow, globs: Sequence[str]) -> Edited | Satisfied:
    """Start a workflow only for changes that touch the paths.

    :raises Refusal: when no event tells what has changed, or one has a filter that cannot be joined.
    """
    document = workflow.document
    events = [event for event in _EVENTS if event in workflow.events]
    if not events:
        message = "nothing starts the workflow that tells what has changed"
        hint = f"it needs one of {', '.join(f'`{event}`' for event in _EVENTS)}"
        raise Refusal("edit/no-match", message, hint=hint, location=document.location(("on",)))
    told = " and ".join(f"`{event}`" for event in events)
    if isinstance(document.data["on"], dict):
        mutations = [mutation for event in events for mutation in _filter(workflow, event, globs)]
    else:
        paths = {"paths": list(globs)}
        mutations = [Set(("on",), {event: paths if event in events else None for event in workflow.events})]
    if not mutations:
        return Satisfied(f"{told} has these paths", (_PENDING,))
    return Edited(edited(document, mutations), f"lets {told} start only where the paths are touched", (_PENDING,))


def _filter(workflow: Workflow, event: str, globs: Sequence[str]) -> Iterator[Mutation]:
    """Yield what an event lacks."""
    rule = workflow.events[event]
    path = ("on", event)
    if rule is None:
        yield Set(path, {"paths": list(globs)})
        return
    if not isinstance(rule, dict):
        raise _refusal(workflow, event, "edit/wrong-shape", f"`{event}` is no mapping", "write its filters as keys")
    if "paths-ignore" in rule:
        message = f"`{event}` has `paths-ignore`, and cannot have `paths` too"
        raise _refusal(workflow, event, "edit/conflict", message, "take that out first", "paths-ignore")
    there = rule.get("paths")
    if there is None:
        yield Set((*path, "paths"), list(globs)) if "paths" in rule else Add((*path, "paths"), list(globs))
        return
    yield from _join(workflow, event, there, globs)


def _join(workflow: Workflow, event: str, there: Any, globs: Sequence[str]) -> Iterator[Mutation]:
    if not isinstance(there, list):
        message = f"the `paths` of `{event}` are no list"
        raise _refusal(workflow, event, "edit/wrong-shape", message, "write them as one", "paths")
    missing = [glob for glob in globs if glob not in there]
    if missing and any(str(glob).startswith("!") for glob in there):
        message = f"`{event}` leaves paths out, and those added behind them would come back in"
        raise _refusal(workflow, event, "edit/conflict", message, "edit the list by hand", "paths")
    for glob in missing:
        yield Insert(("on", event, "paths"), len(there), glob)


def _refusal(workflow: Workflow, event: str, code: str, message: str, hint: str, key: str = "") -> Refusal:
    path = ("on", event, key) if key else ("on", event)
    return Refusal(code, message, hint=hint, location=workflow.document.location(path))
