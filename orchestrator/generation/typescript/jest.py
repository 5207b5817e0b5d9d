"""Runs the target's own node, Jest and Prettier. Knows where they are and what their reports mean, and no more."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import TaskError
from orchestrator.generation.request import Request, RunCommand
from orchestrator.generation.result import Coverage

HERE: Final = Path(__file__).parent
_KEPT: Final = ("PATH", "LANG", "TMPDIR", "HOME", "SYSTEMROOT")
_LONGEST: Final = 900.0
"""Seconds after which a command is taken to hang."""
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of tests said."""

    passed: int
    failed: tuple[str, ...]
    """Full names of the tests that failed."""
    broken: tuple[str, ...]
    """Messages of files that could not run."""

    @property
    def is_green(self) -> bool:
        return not self.failed and not self.broken


class Jest:
    """The target's tools."""

    def __init__(self, request: Request, command: RunCommand, directory: Path, environ: Mapping[str, str]) -> None:
        self._request = request
        self._command = command
        self._directory = directory
        self._environ = {name: environ[name] for name in _KEPT if name in environ} | {"TZ": "UTC", "NODE_ENV": "test"}
        self.output = ""

    def check(self) -> None:
        """Refuse when a tool is missing.

        :raises TaskError: `generation/tool-missing`
        """
        if shutil.which("node", path=self._environ.get("PATH")) is None:
            raise TaskError("generation/tool-missing", "`node` is not installed", hint="install Node.js 20 or newer")
        for name in ("typescript", "jest"):
            if self._package(name) is None:
                hint = "run `npm ci` first; `settings.prepare` of a plan can do it"
                message = f"the project has no package `{name}` in `node_modules`"
                raise TaskError("generation/tool-missing", message, hint=hint)

    async def analyse(self) -> dict[str, Any]:
        """Return the model of the target."""
        asked = self._write("analyse-request", {"root": str(self._request.root), "target": self._request.target})
        result = self._directory / "analyse.json"
        result.unlink(missing_ok=True)
        await self._run(["node", str(HERE / "analyse.cjs"), str(asked), str(result)], {})
        return self._read(result, "the analysis ended early")

    async def explore(self, mode: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Search for cases, or replay them on mutants; return what was found."""
        result = self._directory / f"{mode}.json"
        result.unlink(missing_ok=True)
        place = {"root": str(self._request.root), "target": self._request.target, "mode": mode}
        request = self._write(f"{mode}-request", {**place, **asked, "result": str(result)})
        driver = HERE / "search.cjs"
        await self._jest(["--forceExit", "--runTestsByPath", str(driver)], mode, {"ORCHESTRATE_REQUEST": str(request)})
        return self._read(result, "the target cannot be loaded")

    async def prove(self, name: str, arguments: Sequence[str], zone: str = "UTC") -> Report:
        """Run tests as the project runs them; return what they say."""
        result = self._directory / f"{name}.json"
        result.unlink(missing_ok=True)
        await self._jest(["--forceExit", "--json", f"--outputFile={result}", *arguments], "prove", {"TZ": zone})
        return _report(self._read(result, "the tests did not end"))

    async def cover(self, name: str) -> tuple[Report, Coverage | None]:
        """Run the whole suite; return its report, and the coverage of the target."""
        directory = self._directory / name
        target = self._request.target
        wanted = [f"--collectCoverageFrom={target}", f"--coverageDirectory={directory}"]
        report = await self.prove(
            name, ["--coverage", "--coverageReporters=json-summary", *wanted, "--passWithNoTests"]
        )
        return report, _coverage(directory / "coverage-summary.json", str(self._request.root / target))

    async def format(self, path: Path) -> None:
        """Format a file as the project does, where it has Prettier."""
        prettier = self._package("prettier")
        if prettier is not None:
            script = prettier / json.loads((prettier / "package.json").read_text("utf-8"))["bin"]
            await self._run(["node", str(script), "--log-level=warn", "--write", str(path)], {})

    def _package(self, name: str) -> Path | None:
        root = self._request.root.resolve()
        places = (above / "node_modules" / name for above in (root, *root.parents))
        return next((place for place in places if (place / "package.json").is_file()), None)

    async def _jest(self, arguments: Sequence[str], mode: str, environ: Mapping[str, str]) -> None:
        package = self._package("jest")
        assert package is not None
        asked = {"root": str(self._request.root), "target": self._request.target, "mode": mode}
        argv = ["node", str(package / "bin" / "jest.js"), "--config", str(HERE / "config.cjs")]
        argv += ["--rootDir", str(self._request.root), "--runInBand", "--colors=false", *arguments]
        await self._run(argv, {"ORCHESTRATE_JEST": json.dumps(asked), **environ})

    async def _run(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        heard: list[bytes] = []
        env = {**self._environ, **environ}
        try:
            async with asyncio.timeout(_LONGEST):
                await self._command(argv, cwd=self._request.root, env=env, output=heard.append)
        except TimeoutError:
            message = f"`{self._request.target}` did not come to an end in {_LONGEST:g} s"
            raise TaskError(
                "generation/target-broken", message, hint="it may loop for ever when it is loaded"
            ) from None
        finally:
            self.output = _ANSI.sub("", b"".join(heard).decode("utf-8", "replace"))

    def _write(self, name: str, data: Mapping[str, Any]) -> Path:
        path = self._directory / f"{name}.json"
        path.write_text(json.dumps(data), "utf-8")
        return path

    def _read(self, path: Path, otherwise: str) -> dict[str, Any]:
        """Return what a stage wrote.

        :raises TaskError: `generation/target-broken`, when it did not get so far.
        """
        if path.is_file():
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return found
        raise TaskError("generation/target-broken", f"{otherwise}: {cause_in(self.output)}")


def cause_in(output: str) -> str:
    """Return the line of a tool's output that says what was wrong."""
    lines = [line.strip(" \t●") for line in output.splitlines() if line.strip()]
    wanted = [line for line in lines if re.match(r"(\w*Error\b|.*\berror TS\d+|Cannot |No tests)", line)]
    return (wanted or lines or ["no output"])[0][:200]


def _report(found: Mapping[str, Any]) -> Report:
    files = found["testResults"]
    failed = [one["fullName"] for file in files for one in file["assertionResults"] if one["status"] == "failed"]
    broken = [
        _ANSI.sub("", file["message"]) for file in files if file["status"] == "failed" and not file["assertionResults"]
    ]
    return Report(found["numPassedTests"], tuple(failed), tuple(broken))


def _coverage(summary: Path, target: str) -> Coverage | None:
    if not summary.is_file():
        return None
    found = json.loads(summary.read_text("utf-8")).get(target)
    if found is None:
        return None
    return Coverage(*(float(found[name]["pct"]) for name in ("lines", "branches", "functions")))
