"""Reports as the tools write them."""

from __future__ import annotations

import json

import pytest

from orchestrator.errors import TaskError
from orchestrator.handlers.coverage import percentages


def part(total: int, covered: int, pct: float | str) -> dict[str, object]:
    return {"total": total, "covered": covered, "skipped": 0, "pct": pct}


ISTANBUL = json.dumps(
    {
        "total": {
            "lines": part(200, 151, 75.5),
            "statements": part(210, 157, 74.76),
            "functions": part(40, 30, 75),
            "branches": part(0, 0, "Unknown"),
            "branchesTrue": part(0, 0, 100),
        },
        "/project/src/a.ts": {"lines": part(10, 1, 10)},
    }
)
COVERAGE_PY = json.dumps(
    {
        "meta": {"format": 3, "version": "7.6.1", "branch_coverage": True},
        "files": {},
        "totals": {
            "covered_lines": 61,
            "num_statements": 80,
            "percent_covered": 70.0,
            "missing_lines": 19,
            "num_branches": 20,
            "covered_branches": 9,
        },
    }
)
LCOV = """TN:
SF:src/a.ts
FN:1,one
FNF:4
FNH:3
DA:1,1
LF:10
LH:9
BRF:4
BRH:1
end_of_record
TN:
SF:src/b.ts
LF:30
LH:11
FNF:4
FNH:1
end_of_record
"""
COBERTURA = """<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "coverage-04.dtd">
<coverage lines-valid="40" lines-covered="20" line-rate="0.5" branches-valid="8" branch-rate="0.25" version="1.9">
  <sources/><packages/>
</coverage>
"""


@pytest.mark.parametrize(
    ("name", "report", "found"),
    [
        (
            "coverage/coverage-summary.json",
            ISTANBUL,
            {"lines": 75.5, "statements": 74.76, "functions": 75.0, "branchesTrue": 100.0},
        ),
        ("coverage.json", COVERAGE_PY, {"lines": 76.25, "branches": 45.0}),
        ("coverage/lcov.info", LCOV, {"lines": 50.0, "functions": 50.0, "branches": 25.0}),
        ("coverage.xml", COBERTURA, {"lines": 50.0, "branches": 25.0}),
    ],
)
def test_each_format_is_read(name: str, report: str, found: dict[str, float]) -> None:
    assert percentages(name, report.encode()) == pytest.approx(found)


def test_nothing_to_cover_is_covered() -> None:
    assert percentages("lcov.info", b"SF:a\nLF:0\nLH:0\nend_of_record\n") == {"lines": 100.0}


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("coverage.json", "{}"),
        ("coverage.json", "[]"),
        ("coverage.json", "{"),
        ("coverage.json", '{"totals": {"covered_lines": "x", "num_statements": 3}}'),
        ("lcov.info", "nothing\n"),
        ("lcov.info", "\udcff"),
        ("coverage.xml", "<coverage/>"),
        ("coverage.xml", "<coverage"),
        ("coverage.xml", '<coverage line-rate="much"/>'),
    ],
)
def test_what_is_no_report_is_a_task_error(name: str, report: str) -> None:
    with pytest.raises(TaskError, match="is no coverage report"):
        percentages(name, report.encode("utf-8", "surrogateescape"))
