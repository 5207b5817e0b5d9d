"""Which lines and branches of one file a piece of code runs through. Nothing here knows why."""

from __future__ import annotations

import ast
import contextlib
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

STEPS = 50_000  # lines after which one case is taken to run for ever: the same on every machine


class TooManySteps(BaseException):
    """The case has run through more lines than any test should."""


class Trace:
    """The arcs of one file, collected while it is on."""

    def __init__(self, path: str, most: int = STEPS) -> None:
        self._path = path
        self._most = most
        self.arcs: set[tuple[int, int]] = set()
        self._last: dict[FrameType, int] = {}
        self._unwinding: set[FrameType] = set()
        self._steps = 0

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Collect what runs inside, in this thread and those it starts."""
        self.arcs, self._last, self._unwinding, self._steps = set(), {}, set(), 0
        before = sys.gettrace()
        threading.settrace(self._enter)
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)
            threading.settrace(before)
            self._last, self._unwinding = {}, set()

    @property
    def lines(self) -> set[int]:
        """The lines that ran."""
        return {line for _, line in self.arcs if line > 0}

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != self._path:
            return None
        self._last[frame] = -frame.f_code.co_firstlineno
        return self._step

    def _step(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._steps += 1
            if self._steps > self._most:
                raise TooManySteps
            self.arcs.add((self._last.get(frame, 0), frame.f_lineno))
            self._last[frame] = frame.f_lineno
            self._unwinding.discard(frame)
        elif event == "exception":
            self._unwinding.add(frame)
        elif event == "return":
            last = self._last.pop(frame, 0)
            if frame not in self._unwinding:  # anything can fail anywhere: that is no branch
                self.arcs.add((last, -frame.f_code.co_firstlineno))
            self._unwinding.discard(frame)
        return self._step


def executable_lines(code: CodeType) -> set[int]:
    """Return the lines that hold something to run, in a code object and those inside it."""
    lines = {line for _, _, line in code.co_lines() if line} if hasattr(code, "co_lines") else set()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            lines |= executable_lines(constant)
    return lines


def branching_lines(tree: ast.AST) -> set[int]:
    """Return the lines where a statement decides where to go on."""
    kinds = (ast.If, ast.While, ast.For, ast.AsyncFor)
    return {node.lineno for node in ast.walk(tree) if isinstance(node, kinds)}
