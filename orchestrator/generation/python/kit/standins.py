"""What stands in for the clock, chance and fresh identifiers, so that a case is the same each time.

Each is a kind and a place that is replaced, written `name` for one of the target's own names and `module:name` for one
of a module. A written test replaces the same places with the same things.
"""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

MOMENT = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.timezone.utc)  # noqa: UP017 - the target may run on Python 3.10
_UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
_CLOCKS = {"now": "datetime", "utcnow": "datetime", "today": "date", "time": "time", "uuid4": "uuid4"}


class FrozenDatetime(dt.datetime):
    """A class whose `now` never moves."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
        return MOMENT.astimezone(tz) if tz else MOMENT.replace(tzinfo=None)

    @classmethod
    def utcnow(cls) -> dt.datetime:  # type: ignore[override]
        return MOMENT.replace(tzinfo=None)


class FrozenDate(dt.date):
    """A class whose `today` never comes to an end."""

    @classmethod
    def today(cls) -> dt.date:  # type: ignore[override]
        return MOMENT.date()


_REPLACEMENTS: dict[str, Any] = {
    "datetime": FrozenDatetime, "date": FrozenDate, "time": MOMENT.timestamp, "uuid4": lambda: _UUID,
}  # fmt: skip


def find_standins(tree: ast.Module, module: ModuleType) -> list[list[str]]:
    """Return the kind and place of each thing the target's text asks the time or chance of."""
    found: dict[tuple[str, str], None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (place := _place(node.func, module)):
            found[place] = None
    return [list(each) for each in sorted(found)]


@contextmanager
def replaced(standins: list[list[str]], module: ModuleType) -> Iterator[None]:
    """Put the stand-ins in their places for a while."""
    before = []
    for kind, place in standins:
        home, _, name = place.rpartition(":")
        owner = importlib.import_module(home) if home else module
        before.append((owner, name, getattr(owner, name)))
        setattr(owner, name, _REPLACEMENTS[kind])
    try:
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


def _place(called: ast.expr, module: ModuleType) -> tuple[str, str] | None:
    if isinstance(called, ast.Name):
        value = vars(module).get(called.id)
        home, name = getattr(value, "__module__", None), getattr(value, "__name__", "")
        return (name, called.id) if (home, name) in (("time", "time"), ("uuid", "uuid4")) else None
    if not isinstance(called, ast.Attribute) or called.attr not in _CLOCKS:
        return None
    kind = _CLOCKS[called.attr]
    if isinstance(called.value, ast.Name):
        value = vars(module).get(called.value.id)
        if value in (dt.datetime, dt.date):
            return "datetime" if value is dt.datetime else "date", called.value.id
        if isinstance(value, ModuleType) and value.__name__ in ("time", "uuid"):
            return kind, f"{value.__name__}:{called.attr}"
    if isinstance(called.value, ast.Attribute) and called.value.attr in ("datetime", "date"):
        return called.value.attr, f"datetime:{called.value.attr}"
    return None
