"""What went over the terminal, as an asciicast (https://docs.asciinema.org/manual/asciicast/v2/).

It is kept in memory, the oldest part is let go, and it is written only where somebody wants it. Secrets are taken out
when it is written: only the whole of it shows a secret that came in pieces.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from orchestrator.errors import Location, PlanError, raise_os_error
from orchestrator.masking import Masker
from orchestrator.plan.text import read_text
from orchestrator.scenarios.model import Size

LIMIT: Final = 4 << 20
"""Bytes that are kept."""
Kind: TypeAlias = Literal["o", "i", "r", "m", "x", "h"]
_SIZE = re.compile(r"(\d+)x(\d+)\Z")


class Moment(NamedTuple):
    """Something that happened: output, input, a resize, the beginning of a step (a marker), or the program's exit.

    `h` is ours: nobody showed the line that was typed last.
    """

    seconds: float
    kind: Kind
    data: bytes


class Recording:
    """The moments of one play."""

    def __init__(self, size: Size, title: str, began: float = 0.0) -> None:
        self.size = size
        """At the beginning of what is kept."""
        self.title = title
        self.is_cut = False
        """Whether the beginning was let go."""
        self.moments: deque[Moment] = deque()
        self._began = began
        self._kept = 0

    def add(self, at: float, kind: Kind, data: bytes) -> None:
        """Take note of something that happened `at` a time of the loop's clock."""
        self.moments.append(Moment(at - self._began, kind, data))
        self._kept += len(data) + 32
        while self._kept > LIMIT and len(self.moments) > 1:
            gone = self.moments.popleft()
            self._kept -= len(gone.data) + 32
            self.is_cut = True
            if gone.kind == "r":
                self.size = parse_size(gone.data.decode()) or self.size

    def write(self, path: Path, masker: Masker, *, version: Literal[2, 3] = 2) -> None:
        """Write it to a file.

        :raises EnvironmentProblem: when the machine refuses.
        """
        lines = [json.dumps(self._header(version, masker))]
        last = 0.0
        for moment, text in zip(self.moments, _masked(self.moments, masker), strict=True):
            seconds = moment.seconds - last if version == 3 else moment.seconds
            last = moment.seconds
            if text or moment.kind != "o":
                lines.append(json.dumps([round(seconds, 6), moment.kind, text], ensure_ascii=False))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            raise_os_error(error, path)

    def _header(self, version: int, masker: Masker) -> dict[str, Any]:
        title = masker.text(self.title)
        if version == 3:
            return {"version": 3, "term": {"cols": self.size.columns, "rows": self.size.rows}, "title": title}
        return {"version": 2, "width": self.size.columns, "height": self.size.rows, "title": title}


def read(path: Path) -> Recording:
    """Return the recording in an asciicast file, version 2 or 3.

    :raises PlanError: when it is none.
    """
    name = str(path)
    lines = read_text(path, name, hint="name a recording, such as `login.cast`").splitlines()
    header = _parsed(lines[0], name, 1)
    if not isinstance(header, dict) or header.get("version") not in (2, 3):
        raise _no_cast(name, 1)
    term = header.get("term", {})
    columns, rows = header.get("width", term.get("cols")), header.get("height", term.get("rows"))
    if not (isinstance(columns, int) and isinstance(rows, int) and columns > 0 and rows > 0):
        raise _no_cast(name, 1)
    recording = Recording(Size(columns, rows), str(header.get("title", "")))
    now = 0.0
    for number, line in enumerate(lines[1:], 2):
        if not line.strip() or line.startswith("#"):
            continue
        match _parsed(line, name, number):
            case [int() | float() as seconds, "o" | "i" | "r" | "m" | "x" | "h" as kind, str() as text]:
                now = now + seconds if header["version"] == 3 else seconds
                recording.add(now, kind, text.encode())
            case [int() | float(), str(), *_]:
                continue  # a kind of moment that came later
            case _:
                raise _no_cast(name, number)
    return recording


def parse_size(text: str) -> Size | None:
    """Return the size that a resize says, such as `80x24`."""
    found = _SIZE.match(text)
    return Size(int(found[1]), int(found[2])) if found else None


def _parsed(line: str, name: str, number: int) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise _no_cast(name, number) from None


def _no_cast(name: str, number: int) -> PlanError:
    message = f"`{name}` is no asciicast of version 2 or 3"
    return PlanError("plan/bad-value", message, location=Location(name, number, 1))


def _masked(moments: Iterable[Moment], masker: Masker) -> Sequence[str]:
    """Return the text of each moment without secrets, those included that came in several of one kind."""
    known = list(moments)
    texts = [""] * len(known)
    for kind in "oirmx":
        indices = [index for index, moment in enumerate(known) if moment.kind == kind]
        pieces = masker.pieces([known[index].data for index in indices])
        for index, piece in zip(indices, pieces, strict=True):
            texts[index] = piece
    return texts
