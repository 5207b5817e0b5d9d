"""File patterns: `*` and `?` within a name, `**` across directories, `[abc]`; `/` separates on every system."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

_MAGIC = frozenset("*?[")
_TOKEN = re.compile(
    r"(?P<across>(?<![^/])\*\*/)|(?P<below>(?<![^/])\*\*\Z)|(?P<some>\*+)|(?P<one>\?)|(?P<set>\[!?+\]?+[^\]]*\])"
)
SKIPPED = frozenset({"node_modules", ".git", ".orchestrator", ".venv", "__pycache__"})
"""Directories that a pattern enters only when it names them."""


def is_pattern(text: str) -> bool:
    """Say whether `text` matches more than itself."""
    return not _MAGIC.isdisjoint(text)


def match_files(root: Path | str, pattern: str) -> list[str]:
    """Return the files below `root` that match, sorted, relative, with `/`. Links to directories are not entered."""
    if not is_pattern(pattern):
        return [pattern] if os.path.isfile(os.path.join(root, pattern)) else []
    levels = None if "**" in pattern else pattern.count("/")
    skipped = SKIPPED - set(pattern.split("/"))
    found = []
    for directory, below, files in os.walk(os.path.join(root, base_of(pattern))):
        inside = os.path.relpath(directory, root).replace(os.sep, "/")
        prefix = "" if inside == "." else f"{inside}/"
        below[:] = [name for name in below if name not in skipped] if prefix.count("/") != levels else []
        paths = [f"{prefix}{name}" for name in files if matches(pattern, f"{prefix}{name}")]
        found += [path for path in paths if os.path.isfile(os.path.join(root, path))]
    return sorted(found)


def matches(pattern: str, path: str) -> bool:
    """Say whether `match_files` would find a file of this path."""
    names = path.split("/")
    if SKIPPED & set(names) - set(pattern.split("/")):
        return False
    if not _names_hidden(pattern) and is_pattern(pattern) and any(name.startswith(".") for name in names):
        return False
    return compile_pattern(pattern).match(path) is not None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return a regular expression for whole paths; each `*` and `**` is a group."""
    parts, end = [], 0
    for token in _TOKEN.finditer(pattern):
        parts.append(re.escape(pattern[end : token.start()]))
        end = token.end()
        match token.lastgroup:
            case "across":
                parts.append("(?:(.*)/)?")
            case "below":
                parts.append("(.*)")
            case "some":
                parts.append("([^/]*)")
            case "one":
                parts.append("[^/]")
            case _:
                parts.append(_bracket(token[0][1:-1]))
    parts.append(re.escape(pattern[end:]))
    return re.compile("".join(parts) + r"\Z", re.DOTALL)


def base_of(pattern: str) -> str:
    """Return the deepest directory that every match lies below; `.` for the root."""
    parts = []
    for part in pattern.split("/")[:-1]:
        if is_pattern(part):
            break
        parts.append(part)
    return "/".join(parts) or "."


def _names_hidden(pattern: str) -> bool:
    return "/." in f"/{pattern}"


def _bracket(inside: str) -> str:
    escaped = re.sub(r"[\\\[\]^&~|]", r"\\\g<0>", inside)
    return f"[^/{escaped[1:]}]" if inside.startswith("!") else f"(?!/)[{escaped}]"
