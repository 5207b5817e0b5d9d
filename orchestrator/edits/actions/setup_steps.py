"""How a workflow's jobs get ready: the steps before their work, for a new job to begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.edits.actions.benchmarks import MANAGERS
from orchestrator.edits.actions.pins import noted, uses
from orchestrator.edits.programs import is_install
from orchestrator.edits.workflow import Job, Step, Workflow
from orchestrator.workspace import FileView

_TOOLS: Final = {  # what sets a program up, by the action's name
    **dict.fromkeys((*MANAGERS, "npx", "node", "tsx"), r"actions/setup-node|pnpm/action-setup|oven-sh/setup-bun"),
    "go": r"actions/setup-go",
    "cargo": r"dtolnay/rust-toolchain|actions-rs/toolchain|actions-rust-lang/setup-rust-toolchain",
    **dict.fromkeys(("python", "python3", "pytest", "tox", "nox", "uv", "poetry"), r"actions/setup-python|.*/setup-uv"),
}
_READY: Final = re.compile(
    r"actions/checkout|actions/cache|.*/setup-[\w-]+|.*/(?:rust-)?toolchain|.*/rust-(?:toolchain|cache)|pnpm/action-setup",
    re.IGNORECASE,
)
_MATRIX: Final = re.compile(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")
_LOCKS: Final = (("package-lock.json", "npm", "npm ci"), ("yarn.lock", "yarn", "yarn install --frozen-lockfile"))


@dataclass(frozen=True)
class Setup:
    """What a new job begins with."""

    steps: Sequence[dict[str, Any]]
    runs_on: Any = "ubuntu-latest"
    directory: str = ""
    """Where its scripts run."""
    manager: str = "npm"


def find_setup(workflow: Workflow, program: str, files: FileView, pin: Any) -> Setup:
    """Return how other jobs get ready to run a program; without one, the plainest way."""
    wanted = re.compile(_TOOLS.get(program, r"(?!)"), re.IGNORECASE)
    jobs = [job for job in workflow.jobs.values() if any(wanted.fullmatch(step.action) for step in job.steps)]
    for job in sorted(jobs, key=lambda each: bool(each.matrix)):
        setup = _of_job(job)
        if setup is not None:
            return setup
    return Setup(list(_plain_steps(workflow, program, files, pin)))


def _of_job(job: Job) -> Setup | None:
    steps = list(_ready_steps(job))
    data = _settled([_copied(step) for step in steps], job.matrix)
    runs_on = _settled(job.data.get("runs-on"), job.matrix)
    if "matrix." in str(data) or not isinstance(runs_on, str) or "matrix." in runs_on:
        return None
    installs = [command.program for step in steps for command in _commands(step) if command.program in MANAGERS]
    directory = str(job.default_run.get("working-directory") or "").removeprefix("./")
    return Setup(data, runs_on, directory, installs[-1] if installs else "npm")


def _ready_steps(job: Job) -> Iterator[Step]:
    for step in job.steps:
        commands = _commands(step)
        if not _READY.fullmatch(step.action) and not (commands and all(_makes_ready(each) for each in commands)):
            return
        yield step


def _makes_ready(command: Any) -> bool:
    return is_install(command) or command.program == "corepack"


def _commands(step: Step) -> Sequence[Any]:
    return step.script.commands if step.script else ()


def _copied(step: Step) -> dict[str, Any]:
    return {**step.data, "uses": noted(step)} if step.uses else step.data


def _settled(value: Any, matrix: dict[str, Any]) -> Any:
    """Put the last value of a matrix in place of what stands for it."""
    match value:
        case dict():
            return {key: _settled(item, matrix) for key, item in value.items()}
        case list():
            return [_settled(item, matrix) for item in value]
        case str() if found := _MATRIX.fullmatch(value):
            values = matrix.get(found[1])
            is_plain = isinstance(values, list) and values and isinstance(values[-1], str | int | float)
            return values[-1] if is_plain and values else value
        case _:
            return value


def _plain_steps(workflow: Workflow, program: str, files: FileView, pin: Any) -> Iterator[dict[str, Any]]:
    yield {"uses": uses("actions/checkout", pin, workflow)}
    lock = next(((name, install) for path, name, install in _LOCKS if files.read(path) is not None), None)
    if program in MANAGERS and lock is not None:
        node = {"node-version": "lts/*", "cache": lock[0]}
        yield {"uses": uses("actions/setup-node", pin, workflow), "with": node}
        yield {"run": lock[1]}
