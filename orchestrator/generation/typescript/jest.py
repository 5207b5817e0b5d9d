"""The target's own node, Jest and compiler: what they are asked, and what their answers mean."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import TaskError
from orchestrator.generation.ownership import SIGN
from orchestrator.generation.request import Request
from orchestrator.generation.result import Coverage
from orchestrator.generation.typescript.worker import Ended, Worker

_KEPT: Final = ("PATH", "LANG", "TMPDIR", "HOME", "SYSTEMROOT")
_ANALYSIS: Final = 120.0
_SUITE: Final = 300.0
_PROOF: Final = 600.0
_BESIDE_SEARCH: Final = 60.0
"""Seconds a search may take beyond its own limit, which it looks at between two tries."""
_MOST_HANGING: Final = 3
_OLDEST: Final = {"typescript": (4, 5), "jest": (28, 0)}
"""The first versions that have what is asked of them."""


@dataclass(frozen=True, slots=True)
class Suite:
    """What the tests say that people wrote."""

    failed: tuple[str, ...] = ()
    """Full names of the tests that failed."""
    broken: tuple[str, ...] = ()
    """Messages of files that could not run."""
    coverage: dict[str, Any] = field(default_factory=dict)
    """Counters by source file, as Istanbul has them."""
    unknown: str | None = None
    """Why nothing is known of them."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the runs of a test file that is not written yet have shown."""

    stage: str | None
    """What failed: `unseen`, `module`, `first`, `again`, `shuffled` or `suite`; None if all are green."""
    texts: dict[str, str]
    """The files as they are to be written."""
    failed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    """Tests of people that fail after it."""
    before: Coverage | None = None
    """Of the target by the tests that people wrote."""
    coverage: Coverage | None = None
    """Of the target by all tests."""


def environ_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that project code sees: none of the caller's secrets, and the same everywhere."""
    return {name: environ[name] for name in _KEPT if name in environ} | {"TZ": "UTC", "NODE_ENV": "test"}


def check_tools(root: Path, environ: Mapping[str, str]) -> None:
    """Refuse when a tool is missing.

    :raises TaskError: `generation/tool-missing`
    """
    if shutil.which("node", path=environ.get("PATH")) is None:
        raise TaskError("generation/tool-missing", "`node` is not installed", hint="install Node.js 20 or newer")
    check_package(root, "typescript")
    if not has_package(root, "jest") and has_package(root, "vitest"):
        message = "tests that Vitest runs are not covered"
        raise TaskError("generation/not-covered", message, hint="with Jest in the project, they are run by it")
    check_package(root, "jest")


def check_package(root: Path, name: str) -> None:
    """Refuse when the project lacks a package, or has one of another age.

    :raises TaskError: `generation/tool-missing`
    """
    place = _manifest(root, name)
    if place is None:
        hint = "run `npm ci` first; `settings.prepare` of a plan can do it"
        message = f"the project has no package `{name}` in `node_modules`"
        raise TaskError("generation/tool-missing", message, hint=hint)
    version = str(json.loads(place.read_text("utf-8")).get("version", ""))
    oldest = _OLDEST.get(name, ())
    if (known := re.match(r"(\d+)\.(\d+)", version)) and tuple(map(int, known.groups())) < oldest:
        wanted = ".".join(map(str, oldest))
        message = f"the project has `{name}` {version}, which lacks what generating needs"
        raise TaskError("generation/tool-missing", message, hint=f"`{name}` {wanted} or newer is needed")


def has_package(root: Path, name: str) -> bool:
    """Say whether a package is there for a project."""
    return _manifest(root, name) is not None


def _manifest(root: Path, name: str) -> Path | None:
    places = [above / "node_modules" / name / "package.json" for above in (root, *root.parents)]
    return next((place for place in places if place.is_file()), None)


class Jest:
    """The target's tools: one process looks for cases, another runs tests as the project runs them."""

    def __init__(self, request: Request, directory: Path, explorer: Worker, prover: Worker) -> None:
        self._request = request
        self._directory = directory
        self._explorer = explorer
        self._prover = prover

    @property
    def target(self) -> str:
        """What is tested."""
        return self._request.target

    def of(self, module: str) -> Jest:
        """Return the same for one module of a directory."""
        if module == self.target:
            return self
        directory = self._directory / module.replace("/", "-")
        directory.mkdir(exist_ok=True)
        return Jest(replace(self._request, target=module), directory, self._explorer, self._prover)

    async def analyse(self) -> dict[str, Any]:
        """Return the model of the target, of which the modules that are tested beside it are a part."""
        beside = {"beside": self._request.modules}
        found = await self._ask(self._explorer, "analyse", beside, _ANALYSIS, "the analysis ended early")
        self._keep("analyse", found)
        return found

    async def flow(self) -> dict[str, Any]:
        """Return what a flow through the whole application needs to know of it."""
        found = await self._ask(self._explorer, "flow", {}, _ANALYSIS, "the analysis ended early")
        self._keep("flow", found)
        return found

    async def explore(self, mode: str, asked: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
        """Search for cases, or replay them on mutants; return what was found. `tell` hears how far it is."""
        hanging: list[str] = []
        while len(hanging) <= _MOST_HANGING:
            try:
                return await self._explore(mode, {**asked, "hanging": hanging}, tell)
            except Ended as end:
                hanging.append(self._endless(end))
        message = f"`{self._request.target}` did not come to an end with {len(hanging)} inputs, such as {hanging[-1]}"
        raise TaskError("generation/target-broken", message)

    async def _explore(self, mode: str, asked: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
        result, endless = self._directory / f"{mode}.json", self._directory / "endless"
        for one in (result, endless):
            one.unlink(missing_ok=True)
        request = self._keep(
            f"{mode}-request", self._place({**asked, "mode": mode, "result": str(result), "endless": str(endless)})
        )
        targets = asked["model"]["files"]
        given = {"mode": mode, "request": str(request), "result": str(result), "targets": targets}
        limit = asked["seconds"] + _BESIDE_SEARCH
        answer = await self._explorer.ask("explore", self._place(given), limit, tell)
        if "error" in answer or not answer["isDone"]:
            cause = cause_in(answer.get("error") or answer["output"])
            raise TaskError("generation/target-broken", f"the target cannot be loaded: {cause}")
        found: dict[str, Any] = json.loads(result.read_text("utf-8"))
        return found

    def _endless(self, end: Ended) -> str:
        """Return what was tried when the process was ended because of it.

        :raises TaskError: when that was not why it ended.
        """
        place = self._directory / "endless"
        if place.is_file() and (name := place.read_text("utf-8", "replace")):
            return name
        cause = "an endless loop" if place.is_file() else cause_in(end.output)
        raise TaskError("generation/target-broken", f"the target cannot be loaded: {cause}")

    async def suite(self) -> Suite:
        """Run the tests that people wrote."""
        try:
            found = await self._prover.ask("suite", self._place({"marker": SIGN}), _SUITE)
        except Ended as end:
            await self._prover.close()
            return Suite(unknown=f"longer than {_SUITE:g} s" if end.is_late else cause_in(end.output))
        if "error" in found:
            return Suite(unknown=cause_in(found["error"]))
        return Suite(tuple(found["failed"]), tuple(found["broken"]), found["coverage"])

    async def prove(self, files: Mapping[str, str], suite: Suite, form: str = "import") -> Proof:
        """Run a test file, which may not be there yet, as the project will run it.

        :param form: how it takes modules in: `import` or `require`
        """
        known = {"failed": suite.failed, "broken": suite.broken, "unknown": suite.unknown}
        targets = {str(self._request.root / name) for name in self._request.files}
        coverage = {name: one for name, one in suite.coverage.items() if name in targets}
        place = {"test": self._request.test_file, "files": dict(files), "marker": SIGN, "targets": self._request.files}
        found = await self._run({**place, "form": form, "suite": {**known, "coverage": coverage}})
        self._keep("prove", found)
        return Proof(
            stage=found["stage"],
            texts=found["texts"],
            failed=tuple(found["failed"]),
            broken=tuple(found["broken"]),
            breaks=tuple(found.get("fresh", ())),
            before=None if suite.unknown else coverage_of(found.get("before")) or Coverage(),
            coverage=coverage_of(found.get("coverage")),
        )

    async def _run(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the runs have shown; what fails in a process that has run much is run in a fresh one."""
        found = await self._ask(self._prover, "prove", asked, _PROOF, "the tests did not end")
        if found.get("fresh") or found["stage"] == "suite":
            await self._prover.close()
            found = await self._ask(self._prover, "prove", asked, _PROOF, "the tests did not end")
        return found

    async def _ask(self, worker: Worker, what: str, asked: Mapping[str, Any], limit: float, why: str) -> dict[str, Any]:
        """Return an answer.

        :raises TaskError: `generation/target-broken`, when there is none.
        """
        try:
            answer = await worker.ask(what, self._place(asked), limit)
        except Ended as end:
            if end.is_late:
                message = f"`{self._request.target}` did not come to an end in {limit:g} s"
                hint = "it may loop for ever when it is loaded"
                raise TaskError("generation/target-broken", message, hint=hint) from None
            raise TaskError("generation/target-broken", f"{why}: {cause_in(end.output)}") from None
        if "error" in answer:
            raise TaskError("generation/target-broken", f"{why}: {cause_in(answer['error'])}")
        return answer

    def _place(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"root": str(self._request.root), "target": self._request.target, **asked}

    def _keep(self, name: str, data: Mapping[str, Any]) -> Path:
        path = self._directory / f"{name}.json"
        path.write_text(json.dumps(data), "utf-8")
        return path


def cause_in(output: str) -> str:
    """Return the line of a tool's output that says what was wrong."""
    lines = [line.strip(" \t●") for line in output.splitlines() if line.strip()]
    wanted = [line for line in lines if re.match(r"(\w*Error\b|.*\berror TS\d+|Cannot |No tests)", line)]
    return (wanted or lines or ["no output"])[0][:200]


def coverage_of(found: Mapping[str, float] | None) -> Coverage | None:
    """Return what an answer says of the target."""
    return Coverage(found["lines"], found["branches"], found["functions"]) if found else None
