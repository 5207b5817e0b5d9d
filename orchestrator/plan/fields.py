"""The types of the fields people write: text as it stands in the file, durations, truth values.

Plain dataclasses use these in their annotations; pydantic reads them when a plan is validated. At run time they are
ordinary `str`, `bool` and `float`, so that a plan that was compiled before loads without pydantic.
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING, Annotated, Any, Final

from orchestrator.errors import did_you_mean

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

STRICT: Final[Any] = {"extra": "forbid"}
"""How pydantic reads every model of a plan: unknown keys are errors, `"3"` is not `3`."""

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?\Z")


class _Written:
    """Text: what stands in the file, also where YAML reads a number or a truth value."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(_as_text, core_schema.str_schema(strict=True))

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["string", "number", "boolean"]}


class _Truth:
    """A truth value, however its letters are cased."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(_as_bool, core_schema.bool_schema(strict=True))

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "boolean"}


class _Seconds:
    """A duration: a number of seconds, or text such as `90s`, `10m`, `1h30m`."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_as_seconds)

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": ["number", "string"],
            "pattern": r"^(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?(\d+ms)?$",
        }


class _Minutes:
    """A number above zero."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.float_schema(strict=True, gt=0, allow_inf_nan=False)


class _OneOrMany:
    """A list, or the one thing that would be in it."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        inner = handler(source)
        return core_schema.no_info_before_validator_function(
            lambda value: value if isinstance(value, list) else [value], inner
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(core)
        return {"anyOf": [many, many["items"]]}


class _ProjectPath:
    """A path below the project root; the root, as validation context, lets links be followed too."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_after_validator_function(
            _inside_root,
            core_schema.no_info_before_validator_function(_as_text, core_schema.str_schema(strict=True)),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string"}


class _TemplateName:
    """The name of a template; the validation context knows which there are."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_after_validator_function(
            _known_template,
            core_schema.no_info_before_validator_function(_as_text, core_schema.str_schema(strict=True)),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string"}


class _Count:
    """A whole number above zero."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.int_schema(strict=True, gt=0)


Text = Annotated[str, _Written]
Flag = Annotated[bool, _Truth]
Seconds = Annotated[float, _Seconds]
Minutes = Annotated[float, _Minutes]
Texts = tuple[Text, ...]
TextOrTexts = Annotated[Texts, _OneOrMany]
ProjectPath = Annotated[str, _ProjectPath]
TemplateName = Annotated[str, _TemplateName]
ProjectPaths = tuple[ProjectPath, ...]
Count = Annotated[int, _Count]


def _as_text(value: Any) -> Any:
    match value:
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return value


def _as_bool(value: Any) -> Any:
    from orchestrator.plan.scalars import WrittenBool

    return value.value if isinstance(value, WrittenBool) else value


def _inside_root(value: str, info: ValidationInfo) -> str:
    from pydantic_core import PydanticCustomError

    def refuse(reason: str) -> PydanticCustomError:
        return PydanticCustomError("outside_root", "{reason}", {"reason": reason})

    if not value or "\0" in value:
        raise PydanticCustomError("bad_value", "a path must name something")
    normal = posixpath.normpath(value)
    if normal.startswith(("/", "~", "../")) or normal == "..":
        raise refuse(f"`{value}` leaves the project")
    root = (info.context or {}).get("root")
    if root is not None:
        real, base = os.path.realpath(os.path.join(root, normal)), os.path.realpath(root)
        if real != base and not real.startswith(base + os.sep):
            raise refuse(f"`{value}` leads out of the project through a link")
    return value


def _known_template(value: str, info: ValidationInfo) -> str:
    from pydantic_core import PydanticCustomError

    names = (info.context or {}).get("templates")
    if names is not None and value not in names:
        nearest = (did_you_mean(value, names) or "").removeprefix("did you mean ").removesuffix("?")
        context = {"name": value, "nearest": nearest}
        raise PydanticCustomError("missing_template", "there is no template `{name}`", context)
    return value


def _as_seconds(value: Any) -> float:
    from pydantic_core import PydanticCustomError

    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    if isinstance(value, str) and value and (match := _DURATION.match(value)):
        hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
        total = hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
        if total > 0:
            return total
    raise PydanticCustomError("duration", "a duration is a number of seconds or text such as `90s`, `10m`, `1h30m`")
