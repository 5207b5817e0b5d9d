"""Who wants to see events as they happen. An observer that fails is dropped; the run goes on.

The state of the run is folded here, once, for everyone who looks at it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from orchestrator.record.events import Entry
from orchestrator.record.state import RunState

log = logging.getLogger(__name__)


class Observer(Protocol):
    """Sees what the journal already holds."""

    def see(self, entries: Sequence[Entry], state: RunState) -> None:
        """Take note of events, in order; `state` is what they have added up to, and always the same object."""

    def close(self) -> None:
        """The run is over."""


class Bus:
    """Keeps the state of the run, and passes events on to each observer in turn."""

    def __init__(self, observers: Sequence[Observer] = (), state: RunState | None = None) -> None:
        """`state` is that of a run which goes on."""
        self.state = state or RunState()
        self._observers = list(observers)

    def add(self, observer: Observer) -> None:
        """Show what happens from now on to `observer` too."""
        self._observers.append(observer)

    def publish(self, entries: Sequence[Entry]) -> None:
        """Show `entries` to everyone."""
        for entry in entries:
            if entry.seq:
                self.state.advance(entry)
        for observer in tuple(self._observers):
            self._call(observer, "see", entries, self.state)

    def close(self) -> None:
        """Tell everyone that the run is over."""
        for observer in tuple(self._observers):
            self._call(observer, "close")

    def _call(self, observer: Observer, method: str, *arguments: object) -> None:
        try:
            getattr(observer, method)(*arguments)
        except Exception:  # boundary: an observer cannot break the run
            log.exception("observer %s dropped", type(observer).__name__)
            self._observers.remove(observer)
