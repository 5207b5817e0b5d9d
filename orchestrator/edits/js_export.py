"""Which object a configuration file in JavaScript or TypeScript is about: the one it exports.

Follows an export through a variable, a call with one argument and a function with one `return`, as far as the text
alone tells where they lead. Never runs or resolves another file.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, takewhile
from typing import Final, NamedTuple

from tree_sitter import Node as Syntax

from orchestrator.edits.js_tree import SyntaxTree, parts, unwrapped
from orchestrator.edits.js_value import string_value
from orchestrator.edits.mutation import Path
from orchestrator.edits.refusal import Refusal

_COMMON_JS: Final = ("module.exports", "module.exports.default", "exports.default")
_FUNCTIONS: Final = ("arrow_function", "function_expression", "function_declaration")
_INNER: Final = (*_FUNCTIONS, "method_definition", "generator_function", "generator_function_declaration")
_DECLARATIONS: Final = ("lexical_declaration", "variable_declaration")
_HINT: Final = "write it as an object, or make the change by hand"


class Override(NamedTuple):
    """Code that changes the exported object after it was written down: what it changes, and where."""

    path: Path
    offset: int


class Exported(NamedTuple):
    """The exported object or array, and what else lays hands on it."""

    syntax: Syntax
    overrides: tuple[Override, ...]


def exported(tree: SyntaxTree) -> Exported:
    """Find the exported object or array.

    :raises Refusal: when nothing is exported, or something that is computed.
    """
    found = [each for statement in parts(tree.root) for each in _exports(tree, statement)]
    if not found:
        hint = "it needs `module.exports = {...}` or `export default {...}`"
        raise Refusal(
            "edit/no-match", f"`{tree.source.path}` exports nothing", location=tree.source.location(0), hint=hint
        )
    if len(found) > 1:
        at = tree.source.location(tree.span(found[1]).start)
        raise Refusal("edit/ambiguous", f"`{tree.source.path}` has several exports", location=at)
    trail = _Trail(tree)
    syntax = trail.followed(found[0], tree.root)
    return Exported(syntax, tuple(trail.overrides()))


def _exports(tree: SyntaxTree, statement: Syntax) -> Iterator[Syntax]:
    match statement.type:
        case "export_statement":
            yield from _module_exports(tree, statement)
        case "expression_statement":
            expression = parts(statement)[0]
            targets = []
            while expression.type == "assignment_expression":
                targets.append(tree.text(_field(expression, "left")))
                expression = _field(expression, "right")
            if any(target in _COMMON_JS for target in targets):
                yield expression


def _module_exports(tree: SyntaxTree, statement: Syntax) -> Iterator[Syntax]:
    words = {child.type for child in statement.children}
    if "default" in words or "=" in words:
        yield parts(statement)[-1]
    for clause in parts(statement):
        for specifier in parts(clause) if clause.type == "export_clause" else ():
            alias = specifier.child_by_field_name("alias")
            if alias is not None and tree.text(alias) == "default" and "from" not in words:
                yield _field(specifier, "name")


class _Trail:
    """The way from an export to its object: each variable on it is one through which code can reach that object."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self._names: set[str] = set()
        self._steps: set[int] = set()
        """Where the trail itself mentions a variable, which changes nothing."""
        self._hidden: set[str] = set()
        """What functions on the way call their parameters."""

    def followed(self, syntax: Syntax, scope: Syntax) -> Syntax:
        """Return the object or array that an expression leads to; `scope` holds the declarations it sees first."""
        syntax = unwrapped(syntax)
        match syntax.type:
            case "object" | "array":
                return syntax
            case "identifier":
                return self._declared(syntax, scope)
            case "call_expression":
                arguments = parts(_field(syntax, "arguments"))
                if len(arguments) == 1 and arguments[0].type != "spread_element":
                    return self.followed(arguments[0], scope)
            case kind if kind in _FUNCTIONS:
                return self._returned(syntax)
        raise self._computed(syntax)

    def overrides(self) -> Iterator[Override]:
        """Return what else in the file reaches the object, other than to read it."""
        names = (each for each in self._tree.found("name") if self._tree.text(each) in self._names)
        members = (each for each in self._tree.found("member") if self._tree.text(each) == _COMMON_JS[0])
        exports = (each for each in members if not _is_export(each))
        for mention in chain(names, exports):
            if mention.start_byte not in self._steps:
                yield from self._override(mention)

    def _declared(self, name: Syntax, scope: Syntax) -> Syntax:
        text = self._tree.text(name)
        if text in self._names or text in self._hidden:
            raise self._computed(name)
        for declaration in chain(_declarations(scope), _declarations(self._tree.root)):
            target = _field(declaration, "name")
            value = declaration.child_by_field_name("value") or declaration
            if self._tree.text(target) == text:
                self._names.add(text)
                self._steps |= {name.start_byte, target.start_byte}
                return self.followed(value, scope)
        raise self._computed(name)

    def _returned(self, function: Syntax) -> Syntax:
        body = _field(function, "body")
        head = range(function.start_byte, body.start_byte)
        self._hidden |= {self._tree.text(each) for each in self._tree.found("name") if each.start_byte in head}
        if body.type != "statement_block":
            return self.followed(body, self._tree.root)
        returns = list(_returns(body))
        values = parts(returns[0]) if len(returns) == 1 and returns[0].parent == body else ()
        if not values:
            at = self._tree.source.location(self._tree.span(function).start)
            message = "the exported function has branches, so what it returns is not one object"
            raise Refusal("edit/not-literal", message, location=at, hint=_HINT)
        return self.followed(values[0], body)

    def _computed(self, syntax: Syntax) -> Refusal:
        words = " ".join(self._tree.text(syntax).split())
        shown = words if len(words) <= 40 else f"{words[:39]}…"
        at = self._tree.source.location(self._tree.span(syntax).start)
        message = f"the export is no object written down here: `{shown}`"
        return Refusal("edit/not-literal", message, location=at, hint=_HINT)

    def _override(self, mention: Syntax) -> Iterator[Override]:
        path: list[str | None] = []
        at, holder = mention, mention.parent
        while holder is not None and _is_access(holder, at):
            path.append(self._accessed(holder))
            at, holder = holder, holder.parent
        if holder is None or _only_reads(at, holder, is_whole=not path):
            return
        if holder.type == "call_expression" and path:
            path.pop()  # the method's name
        known = takewhile(lambda key: key is not None, path)
        yield Override(tuple(key for key in known if key is not None), self._tree.span(mention).start)

    def _accessed(self, access: Syntax) -> str | None:
        if access.type == "member_expression":
            return self._tree.text(_field(access, "property"))
        index = _field(access, "index")
        value = string_value(self._tree.text(index)) if index.type == "string" else None
        return value if isinstance(value, str) else None


def _declarations(scope: Syntax) -> Iterator[Syntax]:
    for statement in parts(scope):
        declaration = statement.child_by_field_name("declaration") or statement
        if declaration.type in _DECLARATIONS:
            yield from parts(declaration)
        elif declaration.type in _FUNCTIONS:
            yield declaration


def _returns(body: Syntax) -> Iterator[Syntax]:
    """Return the `return` statements of a function, without those of functions inside of it."""
    waiting = parts(body)
    while waiting:
        syntax = waiting.pop()
        if syntax.type == "return_statement":
            yield syntax
        elif syntax.type not in _INNER:
            waiting += parts(syntax)


def _is_access(holder: Syntax, at: Syntax) -> bool:
    return holder.type in ("member_expression", "subscript_expression") and holder.child_by_field_name("object") == at


def _only_reads(at: Syntax, holder: Syntax, *, is_whole: bool) -> bool:
    """Whether a mention leaves what it names as it is. To pass the whole object on may change it, a part of it not."""
    match holder.type:
        case "spread_element" | "type_query" | "export_specifier":
            return True
        case "assignment_expression" | "augmented_assignment_expression":
            return not is_whole and holder.child_by_field_name("left") != at
        case "call_expression" | "update_expression":
            return False
        case "unary_expression":
            return all(child.type != "delete" for child in holder.children)
        case _:
            return not is_whole


def _is_export(mention: Syntax) -> bool:
    """Whether this is the assignment at the top of the file that exports."""
    while (holder := mention.parent) is not None and holder.type == "assignment_expression":
        mention = holder
    return holder is not None and holder.type == "expression_statement" and _is_top(holder.parent)


def _is_top(syntax: Syntax | None) -> bool:
    return syntax is not None and syntax.type == "program"


def _field(syntax: Syntax, name: str) -> Syntax:
    child = syntax.child_by_field_name(name)
    if child is None:
        raise LookupError(name)
    return child
