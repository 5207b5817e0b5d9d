"""Makes further cases that run through a line whose mutants nobody has noticed yet. It knows no mutant."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from .search import Found, Search

Vary = Callable[[dict[str, Any], random.Random], Any]


class Aim:
    """What is tried for one line, and how often."""

    def __init__(self, search: Search, vary: dict[str, Vary], tries: int) -> None:
        self._search = search
        self._vary = vary
        """By subject."""
        self._tries = tries

    def near(self, line: int) -> Iterator[Found]:
        """Yield new cases through a line: changes of known ones, and changes of those."""
        bases = [each for each in self._search.found if line in each.lines]
        chance = random.Random(line)  # noqa: S311 - the same each time is what is wanted
        made: list[Found] = []
        for _ in range(self._tries if bases else 0):
            base = chance.choice(made if made and chance.random() < 0.5 else bases).case
            found = self._tried(self._vary[base["subject"]](base, chance))
            if found is not None and line in found.lines:
                made.append(found)
                yield found

    def _tried(self, case: dict[str, Any] | None) -> Found | None:
        before = len(self._search.found)
        if case is not None:
            self._search.evaluate(case)
        return self._search.found[-1] if len(self._search.found) > before else None
