"""Puts changed code into functions that exist, wherever a framework keeps them. Nothing is imported anew for it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

_Key = tuple[int, str]


class Swap:
    """All functions of one module that were alive when this was made; other copies of it are left alone."""

    def __init__(self, path: Path, module: ModuleType) -> None:
        self._functions: dict[_Key, list[FunctionType]] = {}
        self._known: dict[int, tuple[CodeType, list[tuple[FunctionType, CodeType]]]] = {}
        for each in gc.get_objects():
            is_its = type(each) is FunctionType and each.__globals__ is vars(module)
            if is_its and each.__code__.co_filename == str(path):
                self._functions.setdefault(_key(each.__code__), []).append(each)

    @contextlib.contextmanager
    def swapped(self, module_code: CodeType) -> Iterator[None]:
        """Let the functions run the code of a changed module for a while."""
        pairs = self._changed(module_code)
        before = [function.__code__ for function, _ in pairs]
        try:
            for function, code in pairs:
                function.__code__ = code
            yield
        finally:
            for (function, _), original in zip(pairs, before, strict=True):
                function.__code__ = original

    def put(self, module_code: CodeType) -> None:
        """Let the functions run the code of a changed module from now on."""
        for function, code in self._changed(module_code):
            function.__code__ = code
        self._known.clear()

    def _changed(self, module_code: CodeType) -> list[tuple[FunctionType, CodeType]]:
        """Return the functions that the module changes and their code there; to compare code takes a while."""
        if id(module_code) not in self._known:
            pairs = [
                (function, code)
                for code in _inner(module_code)
                for function in self._functions.get(_key(code), ())
                if function.__code__ != code and function.__code__.co_freevars == code.co_freevars
            ]
            self._known[id(module_code)] = module_code, pairs  # while it is kept here its id is nobody else's
        return self._known[id(module_code)][1]


def _inner(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _inner(each)


def _key(code: CodeType) -> _Key:
    return code.co_firstlineno, code.co_name
