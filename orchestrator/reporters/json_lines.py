"""One JSON object per event, for other programs.

Every object has `seq` (its place in the journal; 0 for what is not kept there), `run`, `at` (seconds since
the epoch, null where `seq` is 0), `kind` (the name of the event) and `task` (its id, or ""); then all fields
of that kind of event, as `record.events` defines them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TextIO

from orchestrator.record.events import KINDS, Entry, TaskOutput
from orchestrator.record.state import RunState

_FIELDS = {kind: kind.__struct_fields__[1:] for kind in KINDS.values()}
_dump = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class JsonLines:
    """Writes each event as it happens; what tasks print only if `verbose`."""

    def __init__(self, stream: TextIO, *, verbose: bool = False) -> None:
        self._stream = stream
        self._verbose = verbose

    def see(self, entries: Sequence[Entry], _state: RunState) -> None:
        lines = [_line(entry) for entry in entries if self._verbose or type(entry.event) is not TaskOutput]
        if lines:
            self._stream.write("".join(lines))
            self._stream.flush()

    def close(self) -> None:
        self._stream.flush()


def _line(entry: Entry) -> str:
    event = entry.event
    kind = type(event)
    data = {
        "seq": entry.seq,
        "run": entry.run_id,
        "at": entry.at if entry.seq else None,
        "kind": kind.__name__,
        "task": event.task,
    }
    for name in _FIELDS[kind]:
        data[name] = getattr(event, name)
    return f"{_dump(data)}\n"
