"""A file's name says how it is edited."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestrator.edits.formats import document_class
from orchestrator.edits.refusal import Refusal


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (".github/workflows/ci.yml", "YamlDocument"),
        ("docker-compose.yaml", "YamlDocument"),
        ("package.json", "JsonDocument"),
        ("tsconfig.json", "JsonDocument"),
        (".swcrc", "JsonDocument"),
        ("jest.config.js", "JsDocument"),
        ("a/jest.config.mts", "JsDocument"),
        ("app.tsx", "JsDocument"),
        ("pyproject.toml", "TomlDocument"),
        ("Pipfile", "TomlDocument"),
        ("setup.cfg", "IniDocument"),
        ("tox.ini", "IniDocument"),
        (".flake8", "IniDocument"),
        (".coveragerc", "IniDocument"),
        (".editorconfig", "IniDocument"),
        (".env", "EnvDocument"),
        (".env.example", "EnvDocument"),
        ("config/prod.env", "EnvDocument"),
        ("Dockerfile", "DockerfileDocument"),
        ("Dockerfile.dev", "DockerfileDocument"),
        ("api.Dockerfile", "DockerfileDocument"),
        ("Containerfile", "DockerfileDocument"),
        (".github/CODEOWNERS", "LineDocument"),
        (".gitignore", "LineDocument"),
        (".dockerignore", "LineDocument"),
        ("Dockerfile.dockerignore", "LineDocument"),
        ("requirements-dev.txt", "LineDocument"),
        (".python-version", "LineDocument"),
    ],
)
def test_the_name_of_a_file_is_its_format(path: str, name: str) -> None:
    assert document_class(path).__name__ == name


@pytest.mark.parametrize(
    "path", ["main.py", "uv.lock", "Makefile", "a.ymlx", "Dockerfiles/x", "dir.yml/file", ".envrc"]
)
def test_a_file_of_no_known_format_is_refused(path: str) -> None:
    with pytest.raises(Refusal) as refusal:
        document_class(path)
    assert str(refusal.value) == (
        f"error[edit/unknown-format]: nobody knows how to edit `{path}`\n"
        "  hint: known are YAML, JSON, JavaScript, TypeScript, TOML, ini, .env, Dockerfile and line files such as"
        " CODEOWNERS"
    )


def test_a_format_loads_its_own_parser_only() -> None:
    program = (
        "import sys; from orchestrator.edits.formats import document_class; document_class('CODEOWNERS');"
        "print([each for each in ('tree_sitter', 'dotenv', 'configupdater', 'yaml') if each in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
