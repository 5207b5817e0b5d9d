"""A test as text that a template arranges. It holds no decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test function, with rows or without."""

    __test__ = False  # for pytest, which would like to collect it

    title: str
    parameters: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    cases: Mapping[str, int] = field(default_factory=dict)
    """The number of the case by row; the empty row where there are none."""
