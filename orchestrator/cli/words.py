"""Options that take a path and a value, and may be given several times: the order in which they are typed counts.

Option parsers know either of these, not both. So each such option becomes one word before they look, which holds its
place and its words; `read` takes that apart again. Never looks at what the words mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from typer.core import TyperCommand

from orchestrator.errors import UsageError

COUNTS: Final = {"--set": 2, "--ensure": 2, "--append": 2, "--remove": 1}
"""How many words each of these options takes."""
_SEPARATOR: Final = "\0"  # no argument of a process has one


class WordsCommand(TyperCommand):
    """A command with such options; for the parser they are lists of text."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_joined(args)))


def read(given: Mapping[str, Sequence[str] | None]) -> list[tuple[str, list[str]]]:
    """Return the options with their words, in the order in which they were typed.

    :raises UsageError: when one has too few words.
    """
    found: list[tuple[int, str, list[str]]] = []
    for option, values in given.items():
        for value in values or ():
            place, *words = value.split(_SEPARATOR)
            if len(words) != COUNTS[option]:
                wants = "PATH VALUE" if COUNTS[option] == 2 else "PATH"
                raise UsageError("usage/bad-option", f"{option} takes {wants}")
            found.append((int(place), option, words))
    return [(option, words) for _, option, words in sorted(found)]


def _joined(args: Iterable[str]) -> Iterator[str]:
    rest = iter(args)
    for place, arg in enumerate(rest):
        if arg == "--":
            yield arg
            yield from rest
            return
        option, equals, first = arg.partition("=")
        if option not in COUNTS:
            yield arg
            continue
        words = [first] if equals else []
        words += islice(rest, COUNTS[option] - len(words))
        yield option
        yield _SEPARATOR.join((str(place), *words))
