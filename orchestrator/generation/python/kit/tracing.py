"""Which lines and branches of one file a piece of code runs through. Nothing here knows why."""

from __future__ import annotations

import ast
import builtins
import contextlib
import dis
import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

_MARK = "__is_traced_from_here__"
_YIELD = dis.opmap["YIELD_VALUE"]
STEPS = 50_000  # lines after which one case is taken to run for ever: the same on every machine


class TooManySteps(BaseException):
    """The case has run through more lines than any test should."""


class Trace:
    """The arcs of one file, collected while it is on.

    To trace each call of a framework takes several times as long as the calls themselves. So functions of the file
    that were `marked` begin it themselves, and it ends with the last of them.
    """

    def __init__(self, path: str, most: int = STEPS) -> None:
        self._path = path
        self._most = most
        self.arcs: set[tuple[int, int]] = set()
        self._last: dict[FrameType, int] = {}
        self._unwinding: set[FrameType] = set()
        self._suspended: set[FrameType] = set()
        self._fresh: set[FrameType] = set()
        """Frames whose next line is the mark."""
        self._steps = 0

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Collect what marked functions run inside, whatever the thread."""
        global _active
        self._clear()
        before, _active = sys.gettrace(), self
        try:
            yield
        finally:
            _active = None
            sys.settrace(before)
            self._forget()

    @contextlib.contextmanager
    def everywhere(self) -> Iterator[None]:
        """Collect all that runs inside in this thread, marked or not."""
        self._clear()
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)
            self._forget()

    @property
    def lines(self) -> set[int]:
        """The lines that ran."""
        return {line for _, line in self.arcs if line > 0}

    def begin(self, frame: FrameType) -> None:
        """Trace a frame of the file from here on, and what it calls."""
        if frame.f_trace is None:
            self._last[frame] = -frame.f_code.co_firstlineno
            frame.f_trace = self._step
            sys.settrace(self._call)

    def _clear(self) -> None:
        self.arcs, self._steps = set(), 0
        self._forget()

    def _forget(self) -> None:
        self._last, self._unwinding, self._suspended, self._fresh = {}, set(), set(), set()

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != self._path:
            return None
        if frame not in self._suspended and _is_marked(frame.f_code):
            self._fresh.add(frame)
        self._suspended.discard(frame)
        self._last[frame] = -frame.f_code.co_firstlineno
        return self._step

    def _step(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._line(frame)
        elif event == "exception":
            self._unwinding.add(frame)
        elif event == "return":
            last = self._last.pop(frame, 0)
            if frame not in self._unwinding:  # anything can fail anywhere: that is no branch
                self.arcs.add((last, -frame.f_code.co_firstlineno))
                if _is_suspended(frame):
                    self._suspended.add(frame)
            self._unwinding.discard(frame)
            if _active is self and not self._last and not self._suspended:
                sys.settrace(None)
        return self._step

    def _line(self, frame: FrameType) -> None:
        self._steps += 1
        if self._steps > self._most:
            raise TooManySteps
        if frame in self._fresh:
            self._fresh.discard(frame)
            return
        self.arcs.add((self._last.get(frame, 0), frame.f_lineno))
        self._last[frame] = frame.f_lineno
        self._unwinding.discard(frame)


_active: Trace | None = None


def mark(tree: ast.Module) -> None:
    """Let each function of a file begin with a call that turns the trace on. Line numbers stay as they are."""
    setattr(builtins, _MARK, _begin)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            at = 1 if ast.get_docstring(node, clean=False) is not None else 0
            first = node.body[min(at, len(node.body) - 1)]
            line = first.lineno - 1  # another one than that of what follows, which is a new line then
            place = {"lineno": line, "end_lineno": line, "col_offset": 0, "end_col_offset": 0}
            name = ast.Name(_MARK, ast.Load(), **place)
            node.body.insert(at, ast.Expr(ast.Call(name, [], [], **place), **place))


def _begin() -> None:
    if _active is not None:
        _active.begin(sys._getframe(1))  # noqa: SLF001 - the only way to the caller


def _is_marked(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_NEWLOCALS) and _MARK in code.co_names


def _is_suspended(frame: FrameType) -> bool:
    """Say whether a frame that gives something back goes on later: it waits or yields."""
    lasting = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
    return bool(frame.f_code.co_flags & lasting) and frame.f_code.co_code[frame.f_lasti] == _YIELD


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
