"""Texts and numbers worth trying: what the target compares with, what its patterns match. Pure, and always the same."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        from re import _parser as parser  # type: ignore[attr-defined]
    except ImportError:
        import sre_parse as parser

_CATEGORIES = {"CATEGORY_DIGIT": "0", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " ", "CATEGORY_NOT_SPACE": "x"}
_CATEGORIES |= {"CATEGORY_NOT_DIGIT": "x", "CATEGORY_NOT_WORD": "-"}
_LONGEST = 60  # characters of a literal that is a value; longer ones are prose


@dataclass
class Pool:
    """Values that mean something to the target, best first."""

    strings: list[str] = field(default_factory=list)
    numbers: list[float | int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """Of the module's own dictionaries: names of things that exist."""


def collect(tree: ast.Module, module: ModuleType) -> Pool:
    """Return the pool of a module."""
    strings: dict[str, None] = {}
    numbers: dict[float | int, None] = {}
    keys: dict[str, None] = {}
    for name, value in vars(module).items():
        if not name.startswith("__"):
            _look_into(value, strings, keys)
    for node in _values(tree):
        value = node.value
        if isinstance(value, str) and 0 < len(value) <= _LONGEST and "{" not in value and "\n" not in value:
            strings[value] = None
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9:
            numbers |= dict.fromkeys((value, value + 1, value - 1))
    return Pool(list(strings), list(numbers), list(keys))


def sample(pattern: str) -> str | None:
    """Return a text that a regular expression matches, None where that cannot be told."""
    try:
        text = _write(parser.parse(pattern), {})
        return text if re.search(pattern, text) else None
    except (re.error, KeyError, IndexError, ValueError, RecursionError):
        return None


def _look_into(value: Any, strings: dict[str, None], keys: dict[str, None]) -> None:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        if (text := sample(value.pattern)) is not None:
            strings[text] = None
            strings[" ".join([text] * 3)] = None
    elif isinstance(value, dict):
        keys |= dict.fromkeys(key for key in value if isinstance(key, str) and not key.startswith("__"))
        for each in value.values():
            for text in _texts(each):
                strings[text] = None


def _texts(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value] if 0 < len(value) <= _LONGEST else []
    inner: list[Any] = []
    if isinstance(value, (list, tuple)):
        inner = list(value)
    elif isinstance(value, dict):
        inner = list(value.values())
    elif hasattr(type(value), "model_fields"):
        inner = list(vars(value).values())
    return [text for each in inner[:20] for text in _texts(each, depth + 1)] if depth < 3 else []


def _values(tree: ast.Module) -> list[ast.Constant]:
    """Return the constants that are values: no docstrings, no parts of formatted texts, nothing of a decorator."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Expr, ast.JoinedStr)):
            skipped |= {id(each) for each in ast.walk(node) if isinstance(node, ast.JoinedStr) or each is node.value}
        for decorator in getattr(node, "decorator_list", []):
            skipped |= {id(each) for each in ast.walk(decorator)}
    return [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in skipped]


def _write(parsed: Any, groups: dict[int, str]) -> str:
    return "".join(_one(str(operator), argument, groups) for operator, argument in parsed)


def _one(operator: str, argument: Any, groups: dict[int, str]) -> str:
    if operator == "LITERAL":
        return chr(argument)
    if operator == "NOT_LITERAL":
        return "x" if argument != ord("x") else "y"
    if operator == "ANY":
        return "x"
    if operator == "IN":
        return _member(argument)
    if operator in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        lowest, highest, inner = argument
        return "".join(_write(inner, groups) for _ in range(max(lowest, min(1, int(highest)))))
    if operator == "SUBPATTERN":
        groups[argument[0]] = text = _write(argument[-1], groups)
        return text
    if operator == "BRANCH":
        return _write(argument[1][0], groups)
    if operator == "GROUPREF":
        return groups[argument]
    return ""  # anchors and looks ahead: the caller sees whether it matches


def _member(choices: Any) -> str:
    kind, value = choices[0]
    if str(kind) == "NEGATE":
        excluded = {chr(each) for name, each in choices[1:] if str(name) == "LITERAL"}
        return next(letter for letter in "xa0- " if letter not in excluded)
    if str(kind) == "RANGE":
        return chr(value[0])
    if str(kind) == "CATEGORY":
        return _CATEGORIES[str(value)]
    return chr(value)
