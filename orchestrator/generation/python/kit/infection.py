"""Says which mutants a case could notice: those whose changed expression has another value somewhere in it.

One run of a case judges all comparisons and all arithmetic of plain values at once, where to replay each mutant takes a
run of its own. Of other changes and other values nothing is known, so they are taken to matter.
"""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .mutants import Mutant

_WATCH = "__is_watched_here__"
_LARGEST = 64  # of an exponent or a shift that is tried
_OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne, ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.RShift: operator.rshift, ast.LShift: operator.lshift, ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}  # fmt: skip
_NUMBERS = (int, float, bool)
_GROWING = (ast.Pow, ast.LShift)
_Change = Callable[[Any, Any], Any]


class Infection:
    """Watches the expressions of some mutants while a case runs."""

    def __init__(self, tree: ast.Module, path: Path, mutants: Sequence[Mutant]) -> None:
        self._sites: list[tuple[_Change, bool, list[tuple[int, _Change]]]] = []
        self._infected: set[int] = set()
        self._judged: set[int] = set()
        self.code = self._compiled(tree, path, mutants)
        """The file with watched expressions in the place of the plain ones."""

    def is_judged(self, mutant: Mutant) -> bool:
        """Say whether this knows anything about a mutant."""
        return id(mutant) in self._judged

    def taken(self) -> set[int]:
        """Return the ids of the judged mutants that had another value since this was asked last."""
        found, self._infected = self._infected, set()
        return found

    def _compiled(self, tree: ast.Module, path: Path, mutants: Sequence[Mutant]) -> Any:
        by_node: dict[int, list[Mutant]] = {}
        for mutant in mutants:
            if not mutant.is_module_level and _is_known(mutant.node):
                by_node.setdefault(id(mutant.node), []).append(mutant)
        inner_first = reversed(by_node.values())  # the outer ones then hold them
        undo = [(alike[0], alike[0].put(self._watched(alike))) for alike in inner_first]
        setattr(builtins, _WATCH, self._watch)
        try:
            return compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)
        finally:
            for mutant, node in reversed(undo):
                mutant.put(node)

    def _watched(self, alike: list[Mutant]) -> ast.AST:
        node = alike[0].node
        left, kind, right = _parts(node)
        changes = [(id(mutant), _change(mutant.replacement)) for mutant in alike]
        self._judged |= {id(mutant) for mutant in alike}
        self._sites.append((_OPERATIONS[kind], isinstance(node, ast.Compare), changes))
        call = ast.Call(ast.Name(_WATCH, ast.Load()), [ast.Constant(len(self._sites) - 1), left, right], [])
        return ast.copy_location(call, node)

    def _watch(self, site: int, left: Any, right: Any) -> Any:
        operation, is_comparison, changes = self._sites[site]
        value = operation(left, right)
        is_plain = type(left) in _NUMBERS and type(right) in _NUMBERS
        if is_plain or (is_comparison and type(left) is type(right) is str):
            self._infected |= {each for each, change in changes if _is_other(value, change, left, right)}
        else:
            self._infected |= {each for each, _ in changes}
        return value


def _is_known(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1 and type(node.ops[0]) in _OPERATIONS
    return isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS


def _parts(node: Any) -> tuple[ast.expr, type, ast.expr]:
    if isinstance(node, ast.Compare):
        return node.left, type(node.ops[0]), node.comparators[0]
    return node.left, type(node.op), node.right


def _change(replacement: Any) -> _Change:
    """Return what a mutant makes of two values."""
    if isinstance(replacement, ast.Constant):
        return lambda _left, _right: replacement.value
    kind = _parts(replacement)[1]
    operation = _OPERATIONS[kind]
    if kind in _GROWING:
        return lambda left, right: operation(left, right) if abs(right) < _LARGEST else None
    return operation


def _is_other(value: Any, change: _Change, left: Any, right: Any) -> bool:
    try:
        found = change(left, right)
    except Exception:  # noqa: BLE001 - that it fails is another value
        return True
    return type(found) is not type(value) or repr(found) != repr(value)
