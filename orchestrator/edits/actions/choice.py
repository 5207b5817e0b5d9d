"""How a plan chooses a named edit: its name, and beside it the parameters that this edit takes, and no others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from orchestrator.edits.actions import ACTIONS, parameters_of
from orchestrator.errors import did_you_mean

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class Given(NamedTuple):
    """What a plan says about a named edit."""

    action: str
    parameters: dict[str, Any]
    common: frozenset[str]
    """Keys that every task may have, for hints."""


class _ActionName:
    """The name of an action."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.literal_schema(list(ACTIONS))


class _Parameters:
    """The parameters of whichever action was chosen."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        # Tags end in a blank, so that no tag in the place of an error is taken for a key of the plan.
        choices: dict[Any, Any] = {
            f"{name} ": core_schema.no_info_before_validator_function(
                _checked, handler.generate_schema(parameters_of(name))
            )
            for name in ACTIONS
        }
        union = core_schema.tagged_union_schema(choices, lambda given: f"{given.action} ")
        return core_schema.no_info_before_validator_function(_as_given, union)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return a condition for each action. What no condition allows is forbidden by the task."""
        conditions = []
        for tag, choice in core["schema"]["choices"].items():
            taken = handler(choice)
            handler.resolve_ref_schema(taken).pop("additionalProperties", None)
            chosen = {"properties": {"action": {"const": tag.strip()}}, "required": ["action"]}
            conditions.append({"if": chosen, "then": taken})
        return {"allOf": conditions}


ActionName = Annotated[str, _ActionName]
Parameters = Annotated[Any, _Parameters]


def sort_out(written: Any, own: Collection[str]) -> Any:
    """Return what a plan says of a task, with the parameters of its action under `parameters`.

    `own` are the keys that belong to the task unless its action takes them.
    """
    action = written.get("action") if isinstance(written, dict) else None
    if action is None:
        return written
    if action not in list(ACTIONS):  # what its parameters would mean is not known
        return {key: value for key, value in written.items() if key in own}
    taken = names_of(action)
    parameters = {key: value for key, value in written.items() if key in taken or key not in own}
    rest = {key: value for key, value in written.items() if key not in parameters}
    return {**rest, "parameters": Given(action, parameters, frozenset(own))}


def names_of(action: str) -> set[str]:
    """Return the parameters of an action as plans write them."""
    return {field.name.rstrip("_") for field in fields(parameters_of(action))}


def _as_given(value: Any) -> Given:
    from pydantic_core import PydanticCustomError

    if not isinstance(value, Given):
        raise PydanticCustomError("bad_value", "the parameters of an action stand beside it")
    return value


def _checked(given: Given) -> dict[str, Any]:
    from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

    taken = names_of(given.action)
    problems = [
        InitErrorDetails(
            type=PydanticCustomError("bad_value", "{reason}", {"reason": _unknown(key, given, taken)}),
            loc=(key,),
            input=value,
        )
        for key, value in given.parameters.items()
        if key not in taken
    ]
    if problems:
        raise ValidationError.from_exception_data(given.action, problems)
    return given.parameters


def _unknown(key: str, given: Given, taken: Collection[str]) -> str:
    hint = did_you_mean(key, [*taken, *given.common])
    return f"`{given.action}` has no such parameter{f'; {hint}' if hint else ''}"
