"""Small changes of the target, each of which a good test should notice. Nothing here runs them."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.NotEq), ast.LtE: (ast.Lt, ast.Eq), ast.Gt: (ast.GtE, ast.NotEq), ast.GtE: (ast.Gt, ast.Eq),
    ast.Eq: (ast.LtE, ast.GtE), ast.NotEq: (ast.Lt, ast.Gt), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
"""Who notices these, and that the comparison is not constant, notices every other comparison too."""
_CONSTANT = {ast.Lt: False, ast.Gt: False, ast.Eq: False, ast.LtE: True, ast.GtE: True, ast.NotEq: True}
_ARITHMETIC: tuple[type[ast.operator], ...] = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.RShift, ast.LShift, ast.BitOr, ast.BitAnd,
    ast.BitXor,
)  # fmt: skip
_PROSE = ("title", "description", "summary", "help", "version", "tags")


@dataclass
class Mutant:
    """A change of one node, and where it is."""

    line: int
    is_module_level: bool
    about: str
    """The field or parameter whose declaration it changes; empty where it changes none."""
    node: ast.AST
    replacement: ast.AST
    _parent: ast.AST
    _place: tuple[str, int | None]

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Change the tree for a while."""
        before = self.put(self.replacement)
        try:
            yield
        finally:
            self.put(before)

    def put(self, node: Any) -> Any:
        """Put a node in the place of the mutant, and return what was there."""
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
    names = _declared(tree)
    for parent in ast.walk(tree):
        for node, place in _children(parent):
            is_decorator = place[0] == "decorator_list"
            if id(node) in skipped or not (id(node) in inner or is_decorator or isinstance(node, ast.Constant)):
                continue
            for change in [_identity()] if is_decorator else _changes(node):
                replacement = ast.fix_missing_locations(ast.copy_location(change, node))
                about = names.get(id(node), "")
                line = getattr(node, "lineno", 0)
                yield Mutant(line, id(node) not in inner, about, node, replacement, parent, place)


def _identity() -> ast.AST:
    """Return a decorator that decorates nothing."""
    return ast.parse("lambda it: it", mode="eval").body


def _children(parent: ast.AST) -> Iterator[tuple[ast.AST, tuple[str, int | None]]]:
    for name, value in ast.iter_fields(parent):
        if isinstance(value, ast.AST):
            yield value, (name, None)
        elif isinstance(value, list):
            yield from ((each, (name, index)) for index, each in enumerate(value) if isinstance(each, ast.AST))


def _changes(node: ast.AST) -> list[ast.AST]:
    """Return what a node could become."""
    change = _CHANGES.get(type(node))
    return change(node) if change else []


def _comparison(node: ast.Compare) -> list[ast.AST]:
    if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
        return []
    kind = type(node.ops[0])
    found: list[ast.AST] = [ast.Compare(node.left, [other()], node.comparators) for other in _COMPARISONS[kind]]
    return [*found, ast.Constant(_CONSTANT[kind])] if kind in _CONSTANT else found


def _arithmetic(node: ast.BinOp) -> list[ast.AST]:
    if type(node.op) not in _ARITHMETIC or isinstance(node.left, ast.JoinedStr):
        return []
    return [ast.BinOp(node.left, other(), node.right) for other in _ARITHMETIC if other is not type(node.op)]


def _logic(node: ast.BoolOp) -> list[ast.AST]:
    return [ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)]


def _sign(node: ast.UnaryOp) -> list[ast.AST]:
    return [node.operand] if isinstance(node.op, (ast.Not, ast.USub)) else []


def _choice(node: ast.IfExp) -> list[ast.AST]:
    return [ast.IfExp(node.test, node.orelse, node.body)]


def _condition(node: ast.If | ast.While) -> list[ast.AST]:
    if isinstance(node.test, ast.Compare):
        return []  # the comparison has its own
    test = ast.UnaryOp(ast.Not(), node.test)
    return [type(node)(ast.copy_location(test, node.test), node.body, node.orelse)]


def _result(node: ast.Return) -> list[ast.AST]:
    return [] if node.value is None or _is_none(node.value) else [ast.Return(ast.Constant(None))]


def _loop(node: ast.For) -> list[ast.AST]:
    return [ast.For(node.target, ast.List([], ast.Load()), node.body, node.orelse)]


def _handler(node: ast.ExceptHandler) -> list[ast.AST]:
    return [ast.ExceptHandler(ast.Tuple([], ast.Load()), node.name, node.body)]  # it catches nothing


def _constants(node: ast.Constant) -> list[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        return [ast.Constant(not value)]
    if isinstance(value, (int, float)):
        return [ast.Constant(value + 1), ast.Constant(value - 1)]
    if isinstance(value, str) and value:
        return [ast.Constant(f"XX{value}XX")]
    return []


def _declared(tree: ast.Module) -> dict[int, str]:
    """Return the name of the field or parameter that each node of a declaration is about."""
    found: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found |= dict.fromkeys(map(id, ast.walk(node)), node.target.id)
        elif isinstance(node, ast.arguments):
            for arg, default in _parameters(node):
                found |= {id(inner): arg.arg for each in (arg, default) if each for inner in ast.walk(each)}
    return found


def _parameters(node: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    plain = [*node.posonlyargs, *node.args]
    without = len(plain) - len(node.defaults)
    yield from zip(plain, [None] * without + list(node.defaults), strict=True)
    yield from zip(node.kwonlyargs, node.kw_defaults, strict=True)


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


_CHANGES: dict[type, Callable[[Any], list[ast.AST]]] = {
    ast.Compare: _comparison, ast.BinOp: _arithmetic, ast.BoolOp: _logic, ast.UnaryOp: _sign, ast.IfExp: _choice,
    ast.If: _condition, ast.While: _condition, ast.Return: _result, ast.For: _loop, ast.ExceptHandler: _handler,
    ast.Constant: _constants, ast.Break: lambda _: [ast.Continue()], ast.Continue: lambda _: [ast.Break()],
}  # fmt: skip
