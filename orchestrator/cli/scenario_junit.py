"""Scenarios as a JUnit report: a suite for each, in it a case for each group of steps."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from orchestrator.reporters.junit import save
from orchestrator.reporters.text import clean, one_line
from orchestrator.scenarios.result import Result


def write(path: Path, results: Mapping[str, Result]) -> None:
    """Write the report of scenarios, by their ids.

    :raises EnvironmentProblem: when the machine refuses.
    """
    report = JUnitXml("scenarios")
    for name, result in results.items():
        report.add_testsuite(_suite(name, result))
    save(report, path)


def _suite(name: str, result: Result) -> TestSuite:
    suite = TestSuite(one_line(name))
    if result.is_flaky:
        suite.add_property("flaky", f"passed at attempt {result.attempts}")
    for group, members in groupby(result.steps, key=lambda step: step.group):
        steps = list(members)
        case = TestCase(one_line(group), one_line(name), round(sum(step.seconds for step in steps), 3))
        failed = next((step for step in steps if step.status == "failed"), None)
        if failed is not None:
            case.result = [_failure(failed.message, result)]
        elif all(step.status == "skipped" for step in steps):
            case.result = [Skipped("an earlier step failed")]
        suite.add_testcase(case)
    if not result.has_passed and all(step.status != "failed" for step in result.steps):
        case = TestCase(one_line(result.name), one_line(name), round(result.seconds, 3))
        case.result = [_failure(result.message, result)]
        suite.add_testcase(case)
    return suite


def _failure(message: str, result: Result) -> Failure:
    failure = Failure(one_line(message), "scenario")
    failure.text = clean(result.report)
    return failure
