"""Runs the stages of the kit with the target's interpreter, and says why one has ended without an answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import TaskError
from orchestrator.generation.python.project import Project, stripped
from orchestrator.generation.request import Request, RunCommand

KIT: Final = Path(__file__).parent / "kit" / "start.py"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every stage needs."""

    request: Request
    command: RunCommand
    directory: Path
    progress: Progress
    project: Project
    interpreter: str
    environ: Mapping[str, str]

    @property
    def file(self) -> Path:
        """Where the tests will be."""
        return self.request.root / self.request.test_file

    def surroundings(self) -> dict[str, Any]:
        """Return what every run of pytest needs."""
        return {"directory": str(self.project.directory), "environment": stripped(self.environ, self.directory)}

    async def stage(self, name: str, asked: Mapping[str, Any], order: str = "0") -> dict[str, Any]:
        """Run one stage of the kit and return its answer; sets are walked in the order that `order` seeds.

        :raises TaskError: when it ends without one.
        """
        answer = self.directory / f"{name}.json"
        answer.unlink(missing_ok=True)
        (self.directory / f"{name}.request.json").write_text(json.dumps(asked, indent=1), "utf-8")
        if not shutil.which(self.interpreter):
            raise TaskError(
                "generation/tool-missing", f"there is no Python at `{self.interpreter}`",
                hint="make the project's environment, or leave the one that is named by `VIRTUAL_ENV`",
            )  # fmt: skip
        spoken: list[bytes] = []
        code = await self.command(
            [self.interpreter, "-B", str(KIT), name, str(self.directory)],
            cwd=self.directory,
            env={**stripped(self.environ, self.directory), "PYTHONHASHSEED": order},
            output=lambda data: self._hear(data, spoken),
        )
        if not answer.exists():
            raise self._without_answer(name, code, b"".join(spoken).decode("utf-8", "replace"))
        found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return found

    def _hear(self, data: bytes, spoken: list[bytes]) -> None:
        spoken.append(data)
        for line in data.decode("utf-8", "replace").splitlines():
            if line.startswith("search "):
                self.progress(line)

    def _without_answer(self, stage: str, code: int, spoken: str) -> TaskError:
        if "No module named 'pytest'" in spoken:
            return TaskError(
                "generation/tool-missing",
                f"`{self.interpreter}` has no pytest",
                hint="install the project's test requirements",
            )
        if "Timeout (" in spoken:
            return TaskError(
                "generation/target-broken", f"`{self.request.target}` does not end and cannot be interrupted",
                hint=f"see the log of the stage `{stage}`",
            )  # fmt: skip
        last = (spoken.strip().splitlines() or ["it said nothing"])[-1]
        return TaskError("generation/target-broken", f"the stage `{stage}` ended with exit code {code}: {last}")
