"""What a function's text says: what it looks up in its parameters, and whom it works with. Nothing here runs it."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Collection, Iterator
from datetime import datetime
from types import ModuleType
from typing import Any

_PLAIN_ATTRIBUTES = frozenset(
    name for kind in (str, bytes, int, float, list, dict, set, datetime) for name in dir(kind)
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def node_of(function: Any, tree: ast.Module) -> _Function | None:
    """Return where a function stands in the target's text."""
    code: Any = getattr(function, "__code__", None)
    functions = (node for node in ast.walk(tree) if isinstance(node, _Function))
    return next(
        (node for node in functions if code and (node.name, _first(node)) == (code.co_name, code.co_firstlineno)), None
    )


def keys_of(node: ast.AST) -> dict[str, list[str]]:
    """Return the texts by which a function looks into each name: `name["key"]` and `name.get("key")`."""
    found: dict[str, dict[str, None]] = {}
    for each in ast.walk(node):
        owner, key = _looked_up(each)
        if isinstance(owner, ast.Name) and isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.setdefault(owner.id, {})[key.value] = None
    return {name: list(keys) for name, keys in found.items()}


def objects_of(node: ast.AST) -> set[str]:
    """Return the names that a function calls, or of which it uses what no text, number or collection has."""
    found = {each.func.id for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)}
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.attr not in _PLAIN_ATTRIBUTES:
            found.add(each.value.id)
    return found


def collaborators(node: ast.AST, module: ModuleType, mocked: Collection[str]) -> list[str]:
    """Return the functions of others that are awaited, and those of the project that get a mocked parameter.

    Each is written as the target calls it, `name` or `name.attribute`.
    """
    found: dict[str, None] = {}
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and (value := _resolved(call.func, module)) is not None:
            given = {each.id for each in _arguments(call) if isinstance(each, ast.Name)}
            if _is_other(value, module) and (inspect.iscoroutinefunction(value) or bool(given & set(mocked))):
                found[ast.unparse(call.func)] = None
    return list(found)


def caught(node: ast.AST, module: ModuleType) -> list[type[BaseException]]:
    """Return the errors that a function is prepared for."""
    handlers = [each.type for each in ast.walk(node) if isinstance(each, ast.ExceptHandler) and each.type]
    named = [part for each in handlers for part in (each.elts if isinstance(each, ast.Tuple) else [each])]
    kinds = [_resolved(each, module) or getattr(builtins, ast.unparse(each), None) for each in named]
    return [each for each in kinds if isinstance(each, type) and issubclass(each, BaseException)]


def is_awaited(place: str, module: ModuleType) -> bool:
    """Say whether what stands in a place of the module must be awaited."""
    return inspect.iscoroutinefunction(_resolved(ast.parse(place, mode="eval").body, module))


def _first(node: _Function) -> int:
    """Return the line of the first decorator, or of the function."""
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def _looked_up(node: ast.AST) -> tuple[ast.expr | None, ast.expr | None]:
    if isinstance(node, ast.Subscript):
        return node.value, node.slice
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return node.func.value, node.args[0]
    return None, None


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    yield from (each.value for each in call.keywords)


def _resolved(called: ast.expr, module: ModuleType) -> Any:
    """Return what a name or a dotted name stands for in the module."""
    if isinstance(called, ast.Name):
        return vars(module).get(called.id)
    owner = _resolved(called.value, module) if isinstance(called, ast.Attribute) else None
    return getattr(owner, called.attr, None) if owner is not None and isinstance(called, ast.Attribute) else None


def _is_other(value: Any, module: ModuleType) -> bool:
    """Say whether a function or method belongs to no library of Python and not to the target."""
    home = getattr(value, "__module__", None) or ""
    is_own = home == module.__name__ and not inspect.ismethod(value)
    return inspect.isroutine(value) and not is_own and home.partition(".")[0] not in sys.stdlib_module_names
