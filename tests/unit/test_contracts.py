"""Promises about the whole: who imports whom, that nothing is out of reach, and what the locks pin."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from orchestrator.edits import actions, formats
from orchestrator.handlers import registry

REPOSITORY = Path(__file__).parents[2]
FACES = ("orchestrator.cli.main", "orchestrator.cli.orchestro", "orchestrator.pytest_plugin")
"""What pyproject.toml names: two commands, and what pytest loads."""
STARTED_ALONE = ("orchestrator.watchdog", "orchestrator.generation.python.kit")
"""Programs of their own, which other interpreters run."""
LOCKS = {"runtime": ("build",), "dev": ("build", "dev")}
"""The groups of dependencies that each lock holds beside those of the project."""


def test_the_import_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_the_command_line_reaches_every_module() -> None:
    graph = grimp.build_graph("orchestrator", cache_dir=None)
    loaded_by_name = [*registry.BUILT_IN.values(), registry._GATE]
    loaded_by_name += [f"orchestrator.edits.{place}" for place, _ in formats._FORMATS]
    loaded_by_name += [f"orchestrator.edits.actions.{each.recipe}" for each in actions.ACTIONS.values() if each.recipe]
    reached: set[str] = set()
    for start in (*FACES, *(path.partition(":")[0] for path in loaded_by_name)):
        reached |= {start} | graph.find_upstream_modules(start)
    packages = {name for name in graph.modules if graph.find_children(name)}
    unreached = graph.modules - reached - packages
    assert {name for name in unreached if not name.startswith(STARTED_ALONE)} == set()


@pytest.mark.parametrize("module", ["pydantic", "rich", "jinja2", "networkx", "yaml", "git", "questionary"])
def test_the_command_line_starts_without(module: str) -> None:
    code = f"import orchestrator.cli.orchestrate, sys; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_all_that_the_project_asks_for(name: str) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [project["dependency-groups"][group] for group in LOCKS[name]]
    wanted = [item for group in (project["project"]["dependencies"], *groups) for item in group]
    pinned = set(re.findall(r"^([a-z0-9-]+)==", _lock(name), re.MULTILINE))
    assert {re.split(r"[<>=!~; ]", item)[0] for item in wanted} - pinned == set()


def test_the_development_lock_holds_the_runtime_lock() -> None:
    # Not their markers: what the scenarios need as well may be needed on more systems.
    pins = {name: set(re.findall(r"^\S+==\S+", _lock(name), re.MULTILINE)) for name in LOCKS}
    assert pins["runtime"] - pins["dev"] == set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index_and_no_place(name: str) -> None:
    lines = _lock(name).splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


def _lock(name: str) -> str:
    return (REPOSITORY / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
