"""Loads fresh copies of the target under environments of their own, and knows which values are worth trying."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, ModuleType
from typing import Any

from .samples import Pool
from .terms import Unwritable, describe

SUBJECT = "loading"
_VALUES = ("text", "1", "0", "true", "false", "")
_NEEDED = ("1", "text", "true", "https://example.org")
_MOST_NAMES = 20
_MOST_TEXTS = 8


@contextlib.contextmanager
def watched(path: str | None = None) -> Iterator[list[str]]:
    """Collect the names of the environment that are asked for, in order; by a file or what it calls, or by anybody."""
    asked: list[str] = []
    kind: Any = type(os.environ)
    plain = kind.__getitem__

    def get(self: Any, name: str) -> Any:
        if path is None or _is_called_by(path):
            asked.append(name)
        return plain(self, name)

    kind.__getitem__ = get
    try:
        yield asked
    finally:
        kind.__getitem__ = plain


@contextlib.contextmanager
def surrounded(names: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Let the environment have these values, and of the names no others, for a while."""
    before = dict(os.environ)
    try:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(environment)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def find_needed(attempt: Callable[[], Any], fails: type[Exception]) -> tuple[Any, dict[str, str]]:
    """Return what an attempt returns, and the environment without which it fails.

    :raises fails: when no environment that is tried helps.
    """
    needed: dict[str, str] = {}
    while True:
        try:
            with watched() as asked:
                return attempt(), needed
        except fails as error:
            name = asked[-1] if asked and not getattr(error, "is_late", False) else ""
            left = _NEEDED[_NEEDED.index(needed[name]) + 1 :] if name in needed else _NEEDED
            if not name or not left or len(needed) > _MOST_NAMES or (name in os.environ and name not in needed):
                for each in needed:
                    os.environ.pop(each, None)
                raise
            needed[name] = os.environ[name] = left[0]


def load_cases(names: list[str], needed: dict[str, str], pool: Pool) -> Iterator[dict[str, Any]]:
    """Yield the case of the plainest environment, then of those that differ from it in one name."""
    yield {**_case(names, needed), "label": "usual"}
    texts = [each for each in pool.strings if each not in names][:_MOST_TEXTS]
    for name in names[:_MOST_NAMES]:
        if name in needed:
            yield _case(names, {key: value for key, value in needed.items() if key != name})
        for value in dict.fromkeys((*_VALUES, *texts)):
            yield _case(names, {**needed, name: value})


def fresh(module: ModuleType, code: CodeType) -> ModuleType:
    """Return a copy of a module that nobody else knows."""
    spec = importlib.util.spec_from_file_location(module.__name__, module.__file__)
    assert spec is not None
    made = importlib.util.module_from_spec(spec)
    exec(code, made.__dict__)  # noqa: S102 - this is what importing is
    return made


def exports(module: ModuleType) -> dict[str, Any]:
    """Return the terms of the module's public values; of its own instances, those of what they hold."""
    found = {}
    for name, value in vars(module).items():
        if name.startswith("_") or isinstance(value, (type, ModuleType)):
            continue
        is_own = type(value).__module__ == module.__name__
        inner = {f"{name}.{key}": each for key, each in _fields(value).items()} if is_own else {name: value}
        for key, each in inner.items():
            with contextlib.suppress(Unwritable):
                found[key] = describe(each, module)
    return found


def _is_called_by(path: str) -> bool:
    """Say whether a file asks, itself or by what belongs to no library."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - `inspect.stack` reads files
    while frame is not None and frame.f_code.co_filename != path:
        if "site-packages" in frame.f_code.co_filename:
            return False
        frame = frame.f_back
    return frame is not None


def _fields(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    return {name: each for name, each in getattr(value, "__dict__", {}).items() if not name.startswith("_")}


def _case(names: list[str], environment: dict[str, str]) -> dict[str, Any]:
    return {
        "subject": SUBJECT, "kind": "load", "receiver": None, "arrange": [], "replies": [], "patches": [], "label": "",
        "act": {"names": names, "environment": environment},
    }  # fmt: skip
