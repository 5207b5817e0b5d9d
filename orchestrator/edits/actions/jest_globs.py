"""Lists of globs as Jest reads them: in order, where `!` takes files out and a later glob brings them back.

Jest matches with picomatch, hidden files included: https://jestjs.io/docs/configuration#collectcoveragefrom-array
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_MAGIC: Final = re.compile(r"[*?{}()\[\]!+@|]")
_GROUP: Final = re.compile(r"(?<![@?*+!\\])\(")
_STARS: Final = re.compile(r"\*\*/|\*\*\Z|\*")
_DEEPER: Final = ("", "zq/", "zq/zr/")
_MANY: Final = 64


def is_kept(path: str, globs: Sequence[str]) -> bool:
    """Say whether a list of globs keeps a file; a list of negations alone keeps what they do not name."""
    kept = all(is_negation(glob) for glob in globs)
    for glob in globs:
        if kept == is_negation(glob):  # else it has nothing to change
            kept ^= is_match(path, glob)
    return bool(globs) and kept


def is_negation(glob: str) -> bool:
    """Say whether a glob takes files out."""
    return glob.startswith("!") and not glob.startswith("!(")


def is_match(path: str, glob: str) -> bool:
    """Say whether a glob without `!` matches a file."""
    from wcmatch import glob as matcher

    flags = matcher.GLOBSTAR | matcher.DOTGLOB | matcher.BRACE | matcher.EXTGLOB | matcher.FORCEUNIX
    return bool(matcher.globmatch(path, _GROUP.sub("@(", bare(glob)), flags=flags))


def bare(glob: str) -> str:
    """Return a glob without what means the project's own directory, and without `!`."""
    text = glob[1:] if is_negation(glob) else glob
    return text.removeprefix("<rootDir>").removeprefix("./").removeprefix("/")


def is_covered(glob: str, wider: str) -> bool:
    """Say whether every file that `glob` matches is matched by `wider` too, as far as that can be told."""
    if bare(glob) == bare(wider):
        return True
    paths = _examples(bare(glob))
    return bool(paths) and all(is_match(path, wider) for path in paths)


def directories_of(glob: str) -> Sequence[str] | None:
    """Return the directories whose files a glob means as a whole, such as `src/routes` for `src/routes/**`."""
    found = []
    for each in _expanded(bare(glob)):
        match = re.fullmatch(r"((?:\*\*/)?[^*?()\[\]!|]+)/(?:\*\*/?)?(?:\*(?:\.\w+)?)?", each)
        if match is None or each == match[1]:
            return None
        found.append(match[1])
    return found


def base_of(glob: str) -> str:
    """Return the directory that all files of a glob are in; empty for the root."""
    head = _MAGIC.split(bare(glob), maxsplit=1)[0]
    return head.rpartition("/")[0]


@lru_cache(maxsize=256)
def _examples(glob: str) -> Sequence[str]:
    """Return paths of every kind that a glob matches; none where its signs are too rich to tell."""
    paths = _expanded(glob)
    while any(_STARS.search(path) for path in paths) and len(paths) <= _MANY:
        paths = [example for path in paths for example in _filled(path)]
    is_plain = len(paths) <= _MANY and not any(_MAGIC.search(path) for path in paths)
    return paths if is_plain and all(is_match(path, glob) for path in paths) else ()


def _filled(path: str) -> Sequence[str]:
    star = _STARS.search(path)
    if star is None:
        return [path]
    values = {"*": ("zq",), "**": tuple(f"{deep}zq.zs" for deep in _DEEPER)}.get(star[0], _DEEPER)
    return [path[: star.start()] + value + path[star.end() :] for value in values]


def _expanded(glob: str) -> list[str]:
    """Return what the braces of a glob stand for."""
    import bracex

    try:
        return bracex.expand(glob, limit=_MANY)
    except bracex.ExpansionLimitException:
        return [glob]
