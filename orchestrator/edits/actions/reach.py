"""Whether a job that deploys can run at all: its `if` against the events that start the workflow. Only warns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from orchestrator.edits.workflow import Job, Workflow

_EVENT: Final = re.compile(r"github\.event_name\s*==\s*'([^']*)'")
_REF: Final = re.compile(r"github\.ref\s*==\s*'refs/heads/([^']*)'|github\.ref_name\s*==\s*'([^']*)'")
_ANY_BRANCH: Final = frozenset({
    "workflow_dispatch", "schedule", "workflow_run", "workflow_call", "repository_dispatch",
})  # fmt: skip


def unreachable(workflow: Workflow, job: Job) -> Iterator[str]:
    """Yield a warning when no event lets the job run. A condition that is no plain `&&` is left alone."""
    condition = str(job.data.get("if") or "")
    if "||" in condition or "!" in condition:
        return
    started = workflow.events
    place = f"line {job.document.location((*job.path, 'if')).line}"
    for event in _EVENT.findall(condition):
        if event not in started:
            yield f"{place}: `{job.id}` runs only for `{event}`, which does not start this workflow"
    for found in _REF.finditer(condition):
        branch = found[1] or found[2]
        if not any(_can_be(event, said, branch) for event, said in started.items()):
            yield f"{place}: `{job.id}` runs only on `{branch}`, where nothing starts this workflow"


def _can_be(event: str, said: Any, branch: str) -> bool:
    if event != "push":
        return event in _ANY_BRANCH
    rules = said if isinstance(said, dict) else {}
    if "branches" in rules:
        listed = rules["branches"] if isinstance(rules["branches"], list) else [rules["branches"]]
        return any(fnmatchcase(branch, str(pattern)) for pattern in listed)
    return "tags" not in rules or "branches-ignore" in rules
