from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.facts import read_facts
from orchestrator.workspace import Workspace

MAIN = "app = FastAPI()"
COMPOSE = """
services:
  web: {build: ., ports: ["3000:3000", "9229:9229"]}
  api: {build: {context: ./services/api/}, ports: ["127.0.0.1:8001:80/tcp"]}
  worker: {build: ./worker}
  odd: {build: ./odd, ports: [{target: 80}, "8080"]}
  postgres: {image: "postgres:16", ports: ["5432:5432"]}
"""


def facts(root: Path, files: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a project of these files tells; they are written as Latin-1."""
    for name, content in (files or {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, "latin-1")
    return read_facts(Workspace(root), "owner/name", "main")


def test_an_empty_project_has_facts_too(tmp_path: Path) -> None:
    assert facts(tmp_path) == {
        "package": {"name": None, "version": None, "scripts": {}, "dependencies": {}},
        "repository": "owner/name",
        "default_branch": "main",
        "services": [],
        "python_services": [],
        "node_version": 20,
    }


def test_a_package_tells_its_name_scripts_and_all_dependencies(tmp_path: Path) -> None:
    package = {
        "name": "shop",
        "version": "1.2.3",
        "scripts": {"test": "jest"},
        "dependencies": {"fastify": "^5"},
        "devDependencies": {"jest": "^29"},
        "engines": {"node": ">=18.2"},
    }
    known = facts(tmp_path, {"package.json": json.dumps(package)})
    assert known["package"] == {
        "name": "shop",
        "version": "1.2.3",
        "scripts": {"test": "jest"},
        "dependencies": {"fastify": "^5", "jest": "^29"},
    }
    assert known["node_version"] == 18


def test_services_are_those_that_are_built_here_by_name(tmp_path: Path) -> None:
    assert facts(tmp_path, {"compose.yaml": COMPOSE})["services"] == [
        {"name": "api", "path": "services/api", "port": 8001, "health": "/health"},
        {"name": "odd", "path": "odd", "port": None, "health": "/health"},
        {"name": "web", "path": ".", "port": 3000, "health": "/health"},
        {"name": "worker", "path": "worker", "port": None, "health": "/health"},
    ]


def test_a_python_service_is_a_main_that_makes_an_application(tmp_path: Path) -> None:
    known = facts(tmp_path, {"svc/b/main.py": MAIN, "svc/a/main.py": MAIN, "main.py": ""})
    assert known["python_services"] == [
        {"name": "a", "path": "svc/a", "module": "main"},
        {"name": "b", "path": "svc/b", "module": "main"},
    ]


def test_the_node_version_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    assert facts(tmp_path, {".nvmrc": "v22.1.0\n"})["node_version"] == 22


@pytest.mark.parametrize(
    "package",
    ["{", "[]", "\xff", '{"scripts": [], "dependencies": ["a"], "devDependencies": 3, "engines": "18"}'],
)
def test_a_package_that_makes_no_sense_has_nothing_to_tell(tmp_path: Path, package: str) -> None:
    known = facts(tmp_path, {"package.json": package})
    assert (known["package"]["scripts"], known["package"]["dependencies"]) == ({}, {})
    assert known["node_version"] == 20


@pytest.mark.parametrize(
    "compose",
    [
        "{",
        "- a",
        "services: [a]",
        "services: {1: {build: .}, a: 3}",
        "x: 2024-13-40",
        "services: {a: {build: ., ports: 3}}",
    ],
)
def test_a_compose_file_that_makes_no_sense_stops_nobody(tmp_path: Path, compose: str) -> None:
    services = facts(tmp_path, {"docker-compose.yml": compose})["services"]
    assert all(service["port"] is None for service in services)
