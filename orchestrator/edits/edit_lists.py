"""The `edits` of a plan: which operations there are, and how a list of them is made, each on what the last one left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from orchestrator.edits.document import Document, edited
from orchestrator.edits.fields import Expected, PathText
from orchestrator.edits.mutation import Path
from orchestrator.edits.operations import (
    AppendOperation,
    AssertOperation,
    EnsureLineOperation,
    EnsureOperation,
    InsertOperation,
    MergeOperation,
    Operation,
    RemoveOperation,
    ReplaceTextOperation,
    SetOperation,
)
from orchestrator.edits.places import existing
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.errors import did_you_mean
from orchestrator.plan.fields import STRICT

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

MOST_SAID: Final = 3
ALIASES: Final = {"js_set": "set", "js_append": "append"}
"""Other names, for paths that begin at the object a script exports."""


class _OneOf:
    """A mapping that is one operation, told by the key that names it."""

    def __init__(self, operations: Mapping[str, type[Any]]) -> None:
        self.operations = operations

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        # Tags end in a blank, so that no tag in the place of an error is taken for a key of the plan.
        choices = {f"{name} ": handler.generate_schema(model) for name, model in self.operations.items()}
        union = core_schema.tagged_union_schema(choices, lambda value: f"{self._name(value)} ")
        return core_schema.no_info_before_validator_function(self._checked, union)

    def _checked(self, value: Any) -> Any:
        from pydantic_core import PydanticCustomError

        if isinstance(value, tuple(self.operations.values())):
            return value
        if not isinstance(value, dict):
            raise PydanticCustomError("dataclass_type", "must be a mapping")
        renamed = {ALIASES.get(key, key) if ALIASES.get(key) in self.operations else key: value[key] for key in value}
        named = [name for name in self.operations if name in renamed]
        if len(named) != 1:
            known = ", ".join(f"`{name}`" for name in self.operations)
            near = next((hint for key in value if (hint := did_you_mean(str(key), self.operations))), None)
            reason = f"it has `{'` and `'.join(named)}`; write one operation in each" if named else near
            message = "an edit must have one of {known}; {reason}" if reason else "an edit must have one of {known}"
            raise PydanticCustomError("bad_value", message, {"known": known, "reason": reason or ""})
        return renamed

    def _name(self, value: Any) -> str:
        return next(name for name, model in self.operations.items() if name in value)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler(core)
        for alias, name in ALIASES.items():
            same = next((one for one in made["oneOf"] if name in handler.resolve_ref_schema(one)["properties"]), None)
            if same is not None:
                made["oneOf"].append(_renamed(handler.resolve_ref_schema(same), name, alias))
        return made


_AT_EACH: Final = {
    "set": SetOperation,
    "ensure": EnsureOperation,
    "merge": MergeOperation,
    "append": AppendOperation,
    "insert": InsertOperation,
    "remove": RemoveOperation,
    "replace_text": ReplaceTextOperation,
    "assert": AssertOperation,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEachOperation:
    """Makes edits at each of several places; their paths begin there."""

    __pydantic_config__: ClassVar[Any] = STRICT

    for_each: PathText
    edits: tuple[Annotated[Operation, _OneOf(_AT_EACH)], ...]
    expect: Expected = "many"
    """How many places the path means."""

    def __post_init__(self) -> None:
        if not self.edits:
            raise ValueError("`for_each` needs at least one of `edits`")


OPERATIONS: Final = {**_AT_EACH, "ensure_line": EnsureLineOperation, "for_each": ForEachOperation}
Edit = Annotated[Operation | ForEachOperation, _OneOf(OPERATIONS)]
"""One of a plan's `edits`."""


def make(document: Document, edits: Sequence[Operation | ForEachOperation]) -> Edited | Satisfied:
    """Make edits one after the other.

    :raises Refusal: when one of them can be neither made nor called done; then none is.
    """
    said: list[str] = []
    current = document
    for edit in edits:
        bases: Sequence[Path] = [()]
        if isinstance(edit, ForEachOperation):
            bases = existing(current, edit.for_each, edit.expect)
        for operation in edit.edits if isinstance(edit, ForEachOperation) else (edit,):
            mutations = [mutation for base in bases for mutation in operation.mutations(current, base)]
            if mutations:
                current = edited(current, mutations)
                said.append(operation.says)
    if not said:
        return Satisfied("already as the edits want it")
    more = f" and {len(said) - MOST_SAID} more" if len(said) > MOST_SAID else ""
    return Edited(current, ", ".join(said[:MOST_SAID]) + more)


def _renamed(schema: JsonSchemaValue, name: str, alias: str) -> JsonSchemaValue:
    properties = {alias if key == name else key: value for key, value in schema["properties"].items()}
    required = [alias if key == name else key for key in schema["required"]]
    return {**schema, "properties": properties, "required": required}
