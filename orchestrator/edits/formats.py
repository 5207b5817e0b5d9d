"""Which format a file has, by its name. A format's module, and the parser behind it, is imported when asked for."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Final, cast

from orchestrator.edits.document import Document
from orchestrator.edits.refusal import Refusal

_FORMATS: Final = (  # by the file's name without its directory; the first match counts
    ("yaml_document:YamlDocument", r".+\.ya?ml"),
    ("json_document:JsonDocument", r".+\.(json|jsonc|code-workspace|webmanifest)"),
    ("json_document:JsonDocument", r"\.(babel|eslint|prettier|stylelint|swc)rc"),
    ("js_document:JsDocument", r".+\.([cm]?[jt]s|[jt]sx)"),
    ("toml_document:TomlDocument", r".+\.toml|Pipfile"),
    ("ini_document:IniDocument", r".+\.(ini|cfg)|\.?pylintrc|pip\.conf"),
    ("ini_document:IniDocument", r"\.(flake8|coveragerc|editorconfig|pypirc)"),
    ("line_document:LineDocument", r"\..+ignore|.+\.(dockerignore|txt)|requirements.*\.in|MANIFEST\.in"),
    ("line_document:LineDocument", r"CODEOWNERS|Procfile|\.(gitattributes|mailmap|npmrc|nvmrc)"),
    ("line_document:LineDocument", r"\.(tool-versions|[a-z]+-version)"),
    ("env_document:EnvDocument", r"\.env([.-].+)?|.+\.env|\.flaskenv"),
    ("dockerfile_document:DockerfileDocument", r"(Docker|Container)file([.-].+)?|.+\.([Dd]ocker|[Cc]ontainer)file"),
)
_WORKFLOW: Final = re.compile(r"(?:.*/)?\.github/workflows/[^/]+\.ya?ml")


def is_workflow(path: str) -> bool:
    """Say whether a file is a workflow of GitHub."""
    return _WORKFLOW.fullmatch(path) is not None


def document_class(path: str) -> type[Document]:
    """Return what reads the file, by its name.

    :raises Refusal: `edit/unknown-format`.
    """
    name = path.rsplit("/", 1)[-1]
    for place, pattern in _FORMATS:
        if re.fullmatch(pattern, name):
            module, _, noun = place.partition(":")
            return cast("type[Document]", getattr(import_module(f"orchestrator.edits.{module}"), noun))
    hint = "known are YAML, JSON, JavaScript, TypeScript, TOML, ini, .env, Dockerfile and line files such as CODEOWNERS"
    raise Refusal("edit/unknown-format", f"nobody knows how to edit `{path}`", hint=hint)
