"""Reads what coverage tools report: Istanbul json-summary, coverage.py JSON, lcov, Cobertura."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from orchestrator.errors import TaskError

REPORTS: Final = (
    "coverage/coverage-summary.json",
    "coverage/lcov.info",
    "coverage/cobertura-coverage.xml",
    "coverage.json",
    "coverage.xml",
    "lcov.info",
)
"""Where the tools leave their reports unless told otherwise."""


def percentages(path: str, content: bytes) -> dict[str, float]:
    """Return the covered share of `lines`, and of `branches`, `functions`, `statements` where told, in percent.

    :raises TaskError: for a file that is none of the four formats.
    """
    try:
        if path.endswith(".json"):
            return _json(json.loads(content))
        if path.endswith(".xml"):
            return _cobertura(content)
        return _lcov(content.decode("utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError):
        hint = "json-summary, coverage.py JSON, lcov and Cobertura are understood"
        raise TaskError("task/failed", f"`{path}` is no coverage report", hint=hint) from None


def _json(report: Mapping[str, Any]) -> dict[str, float]:
    total = report.get("total")
    if isinstance(total, dict):  # Istanbul: https://istanbul.js.org/docs/advanced/alternative-reporters/#json-summary
        return {name: float(part["pct"]) for name, part in total.items() if isinstance(part.get("pct"), int | float)}
    totals = report["totals"]  # coverage.py: https://coverage.readthedocs.io/en/latest/commands/cmd_json.html
    found = {"lines": _share(totals["covered_lines"], totals["num_statements"])}
    if "num_branches" in totals:
        found["branches"] = _share(totals["covered_branches"], totals["num_branches"])
    return found


def _lcov(text: str) -> dict[str, float]:
    """Format: geninfo(1), https://ltp.sourceforge.net/coverage/lcov/geninfo.1.php"""
    sums: dict[str, int] = {}
    for name, number in re.findall(r"^(LF|LH|BRF|BRH|FNF|FNH):(\d+)$", text, re.MULTILINE):
        sums[name] = sums.get(name, 0) + int(number)
    found = {"lines": _share(sums["LH"], sums["LF"])}
    for name, hit, all_ in (("branches", "BRH", "BRF"), ("functions", "FNH", "FNF")):
        if all_ in sums:
            found[name] = _share(sums[hit], sums[all_])
    return found


def _cobertura(content: bytes) -> dict[str, float]:
    """Format: https://github.com/cobertura/web/blob/master/htdocs/xml/coverage-04.dtd"""
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(content)  # noqa: S314  # the project's own report
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    found = {"lines": float(root.attrib["line-rate"]) * 100}
    if "branch-rate" in root.attrib:
        found["branches"] = float(root.attrib["branch-rate"]) * 100
    return found


def _share(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0
