"""A plan file as text: UTF-8, of reasonable size. Parses nothing."""

from __future__ import annotations

import codecs
import errno
import stat
from pathlib import Path
from typing import Final

from orchestrator.errors import Location, PlanError

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_LINE: Final = 1024 * 1024
NAME_A_PLAN: Final = "name a plan with --config, or write one with `orchestrate init`"


def read_text(path: Path, name: str, *, hint: str = NAME_A_PLAN) -> str:
    """Return the text of the YAML file at `path`, called `name` in errors; `hint` helps where there is none.

    :raises PlanError: for anything that is not a readable UTF-8 file of reasonable size.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise PlanError("plan/unreadable", f"`{name}` is {kind}", hint="name a YAML file")
        if status.st_size > MAX_BYTES:
            raise PlanError("plan/too-large", f"`{name}` has {status.st_size} bytes; a plan may have {MAX_BYTES}")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise PlanError("plan/not-found", f"`{name}` does not exist", hint=hint) from None
    except OSError as error:
        reason = "it is a loop of links" if error.errno == errno.ELOOP else (error.strerror or str(error))
        raise PlanError("plan/unreadable", f"`{name}` cannot be read: {reason.lower()}") from error
    return _decode(raw, name)


def _decode(raw: bytes, name: str) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        hint = "save it as UTF-8"
        raise PlanError("plan/not-text", f"`{name}` is UTF-16", location=Location(name, 1, 1), hint=hint)
    if b"\0" in raw:
        line, column = place_of(raw, raw.index(b"\0"))
        raise PlanError("plan/not-text", f"`{name}` is a binary file", location=Location(name, line, column))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = place_of(raw, error.start)
        raise PlanError(
            "plan/not-text",
            f"`{name}` is not UTF-8: byte 0x{raw[error.start]:02x}",
            location=Location(name, line, column),
            hint="save it as UTF-8",
        ) from error
    for number, line_text in enumerate(text.splitlines(), 1) if len(text) > MAX_LINE else ():
        if len(line_text) > MAX_LINE:
            raise PlanError(
                "plan/too-large",
                f"a line has {len(line_text)} characters; a plan's may have {MAX_LINE}",
                location=Location(name, number, 1),
            )
    if not text.strip():
        raise PlanError("plan/empty", f"`{name}` is empty", location=Location(name, 1, 1))
    return text


def place_of(raw: bytes, offset: int) -> tuple[int, int]:
    """Return the line and column, from 1, of a byte of UTF-8 text."""
    before = raw[:offset]
    start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1
