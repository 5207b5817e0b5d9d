"""The end of every run, in lines: what failed and why comes first, what to do next comes last."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter
from typing import Literal, NamedTuple

from orchestrator.plan.model import Plan
from orchestrator.record.events import TaskFinished
from orchestrator.record.state import RunState, TaskState
from orchestrator.reporters.text import clean, counts, duration, listing, one_line, short_path, tasks

MANY = 50
"""Tasks that are told in full, of each sort."""

Tone = Literal["", "good", "bad", "waiting", "warning", "quiet"]


class Line(NamedTuple):
    """A line, and how it is meant, for who has colours."""

    text: str
    tone: Tone = ""


def lines(
    state: RunState, plan: Plan, *, seconds: float | None = None, interrupted: Collection[str] = ()
) -> Iterator[Line]:
    """Yield the summary of a run.

    `seconds` is how long it took, if the caller watched; `interrupted` are the tasks that an earlier part of
    the run left unfinished.
    """
    sections = [section(state, plan) for section in (_failed, _blocked, _waiting)]
    sections.append(_interrupted(state, plan, interrupted))
    sections += [section(state, plan) for section in (_tolerated, _unverifiable)]
    sections.append(_warnings(state))
    for section in sections:
        if told := list(section):
            yield from told
            yield Line("")
    yield from _ending(state, seconds)
    if plan.is_written:
        yield from _next_steps(state)


def outcome(state: RunState) -> str:
    """Return in a word how a run ended, or that it has not."""
    if state.finished is not None:
        return "failed" if state.exit_code else "done"
    if state.paused is None:
        return "stopped"
    if state.paused != "waiting":
        return state.paused
    return "failed, and waiting for a person" if state.exit_code == 1 else "waiting for a person"


def status_of(task: TaskState) -> str:
    """Return the status of a task, `tolerated` for a failure that the plan says does not matter."""
    if task.status != "failed" or task.result is None:
        return task.status
    return "tolerated" if task.result.tolerated else "failed"


def by_status(found: Iterable[TaskState]) -> dict[str, int]:
    """Return how many of these tasks have each status."""
    known = list(found)
    counted = Counter(map(attrgetter("status"), known))
    if counted["failed"]:
        return Counter(map(status_of, known))
    return counted


def reasons(result: TaskFinished) -> Iterator[str]:
    """Yield why a task failed, what to do and where more is written; each line says what it is."""
    why = clean(result.message or result.summary).strip().splitlines()
    yield f"error: {why[0]}" if why else f"error: {result.code or 'no reason given'}"
    yield from (f"| {line}".rstrip() for line in why[1:])
    if result.hint:
        yield f"hint: {one_line(result.hint)}"
    if result.log:
        yield f"log: {short_path(result.log)}"


def request(task_id: str, instructions: str) -> Iterator[str]:
    """Yield what a person is to do, and how to say that it is done."""
    yield from (f"| {line}".rstrip() for line in clean(instructions).strip().splitlines())
    yield f"when done: {approval(task_id)}"


def approval(task_id: str) -> str:
    """Return the command that says a manual task is done."""
    plain = all(character.isalnum() or character in "._-" for character in task_id)
    return f"orchestrate approve {task_id}" if plain else f"orchestrate approve '{task_id}'"


def _failed(state: RunState, plan: Plan) -> Iterator[Line]:
    found = [task for task in state.tasks.values() if task.status == "failed" and status_of(task) == "failed"]
    if not found:
        return
    yield Line(f"{tasks(len(found))} failed", "bad")
    for task in found[:MANY]:
        yield Line(_title(task.id, plan))
        for text in reasons(task.result) if task.result is not None else ():
            yield Line(f"    {text}", "" if text.startswith("error: ") else "quiet")
    yield from _and_more(found)


def _blocked(state: RunState, plan: Plan) -> Iterator[Line]:
    causes: dict[str, list[str]] = {}
    for task in state.tasks.values():
        if task.status == "blocked" and task.result is not None:
            causes.setdefault(_root(task.result.cause, state), []).append(task.id)
    if not causes:
        return
    number = sum(map(len, causes.values()))
    yield Line(f"{tasks(number)} could not start", "bad")
    for cause, blocked in list(causes.items())[:MANY]:
        name = plan.tasks[cause].name if cause in plan.tasks else ""
        yield Line(f"  because of {cause}  {one_line(name)}".rstrip())
        yield Line(f"    {listing(blocked, 20)}", "quiet")


def _root(cause: str, state: RunState) -> str:
    """Follow the causes of blocked tasks to the one that is not blocked itself."""
    seen = set()
    while cause not in seen:
        seen.add(cause)
        task = state.tasks.get(cause)
        if task is None or task.status != "blocked" or task.result is None:
            break
        cause = task.result.cause
    return cause


def _waiting(state: RunState, plan: Plan) -> Iterator[Line]:
    found = [task for task in state.tasks.values() if task.status == "waiting"]
    if not found:
        return
    yield Line(f"{tasks(len(found))} {'waits' if len(found) == 1 else 'wait'} for a person", "waiting")
    for task in found[:MANY]:
        yield Line(_title(task.id, plan))
        for text in request(task.id, task.asked.instructions if task.asked else ""):
            yield Line(f"    {text}", "quiet" if text.startswith("|") else "waiting")
    yield from _and_more(found)


def _tolerated(state: RunState, plan: Plan) -> Iterator[Line]:
    found = [task for task in state.tasks.values() if task.status == "failed" and status_of(task) == "tolerated"]
    if found:
        yield Line(f"{tasks(len(found))} failed, which the plan tolerates", "warning")
    for task in found[:MANY]:
        yield Line(_title(task.id, plan))
        if task.result is not None:
            yield from (Line(f"    {text}", "quiet") for text in reasons(task.result))
    yield from _and_more(found)


def _unverifiable(state: RunState, plan: Plan) -> Iterator[Line]:
    found = [task for task in state.tasks.values() if task.status == "unverifiable"]
    if found:
        yield Line(f"{tasks(len(found))} could not be verified here", "warning")
    for task in found[:MANY]:
        yield Line(_title(task.id, plan))
        if task.result is not None:
            yield Line(f"    {one_line(task.result.message or task.result.summary)}", "quiet")
    yield from _and_more(found)


def _interrupted(state: RunState, plan: Plan, earlier: Collection[str]) -> Iterator[Line]:
    open_now = set(state.interrupted)
    if open_now:
        them = "it" if len(open_now) == 1 else "them"
        yield Line(f"{tasks(len(open_now))} stopped in the middle; the next run does {them} again", "warning")
        yield from (Line(_title(task_id, plan)) for task_id in state.interrupted[:MANY])
        yield from _and_more(state.interrupted)
    again = [task_id for task_id in earlier if task_id not in open_now]
    if again:
        yield Line(f"{tasks(len(again))} had been interrupted, and ran again")
        yield from (Line(f"{_title(task_id, plan)}  {_status(task_id, state)}", "quiet") for task_id in again[:MANY])
        yield from _and_more(again)


def _status(task_id: str, state: RunState) -> str:
    task = state.tasks.get(task_id)
    return task.status if task is not None else "not in this plan any more"


def _warnings(state: RunState) -> Iterator[Line]:
    if state.warnings:
        yield Line("warnings", "warning")
    yield from (Line(f"  {one_line(message)}", "quiet") for message in state.warnings[:MANY])
    yield from _and_more(state.warnings)


def _ending(state: RunState, seconds: float | None) -> Iterator[Line]:
    how = outcome(state)
    tone: Tone = "good" if how == "done" else "bad" if how.startswith("failed") else "waiting"
    took = f" after {duration(seconds)}" if seconds is not None else ""
    yield Line(f"{how}{took}: {counts(by_status(state.tasks.values()))}", tone)
    places = {os.path.dirname(task.result.log) for task in state.tasks.values() if task.result and task.result.log}
    yield from (Line(f"  logs: {short_path(place)}", "quiet") for place in sorted(places))


def _next_steps(state: RunState) -> Iterator[Line]:
    steps = list(_commands(state))
    width = max((len(command) for command, _ in steps), default=0)
    for command, why in steps:
        yield Line(f"  {command:<{width}}  {why}", "quiet")


def _commands(state: RunState) -> Iterator[tuple[str, str]]:
    waiting = [task.id for task in state.tasks.values() if task.status == "waiting"]
    failed = bool({"failed", "cancelled"}.intersection(by_status(state.tasks.values())))
    if waiting:
        yield approval(waiting[0]), "say that it is done"
    if state.is_open:
        yield "orchestrate run", "go on from here" + (", and try again what failed" if failed else "")
    elif failed:
        yield "orchestrate run --retry-failed", "try again what failed, and what it kept from starting"
    if failed or state.is_open:
        yield "orchestrate status", "show where this run stands"
    if state.staged:
        yield "orchestrate rollback", "take back what this run wrote"


def _title(task_id: str, plan: Plan) -> str:
    task = plan.tasks.get(task_id)
    return f"  {task_id}  {one_line(task.name)}" if task is not None else f"  {task_id}"


def _and_more(found: Collection[object]) -> Iterator[Line]:
    if len(found) > MANY:
        yield Line(f"  and {len(found) - MANY} more", "quiet")
