"""What the documents say is true: help, task types, plans, links and the example of a handler."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from orchestrator.app.preview import foresee
from orchestrator.app.project import Options, Project
from orchestrator.app.run import execute
from orchestrator.cli.setup import scenario_schema_text, schema_text
from orchestrator.handlers.registry import Registry
from tests.support.documents import REPOSITORY, Fence, fences

DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])
PLANS = [fence for fence in fences(REPOSITORY / "docs" / "plan-format.md") if fence.language == "yaml"]
HANDLER = {fence.language: fence.text for fence in fences(REPOSITORY / "docs" / "handlers.md")}
DIST_INFO = "roadmap_owners-1.0.dist-info"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_readme_shows_the_help_of_the_program() -> None:
    command = [sys.executable, "-m", "orchestrator.cli.main", "--help"]
    environ = {"COLUMNS": "80", "TERMINAL_WIDTH": "80"}
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout
    shown = shown.replace("python -m orchestrator.cli.main", "orchestrate")
    block = next(fence for fence in fences(REPOSITORY / "README.md") if fence.language == "text")
    assert block.text == f"$ orchestrate --help\n{shown}"


def test_the_readme_lists_the_task_types() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == list(Registry().names())


def test_the_schemas_are_up_to_date() -> None:
    for name, text in (("phases", schema_text()), ("scenario", scenario_schema_text())):
        assert (REPOSITORY / "config" / f"{name}.schema.json").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("fence", PLANS, ids=str)
def test_the_plans_of_the_plan_format_load(fence: Fence, tmp_path: Path) -> None:
    for name in ("auth", "trust"):
        service = tmp_path / "src" / "services" / f"{name}.service.ts"
        service.parent.mkdir(parents=True, exist_ok=True)
        service.touch()
    plan = tmp_path / "plan.yaml"
    plan.write_text(completed(fence.text), encoding="utf-8")
    project = Project(Options(config=plan))
    assert project.plan.problems == {}
    assert project.plan.tasks or "settings:" in fence.text


def test_the_settings_shown_are_the_defaults(tmp_path: Path) -> None:
    shown = next(fence.text for fence in PLANS if "scheduler: adaptive" in fence.text)
    settings = yaml.safe_load(shown)["orchestrator"]["settings"]
    for example in ("resources", "notifications", "git", "prepare"):
        del settings[example]
    plan = tmp_path / "plan.yaml"
    plan.write_text("orchestrator: {name: Defaults}\n", encoding="utf-8")
    defaults = Project(Options(config=plan)).plan.settings
    assert settings == {name: getattr(defaults, name) for name in settings}


def test_the_example_of_a_handler_runs_and_is_satisfied_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    root = tmp_path / "project"
    root.mkdir()
    plan = root / "plan.yaml"
    plan.write_text(HANDLER["yaml"], encoding="utf-8")
    options = Options(config=plan)

    foreseen = foresee(Project(options))
    assert [result.status for result in foreseen.results.values()] == ["would_change"]
    assert execute(Project(options)).exit_code == 0
    written = (root / "CODEOWNERS").read_text(encoding="utf-8")
    assert written == "# Written from the roadmap.\n/python-services/ @data\n/src/ @platform\n"
    assert [result.status for result in foresee(Project(options)).results.values()] == ["unchanged"]

    (root / "CODEOWNERS").write_text("* @somebody\n", encoding="utf-8")
    refused = execute(Project(options))
    assert refused.exit_code == 1
    assert [task.result and task.result.code for task in refused.tasks.values()] == ["task/refused"]


def completed(text: str) -> str:
    """Return the plan that a fence of the documents is, or is a part of."""
    if text.startswith("- "):
        tasks = "".join(f"        {line}\n" for line in text.splitlines())
        earlier = '        - {id: "1.1", name: "Earlier", type: milestone}\n'
        tasks = tasks if 'id: "1.1"' in tasks else earlier + tasks
        text = f"phase_1:\n  name: Part\n  groups:\n    group_a:\n      tasks:\n{tasks}"
    if not text.startswith("orchestrator:"):
        text = f"orchestrator: {{name: Part, settings: {{resources: {{database: 1}}}}}}\n{text}"
    if "variables.environment" in text:
        text += "variables: {environment: staging}\n"
    return text


def install(site: Path) -> None:
    """Make the package of docs/handlers.md look installed."""
    (site / DIST_INFO).mkdir(parents=True)
    (site / "roadmap_owners.py").write_text(HANDLER["python"], encoding="utf-8")
    (site / DIST_INFO / "METADATA").write_text("Metadata-Version: 2.1\nName: roadmap-owners\nVersion: 1.0\n")
    groups = tomllib.loads(HANDLER["toml"])["project"]["entry-points"]
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in groups.items()
    ]
    (site / DIST_INFO / "entry_points.txt").write_text("\n".join(lines))
