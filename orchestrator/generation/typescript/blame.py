"""Which tests of an emitted file a compiler's message is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from orchestrator.generation.typescript.literals import unquoted

_TITLE: Final = re.compile(r" +it\((.*), (?:async )?\(\) => \{$")
_GROUP: Final = re.compile(r"( *)describe\((.*), \(\) => \{$")


def lines_in(message: str, name: str) -> list[int]:
    """Return the lines of a file that a compiler's message names."""
    return [int(line) for line in re.findall(rf"{re.escape(name)}[:(](\d+)", message)]


def tests_at(text: str, lines: Sequence[int]) -> list[str]:
    """Return the full names of the tests that stand at some lines of an emitted file."""
    found: dict[str, None] = {}
    source = text.splitlines()
    for line in lines:
        above = source[:line]
        title = next((match for one in reversed(above) if (match := _TITLE.match(one))), None)
        groups = _groups_around(above)
        if title and groups:
            found[" ".join(unquoted(one) for one in [*groups, title[1]])] = None
    return list(found)


def _groups_around(above: Sequence[str]) -> list[str]:
    """Return the names of the groups that a line is in, as they are written, the outermost first."""
    found: list[str] = []
    inner = None
    for one in reversed(above):
        match = _GROUP.match(one)
        if match and (inner is None or len(match[1]) < inner):
            inner = len(match[1])
            found.insert(0, match[2])
    return found
