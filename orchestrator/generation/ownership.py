"""Whose a test file is: ours while nobody has changed it since we wrote it. Pure functions over texts."""

from __future__ import annotations

import hashlib
import re
from typing import Final, Literal, NamedTuple

VERSION: Final = 1
"""Of the generator: a newer one writes its files anew."""

Owner = Literal["nobody", "person", "edited", "current", "stale"]
"""Nobody: there is no file. Person: it has no marker. Edited: ours, but changed since. Current: ours, and the target is
still what it was made for. Stale: ours, for a target that has changed since."""

SIGN: Final = "orchestrate: generated, version"
"""What the first line of every generated file has."""
_MARKER: Final = re.compile(rf"{SIGN} (\d+), target ([0-9a-f]{{16}}), body ([0-9a-f]{{16}})")


class Marker(NamedTuple):
    """What the first line of a generated file says."""

    version: int
    target: str
    body: str


def owner_of(text: str | None, target: str) -> Owner:
    """Say whose a test file is, from its text and that of its target."""
    if text is None:
        return "nobody"
    marker, body = _split(text)
    if marker is None:
        return "person"
    if marker.body != fingerprint(body):
        return "edited"
    return "current" if (marker.version, marker.target) == (VERSION, fingerprint(target)) else "stale"


def mark(body: str, target: str, comment: str) -> str:
    """Return the file that holds `body`; `comment` begins a comment in its language, such as `//`."""
    target_hash, body_hash = fingerprint(target), fingerprint(body)
    return f"{comment} {SIGN} {VERSION}, target {target_hash}, body {body_hash}\n{body}"


def fingerprint(text: str) -> str:
    """Return a short hash of a text, the same whichever line ends it is checked out with."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()[:16]


def _split(text: str) -> tuple[Marker | None, str]:
    first, _, body = text.partition("\n")
    found = _MARKER.search(first)
    return (Marker(int(found[1]), found[2], found[3]) if found else None), body
