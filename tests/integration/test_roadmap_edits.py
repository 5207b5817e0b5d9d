"""Every `config_edit` task of the shipped roadmap, over a copy of the sample project."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from orchestrator.edits.actions import ACTIONS
from orchestrator.handlers.config_edit import ConfigEditTask
from orchestrator.handlers.registry import Registry
from orchestrator.plan.compiled import load_plan
from tests.support.project import Site, sample_site

ROADMAP = Path(__file__).parents[2] / "config" / "phases.yaml"


@pytest.fixture(scope="module")
def edits() -> dict[str, str]:
    """Task id -> action."""
    plan = load_plan(ROADMAP, Registry(), environ={})
    return {task.id: str(task.action) for task in plan.tasks.values() if isinstance(task, ConfigEditTask)}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = sample_site(tmp_path)
    site.options = ["--config", str(ROADMAP), "--project", "."]
    return site


@pytest.fixture
def only_edits(edits: dict[str, str]) -> list[str]:
    return ["--no-deps", *(part for task in edits for part in ("--task", task))]


def test_the_roadmap_uses_every_action(edits: dict[str, str]) -> None:
    assert set(edits.values()) == set(ACTIONS)


def test_what_the_preview_announces_is_what_the_run_does_byte_for_byte(
    site: Site, edits: dict[str, str], only_edits: list[str]
) -> None:
    announced = json.loads(site.orchestrate("plan", "--diff", "--json", *only_edits).out)["tasks"]
    assert {task["id"]: task["status"] for task in announced if task["status"] != "would_change"} == {"4.5": "may_run"}
    copy = sample_site(site.base / "copy")
    for task in filter(lambda task: task["diff"], announced):
        subprocess.run(["git", "apply", "-"], cwd=copy.root, input=task["diff"], text=True, check=True)

    done = site.run("--approve", "all", *only_edits)
    assert done.code == 0, done
    assert done.statuses() == dict.fromkeys(edits, "succeeded")
    assert site.tree() == copy.tree()

    finished = site.tree()
    again = site.run("--approve", "all", *only_edits)
    assert again.code == 0, again
    assert {task: status for task, status in again.statuses().items() if task != "4.5"} == dict.fromkeys(
        edits.keys() - {"4.5"}, "unchanged"
    )
    assert site.tree() == finished


def test_all_of_it_can_be_taken_back(site: Site, only_edits: list[str]) -> None:
    before = site.tree()
    assert site.run("--approve", "all", *only_edits).code == 0
    assert site.tree() != before
    taken_back = site.orchestrate("rollback", "--all", "--yes")
    assert taken_back.code == 0, taken_back
    assert site.tree() == before
