"""What a scenario came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from orchestrator.scenarios.notices import Notice


@dataclass(slots=True)
class StepResult:
    """What one step came to, or a validation."""

    title: str
    group: str
    """The note that begins the steps it belongs to."""
    status: Literal["passed", "failed", "skipped"] = "skipped"
    seconds: float = 0.0
    message: str = ""
    approximate: bool = False
    """What it looked at was not exactly known."""


@dataclass(slots=True)
class Result:
    """What a scenario came to. No text in it holds a secret."""

    name: str
    file: str
    steps: list[StepResult] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    message: str = ""
    """Why it failed, in one line; empty if it passed."""
    hint: str = ""
    report: str = ""
    """Why it failed, with all that helps to see it."""
    seconds: float = 0.0
    attempts: int = 1
    artifacts: list[str] = field(default_factory=list)

    @property
    def has_passed(self) -> bool:
        return not self.message

    @property
    def is_flaky(self) -> bool:
        """It passed, but not at once."""
        return self.has_passed and self.attempts > 1

    def summary(self) -> str:
        """Return one line about it."""
        if not self.has_passed:
            return self.message
        count = len(self.steps)
        text = f"{count} step{'s' if count != 1 else ''} passed"
        return f"flaky: {text} at attempt {self.attempts}" if self.is_flaky else text
