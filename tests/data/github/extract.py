"""Takes what the tests need out of GitHub's OpenAPI description: a few operations, and all that these refer to.

npm pack @octokit/openapi@23.0.2
tar -xzf octokit-openapi-23.0.2.tgz package/generated/api.github.com.json
python tests/data/github/extract.py package/generated/api.github.com.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATIONS = {
    "/repos/{owner}/{repo}": ["get"],
    "/repos/{owner}/{repo}/commits/{ref}/check-runs": ["get"],
    "/repos/{owner}/{repo}/environments/{environment_name}": ["get", "put"],
    "/orgs/{org}/teams/{team_slug}": ["get"],
    "/users/{username}": ["get"],
}
PROSE = ("summary", "description", "externalDocs", "tags", "example", "x-github", "x-octokit")


def extract(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a description that `OPERATIONS` need, without its prose."""
    paths = {path: {method: whole["paths"][path][method] for method in methods} for path, methods in OPERATIONS.items()}
    part: dict[str, Any] = {"openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": {}}
    open_ends = list(references(paths))
    while open_ends:
        kind, name = open_ends.pop().removeprefix("#/components/").split("/")
        known = part["components"].setdefault(kind, {})
        if name not in known:
            known[name] = whole["components"][kind][name]
            open_ends += references(known[name])
    kinds = {kind: known if kind == "examples" else terse(known) for kind, known in part["components"].items()}
    return {**part, "paths": terse(part["paths"]), "components": kinds}


def references(node: Any) -> Iterator[str]:
    """Yield everything that a part of the description refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def terse(node: Any) -> Any:
    """Return a part of the description without what is for people; a field may have such a name, its schema stays."""
    if isinstance(node, list):
        return [terse(value) for value in node]
    if not isinstance(node, dict):
        return node
    return {key: terse(value) for key, value in node.items() if key not in PROSE or is_field(key, value)}


def is_field(key: str, value: Any) -> bool:
    """Say whether the value is the schema of a field, and not a text, a list of tags or a note of GitHub's."""
    return isinstance(value, dict) and not key.startswith(("x-", "external"))


if __name__ == "__main__":
    described = extract(json.loads(Path(sys.argv[1]).read_bytes()))
    text = json.dumps(described, indent=1, sort_keys=True)
    Path(__file__).with_name("api.json").write_text(text + "\n", encoding="utf-8")
