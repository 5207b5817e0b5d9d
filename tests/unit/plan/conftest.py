"""Plans written in a few lines, loaded from a project that a test can fill."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from orchestrator.handlers.registry import Registry
from orchestrator.plan.compiled import load_plan
from orchestrator.plan.model import Plan

Load = Callable[..., Plan]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return a function that loads a plan's text."""

    def load(text: str, **options: object) -> Plan:
        path = tmp_path / "plan.yaml"
        path.write_text("orchestrator: {name: Good}\n" * ("orchestrator:" not in text) + dedent(text))
        environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), **options.pop("environ", {})}  # type: ignore[dict-item]
        return load_plan(path, Registry(), environ=environ, **options)  # type: ignore[arg-type]

    return load


@pytest.fixture
def load_tasks(load: Load) -> Load:
    """Return a function that loads a plan of one parallel group with these tasks."""

    def load_tasks(tasks: str, head: str = "", **options: object) -> Plan:
        opening = "phase_1:\n  name: One\n  groups:\n    group_a:\n      execution: parallel\n      tasks:\n"
        return load(dedent(head) + opening + indent(dedent(tasks), " " * 8), **options)

    return load_tasks
