"""What tests of a file will be about, from its text alone: for previews, which run nothing of the project."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final, NamedTuple

from orchestrator.errors import Location, TaskError

LARGEST: Final = 2_000_000  # characters of a target
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_BRANCHES: Final = (
    ast.If, ast.IfExp, ast.For, ast.While, ast.BoolOp, ast.ExceptHandler, ast.Raise, ast.comprehension
)  # fmt: skip
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Foreseen(NamedTuple):
    """An estimate: a case for each function, one for each decision in it, and some for what an endpoint refuses."""

    functions: tuple[str, ...]
    cases: int


def foresee(text: str, target: str = "the target") -> Foreseen:
    """Return the public functions of a file and about how many cases they need.

    :raises TaskError: `generation/target-broken`, when the text is not Python.
    """
    functions = dict(_functions(parse(text, target)))
    cases = sum(1 + _decisions(node) + 3 * _is_endpoint(node) for node in functions.values())
    return Foreseen(tuple(functions), cases)


def parse(text: str | bytes, target: str) -> ast.Module:
    """Return the target's tree.

    :raises TaskError: `generation/target-broken` or `generation/not-covered`, when there is none.
    """
    if len(text) > LARGEST:
        raise TaskError("generation/not-covered", f"`{target}` is larger than {LARGEST:,} bytes", hint="divide it")
    try:
        return ast.parse(text)
    except SyntaxError as error:
        place = Location(target, error.lineno or 1, error.offset or 1)
        raise TaskError("generation/target-broken", f"`{target}` is not Python: {error.msg}", location=place) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise TaskError("generation/target-broken", f"`{target}` cannot be parsed: {error}") from None


def _functions(tree: ast.Module) -> Iterator[tuple[str, _Function | ast.ClassDef]]:
    for node in tree.body:
        if isinstance(node, _Function) and not node.name.startswith("_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            methods = [each for each in node.body if isinstance(each, _Function)]
            yield from ((f"{node.name}.{each.name}", each) for each in methods if not each.name.startswith("_"))
            is_whole = all(each.name.startswith("_") for each in methods) and not _is_enumeration(node)
            if is_whole or any(each.name == "__post_init__" for each in methods):
                yield node.name, node


def _is_enumeration(node: ast.ClassDef) -> bool:
    return any("Enum" in ast.unparse(each) for each in node.bases)


def _is_endpoint(node: _Function | ast.ClassDef) -> bool:
    calls = [each.func for each in node.decorator_list if isinstance(each, ast.Call)]
    return any(isinstance(each, ast.Attribute) and each.attr in _METHODS for each in calls)


def _decisions(node: _Function | ast.ClassDef) -> int:
    return sum(isinstance(each, _BRANCHES) for each in ast.walk(node))
