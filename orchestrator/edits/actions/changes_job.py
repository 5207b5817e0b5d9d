"""The job that looks which paths a change touches, with `dorny/paths-filter`: one there is, or a new one.

Each filter says `true` or `false` in an output of that job. Decides nothing about the jobs that ask it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import yaml

from orchestrator.edits.actions.pins import uses
from orchestrator.edits.mutation import Add, Mutation, Noted, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow, placed

ACTION: Final = "dorny/paths-filter"
NAME: Final = "changes"
_STEP: Final = "filter"
_PULLS: Final = ("pull_request", "pull_request_target")


@dataclass(frozen=True)
class ChangesJob:
    """The job and what it knows; `step` is None where it has to be made."""

    workflow: Workflow
    id: str
    step: Step | None
    filters: Mapping[str, Sequence[str]]
    """The globs of each output."""

    def condition(self, output: str) -> str:
        """Return what a job says that runs only when a filter says so."""
        return f"needs.{self.id}.outputs.{output} == 'true'"

    def asked(self, job: Job) -> set[str]:
        """Return the filters that the `if` of a job names."""
        said = str(job.data.get("if") or "")
        return set(re.findall(rf"\bneeds\.{re.escape(self.id)}\.outputs\.([\w-]+)\s*==\s*'true'", said))


def find_changes_job(workflow: Workflow) -> ChangesJob:
    """Return the job that filters.

    :raises Refusal: when its filters cannot be read, or another job has its name.
    """
    steps = [step for step in workflow.steps if step.action.lower() == ACTION]
    if steps:
        step = next((each for each in steps if each.job.id == NAME), steps[0])
        return ChangesJob(workflow, step.job.id, step, _outputs(step))
    if NAME in workflow.document.data["jobs"]:
        message = f"the job `{NAME}` does something else than looking which paths a change touches"
        place = workflow.document.location(("jobs", NAME))
        raise Refusal("edit/conflict", message, hint="give that job another name", location=place)
    return ChangesJob(workflow, NAME, None, {})


def extended(changes: ChangesJob, new: Mapping[str, Sequence[str]], pin: Literal["sha", "tag"]) -> Iterator[Mutation]:
    """Yield what lets the job know more filters."""
    if not new:
        return
    if changes.step is None:
        path = ("jobs", changes.id)
        yield Add(path, _new_job(changes.workflow, new, pin), before=next(iter(changes.workflow.jobs)))
        return
    step = changes.step
    text = str(step.with_["filters"])
    yield Set((*step.path, "with", "filters"), f"{text.rstrip()}\n{_written(new)}")
    step_id = step.data.get("id", _STEP)
    if "id" not in step.data:
        yield placed(step, "id", step_id)
    outputs = {name: f"${{{{ steps.{step_id}.outputs.{name} }}}}" for name in new}
    there = step.job.data.get("outputs")
    if isinstance(there, dict):
        yield from (Add((*step.job.path, "outputs", name), value) for name, value in outputs.items())
    else:
        yield placed(step.job, "outputs", outputs)


def _outputs(step: Step) -> Mapping[str, Sequence[str]]:
    """Return the globs of each output of the job of a step that filters."""
    text = step.with_.get("filters")
    place = step.document.location((*step.path, "with", "filters"))
    if not isinstance(text, str) or "${{" in text:
        raise Refusal("edit/expression", "the filters are not written here", hint="edit them by hand", location=place)
    try:
        filters = yaml.safe_load(text)
    except yaml.YAMLError:
        raise Refusal("edit/syntax", "the filters are no YAML", hint="mend them first", location=place) from None
    if not isinstance(filters, dict):
        message = "the filters are in a file of their own"
        raise Refusal("edit/conflict", message, hint=f"add them to `{text.strip()}` by hand", location=place)
    outputs = step.job.data.get("outputs")
    said = outputs if isinstance(outputs, dict) else {}
    known = {name: re.search(rf"steps\.{step.data.get('id')}\.outputs\.([\w-]+)", str(said[name])) for name in said}
    return {name: [*_flat(filters[found[1]])] for name, found in known.items() if found and found[1] in filters}


def _flat(rule: Any) -> Iterator[str]:
    """Yield the globs of a filter, those of lists that aliases put into it too."""
    match rule:
        case list():
            for item in rule:
                yield from _flat(item)
        case _:
            yield str(rule)


def _new_job(workflow: Workflow, filters: Mapping[str, Sequence[str]], pin: Literal["sha", "tag"]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [
        {"id": _STEP, "uses": uses(ACTION, pin, workflow), "with": {"filters": _written(filters)}}
    ]
    rights = {}
    if workflow.events.keys() - set(_PULLS):  # what a pull request changes is asked of GitHub, all else of git
        rights["contents"] = "read"
        history = {"fetch-depth": Noted(0, "the filter compares commits"), "persist-credentials": False}
        steps.insert(0, {"uses": uses("actions/checkout", pin, workflow), "with": history})
    if workflow.events.keys() & {*_PULLS, "workflow_call"}:
        rights["pull-requests"] = "read"
    has_names = any("name" in job.data for job in workflow.jobs.values())
    return {
        **({"name": "Changed paths"} if has_names else {}),
        "runs-on": _runner(workflow),
        "permissions": rights,
        "outputs": {name: f"${{{{ steps.{_STEP}.outputs.{name} }}}}" for name in filters},
        "steps": steps,
    }


def _runner(workflow: Workflow) -> Any:
    """Return a machine that the workflow uses already, one of GitHub's with Ubuntu where it has one."""
    said = [job.data.get("runs-on") for job in workflow.jobs.values()]
    plain = [each for each in said if isinstance(each, str) and "${{" not in each]
    common = sorted(plain, key=lambda each: (not each.startswith("ubuntu-"), -plain.count(each)))
    return common[0] if common else "ubuntu-latest"


def _written(filters: Mapping[str, Sequence[str]]) -> str:
    """Write filters as YAML. The same globs are written once."""
    lines: list[str] = []
    known: dict[tuple[str, ...], str] = {}
    alike = [tuple(globs) for globs in filters.values()]
    for name, globs in filters.items():
        first = known.setdefault(tuple(globs), name)
        if first != name:
            lines.append(f"{name}: *{first}")
            continue
        lines.append(f"{name}: &{name}" if alike.count(tuple(globs)) > 1 else f"{name}:")
        lines += ["  - '" + glob.replace("'", "''") + "'" for glob in globs]
    return "\n".join(lines) + "\n"
