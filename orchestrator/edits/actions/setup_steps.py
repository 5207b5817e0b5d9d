"""How a workflow's jobs get ready: the steps before their work, for a new job to begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.edits.actions.benchmarks import MANAGERS
from orchestrator.edits.actions.docker_build import commands_of
from orchestrator.edits.actions.pins import PinKind, noted, uses
from orchestrator.edits.programs import is_install
from orchestrator.edits.script import Command
from orchestrator.edits.workflow import Job, Step, Workflow
from orchestrator.workspace import FileView

_NODE: Final = (*MANAGERS, "npx", "node", "tsx")
_TOOLS: Final = {  # what sets a program up, by the action's name
    **dict.fromkeys(_NODE, r"actions/setup-node|pnpm/action-setup|oven-sh/setup-bun"),
    "go": r"actions/setup-go",
    "cargo": r"dtolnay/rust-toolchain|actions-rs/toolchain|actions-rust-lang/setup-rust-toolchain",
    **dict.fromkeys(("python", "python3", "pytest", "tox", "nox", "uv", "poetry"), r"actions/setup-python|.*/setup-uv"),
}
_COMPILED: Final = ("go", "cargo")
"""Programs that fetch what they need themselves, and that runners have."""
_READY: Final = re.compile(
    r"actions/(?:checkout|cache)|pnpm/action-setup|.*/setup-[\w-]+|.*/(?:rust-)?toolchain|.*/rust-(?:toolchain|cache)",
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


def find_setup(workflow: Workflow, program: str, files: FileView, pin: PinKind) -> Setup | None:
    """Return how other jobs get ready to run a program, else the plainest way; None where that is not enough."""
    wanted = re.compile(_TOOLS.get(program, r"(?!)"), re.IGNORECASE)
    jobs = [job for job in workflow.jobs.values() if any(wanted.fullmatch(step.action) for step in job.steps)]
    setups = [_of_job(job, program) for job in sorted(jobs, key=lambda each: bool(each.matrix))]
    return next((setup for setup in setups if setup is not None), None) or _plain(workflow, program, files, pin)


def _of_job(job: Job, program: str) -> Setup | None:
    """Return how a job gets ready; None where another one cannot do the same."""
    steps = list(_ready_steps(job, program))
    data = _settled([_copied(step) for step in steps], job.matrix)
    runs_on = _settled(job.data.get("runs-on"), job.matrix)
    is_ready = program in _COMPILED or any(_installs(step, program) for step in steps)
    env = job.data.get("env")
    own = [f"env.{name}" for name in env] if isinstance(env, dict) else []
    is_bound = any(name in f"{data} {runs_on}" for name in ("matrix.", "needs.", *own))
    if is_bound or not is_ready or not isinstance(runs_on, str) or "container" in job.data:
        return None
    managers = [command.program for step in steps for command in commands_of(step) if command.program in MANAGERS]
    directory = str(job.default_run.get("working-directory") or "").removeprefix("./")
    return Setup(data, runs_on, directory, managers[-1] if managers else "npm")


def _ready_steps(job: Job, program: str) -> Iterator[Step]:
    """Yield the steps up to the one that installs what the project depends on."""
    for step in job.steps:
        commands = commands_of(step)
        is_elsewhere = step.action == "actions/checkout" and "repository" in step.with_
        is_ready = _READY.fullmatch(step.action) or (commands and all(_makes_ready(each) for each in commands))
        if is_elsewhere or not is_ready:
            return
        yield step
        if _installs(step, program):
            return


def _installs(step: Step, program: str) -> bool:
    """Say whether a step installs what a program needs."""
    is_node = program in _NODE
    return any(is_install(command) and (command.program in MANAGERS) == is_node for command in commands_of(step))


def _makes_ready(command: Command) -> bool:
    return is_install(command) or command.program == "corepack"


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
            is_plain = isinstance(values, list) and bool(values) and isinstance(values[-1], str | int | float)
            return values[-1] if isinstance(values, list) and is_plain else value
        case _:
            return value


def _plain(workflow: Workflow, program: str, files: FileView, pin: PinKind) -> Setup | None:
    checkout = {"uses": uses("actions/checkout", pin, workflow)}
    if program not in _TOOLS or program in _COMPILED:
        return Setup([checkout])
    lock = next(((name, install) for path, name, install in _LOCKS if files.read(path) is not None), None)
    if program not in MANAGERS or lock is None:
        return None
    manager, install = lock
    node = {"node-version": "lts/*", "cache": manager}
    setup = {"uses": uses("actions/setup-node", pin, workflow), "with": node}
    return Setup([checkout, setup, {"run": install}], manager=manager)
