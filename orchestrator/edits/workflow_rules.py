"""What GitHub refuses though its schema allows it, so that it is seen where `actionlint` is not installed.

Never looks at anything but the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.edits.document import Document
from orchestrator.edits.mutation import Path
from orchestrator.edits.workflow import Job, Workflow, is_expression
from orchestrator.errors import did_you_mean


class Breach(NamedTuple):
    """A rule that a workflow does not follow."""

    what: str
    path: Path
    hint: str | None = None


def breaches(document: Document) -> Iterator[Breach]:
    """Yield where a workflow does not follow the rules. What is no workflow breaks none of them."""
    if not isinstance(document.data, dict) or not isinstance(document.data.get("jobs"), dict):
        return
    workflow = Workflow.of(document)
    for job in workflow.jobs.values():
        yield from _unknown_needs(workflow, job)
        yield from _unversioned(job)


def _unknown_needs(workflow: Workflow, job: Job) -> Iterator[Breach]:
    known = {str(name).lower(): name for name in workflow.document.data["jobs"]}  # GitHub knows no difference
    for need in job.needs:
        if need.lower() not in known and not is_expression(need):
            hint = did_you_mean(need, list(map(str, known.values())))
            yield Breach(f"`needs` names the job `{need}`, which is not there", (*job.path, "needs"), hint)


def _unversioned(job: Job) -> Iterator[Breach]:
    for step in job.steps:
        is_elsewhere = step.uses and not step.uses.startswith(("./", "docker://")) and not is_expression(step.uses)
        if is_elsewhere and not all(step.uses.partition("@")):
            what = f"`uses: {step.uses}` names no version"
            yield Breach(what, (*step.path, "uses"), f"write it with one, such as `{step.action}@v4`")
