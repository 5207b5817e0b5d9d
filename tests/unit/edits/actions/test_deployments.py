"""The edits of a workflow that deploys, one after the other as a roadmap names them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestrator.edits.actions import parameters_of, recipe_of
from orchestrator.edits.recipe import Edited, Satisfied, run_recipe
from orchestrator.edits.script import Script
from orchestrator.edits.text import SourceText
from orchestrator.edits.workflow import Workflow
from orchestrator.edits.yaml_document import YamlDocument
from orchestrator.workspace import Workspace

DEPLOY = Path(__file__).parents[4] / "examples/community-platform/.github/workflows/deploy.yml"
KUBECTL: dict[str, Any] = {"method": "kubectl", "services": ("api",), "secrets": ("KUBE_CONFIG",)}
ROADMAP: list[tuple[str, dict[str, Any]]] = [
    ("implement_staging_deploy", {"job": "deploy-staging", "namespace": "staging", **KUBECTL}),
    ("implement_production_deploy", {"job": "deploy-production", "namespace": "production", **KUBECTL}),
    ("add_deploy_migration", {"command": "npm ci && npm run migrate"}),
    ("add_approval_gates", {"job": "deploy-production", "environment": "production"}),
    ("add_health_checks", {"job": "deploy-*", "url": "${{ vars.BASE_URL }}/health", "rollback": True}),
    ("add_blue_green", {"job": "deploy-staging", "service": "api"}),
    ("add_canary", {"job": "deploy-production", "percent": 10}),
]
FAKE = """\
#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
  *".spec.selector.color"*) printf %s "$LIVE" ;;
  *".spec.replicas"*) printf %s "$REPLICAS" ;;
esac
"""


@pytest.fixture(scope="module")
def deployment() -> Workflow:
    text = DEPLOY.read_text()
    for action, parameters in ROADMAP:
        result = run(action, parameters, text)
        text = result.document.source.text if isinstance(result, Edited) else text
    return Workflow.of(YamlDocument.parse(SourceText("deploy.yml", text)))


def test_each_edit_recognises_what_the_ones_behind_it_made_of_its_own(deployment: Workflow) -> None:
    text = deployment.document.source.text
    for action, parameters in ROADMAP:
        assert isinstance(run(action, parameters, text), Satisfied), action


def test_what_a_job_speaks_of_is_there(deployment: Workflow) -> None:
    for job in deployment.jobs.values():
        said = str(job.data)
        assert set(re.findall(r"needs\.([\w-]+)\.", said)) <= set(job.needs)
        assert set(job.needs) <= deployment.jobs.keys()
        seen: set[str] = set()
        for step in job.steps:
            assert set(re.findall(r"steps\.([\w-]+)\.", str(step.data))) <= seen, step.label
            seen |= {str(step.data.get("id"))}


def test_every_variable_of_a_script_comes_from_somewhere(deployment: Workflow) -> None:
    for step in deployment.steps:
        assert not step.run or Script(step.run).is_valid
        known = {*step.data.get("env", {}), "RUNNER_TEMP", "GITHUB_ENV", "GITHUB_OUTPUT"}
        known |= set(re.findall(r"(?m)^\s*(?:.*\) )?(\w+)=", step.run))
        assert set(re.findall(r"\$\{?([A-Za-z]\w*)", step.run)) <= known, step.label


def test_no_expression_stands_in_a_script(deployment: Workflow) -> None:
    assert not [step.label for step in deployment.steps if "${{" in step.run]


def test_the_idle_colour_is_the_one_that_is_not_live(deployment: Workflow, tmp_path: Path) -> None:
    step = next(step for step in deployment.steps if step.data.get("id") == "deploy-idle")
    environ = {"LIVE": "green", "IMAGE": "ghcr.io/Shop/API", "DIGEST": "sha256:ab"}
    assert play(step.run, tmp_path, environ) == [
        "--namespace staging get service api --output jsonpath={.spec.selector.color}",
        "--namespace staging set image deployment/api-blue api=ghcr.io/shop/api@sha256:ab",
        "--namespace staging rollout status deployment/api-blue --timeout=5m",
    ]
    assert (tmp_path / "output").read_text() == "live=green\nidle=blue\n"


def test_a_service_without_a_colour_stops_the_rollout(deployment: Workflow, tmp_path: Path) -> None:
    step = next(step for step in deployment.steps if step.data.get("id") == "deploy-idle")
    with pytest.raises(subprocess.CalledProcessError):
        play(step.run, tmp_path, {"LIVE": "", "IMAGE": "x", "DIGEST": "y"})
    assert len((tmp_path / "calls").read_text().splitlines()) == 1


@pytest.mark.parametrize(("replicas", "canaries"), [(1, 1), (9, 1), (10, 2), (18, 2), (90, 10)])
def test_a_canary_has_its_share_of_the_pods_and_at_least_one(
    deployment: Workflow, tmp_path: Path, replicas: int, canaries: int
) -> None:
    step = next(step for step in deployment.jobs["canary"].steps if step.label == "Deploy the canary")
    calls = play(step.run, tmp_path, {"REPLICAS": str(replicas), "IMAGE": "x", "DIGEST": "y"})
    assert f"--namespace production scale deployment/api-canary --replicas={canaries}" in calls
    assert [call.split(" ")[2] for call in calls] == ["set", "get", "scale", "rollout"]


def run(action: str, parameters: dict[str, Any], text: str) -> Edited | Satisfied:
    recipe = recipe_of(action, parameters_of(action)(**parameters), Workspace(DEPLOY.parent))
    return run_recipe(recipe, SourceText(".github/workflows/deploy.yml", text))


def play(script: str, folder: Path, environ: dict[str, str]) -> list[str]:
    """Run a script as the runner does, and return how it calls `kubectl`."""
    kubectl = folder / "kubectl"
    kubectl.write_text(FAKE)
    kubectl.chmod(0o755)
    calls = folder / "calls"
    known = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), "GITHUB_OUTPUT": str(folder / "output")}
    subprocess.run(["bash", "-e", "-c", script], env={**known, **environ}, check=True, capture_output=True)
    return calls.read_text().splitlines()
