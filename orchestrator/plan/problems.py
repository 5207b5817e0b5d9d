"""What is wrong with a plan, collected while it is loaded, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orchestrator.errors import Location, OrchestratorError, PlanError, did_you_mean
from orchestrator.plan.source import Path_, Source


class Problems:
    """The problems found so far."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.found: list[OrchestratorError] = [*source.problems]

    def add(self, problems: Iterable[OrchestratorError]) -> None:
        """Take note of problems that others found."""
        self.found.extend(problems)

    def report(self, code: str, message: str, at: Path_, *, hint: str | None = None, key: bool = False) -> None:
        """Take note of a problem with what is written at `at`, or with its key."""
        self.found.append(PlanError(code, message, hint=hint, location=self._source.locate(at, key=key)))

    def report_unknown(self, message: str, word: str, known: Iterable[str], at: Path_) -> None:
        """A reference leads nowhere."""
        self.report("plan/unknown-dependency", message, at, hint=did_you_mean(word, list(known)))

    def report_taken(self, task_id: str, first: Location | None, at: Path_) -> None:
        """A task has the id of the one at `first`."""
        self.report("plan/duplicate-id", f"the id `{task_id}` is taken", (*at, "id"), hint=f"by the task at {first}")

    def report_itself(self, name: str, at: Path_) -> None:
        """Something depends on itself."""
        self.report("plan/cycle", f"{name} waits for itself", at)

    def settle(self, waiting: list[OrchestratorError]) -> None:
        """Leave only missing values in `waiting`: they matter where the task is needed, all else matters now."""
        self.add(error for error in waiting if error.code != "plan/missing-variable")
        waiting[:] = [error for error in waiting if error.code == "plan/missing-variable"]

    def blame(self, waiting: Sequence[OrchestratorError], made: Any) -> None:
        """Take note of what is wrong with a part that is needed; a value that is not there cannot be wrong as well."""
        self.add(waiting)
        if isinstance(made, list):
            missing = {error.location for error in waiting}
            self.add(error for error in made if error.location not in missing)

    def each_once(self) -> Sequence[OrchestratorError]:
        """Return the problems without those that read the same."""
        return list({str(problem): problem for problem in self.found}.values())
