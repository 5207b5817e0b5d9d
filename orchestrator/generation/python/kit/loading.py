"""Imports the target, by its name or by its path, and says why it cannot be. Nothing here changes it."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from .fence import Fence, TooLong
from .swapping import Swap
from .tracing import Trace, mark

SECONDS = 15.0  # for an import: heavy libraries need some


class Broken(Exception):
    """The target cannot be imported."""

    def __init__(self, cause: str, place: str | None = None, *, is_late: bool = False) -> None:
        super().__init__(cause)
        self.is_late = is_late
        self.cause = cause
        self.place = place
        """`file:line` in the first bad module."""


@dataclass
class Target:
    """A module under test and what it was made from."""

    path: Path
    name: str
    tree: ast.Module
    code: CodeType
    module: ModuleType
    ran: frozenset[int] = frozenset()
    """The lines that ran when it was imported."""


def load(path: Path, name: str, fence: Fence, conftests: Sequence[str] = ()) -> Target:
    """Import the module at `path` under `name`, after the files by which pytest sets up what it needs.

    :raises Broken: when it cannot be.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        raise Broken(f"SyntaxError: {error.msg}", f"{path}:{error.lineno}") from None
    except (ValueError, RecursionError) as error:
        raise Broken(f"{type(error).__name__}: {error}", str(path)) from None
    code = compile(tree, str(path), "exec", dont_inherit=True)
    trace = Trace(str(path), sys.maxsize)
    with trace.everywhere(), _without_logs():
        _prepare(conftests, fence)
        module = _imported(path, name, fence) or execute(code, path, name, fence)
    mark(tree)
    Swap(path, module).put(compile(tree, str(path), "exec", dont_inherit=True))
    return Target(path, name, tree, code, module, frozenset(trace.lines))


@contextlib.contextmanager
def _without_logs() -> Iterator[None]:
    """Let log files, and the directories they are in, be nowhere: modules open them when they are imported."""
    makers = os.mkdir, logging.FileHandler._open  # noqa: SLF001 - each kind of handler opens its file by it
    try:
        os.mkdir = _ignore
        logging.FileHandler._open = _open_nowhere  # type: ignore[method-assign, assignment]  # noqa: SLF001 - as above
        yield
    finally:
        os.mkdir, logging.FileHandler._open = makers  # type: ignore[method-assign]  # noqa: SLF001 - as above


def _ignore(*_arguments: Any, **_options: Any) -> None:
    return None


def _open_nowhere(_handler: logging.FileHandler) -> TextIOWrapper:
    return open(os.devnull, "a", encoding="utf-8")


def _prepare(conftests: Sequence[str], fence: Fence) -> None:
    for file in conftests:
        path = Path(file)
        with contextlib.suppress(Broken, SyntaxError, ValueError):
            execute(compile(path.read_bytes(), file, "exec", dont_inherit=True), path, "conftest", fence)


def _imported(path: Path, name: str, fence: Fence) -> ModuleType | None:
    """Return the module if others import it before we do: what registers itself must not be there twice."""
    if "." in name and name.rpartition(".")[0] not in sys.modules:
        with contextlib.suppress(Exception, TooLong), fence.closed(SECONDS, is_import=True):
            importlib.import_module(name.rpartition(".")[0])
    module = sys.modules.get(name)
    return module if getattr(module, "__file__", None) == str(path) else None


def execute(code: CodeType, path: Path, name: str, fence: Fence, seconds: float = SECONDS) -> ModuleType:
    """Run a module's code as the module `name`, which takes the place of any of that name.

    :raises Broken: when it does not run to its end.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    try:
        with fence.closed(seconds, is_import=True):
            if "." in name:
                importlib.import_module(name.rpartition(".")[0])
            sys.modules[name] = module
            exec(code, module.__dict__)  # noqa: S102 - this is what importing is
    except TooLong:
        sys.modules.pop(name, None)
        raise Broken(f"importing it does not end within {seconds:g} s", is_late=True) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        sys.modules.pop(name, None)
        raise Broken(_cause(error), _place(error)) from error
    return module


def _cause(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"importing it ends the program (exit code {error.code})"
    return f"{type(error).__name__}: {error}"


def _place(error: BaseException) -> str | None:
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    own = Path(__file__).parent
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(("<", str(own)))
    ]
    project = [frame for frame in frames if "site-packages" not in frame.filename]
    return f"{project[-1].filename}:{project[-1].lineno}" if project else None
