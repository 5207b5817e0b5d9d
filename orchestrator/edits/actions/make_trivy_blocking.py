"""`make_trivy_blocking`: what Trivy finds fails the build, and is reported all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions.parameters import MakeTrivyBlocking
from orchestrator.edits.actions.pins import doubt
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Mutation, Remove, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow, narrowed, placed, refuse_expression

ACTION: Final = "aquasecurity/trivy-action"
_LIMIT: Final = "limit-severities-for-sarif"
_TARGET: Final = ("scan-type", "scan-ref", "image-ref", "input")
_RUNS_ANYWAY: Final = re.compile(r"\b(always|failure|cancelled)\(\)")
_NO_GATE: Final = re.compile(
    r"non-?blocking|informational|advisory|(report|warn)(s|ing)? only|only (report|warn|inform)s?|"
    r"n[o']t (a )?(gate|fail|block|break)|never fails?|no gate",
    re.IGNORECASE,
)


def make_trivy_blocking(document: Document, parameters: MakeTrivyBlocking) -> Edited | Satisfied:
    """Let a scan fail at what it finds, and its report be uploaded then too.

    :raises Refusal: when no step scans, or GitHub computes what would have to change.
    """
    workflow = Workflow.of(document)
    scans = _scans(workflow, parameters)
    gates = [scan for scan in scans if not _has_gate_beside(scan, scans)]
    mutations = _once([mutation for scan in gates for mutation in _gate(scan, parameters)])
    warnings = [warning for scan in gates for warning in _warnings(scan)]
    warnings += [
        f"line {_line(scan)}: this scan only reports; another one decides" for scan in scans if scan not in gates
    ]
    names = " and ".join(f"`{scan.label}`" for scan in gates)
    if not mutations:
        return Satisfied(f"{names} fails at what it finds", tuple(warnings))
    return Edited(edited(document, mutations), f"makes {names} fail at what it finds", tuple(warnings))


def _scans(workflow: Workflow, parameters: MakeTrivyBlocking) -> Sequence[Step]:
    jobs = workflow.select_jobs(parameters.job)
    found = [step for job in jobs for step in job.steps if _is_scan(step)]
    if parameters.step is not None:
        chosen = [step for step in workflow.select_steps(parameters.step, jobs) if step in found]
        return [workflow.one_step(chosen, "step with Trivy is what `step` says", hint="say more, or which `job`")]
    if not found:
        raise _nothing(workflow, jobs)
    for scan in found:
        _refuse_twins([other for other in found if _is_same_target(scan, other)])
    return found


def _nothing(workflow: Workflow, jobs: Sequence[Job]) -> Refusal:
    """Return why there is no scan to edit; one in a script tells where."""
    for step in [step for job in jobs for step in job.steps]:
        for command in step.script.commands if step.script else ():
            if command.program == "trivy":
                message = "Trivy runs as a command here, not as an action"
                hint = "let it fail with `--exit-code 1 --severity CRITICAL,HIGH`, by hand or with `replace_text`"
                return Refusal("edit/no-match", message, hint=hint, location=step.place_of(command.start))
    hint = "name a workflow that scans as `target`, or add a scan first, with `add_container_scanning`"
    place = workflow.document.location(("jobs",))
    return Refusal("edit/no-match", f"no step scans with `{ACTION}`", hint=hint, location=place)


def _is_scan(step: Step) -> bool:
    """Say whether a step looks for problems: what lists the parts of an image finds none."""
    lists = str(step.with_.get("format")).startswith(("cyclonedx", "spdx", "github"))
    return step.action.lower() == ACTION and not lists


def _is_same_target(one: Step, other: Step) -> bool:
    return one.job.id == other.job.id and all(one.with_.get(key) == other.with_.get(key) for key in _TARGET)


def _refuse_twins(scans: Sequence[Step]) -> None:
    if len(scans) > 1 and not any(_blocks(scan) for scan in scans):
        lines = " and ".join(str(_line(scan)) for scan in scans)
        message = f"lines {lines} scan the same, and one should decide"
        raise Refusal("edit/ambiguous", message, hint="name that one with `step`", location=scans[1].location)


def _has_gate_beside(scan: Step, scans: Sequence[Step]) -> bool:
    return not _blocks(scan) and any(_blocks(other) and _is_same_target(scan, other) for other in scans)


def _blocks(scan: Step) -> bool:
    return str(scan.with_.get("exit-code") or 0) != "0"


def _gate(scan: Step, parameters: MakeTrivyBlocking) -> Iterator[Mutation]:
    settings = dict(_settings(scan, parameters))
    if settings and scan.data.get("with") is None:
        path = (*scan.path, "with")
        yield Set(path, settings) if "with" in scan.data else placed(scan, "with", settings)
    elif settings:
        for key, value in settings.items():
            path = (*scan.path, "with", key)
            yield Set(path, value) if key in scan.with_ else Add(path, value)
    for holder in (scan, scan.job):
        yield from _counting(holder)
    for step in _reporters(scan):
        if not _RUNS_ANYWAY.search(str(step.data.get("if"))):
            yield narrowed("always()", step)


def _settings(scan: Step, parameters: MakeTrivyBlocking) -> Iterator[tuple[str, Any]]:
    """Yield what the action has to be told otherwise. What is stricter than asked for stays."""
    there = scan.with_
    for key in ("exit-code", "severity", "ignore-unfixed", _LIMIT):
        place = scan.document.location((*scan.path, "with", key))
        refuse_expression(there.get(key), place, f"`{key}`")
    severity = _severity(scan, parameters)
    if severity is not None:
        yield "severity", severity
    if not _blocks(scan):
        yield "exit-code", 1 if type(there.get("exit-code")) is int else "1"
    if parameters.ignore_unfixed is not None and _is_true(there.get("ignore-unfixed")) != parameters.ignore_unfixed:
        yield "ignore-unfixed", _truth(scan, "ignore-unfixed", parameters.ignore_unfixed)
    if there.get("format") == "sarif" and (severity or there.get("severity")) and not _is_true(there.get(_LIMIT)):
        yield _LIMIT, _truth(scan, _LIMIT, truth=True)


def _severity(scan: Step, parameters: MakeTrivyBlocking) -> str | None:
    """Return the severities to count, None where those that are asked for count already."""
    there = scan.with_.get("severity")
    if there is None and _blocks(scan):
        return None
    asked, said = _listed(parameters.severity), _listed(there)
    return ",".join(dict.fromkeys([*asked, *said])) if set(asked) - set(said) else None


def _listed(severities: Any) -> Sequence[str]:
    return [part.strip().upper() for part in str(severities or "").split(",") if part.strip()]


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _truth(scan: Step, key: str, truth: bool) -> bool | str:
    """Return a truth value, as text where the step writes them so."""
    others = [scan.with_[key]] if key in scan.with_ else list(scan.with_.values())
    is_text = any(isinstance(value, str) and value in ("true", "false") for value in others)
    return str(truth).lower() if is_text else truth


def _counting(holder: Job | Step) -> Iterator[Mutation]:
    path = (*holder.path, "continue-on-error")
    value = holder.data.get("continue-on-error")
    refuse_expression(value, holder.document.location(path), "`continue-on-error`")
    if _is_true(value):
        yield Remove(path)


def _reporters(scan: Step) -> Iterator[Step]:
    """Yield the later steps of the job that take what the scan has written."""
    output = scan.with_.get("output")
    for step in scan.job.steps[scan.job.steps.index(scan) + 1 :]:
        if isinstance(output, str) and output and any(output in str(value) for value in step.with_.values()):
            yield step


def _warnings(scan: Step) -> Iterator[str]:
    why = doubt(scan.uses)
    if why is not None:
        yield f"line {_line(scan)}: {why}"
    for holder, path in ((scan.data, scan.path), (scan.job.data, scan.job.path), (scan.document.data, ())):
        env = holder.get("env")
        for name in env if isinstance(env, dict) else ():
            if name in ("TRIVY_EXIT_CODE", "TRIVY_SEVERITY", "TRIVY_IGNORE_UNFIXED"):
                line = scan.document.location((*path, "env", name)).line
                yield f"line {line}: `{name}` says something else to Trivy than the step does"
    comment = " ".join(scan.document.comments(scan.path).split())
    if _NO_GATE.search(comment):
        yield f"line {_line(scan)}: a comment says that this scan is no gate: {comment}"


def _line(step: Step) -> int:
    return step.location.line


def _once(mutations: Sequence[Mutation]) -> Sequence[Mutation]:
    found: list[Mutation] = []
    for mutation in mutations:
        if mutation not in found:
            found.append(mutation)
    return found
