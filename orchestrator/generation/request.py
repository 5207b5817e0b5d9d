"""What is asked of a generator. It knows no language and runs nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

Kind = Literal["unit", "route", "config", "graphql", "e2e"]
Priority = Literal["critical", "high", "medium", "low"]

EVALUATIONS: Final[dict[Priority, int]] = {"critical": 400, "high": 250, "medium": 150, "low": 100}
"""How often one function may be tried. A count and not a time, so that a busy machine finds the same tests."""


class RunCommand(Protocol):
    """Runs a command of which nothing survives; the same as a handler is given."""

    def __call__(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: Callable[[bytes], None] | None = None
    ) -> Awaitable[int]:
        """Return the exit code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Tests for one target."""

    root: Path
    target: str
    """Relative to the root, like `test_file`."""
    test_file: str
    modules: tuple[str, ...] = ()
    """The files that are tested where `target` is a directory; like it, relative to the root."""
    has_schema: bool = False
    """Whether the modules make a GraphQL schema together; the first of them has it."""
    words: str = ""
    """What the task says of itself; a flow is told by them."""
    kind: Kind | None = None
    """None: what the target looks like."""
    priority: Priority = "medium"
    estimated_cases: int | None = None
    """A hint for the report; never a number to reach."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are tested."""
        return self.modules or (self.target,)

    @property
    def entries(self) -> tuple[str, ...]:
        """The files that are tried one by one; the modules of a schema are tried through the one that has it."""
        return self.files[:1] if self.has_schema else self.files

    @property
    def budget(self) -> int:
        """How many evaluations each function gets."""
        return EVALUATIONS[self.priority]
