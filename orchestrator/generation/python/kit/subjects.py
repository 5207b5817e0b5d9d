"""What of the target is tested: its functions, classes and methods. Nothing here runs them."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from .signatures import NotCovered, parameters_of

_SPECIAL = (
    "__len__", "__str__", "__repr__", "__bool__", "__contains__", "__getitem__", "__iter__", "__call__", "__eq__",
    "__lt__", "__add__", "__sub__", "__hash__",
)  # fmt: skip
_BETWEEN_EQUALS = frozenset({"__eq__", "__lt__", "__add__", "__sub__"})


@dataclass
class Subject:
    """Something that can be called."""

    name: str
    """`function`, `Class` or `Class.method`."""
    call: str
    """From the module, or from the receiver."""
    parameters: dict[str, Any]
    receiver: type | None = None
    way: str = "call"
    """`call`, `get` (a property), `await`, `list` (what a generator yields) `everything` (an asynchronous one) or
    `make` (an instance, for what it holds)."""
    is_typed: bool = True
    optional: frozenset[str] = frozenset()
    """Parameters that have a default."""
    function: Any = None
    setup: list[Subject] = field(default_factory=list)
    """Methods that may be called on the receiver before."""


def find_subjects(
    module: ModuleType, excluded: set[str], with_models: bool = True
) -> tuple[list[Subject], dict[str, str]]:
    """Return what can be tested, and the reason for each that cannot."""
    found: list[Subject] = []
    refused: dict[str, str] = {}
    for name, value in vars(module).items():
        if name.startswith("_") or name in excluded or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(inspect.unwrap(value)) if callable(value) else False:
            _add(found, refused, name, name, value)
        elif isinstance(value, type) and not _is_plain(value, with_models):
            _add_class(found, refused, name, value)
    return found, refused


def reaching(tree: ast.Module, line: int, module: ModuleType) -> list[str]:
    """Return the names that are called at a line and are not the module's own: `name` or `name.attribute`."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.lineno <= line <= (node.end_lineno or line):
            name = ast.unparse(node.func)
            value = vars(module).get(name.partition(".")[0])
            is_other = getattr(value, "__module__", None) != module.__name__ or not inspect.isroutine(value)
            if value is not None and is_other and all(part.isidentifier() for part in name.split(".")):
                found[name] = None
    return list(found)


def way_of(value: Any) -> str:
    """Return how a function must be called so that it runs to its end."""
    if inspect.isasyncgenfunction(value):
        return "everything"
    if inspect.iscoroutinefunction(value):
        return "await"
    return "list" if inspect.isgeneratorfunction(value) else "call"


def _is_plain(kind: type, with_models: bool) -> bool:
    return issubclass(kind, enum.Enum) or (not with_models and hasattr(kind, "model_fields"))


def _shows_itself(kind: type) -> bool:
    """Say whether its instances are there for what they hold: data, and errors."""
    is_data = dataclasses.is_dataclass(kind) or hasattr(kind, "model_fields") or hasattr(kind, "_fields")
    return (is_data or issubclass(kind, BaseException)) and not hasattr(kind, "__table__")


def _is_special(member: str, value: Any, module: str) -> bool:
    """Say whether an operator calls it, and somebody has written it: data classes have theirs made."""
    file = getattr(getattr(value, "__code__", None), "co_filename", None)
    return member in _SPECIAL and file is not None and file == getattr(sys.modules.get(module), "__file__", None)


def _add_class(found: list[Subject], refused: dict[str, str], name: str, kind: type) -> None:
    if _checks_itself(kind):
        _add(found, refused, name, name, kind)
    try:
        parameters_of(kind)
    except NotCovered as error:
        refused[name] = str(error)
        return
    methods = _methods(found, refused, name, kind)
    if not methods and _shows_itself(kind) and not any(each.name.partition(".")[0] == name for each in found):
        _add(found, refused, name, name, kind, way="make")
    found.extend(methods)


def _methods(found: list[Subject], refused: dict[str, str], name: str, kind: type) -> list[Subject]:
    """Return what is called on an instance; what is called on the class goes to what was found."""
    methods: list[Subject] = []
    for member, value in vars(kind).items():
        is_hidden = member.startswith("_") and not _is_special(member, value, kind.__module__)
        if is_hidden or member in _validators(kind):
            continue
        if isinstance(value, (staticmethod, classmethod)):
            _add(found, refused, f"{name}.{member}", f"{name}.{member}", getattr(kind, member))
        elif isinstance(value, property):
            methods.append(Subject(f"{name}.{member}", member, {}, kind, way="get"))
        elif inspect.isfunction(value):
            _add(methods, refused, f"{name}.{member}", member, value, kind)
    callable_ones = [each for each in methods if each.way != "get" and not each.call.startswith("__")]
    for each in methods:
        if each.call in _BETWEEN_EQUALS:
            each.parameters = dict.fromkeys(each.parameters, kind | int)
    for each in methods:
        each.setup = callable_ones
    return methods


def _add(
    found: list[Subject],
    refused: dict[str, str],
    name: str,
    call: str,
    value: Any,
    receiver: type | None = None,
    way: str = "",
) -> None:
    try:
        parameters = parameters_of(value)
    except NotCovered as error:
        refused[name] = str(error)
        return
    if receiver is not None:
        parameters.pop(next(iter(parameters), ""), None)
    is_typed = inspect.Parameter.empty not in parameters.values()
    optional = frozenset(_optional(value)) & parameters.keys()
    found.append(
        Subject(name, call, parameters, receiver, way or way_of(value), is_typed, optional, inspect.unwrap(value))
    )


def _optional(value: Any) -> list[str]:
    parameters = inspect.signature(value).parameters
    return [name for name, each in parameters.items() if not _is_needed(each.default)]


def _is_needed(default: Any) -> bool:
    """Say whether there is no default, or one that only a framework can fill in."""
    return default is inspect.Parameter.empty or type(default).__module__ == "fastapi.params"


def _checks_itself(kind: type) -> bool:
    """Say whether making an instance does more than to keep what it is given."""
    decorators = getattr(kind, "__pydantic_decorators__", None)
    if decorators is not None:
        return bool(decorators.field_validators or decorators.model_validators or decorators.validators)
    return "__post_init__" in vars(kind)


def _validators(kind: type) -> set[str]:
    """Return the names of what pydantic calls by itself."""
    decorators = getattr(kind, "__pydantic_decorators__", None)
    return (
        set()
        if decorators is None
        else {name for group in vars(type(decorators))["__dataclass_fields__"] for name in getattr(decorators, group)}
    )
