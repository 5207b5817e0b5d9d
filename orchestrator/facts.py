"""What a project says about itself in its own files, for templates: deterministic, sorted, without dates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from orchestrator.workspace import FileView

_COMPOSE = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")


def read_facts(files: FileView, repository: str, default_branch: str) -> dict[str, Any]:
    """Return `package`, `repository`, `default_branch`, `services`, `python_services` and `node_version`."""
    package = _json(files, "package.json")
    return {
        "package": {
            "name": package.get("name"),
            "version": package.get("version"),
            "scripts": _mapping(package.get("scripts")),
            "dependencies": {
                **_mapping(package.get("dependencies")),
                **_mapping(package.get("devDependencies")),
            },
        },
        "repository": repository,
        "default_branch": default_branch,
        "services": _services(files),
        "python_services": _python_services(files),
        "node_version": _node_version(files, package),
    }


def _services(files: FileView) -> list[dict[str, Any]]:
    import yaml

    for name in _COMPOSE:
        content = files.read(name)
        if content is None:
            continue
        try:
            compose = yaml.load(content, Loader=yaml.CSafeLoader)  # a safe loader, in C
        except (yaml.YAMLError, ValueError):  # a date such as 2024-13-40 is a ValueError
            return []
        services = _mapping(_mapping(compose).get("services"))
        built = [_service(str(key), value) for key, value in services.items() if _is_built(value)]
        return sorted(built, key=lambda service: str(service["name"]))
    return []


def _is_built(service: Any) -> bool:
    return isinstance(service, dict) and bool(service.get("build"))


def _service(name: str, service: Mapping[str, Any]) -> dict[str, Any]:
    build = service["build"]
    path = build.get("context", ".") if isinstance(build, dict) else build
    listed = service.get("ports")
    ports = [str(port) for port in (listed if isinstance(listed, list) else []) if not isinstance(port, dict)]
    match = re.search(r"(\d+):\d+(/\w+)?$", ports[0]) if ports else None
    return {
        "name": name,
        "path": str(path).removeprefix("./").rstrip("/") or ".",
        "port": int(match[1]) if match else None,
        "health": "/health",
    }


def _python_services(files: FileView) -> list[dict[str, Any]]:
    found = []
    for path in files.match("**/main.py"):
        content = files.read(path) or b""
        if b"FastAPI(" in content:
            directory = path.rpartition("/")[0] or "."
            found.append({"name": directory.rpartition("/")[2], "path": directory, "module": "main"})
    return sorted(found, key=lambda service: service["name"])


def _node_version(files: FileView, package: Mapping[str, Any]) -> int:
    engines = _mapping(package.get("engines"))
    for text in (engines.get("node", ""), (files.read(".nvmrc") or b"").decode("utf-8", "replace")):
        if match := re.search(r"\d+", str(text)):
            return int(match[0])
    return 20


def _json(files: FileView, path: str) -> dict[str, Any]:
    try:
        data = json.loads(files.read(path) or b"{}")
    except ValueError:
        return {}
    return _mapping(data)


def _mapping(data: Any) -> dict[str, Any]:
    """Return `data`, or nothing where a file does not hold what it should."""
    return data if isinstance(data, dict) else {}
