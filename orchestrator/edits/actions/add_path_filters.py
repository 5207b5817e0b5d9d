"""`add_path_filters`: jobs run only when a change touches files that concern them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from orchestrator.edits.actions.changes_job import ChangesJob, extended, find_changes_job
from orchestrator.edits.actions.event_paths import filter_events
from orchestrator.edits.actions.parameters import AddPathFilters
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Mutation
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Workflow, narrowed, waiting

_STATUS: Final = re.compile(r"\b(always|failure|cancelled)\s*\(")
_BLIND: Final = ("schedule", "workflow_dispatch", "workflow_run", "repository_dispatch")

Filters = Mapping[str, Sequence[str]]


def add_path_filters(document: Document, parameters: AddPathFilters) -> Edited | Satisfied:
    """Let jobs run, or the workflow start, only for changes that concern them.

    :raises Refusal: when the filters are not said, or a job has a condition that they cannot be joined with.
    """
    workflow = Workflow.of(document)
    filters = _filters(workflow, parameters)
    if parameters.mode == "workflow":
        return filter_events(workflow, list(dict.fromkeys(glob for globs in filters.values() for glob in globs)))
    changes = find_changes_job(workflow)
    outputs = {job_id: _known_output(changes, workflow.jobs[job_id], globs) for job_id, globs in filters.items()}
    new = {job_id: filters[job_id] for job_id, output in outputs.items() if output is None}
    mutations = list(extended(changes, new, parameters.pin))
    for job_id, output in outputs.items():
        mutations += _conditions(changes, workflow.jobs[job_id], output or job_id)
    warnings = tuple(_warnings(workflow, filters))
    told = ", ".join(f"`{name}`" for name in filters)
    if not mutations:
        return Satisfied(f"{told} run only when their files have changed", warnings)
    return Edited(edited(document, mutations), f"lets {told} run only when their files have changed", warnings)


def _filters(workflow: Workflow, parameters: AddPathFilters) -> Filters:
    """Return the globs of each job; in the mode `workflow` the names say nothing."""
    if not parameters.filters:
        hint = "say which files concern which job with `filters`, such as `filters: {test: [src/**]}`"
        place = workflow.document.location(("jobs",))
        raise Refusal("edit/missing-parameter", "nothing tells which files concern a job", hint=hint, location=place)
    said = {name: [globs] if isinstance(globs, str) else list(globs) for name, globs in parameters.filters.items()}
    if parameters.mode == "workflow":
        return said
    filters = {job.id: globs for pattern, globs in said.items() for job in workflow.select_jobs(pattern)}
    always = {job.id for pattern in parameters.always for job in workflow.select_jobs(pattern)}
    for name in filters.keys() & always:
        message = f"`{name}` has a filter, and is to run always"
        hint = "name it in `filters` or in `always`"
        raise Refusal("edit/conflict", message, hint=hint, location=workflow.jobs[name].location)
    return filters


def _known_output(changes: ChangesJob, job: Job, globs: Sequence[str]) -> str | None:
    """Return the filter that a job asks already, or would ask, None where it has to be made."""
    asked = changes.asked(job)
    for name in asked or {job.id}:
        there = changes.filters.get(name)
        if there is not None and set(there) == set(globs):
            return name
    taken = sorted(asked) or [name for name in changes.filters if name == job.id]
    if taken:
        message = f"the filter `{taken[0]}` of the job `{job.id}` has other globs"
        hint = f"edit the filters of the job `{changes.id}` by hand"
        place = changes.step.location if changes.step else job.location
        raise Refusal("edit/conflict", message, hint=hint, location=place)
    return None


def _conditions(changes: ChangesJob, job: Job, output: str) -> Iterator[Mutation]:
    if changes.id not in job.needs:
        yield waiting(job, changes.id)
    if output in changes.asked(job):
        return
    if _STATUS.search(str(job.data.get("if"))):
        message = f"the `if` of the job `{job.id}` lets it run whatever happens to others"
        place = job.document.location((*job.path, "if"))
        raise Refusal("edit/conflict", message, hint="join the conditions by hand", location=place)
    yield narrowed(changes.condition(output), job)


def _warnings(workflow: Workflow, filters: Filters) -> Iterator[str]:
    for name, globs in filters.items():
        for job in workflow.dependents(name):
            is_covered = job.id in filters and set(filters[job.id]) <= set(globs)
            if not is_covered and not _STATUS.search(str(job.data.get("if"))):
                yield f"line {job.location.line}: `{job.id}` is skipped too whenever `{name}` is, which it needs"
    blind = [event for event in _BLIND if event in workflow.events]
    if blind:
        told = " and ".join(f"`{event}`" for event in blind)
        yield f"{told} tells of no change: jobs may be skipped there"
