"""What GitHub Actions shows beside the log: annotations, and a summary on the page of the run.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from orchestrator.plan.model import Plan
from orchestrator.record.state import RunState, TaskState
from orchestrator.reporters.summary import by_status, outcome, status_of
from orchestrator.reporters.text import STATUSES, duration, one_line, word

ROWS = 200
"""GitHub takes one megabyte."""

_TOLD = ("failed", "waiting", "tolerated", "unverifiable", "cancelled", "blocked")


def annotation(level: str, title: str, message: str) -> str:
    """Return the line that makes GitHub show a message; `level` is `error`, `warning` or `notice`."""
    name = _data(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={name}::{_data(message)}"


def page(state: RunState, plan: Plan, seconds: float | None) -> str:
    """Return the summary of a run in Markdown."""
    return "\n".join(_page(state, plan, seconds)) + "\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _page(state: RunState, plan: Plan, seconds: float | None) -> Iterator[str]:
    took = f" after {duration(seconds)}" if seconds is not None else ""
    yield f"### {_cell(plan.name)}: {outcome(state)}{took}"
    yield ""
    yield from _tasks(state, plan)
    numbers = by_status(state.tasks.values())
    yield "| Status | Tasks |"
    yield "| --- | ---: |"
    yield from (f"| {word(status)} | {numbers[status]} |" for status in STATUSES if numbers.get(status))


def _tasks(state: RunState, plan: Plan) -> Iterator[str]:
    found = sorted(
        (task for task in state.tasks.values() if status_of(task) in _TOLD),
        key=lambda task: _TOLD.index(status_of(task)),
    )
    if not found:
        return
    yield "| Task | Status | Why |"
    yield "| --- | --- | --- |"
    for task in found[:ROWS]:
        name = plan.tasks[task.id].name if task.id in plan.tasks else ""
        yield f"| {_cell(f'{task.id} {name}')} | {word(status_of(task))} | {_cell(_why(task))} |"
    if len(found) > ROWS:
        yield f"| and {len(found) - ROWS} more | | |"
    yield ""


def _why(task: TaskState) -> str:
    if task.status == "waiting" and task.asked is not None:
        return task.asked.instructions
    if task.result is None:
        return ""
    said = task.result.message or task.result.summary
    return f"{said} (hint: {task.result.hint})" if task.result.hint else said


def _cell(text: str) -> str:
    """Escape text for a table; what stands between backticks stays code."""
    parts = one_line(text).split("`")
    if len(parts) % 2 == 0:
        return "\\`".join(map(_plain, parts))
    return "`".join(part.replace("|", "\\|") if index % 2 else _plain(part) for index, part in enumerate(parts))


def _plain(text: str) -> str:
    return re.sub(r"[|*_\[\]\\#]", r"\\\g<0>", escape(text, quote=False))
