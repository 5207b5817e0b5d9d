"""The shipped roadmap in one go, on a copy of the sample project: with its tools, its tests and its checkpoints."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.project import COMMAND, REPOSITORY, Ended, Site, changed, sample_site, tree_of

ROADMAP = REPOSITORY / "config" / "phases.yaml"
LONGEST = 1500.0
SERVICES = ("DATABASE_URL", "REDIS_URL", "E2E", "STAGING_HEALTH_URL", "GITHUB_TOKEN", "GITHUB_REPOSITORY")
FLOWS = {"6.5", "6.6"}
"""Tests that nothing proves where no services are named."""
ASKED = {"4.4", "4.5"}
"""What `--approve all` answers each time."""
MEASURED = {"after_phase_1": 1, "after_phase_3": 1, "after_phase_5": 2}
"""How many coverages each gate measures."""
MADE = {".git", ".orchestrator", "node_modules", ".venv", "coverage", "__pycache__", ".pytest_cache"}
REPORTS = {"python-services/.coverage", "python-services/coverage.json"}


@pytest.mark.long
def test_the_roadmap_runs_in_one_go_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    site = sample_site(tmp_path)
    first = run(site)
    assert first.code == 0, first
    ends = first.statuses()
    gates = {name: ends.pop(name) for name in list(ends) if name.startswith("after_")}
    assert len(ends) == 61
    odd = {task: status for task, status in ends.items() if status not in {"succeeded", "unchanged"}}
    assert odd == dict.fromkeys(FLOWS, "unverifiable")
    assert gates == {"after_phase_1": "succeeded", **dict.fromkeys(gates.keys() - {"after_phase_1"}, "unverifiable")}
    logs = {name: site.orchestrate("logs", name, *at(site)).out for name in gates}
    for name, count in MEASURED.items():
        assert logs[name].count(" % of lines, ") == count, logs[name]
    assert not [line for log in logs.values() for line in log.splitlines() if line.startswith("failed: ")]

    before = tree_of(site.root, MADE)
    second = run(site)
    assert second.code == 0, second
    again = {task: status for task, status in second.statuses().items() if not task.startswith("after_")}
    done = {task: status for task, status in again.items() if status != "unchanged"}
    assert done == dict.fromkeys(ASKED, "succeeded")
    assert changed(before, tree_of(site.root, MADE)) <= REPORTS


def run(site: Site) -> Ended:
    """Run all of the roadmap, with the machine's own tools and without any service."""
    environ = {name: value for name, value in os.environ.items() if name not in SERVICES}
    command = [COMMAND, "run", "--all", "--yes", "--approve", "all", "--json", *at(site)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=LONGEST, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


def at(site: Site) -> list[str]:
    """Return the options that name the roadmap and the project."""
    return ["--config", str(ROADMAP), "--project", str(site.root)]
