"""The types of fields that only edits have. As with all fields of plans, they are ordinary values at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from orchestrator.edits import paths
from orchestrator.plan.fields import STRICT, Text

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class _Keywords:
    """What `STRICT` says when it is asked for, and that names are written without the `_` at their end."""

    def __get__(self, _instance: object, _owner: type) -> dict[str, Any]:
        return {**STRICT, "alias_generator": lambda name: name.rstrip("_")}


KEYWORDS: Final[Any] = _Keywords()
"""How pydantic reads a class with fields whose names are keywords of Python."""


class _PathText:
    """A path; see `paths`."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(_readable, handler(source))


class _Expected:
    """How many places: `one`, `many` or a number."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_as_expected)

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"enum": ["one", "many"]}, {"type": "integer", "minimum": 0}]}


class _Percent:
    """A number from 0 to 100, whole where it is written so."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_as_percent)

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "number", "minimum": 0, "maximum": 100}


class _Amount:
    """A whole number, zero included."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.int_schema(strict=True, ge=0)


PathText = Annotated[Text, _PathText]
Expected = Annotated[int | Literal["one", "many"], _Expected]
Percent = Annotated[float, _Percent]
Amount = Annotated[int, _Amount]


def _readable(text: str) -> str:
    from pydantic_core import PydanticCustomError

    try:
        paths.parse(text)
    except paths.PathSyntax as error:
        raise PydanticCustomError("bad_value", "{reason}", {"reason": str(error)}) from None
    return text


def _as_expected(value: Any) -> int | str:
    from pydantic_core import PydanticCustomError

    if value in ("one", "many") or (_is_number(value) and isinstance(value, int) and value >= 0):
        return int(value) if isinstance(value, int) else str(value)
    raise PydanticCustomError("bad_value", "how many places are expected is `one`, `many` or a number")


def _as_percent(value: Any) -> float:
    from pydantic_core import PydanticCustomError

    if _is_number(value) and 0 <= value <= 100:
        return int(value) if isinstance(value, int) else float(value)
    raise PydanticCustomError("bad_value", "it must be a number from 0 to 100")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
