"""What tests of a file will be about, from its text alone: for previews, which run nothing of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from orchestrator.generation.typescript.graphql import operations_in

if TYPE_CHECKING:
    from tree_sitter import Node

_FUNCTIONS: Final = {
    "function_declaration",
    "function_expression",
    "generator_function_declaration",
    "method_definition",
    "arrow_function",
}
_BRANCHES: Final = {"if_statement", "ternary_expression", "switch_case", "catch_clause"}
_SHORT_CIRCUITS: Final = {"&&", "||", "??"}
_VERBS: Final = {"get", "post", "put", "patch", "delete"}
_COMMON: Final = re.compile(rb"(module\.)?exports\b[^=;]*=")
_WAYS: Final = 3
"""A route is also asked wrongly, by nobody, and while what it depends on fails."""


class Foreseen(NamedTuple):
    """An estimate: a default case for each function, and one for each way it can turn."""

    functions: tuple[str, ...]
    """Routes among them are named as `GET /path`, operations of GraphQL as `query name`."""
    cases: int


def foresee(text: str) -> Foreseen:
    """Return the functions that a file exports and about how many cases they need."""
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    tree = Parser(Language(tree_sitter_typescript.language_typescript())).parse(text.encode())
    statements = tree.root_node.children
    exports = [node for node in statements if node.type == "export_statement"]
    exports = exports or (statements if any(map(_is_common, statements)) else [])
    names = [name for node in exports for name in _exported(node)]
    routes = [route for node in _walk(tree.root_node) if (route := _route(node))]
    operations = list(operations_in(text))
    found = [*names, *routes, *operations]
    names = list(dict.fromkeys(found)) or (["loading"] if _has_values(exports) else [])
    branches = sum(_is_branch(node) for node in _walk(tree.root_node))
    return Foreseen(tuple(names), len(names) + _WAYS * len(routes + operations) + branches if names else 0)


def _exported(statement: Node) -> Iterator[str]:
    for node in _walk(statement):
        if node.type not in _FUNCTIONS or _is_inner(node, statement):
            continue
        above = node.parent
        name = node.child_by_field_name("name") or (above and above.child_by_field_name("name"))
        name = name or (above and (above.child_by_field_name("key") or _property(above)))
        words = {child.text for child in node.children if child.type == "accessibility_modifier"}
        if name and name.text and name.text != b"constructor" and not words & {b"private", b"protected"}:
            yield name.text.decode()


def _is_common(statement: Node) -> bool:
    """Say whether a statement exports as CommonJS does, `module.exports = ...` or `exports.name = ...`."""
    return statement.type == "expression_statement" and bool(_COMMON.match(statement.text or b""))


def _property(assignment: Node) -> Node | None:
    """Return the `name` of `exports.name = ...`."""
    left = assignment.child_by_field_name("left")
    found = left.child_by_field_name("property") if left else None
    return None if found is None or found.text == b"exports" else found


def _route(node: Node) -> str | None:
    """Return the route that a call registers, such as `app.get('/path', ...)`."""
    callee, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    method = callee.child_by_field_name("property") if callee else None
    path = given.named_children[0] if given and given.named_children else None
    if node.type != "call_expression" or not method or not method.text or not path or not path.text:
        return None
    text = path.text.decode()[1:-1]
    is_route = path.type == "string" and text.startswith("/") and method.text.decode() in _VERBS
    return f"{method.text.decode().upper()} {text}" if is_route else None


def _has_values(exports: Sequence[Node]) -> bool:
    """Say whether a module exports what is made when it is loaded."""
    inside = {node.type for statement in exports for node in _walk(statement)}
    return bool(inside & {"call_expression", "new_expression"})


def _is_inner(node: Node, statement: Node) -> bool:
    """Say whether a function stands inside another one."""
    above = node.parent
    while above is not None and above != statement:
        if above.type in _FUNCTIONS:
            return True
        above = above.parent
    return False


def _is_branch(node: Node) -> bool:
    operator = node.child_by_field_name("operator") if node.type == "binary_expression" else None
    return node.type in _BRANCHES or (operator is not None and operator.type in _SHORT_CIRCUITS)


def _walk(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))
