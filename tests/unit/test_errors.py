from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from orchestrator.errors import (
    CODES,
    EnvironmentProblem,
    Location,
    OrchestratorError,
    PlanError,
    PlanErrors,
    StateError,
    TaskError,
    UsageError,
    did_you_mean,
    raise_os_error,
)

PACKAGE = Path(__file__).parents[2] / "orchestrator"
TESTS = Path(__file__).parents[1]


def test_an_error_reads_from_the_code_to_what_to_do() -> None:
    error = PlanError(
        "plan/unknown-dependency",
        "task `2.3` depends on `2.9`, which is not in the plan",
        location=Location("config/phases.yaml", 41, 20),
        hint="did you mean `2.8`?",
    )
    assert str(error) == (
        "error[plan/unknown-dependency]: task `2.3` depends on `2.9`, which is not in the plan\n"
        "  --> config/phases.yaml:41:20\n"
        "  hint: did you mean `2.8`?"
    )


def test_a_code_that_is_not_registered_cannot_be_used() -> None:
    with pytest.raises(LookupError, match="plan/new"):
        PlanError("plan/new", "x")


def test_the_exit_code_says_who_must_act() -> None:
    kinds = [OrchestratorError, PlanError, UsageError, EnvironmentProblem, StateError, TaskError]
    assert [kind.exit_code for kind in kinds] == [1, 2, 2, 1, 1, 1]


def test_all_problems_of_a_plan_are_told_in_the_order_of_the_file() -> None:
    def problem(line: int) -> PlanError:
        return PlanError("plan/bad-value", f"line {line}", location=Location("p.yaml", line, 1))

    errors = PlanErrors([problem(9), problem(2)])
    assert [p.message for p in errors.problems] == ["line 2", "line 9"]
    assert str(errors).split("\n\n") == [str(problem(2)), str(problem(9))]


@pytest.mark.parametrize(
    ("word", "hint"),
    [("servces", "did you mean `services`?"), ("xyz", None), ("routes", "did you mean `routes`?")],
)
def test_a_near_miss_is_recognised(word: str, hint: str | None) -> None:
    assert did_you_mean(word, ["services", "routes"]) == hint


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "environment/no-space"),
        (errno.EDQUOT, "environment/no-space"),
        (errno.EACCES, "environment/unwritable"),
        (errno.EROFS, "environment/unwritable"),
        (errno.EIO, "environment/io"),
    ],
)
def test_what_the_machine_refuses_is_told_by_its_reason(number: int, code: str) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        raise_os_error(OSError(number, os.strerror(number)), "a.txt")
    assert caught.value.code == code
    assert "`a.txt`" in caught.value.message


def test_every_code_that_is_registered_is_used_and_every_one_used_is_registered() -> None:
    slug = re.compile(r"\"((?:plan|usage|environment|state|edit|generation|task)/[a-z0-9-]+)\"")
    sources = {path: path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "errors.py"}
    used = {code for text in sources.values() for code in slug.findall(text)}
    raised_here = set(slug.findall((PACKAGE / "errors.py").read_text().split("class Location")[1]))
    assert used | raised_here == set(CODES)


def test_every_code_is_raised_by_some_test() -> None:
    tests = [path for path in TESTS.rglob("*") if path.suffix in (".py", ".yml", ".expected")]
    expected = "\n".join(path.read_text("utf-8") for path in tests)
    assert [code for code in CODES if code not in expected] == []
