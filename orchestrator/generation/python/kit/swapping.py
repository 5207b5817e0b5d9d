"""Puts changed code into functions that exist, wherever a framework keeps them. Nothing is imported anew for it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

_Key = tuple[int, str]


class Swap:
    """All functions of one file that were alive when this was made."""

    def __init__(self, path: Path) -> None:
        self._functions: dict[_Key, list[FunctionType]] = {}
        for each in gc.get_objects():
            if type(each) is FunctionType and each.__code__.co_filename == str(path):
                self._functions.setdefault(_key(each.__code__), []).append(each)

    @contextlib.contextmanager
    def swapped(self, module_code: CodeType) -> Iterator[None]:
        """Let the functions run the code of a changed module for a while."""
        before = self.put(module_code)
        try:
            yield
        finally:
            for function, original in before:
                function.__code__ = original

    def put(self, module_code: CodeType) -> list[tuple[FunctionType, CodeType]]:
        """Let the functions run the code of a changed module; return those that do, and their code until now."""
        before = []
        for code in _inner(module_code):
            for function in self._functions.get(_key(code), ()):
                if function.__code__ != code and function.__code__.co_freevars == code.co_freevars:
                    before.append((function, function.__code__))
                    function.__code__ = code
        return before


def _inner(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _inner(each)


def _key(code: CodeType) -> _Key:
    return code.co_firstlineno, code.co_name
