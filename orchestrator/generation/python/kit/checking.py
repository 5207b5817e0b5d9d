"""The stage that runs pytest: in order, shuffled, alone and with all other tests. It reads and writes JSON.

Each run is a fork of one process that has imported what is slow to import, and leaves nothing behind. A run may repeat
its tests in several orders: what a test leaves behind then meets every other test.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import os
import random
import sys
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

_NOTHING: dict[str, Any] = {"exit": -1, "outcomes": {}, "failures": {}, "coverage": None}
_SLOW = 10.0  # seconds of a suite that is not run a second time without need
_LONGEST = 1500  # characters of a failure that are passed on


def check(request: dict[str, Any]) -> dict[str, Any]:
    """Return the outcome of each run in the request, in order."""
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    import pytest  # noqa: F401 - each fork has it then

    plugins = entry_points(group="pytest11") if request["preload"] else ()
    for name in [*request["preload"], *(each.module for each in plugins)]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    found: list[dict[str, Any]] = []
    for run in request["runs"]:
        is_needed = not run.get("spare") or not found or _tells_little(found[-1])
        found.append(_forked(run, request) if is_needed else {**_NOTHING, "exit": 0})
    return {"runs": found}


def _tells_little(run: dict[str, Any]) -> bool:
    """Say whether a run leaves anything to ask: what failed may have failed before, and a short suite costs nothing."""
    return bool(run["exit"] != 0 or run["seconds"] < _SLOW)


def _forked(run: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory:
        answer = Path(directory) / "answer.json"
        child = os.fork()
        if not child:
            try:
                answer.write_text(json.dumps(_run(run, request, Path(directory))), "utf-8")
            except Exception as error:  # noqa: BLE001 - a fork must not go on as though it were its parent
                answer.write_text(json.dumps({**_NOTHING, "failures": {"": repr(error)}}), "utf-8")
            finally:
                os._exit(0)
        began = time.monotonic()
        _, status = os.waitpid(child, 0)
        if status or not answer.exists():
            return {
                "exit": -1,
                "outcomes": {},
                "failures": {"": f"pytest ended with status {status}"},
                "coverage": None,
                "seconds": 0.0,
            }
        found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return {**found, "seconds": time.monotonic() - began}


def _run(run: dict[str, Any], request: dict[str, Any], directory: Path) -> dict[str, Any]:
    import pytest

    sys.argv = ["pytest", *run["paths"]]  # as whoever runs the tests later has it
    recorder = _Recorder(run.get("times", 1), run.get("seeds", []))
    output = io.StringIO()
    measured = _begin_coverage(request["target"]) if run.get("coverage") else None
    plain = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=short", f"--basetemp={directory / 'tmp'}"]
    plain += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of plugins that a preloaded library has imported
    plain += ["--continue-on-collection-errors"]  # a person's file that is broken says nothing about ours
    cover = ["--no-cov"] if _has("pytest_cov") else []
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = pytest.main([*run["paths"], *plain, *cover], plugins=[recorder])
    coverage = _end_coverage(measured, directory) if measured else None
    if code not in (0, 1, 5):
        recorder.failures.setdefault("", output.getvalue()[-_LONGEST:])
    return {"exit": int(code), "outcomes": recorder.outcomes, "failures": recorder.failures, "coverage": coverage}


class _Recorder:
    """A pytest plugin that repeats the tests in several orders and keeps the worst that became of each."""

    def __init__(self, times: int, seeds: list[int]) -> None:
        self._times = times
        self._seeds = seeds
        self.outcomes: dict[str, str] = {}
        self.failures: dict[str, str] = {}

    def pytest_runtestloop(self, session: Any) -> bool | None:
        """Run them in order, then shuffled by each seed; pytest does it where once is enough."""
        if (self._times == 1 and not self._seeds) or session.testsfailed or not session.items:
            return None
        order = list(session.items) * self._times
        for seed in self._seeds:
            shuffled = list(session.items)
            random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret depends on it
            order += shuffled
        for item, following in zip(order, [*order[1:], None], strict=True):
            after = None if following is item else following  # an item that follows itself would not be set up again
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        return True

    def pytest_collectreport(self, report: Any) -> None:
        """Keep what could not be collected."""
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
            self.failures[report.nodeid] = str(report.longrepr)[-_LONGEST:]

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep what became of a test, its beginning and end included."""
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
            self.failures[report.nodeid] = str(report.longrepr)[-_LONGEST:]
        elif report.when == "call" or report.skipped:
            self.outcomes.setdefault(report.nodeid, report.outcome)


def _has(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _begin_coverage(target: str) -> Any:
    if not _has("coverage"):
        return None
    measured = importlib.import_module("coverage").Coverage(
        branch=True, include=[target], data_file=None, config_file=False, concurrency=["thread"]
    )
    measured.start()
    return measured


def _end_coverage(measured: Any, directory: Path) -> dict[str, float] | None:
    measured.stop()
    report = directory / "coverage.json"
    try:
        measured.json_report(outfile=str(report))
    except Exception:  # noqa: BLE001 - coverage has its own: nothing of the target was run
        return {"lines": 0.0, "branches": 0.0, "functions": 0.0}
    found = json.loads(report.read_text("utf-8"))
    totals = found["totals"]
    functions = [each for each in next(iter(found["files"].values())).get("functions", {}).items() if each[0]]
    ran = sum(bool(each["executed_lines"]) for _, each in functions)
    return {
        "lines": _percent(totals["covered_lines"], totals["num_statements"]),
        "branches": _percent(totals["covered_branches"], totals["num_branches"]),
        "functions": _percent(ran, len(functions)),
    }


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 100.0
