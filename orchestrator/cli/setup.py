"""Commands around the plan: `init`, `schema`, `doctor`."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from orchestrator import __version__
from orchestrator.app.project import Options, Project
from orchestrator.cli.screen import paint
from orchestrator.engine.tools import check_tools
from orchestrator.errors import OrchestratorError, UsageError, raise_os_error
from orchestrator.handlers.registry import Registry

FIRST_PLAN: Final = """\
# yaml-language-server: $schema=phases.schema.json
# A roadmap for `orchestrate`. Look: `orchestrate plan`. Run: `orchestrate run`. Undo: `orchestrate rollback`.
orchestrator:
  name: {name}
  version: "1.0.0"
  project_root: ".."        # relative to this file
  settings:
    max_parallel_tasks: 4

phase_1:
  name: "Foundation"
  description: "What everything later stands on."
  groups:
    group_a:
      name: "First steps"
      execution: sequential
      tasks:
        - id: "1.1"
          name: "List what is there"
          type: shell
          run: "ls -a > listing.txt"
          outputs: [listing.txt]
        - id: "1.2"
          name: "Agree on the goal"
          type: manual
          description: "Read listing.txt, talk it over, then say that you are done."
"""


def init(directory: Path) -> int:
    """Write `config/phases.yaml` and its schema below `directory`; return the exit code."""
    target = directory / "config" / "phases.yaml"
    if target.exists():
        raise UsageError("usage/not-empty", f"`{target}` is already there", hint="edit it, or name another directory")
    name = json.dumps(directory.resolve().name, ensure_ascii=False)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(FIRST_PLAN.format(name=name), encoding="utf-8")
        target.with_name("phases.schema.json").write_text(schema_text(), encoding="utf-8")
    except OSError as error:
        raise_os_error(error, target)
    typer.echo(f"wrote {target}; see what it would do with `orchestrate plan`")
    return 0


def schema(*, scenario: bool = False) -> int:
    """Print the JSON Schema of plan files, or of scenario files; return the exit code."""
    typer.echo(scenario_schema_text() if scenario else schema_text(), nl=False)
    return 0


def schema_text() -> str:
    """Return the JSON Schema of plan files as text."""
    from orchestrator.plan.schema import json_schema

    registry = Registry()
    models: dict[str, Any] = {name: registry.model(name) for name in registry.names()}
    return json.dumps(json_schema(models, registry.checkpoint()), indent=2) + "\n"


def scenario_schema_text() -> str:
    """Return the JSON Schema of scenario files as text."""
    from orchestrator.scenarios.schema import json_schema

    return json.dumps(json_schema(), indent=2) + "\n"


def doctor(options: Options) -> int:
    """Say what the machine has and the plan needs; return the exit code: 1 when something is missing."""
    typer.echo(f"orchestrate {__version__}, Python {platform.python_version()}, {platform.system()}")
    bad = 0
    for name, problem in _checks(options):
        bad += problem is not None
        mark = paint("ok     ", "green") if problem is None else paint("missing", "red")
        typer.echo(f"{mark}  {name}{f': {problem}' if problem else ''}")
    return 1 if bad else 0


def _checks(options: Options) -> Iterator[tuple[str, str | None]]:
    yield "Python 3.11 or newer", None if sys.version_info >= (3, 11) else platform.python_version()
    yield "git", None if shutil.which("git") else "it is not on PATH"
    try:
        project = Project(options)
    except OrchestratorError as error:
        yield f"the plan {options.config}", error.message
        return
    yield f"the plan {options.config}", None
    writable = os.access(project.root, os.W_OK)
    yield f"the project {project.root}", None if writable else "it cannot be written; use --state-dir"
    for requirement in sorted({tool for task in project.plan.tasks.values() for tool in task.requires}):
        try:
            check_tools([requirement], os.environ)
        except OrchestratorError as error:
            yield requirement, error.message
        else:
            yield requirement, None
    for name in project.plan.secrets:
        yield f"${name}", None if os.environ.get(name) else "it is not set"
