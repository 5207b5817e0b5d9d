"""A run as a JUnit report: a suite for each phase, a case for each task that the run reached."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from orchestrator.errors import raise_os_error
from orchestrator.plan.model import Plan, Task
from orchestrator.record.events import TaskFinished
from orchestrator.record.state import RunState, TaskState
from orchestrator.reporters.summary import reasons, status_of
from orchestrator.reporters.text import one_line


def write(path: Path, state: RunState, plan: Plan) -> None:
    """Write the report of a run to a file, making its directory if need be.

    :raises EnvironmentProblem: when the machine refuses.
    """
    report = JUnitXml(one_line(plan.name))
    cases: dict[str, list[TestCase]] = {}
    for task in plan.tasks.values():
        if (known := state.tasks.get(task.id)) is not None:
            cases.setdefault(task.phase, []).append(_case(task, known))
    for phase in plan.phases:
        if phase.key not in cases:
            continue
        suite = TestSuite(one_line(f"{phase.key} {phase.name}"))
        if state.started:
            suite.timestamp = datetime.fromtimestamp(state.started, UTC).isoformat(timespec="seconds")
        suite.add_testcases(cases[phase.key])
        report.add_testsuite(suite)
    save(report, path)


def save(report: JUnitXml, path: Path) -> None:
    """Count what is in a report and write it to a file, making its directory if need be.

    :raises EnvironmentProblem: when the machine refuses.
    """
    report.update_statistics()  # type: ignore[no-untyped-call]  # junitparser leaves it open
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        report.write(str(path), pretty=True)
    except OSError as error:
        raise_os_error(error, path)


def _case(task: Task, known: TaskState) -> TestCase:
    result = known.result or TaskFinished(task.id, known.status)
    case = TestCase(
        one_line(f"{task.id} {task.name}"), f"{task.phase}.{task.group}".rstrip("."), round(result.seconds, 3)
    )
    said = one_line(result.message or result.summary)
    match status_of(known):
        case "tolerated":
            case.result = [Skipped(f"failed, which the plan tolerates: {said}")]
        case "failed":
            failure = Failure(said, result.code)
            failure.text = "\n".join(reasons(result))
            case.result = [failure]
        case "cancelled" | "running" | "retrying":
            case.result = [Error(said or "interrupted", known.status)]
        case "waiting":
            case.result = [Skipped("waits for a person")]
        case "skipped" | "blocked" | "unverifiable" as status:
            case.result = [Skipped(f"{status}: {said}" if said else status)]
        case _:
            pass
    return case
