"""A phase's gate: each validation passes, fails, or cannot be verified here and says what is missing."""

from __future__ import annotations

import asyncio
import json
import posixpath
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, NamedTuple

from orchestrator.change import Change
from orchestrator.errors import TaskError
from orchestrator.handler import WHOLE_PROJECT, Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.handlers.coverage import REPORTS, percentages
from orchestrator.plan.fields import STRICT, Flag, ProjectPath, Seconds, Text, TextOrTexts, Texts
from orchestrator.plan.model import Task

Kind = Literal[
    "coverage_threshold",
    "python_coverage",
    "all_critical_tested",
    "e2e_passing",
    "deployment_working",
    "ci_passing",
    "command",
]
_ALWAYS: Final = {"type", "description"}
_OWN: Final[dict[str, set[str]]] = {
    "coverage_threshold": {"target", "metric", "report", "run", "cwd"},
    "python_coverage": {"target", "metric", "report", "run", "cwd"},
    "all_critical_tested": {"run"},
    "e2e_passing": {"run", "cwd"},
    "deployment_working": {"url", "timeout"},
    "ci_passing": {"ref", "checks"},
    "command": {"run", "cwd"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """One thing a checkpoint looks at."""

    __pydantic_config__: ClassVar[Any] = STRICT

    type: Kind
    description: Text = ""
    target: int | float | None = None
    """Percent that must be covered."""
    metric: Literal["lines", "branches", "functions", "statements"] = "lines"
    report: ProjectPath | None = None
    """The report to read; with no `run` beside it, nothing is run."""
    run: Text | Texts | None = None
    """The command; absent = the project's own, found by its package scripts or tools."""
    cwd: ProjectPath = "."
    url: TextOrTexts = ()
    """Addresses that must answer with success."""
    timeout: Seconds = 10.0
    """For each address."""
    ref: Text | None = None
    """The commit or branch whose checks count; absent = HEAD."""
    checks: Texts = ()
    """Names of the checks that count; absent = all."""

    def __post_init__(self) -> None:
        given = {f.name for f in fields(self) if getattr(self, f.name) != f.default}
        if odd := sorted(given - _ALWAYS - _OWN[self.type]):
            raise ValueError(f"`{odd[0]}` means nothing to `{self.type}`")
        if (
            self.type in ("coverage_threshold", "python_coverage")
            and not 0 <= (-1 if self.target is None else self.target) <= 100
        ):
            raise ValueError("`target` must be a percentage from 0 to 100")
        if self.type == "command" and not self.run:
            raise ValueError("`command` needs `run`")

    def __str__(self) -> str:
        return self.description or self.type.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTask(Task):
    """A phase's gate."""

    type: Literal["checkpoint"]
    validations: tuple[Validation, ...] = ()
    blocking: Flag = False
    """Later phases need its success, and what cannot be verified fails."""


class Finding(NamedTuple):
    """What one validation came to."""

    verdict: Literal["passed", "failed", "unverifiable"]
    text: str


class Checkpoint(FileHandler):
    """Runs the validations one after the other, alone: nothing writes to the project meanwhile."""

    type = "checkpoint"
    model = CheckpointTask
    runs_project_code = True
    only_looks = True

    def claims(self, _task: CheckpointTask) -> Claims:
        # Reading everything keeps writers out; the path nobody else writes keeps two checkpoints apart.
        return Claims((WHOLE_PROJECT,), (".orchestrator/checkpoint",))

    def plan(self, task: CheckpointTask, _context: PlanContext) -> Change:
        shown = tuple(f"check: {validation}" for validation in task.validations)
        return Change(f"checks {len(shown)} thing{'s' * (len(shown) != 1)}", actions=shown, exact=False)

    async def apply(self, task: CheckpointTask, _change: Change, context: ApplyContext) -> Applied:
        findings = []
        for validation in task.validations:
            finding = await _CHECKS[validation.type](validation, context)
            context.log(f"{finding.verdict}: {validation}: {finding.text}")
            findings.append((validation, finding))
        told = "; ".join(f"{validation}: {finding.text}" for validation, finding in findings)
        verdicts = {finding.verdict for _, finding in findings}
        if "failed" in verdicts:
            raise TaskError("task/failed", "; ".join(f"{v}: {f.text}" for v, f in findings if f.verdict == "failed"))
        if "unverifiable" in verdicts:
            missing = "; ".join(f"{v}: {f.text}" for v, f in findings if f.verdict == "unverifiable")
            if task.blocking or context.strict:
                raise TaskError("task/failed", f"cannot be verified: {missing}")
            return Applied(missing, status="unverifiable")
        return Applied(told)


async def _coverage(validation: Validation, context: ApplyContext) -> Finding:
    return await _measure(validation, context, _javascript_coverage(context.root / validation.cwd))


async def _python_coverage(validation: Validation, context: ApplyContext) -> Finding:
    cwd = context.root / validation.cwd
    interpreter = _interpreter(cwd, context.root)
    run = [interpreter, "-m", "pytest", "--cov", "--cov-report=json:coverage.json"]
    return await _measure(validation, context, run)


async def _measure(validation: Validation, context: ApplyContext, usual: Sequence[str] | None) -> Finding:
    run = _argv(validation.run) or (None if validation.report else usual)
    began, code = time.time(), 0
    cwd = context.root / validation.cwd
    if run is not None:
        try:
            code = await context.command(run, cwd=cwd, env=context.environ)
        except TaskError as error:
            return Finding("unverifiable", error.message)
    usual_names = [posixpath.normpath(posixpath.join(validation.cwd, name)) for name in REPORTS]
    names = [validation.report] if validation.report else usual_names
    for name in names:
        path = context.root / name
        if path.is_file() and (run is None or path.stat().st_mtime >= began - 1):
            found = percentages(name, path.read_bytes()).get(validation.metric)
            if found is None:
                return Finding("unverifiable", f"`{name}` does not tell {validation.metric}")
            assert validation.target is not None
            verdict: Literal["passed", "failed"] = "passed" if found >= validation.target else "failed"
            return Finding(verdict, f"{found:.1f} % of {validation.metric}, {validation.target:g} % wanted")
    if run is None:
        return Finding("unverifiable", "there is no coverage report and no command to make one")
    return Finding("unverifiable", f"`{' '.join(run)}` ended with {code} and left no coverage report")


async def _all_critical(validation: Validation, context: ApplyContext) -> Finding:
    tests = [task for task in context.tasks.values() if task.type == "test_generation" and task.priority == "critical"]
    wanted = [task for task in tests if getattr(task, "test_type", None) != "e2e"]  # `e2e_passing` looks at those
    if not wanted:
        return Finding("passed", "the plan has no critical targets")
    files = [str(getattr(task, "test_file", "")) for task in wanted]
    missing = [path for path in files if context.files.read(path) is None]
    if missing:
        return Finding("failed", f"no test file: {', '.join(missing)}")
    python = [path for path in files if path.endswith(".py")]
    other = [path for path in files if not path.endswith(".py")]
    runs: list[list[str]] = []
    if other:
        runs.append([*(_argv(validation.run) or ["npx", "--no-install", "jest", "--coverage=false"]), *other])
    if python:
        runs.append([_interpreter(context.root, context.root), "-m", "pytest", "-q", *python])
    for run in runs:
        finding = await _passes(run, context.root, context)
        if finding.verdict != "passed":
            return finding
    return Finding("passed", f"{len(files)} critical targets have passing tests")


async def _e2e(validation: Validation, context: ApplyContext) -> Finding:
    cwd = context.root / validation.cwd
    run = _argv(validation.run) or _script(cwd, "test:e2e", "e2e")
    if run is None:
        files = context.files.match("tests/e2e/**/*.spec.ts") or context.files.match("e2e/**/*.spec.ts")
        if not files:
            return Finding("unverifiable", "there are no end-to-end tests")
        return await _flows(files, cwd, context)
    return await _passes(run, cwd, context)


async def _flows(files: Sequence[str], cwd: Path, context: ApplyContext) -> Finding:
    """Tests that are skipped where their services are not named prove nothing."""
    report = context.artifacts() / "e2e.json"
    run = ["npx", "--no-install", "jest", "--coverage=false", "--json", f"--outputFile={report}", *files]
    finding = await _passes(run, cwd, context)
    if finding.verdict != "passed" or not report.is_file():
        return finding
    told = json.loads(report.read_text("utf-8"))["testResults"]
    statuses = {posixpath.basename(one["name"]): {own["status"] for own in one["assertionResults"]} for one in told}
    skipped = sorted(name for name, found in statuses.items() if found == {"pending"})
    if skipped:
        return Finding("unverifiable", f"all tests of {' and '.join(f'`{name}`' for name in skipped)} are skipped here")
    return finding


async def _command(validation: Validation, context: ApplyContext) -> Finding:
    run = _argv(validation.run)
    assert run is not None
    return await _passes(run, context.root / validation.cwd, context)


async def _passes(run: Sequence[str], cwd: Path, context: ApplyContext) -> Finding:
    shown = " ".join(run[2:] if run[:2] == ["sh", "-c"] else run)
    try:
        code = await context.command(run, cwd=cwd, env=context.environ)
    except TaskError as error:
        return Finding("unverifiable", error.message)
    return Finding("failed" if code else "passed", f"`{shown}` ended with {code}")


async def _deployment(validation: Validation, _context: ApplyContext) -> Finding:
    addresses = [address for address in validation.url if address]
    if not addresses:
        return Finding("unverifiable", "no `url` says where it is deployed")
    for address in addresses:
        problem = await asyncio.to_thread(_request, address, validation.timeout)
        if problem is not None:
            return Finding("failed", f"{address}: {problem}")
    return Finding("passed", f"{len(addresses)} address{'es' * (len(addresses) > 1)} answered")


def _request(address: str, timeout: float) -> str | None:
    import http.client
    import urllib.request

    if not address.startswith(("http://", "https://")):
        return "it is no http address"
    try:
        with urllib.request.urlopen(address, timeout=timeout) as answer:  # noqa: S310  # the scheme is checked
            answer.read(1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return None


async def _ci(validation: Validation, context: ApplyContext) -> Finding:
    from orchestrator.integrations import git, github

    facts = git.facts(context.root)
    ref = validation.ref or facts.get("head")
    try:
        repository = github.Repository.known_to(context.environ, facts.get("remote"), facts.get("host"))
        if not ref:
            return Finding("unverifiable", "the project has no commit")
        states = await asyncio.to_thread(repository.check_states, ref)
    except github.Unreachable as error:
        return Finding("unverifiable", str(error))
    states = {name: state for name, state in states.items() if not validation.checks or name in validation.checks}
    if not states:
        return Finding("unverifiable", f"no checks ran for `{ref}`")
    bad = sorted(name for name, state in states.items() if state not in github.GREEN)
    if bad:
        return Finding("failed", f"not green: {', '.join(f'{name} ({states[name]})' for name in bad)}")
    return Finding("passed", f"{len(states)} check{'s are' if len(states) > 1 else ' is'} green")


_CHECKS: Final[Mapping[str, Any]] = {
    "coverage_threshold": _coverage,
    "python_coverage": _python_coverage,
    "all_critical_tested": _all_critical,
    "e2e_passing": _e2e,
    "deployment_working": _deployment,
    "ci_passing": _ci,
    "command": _command,
}


def _argv(run: str | Sequence[str] | None) -> list[str] | None:
    if not run:
        return None
    return ["sh", "-c", run] if isinstance(run, str) else list(run)


def _script(directory: Path, *names: str) -> list[str] | None:
    """Return the command of the first package script of these names."""
    try:
        scripts = json.loads((directory / "package.json").read_bytes()).get("scripts", {})
    except (OSError, ValueError, AttributeError):
        return None
    return next((["npm", "run", "--silent", name] for name in names if name in scripts), None)


def _javascript_coverage(directory: Path) -> list[str] | None:
    if not (directory / "node_modules").is_dir():
        return None
    return _script(directory, "test:coverage", "coverage") or ["npx", "--no-install", "jest", "--coverage"]


def _interpreter(*directories: Path) -> str:
    for directory in directories:
        candidate = directory / ".venv" / "bin" / "python"
        if candidate.exists():
            return str(candidate)
    return shutil.which("python3") or sys.executable
