"""JSON files, and those with comments and trailing commas, such as tsconfig.json.

The JavaScript grammar finds the places, Python's own parser decides what is JSON.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePath
from typing import Final, Self

from orchestrator.edits.js_document import JsDocument
from orchestrator.edits.js_tree import SyntaxTree, parts, syntax_refusal
from orchestrator.edits.text import SourceText

_STRICT: Final = ("package.json", "package-lock.json", "composer.json")
"""Files whose readers know neither comments nor trailing commas."""
_STRING: Final = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT: Final = re.compile(rf"({_STRING})|//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING: Final = re.compile(rf"({_STRING})|,(?=\s*[\]}}])")


class JsonDocument(JsDocument):
    """A file that holds one value."""

    @classmethod
    def _parsed(cls, source: SourceText) -> Self:
        _check(source)
        tree = SyntaxTree(source, "JSON")
        statements = parts(tree.root)
        values = [value for statement in statements for value in parts(statement)]
        if [value.type for value in values] != ["parenthesized_expression"]:
            raise syntax_refusal(source, "JSON", "it holds more than one value", 0)
        return cls(source, tree, tree.value(values[0]))


def _check(source: SourceText) -> None:
    """Refuse what is not JSON; comments and trailing commas are taken for JSON where its readers do."""
    is_strict = PurePath(source.path).name in _STRICT
    bare = source.text if is_strict else _TRAILING.sub(_blanked, _COMMENT.sub(_blanked, source.text))
    try:
        json.loads(bare, parse_int=str)  # a number may have more digits than Python converts
    except json.JSONDecodeError as error:
        problem = error.msg[0].lower() + error.msg[1:]
        raise syntax_refusal(source, "JSON", problem, error.pos) from None


def _blanked(match: re.Match[str]) -> str:
    """Return a string as it is, anything else as white space of its length."""
    return match[1] or re.sub(r"[^\r\n]", " ", match[0])
