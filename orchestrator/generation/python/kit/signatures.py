"""What a class or a function is called with, by its signature. Nothing here calls it."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import Any

from .terms import Term


class NotCovered(Exception):
    """Nobody knows how a value of this annotation is made."""


def one_changed(choices: dict[str, list[Term]]) -> list[dict[str, Term]]:
    """Return the first of all choices together, then with one of them changed at a time."""
    default = {name: terms[0] for name, terms in choices.items()}
    changed = [{**default, name: term} for name, terms in choices.items() for term in terms[1:]]
    return [default, *changed]


def parameters_of(kind: Any) -> dict[str, Any]:
    """Return the annotations of what a class or function must be or may well be called with.

    :raises NotCovered: when its signature cannot be told.
    """
    models = getattr(kind, "model_fields", None)
    if isinstance(models, dict):
        return {field.alias or name: field.annotation for name, field in models.items()}
    if dataclasses.is_dataclass(kind):
        hints = hints_of(kind)
        return {field.name: hints.get(field.name, Any) for field in dataclasses.fields(kind) if field.init}
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return {name: hints_of(kind).get(name, Any) for name in kind._fields}
    if isinstance(kind, type) and inspect.isabstract(kind):
        raise NotCovered(f"`{kind.__name__}` is abstract")
    try:
        signature = inspect.signature(kind)
    except (TypeError, ValueError):
        raise NotCovered(f"nobody knows how `{kind}` is called") from None
    hints = hints_of(vars(kind).get("__init__", kind) if isinstance(kind, type) else kind)
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    needed = {name: each for name, each in signature.parameters.items() if each.kind in plain}
    if any(each.kind is inspect.Parameter.POSITIONAL_ONLY for each in signature.parameters.values()):
        raise NotCovered("parameters without a name are not covered")
    return {name: hints.get(name, each.annotation) for name, each in needed.items()}


def hints_of(owner: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except Exception:  # noqa: BLE001 - an annotation may name anything, or nothing that exists
        return {}
