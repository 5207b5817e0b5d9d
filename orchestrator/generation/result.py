"""What a generator found and wrote. Plain data: every part of it can be JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Value = Any
"""JSON, where an object with one key that begins with `$` stands for what JSON lacks, such as `{"$date": "..."}`.

It is never source text of the target: an emitter writes each value through its serialiser.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test before it is text."""

    describe: str
    """The function or method it is about."""
    title: str
    arrange: dict[str, Value] = field(default_factory=dict)
    """What the world around the function is like: constructor arguments, what dependencies answer."""
    act: dict[str, Value] = field(default_factory=dict)
    """The call: its arguments, and whether it is awaited."""
    check: dict[str, Value] = field(default_factory=dict)
    """What must come of it: a value or an error, and the calls to dependencies."""


@dataclass(slots=True)
class Funnel:
    """What became of the proposed cases."""

    proposed: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    """By the reason, which begins with the stage."""

    def drop(self, reason: str, count: int = 1) -> None:
        """Count cases that were dropped."""
        if count:
            self.dropped[reason] = self.dropped.get(reason, 0) + count

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.dropped.items()))
        return f"{self.kept} of {self.proposed} cases kept{f' ({reasons})' if reasons else ''}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Percentages of one file, as its own tool measures them."""

    lines: float = 0.0
    branches: float = 0.0
    functions: float = 0.0

    def __str__(self) -> str:
        return f"{self.lines:g} % of lines, {self.branches:g} % of branches, {self.functions:g} % of functions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A test file that has passed, and what is known of it."""

    text: str
    """Of the test file, without the marker of `ownership`."""
    support: dict[str, str] = field(default_factory=dict)
    """Other files it needs, by path from the root."""
    funnel: Funnel = field(default_factory=Funnel)
    before: Coverage | None = None
    """Of the target by the project's tests as they were; None where they cannot say."""
    after: Coverage | None = None
    mutants: int = 0
    killed: int = 0
    seconds: float = 0.0
    is_flow: bool = False
    """Requests through a whole application, of which no file is the target."""
    needs: tuple[str, ...] = ()
    """Variables of the environment without which the tests could not be run: they are generated, not verified."""
    is_truncated: bool = False
    """The clock ended the search before its budget did; another machine may find more."""
    suspicious: tuple[str, ...] = ()
    """Recorded behaviour that a person should look at."""
    titles: tuple[str, ...] = ()
