"""Clocks that tell the time a test wants."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class FakeClock:
    """Stands still until it is told otherwise."""

    epoch: float = 1_741_600_000.0
    passed: float = 0.0

    def now(self) -> float:
        return self.epoch + self.passed

    def monotonic(self) -> float:
        return self.passed

    def advance(self, seconds: float) -> None:
        self.passed += seconds
