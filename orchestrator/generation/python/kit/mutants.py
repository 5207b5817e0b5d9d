"""Small changes of the target, each of which a good test should notice. Nothing here runs them."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq, ast.LtE), ast.NotEq: (ast.Eq, ast.Gt), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult, ast.BitOr), ast.Sub: (ast.Add, ast.Mod), ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.Mod), ast.FloorDiv: (ast.Div, ast.Mult), ast.Mod: (ast.Div, ast.Sub),
    ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,), ast.Pow: (ast.Mult,),
}  # fmt: skip
_PROSE = ("title", "description", "summary", "help", "version", "tags")


@dataclass
class Mutant:
    """A change of one node, and where it is."""

    line: int
    is_module_level: bool
    _parent: ast.AST
    _place: tuple[str, int | None]
    _replacement: ast.AST

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Change the tree for a while."""
        before = self._put(self._replacement)
        try:
            yield
        finally:
            self._put(before)

    def _put(self, node: Any) -> Any:
        name, index = self._place
        if index is None:
            before = getattr(self._parent, name)
            setattr(self._parent, name, node)
        else:
            nodes = getattr(self._parent, name)
            before, nodes[index] = nodes[index], node
        return before


def mutants(tree: ast.Module, most: int) -> list[Mutant]:
    """Return at most `most` mutants, spread evenly."""
    found = list(_places(tree))
    step = max(1, len(found) / most)
    return [found[int(index * step)] for index in range(min(most, len(found)))]


def _places(tree: ast.Module) -> Iterator[Mutant]:
    inner = _inside_functions(tree)
    skipped = _prose(tree)
    for parent in ast.walk(tree):
        for node, place in _children(parent):
            if id(node) in skipped or (id(node) not in inner and not isinstance(node, ast.Constant)):
                continue
            for change in _changes(node):
                replacement = ast.fix_missing_locations(ast.copy_location(change, node))
                yield Mutant(getattr(node, "lineno", 0), id(node) not in inner, parent, place, replacement)


def _children(parent: ast.AST) -> Iterator[tuple[ast.AST, tuple[str, int | None]]]:
    for name, value in ast.iter_fields(parent):
        if isinstance(value, ast.AST):
            yield value, (name, None)
        elif isinstance(value, list):
            yield from ((each, (name, index)) for index, each in enumerate(value) if isinstance(each, ast.AST))


def _changes(node: ast.AST) -> list[ast.AST]:
    """Return what a node could become."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
        return [ast.Compare(node.left, [other()], node.comparators) for other in _COMPARISONS[type(node.ops[0])]]
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC and not isinstance(node.left, ast.JoinedStr):
        return [ast.BinOp(node.left, other(), node.right) for other in _ARITHMETIC[type(node.op)]]
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return [ast.BoolOp(other, node.values)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        return [node.operand]
    if isinstance(node, ast.IfExp):
        return [ast.IfExp(node.test, node.orelse, node.body)]
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        return [ast.Return(ast.Constant(None))]
    if isinstance(node, ast.Constant):
        return _constants(node)
    return []


def _constants(node: ast.Constant) -> list[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        return [ast.Constant(not value)]
    if isinstance(value, (int, float)):
        return [ast.Constant(value + 1), ast.Constant(value - 1)]
    if isinstance(value, str) and value:
        return [ast.Constant(f"XX{value}XX")]
    return []


def _inside_functions(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            body = node.body if isinstance(node.body, list) else [node.body]
            found |= {id(inner) for statement in body for inner in ast.walk(statement)}
    return found


def _prose(tree: ast.Module) -> set[int]:
    """Return what no test should notice: docstrings, annotations, schema prose, `__all__`, log text."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(id(node.value))
        elif isinstance(node, ast.AnnAssign):
            found |= {id(each) for each in ast.walk(node.annotation) if _is_text(each)}
        elif isinstance(node, ast.keyword) and node.arg in _PROSE:
            found |= {id(each) for each in ast.walk(node.value)}
        elif (isinstance(node, ast.Call) and _is_log(node.func)) or _is_main(node):
            found |= {id(each) for each in ast.walk(node)}
    return found


def _is_main(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__main__" in ast.dump(node.test)


def _is_log(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id in ("log", "logger", "logging")
    )


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
