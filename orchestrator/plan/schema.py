"""The plan file as pydantic sees it: structure, error messages with places, and the JSON Schema for editors.

Only the cold path imports this: a plan that was compiled before does without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.errors import PlanError, did_you_mean
from orchestrator.plan.fields import STRICT, Count, Flag, Text, Texts
from orchestrator.plan.model import DERIVED, Settings, Task
from orchestrator.plan.source import Path_, Source

PHASE_KEY = re.compile(r"phase_[A-Za-z0-9_-]+\Z")
CHECKPOINT_KEY = re.compile(r"after_(phase_[A-Za-z0-9_-]+)\Z")
NOT_IN_CHECKPOINTS: Final = frozenset({"id", "type", "depends_on", "for_each", "allow_empty"})
"""What a task has, but a phase's gate has from its phase."""
FEW_KEYS: Final = 8
"""How many keys a hint names."""
_adapters: Final[dict[type[Any], TypeAdapter[Any]]] = {}


@dataclass(frozen=True, kw_only=True)
class HeadText:
    """The `orchestrator:` section."""

    __pydantic_config__: ClassVar[Any] = STRICT

    name: Text
    """What the roadmap is called."""
    version: Text = ""
    description: Text = ""
    project_root: Text | None = None
    """The project, relative to this file; absent = the directory the plan is in."""
    settings: Settings = Settings()


@dataclass(frozen=True, kw_only=True)
class GroupText:
    """Tasks that belong together."""

    __pydantic_config__: ClassVar[Any] = STRICT

    name: Text = ""
    description: Text = ""
    execution: Literal["sequential", "parallel"] = "sequential"
    max_parallel: Count | None = None
    """How many of a parallel group run at once."""
    depends_on: Texts = ()
    """Groups that come first: of this phase, else of any phase."""
    fail_fast: Flag = False
    """A failure cancels the rest of the group."""
    continue_on_error: Flag = False
    """For every task of the group."""
    tasks: list[Any] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class PhaseText:
    """Groups that end at a gate."""

    __pydantic_config__: ClassVar[Any] = STRICT

    name: Text
    description: Text = ""
    estimated_duration: Text = ""
    depends_on: Texts = ()
    """Phases that come first."""
    parallel_with: Texts = ()
    """Phases it may run beside; it starts when the first of them may."""
    groups: dict[str, GroupText] = field(default_factory=dict)


def adapter(model: type[Any]) -> TypeAdapter[Any]:
    """Return the validator of a model; made once."""
    return _adapters.get(model) or _adapters.setdefault(model, TypeAdapter(model))


def validate(model: type[Any], data: Any, source: Source, path: Path_, context: Any = None) -> Any | list[PlanError]:
    """Return a `model` made from `data`, or all that is wrong with it, with places."""
    try:
        return adapter(model).validate_python(data, context=context)
    except ValidationError as error:
        return list(explain(error.errors(include_url=False), model, data, source, path))


def explain(
    details: Iterable[ErrorDetails], model: type[Any], data: Any, source: Source, path: Path_
) -> Iterable[PlanError]:
    """Turn pydantic's findings into ours: one for each place, union alternatives told as one."""
    found: dict[Path_, list[ErrorDetails]] = {}
    for detail in details:
        found.setdefault(_real_path(detail, data), []).append(detail)
    for where in found:
        if any(other[: len(where)] == where and len(other) > len(where) for other in found):
            continue  # an alternative of a union that does not fit; the deeper finding says more
        yield _problem(where, found[where], model, source, path)


def json_schema(models: Mapping[str, type[Task]], checkpoint: type[Task]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a plan file whose tasks may have these types."""
    definitions = definitions_of([HeadText, PhaseText, *models.values(), checkpoint])
    tasks = [{"$ref": f"#/$defs/{model.__name__}"} for _, model in sorted(models.items())]
    definitions["GroupText"]["properties"]["tasks"] = {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["id", "name", "type"],
            "properties": {"type": {"enum": sorted(models)}},
            "allOf": [
                {"if": {"properties": {"type": {"const": name}}}, "then": task}
                for name, task in zip(sorted(models), tasks, strict=True)
            ],
        },
    }
    gate = dict(definitions.pop(checkpoint.__name__))
    for name in NOT_IN_CHECKPOINTS:
        gate["properties"].pop(name, None)
    gate["required"] = ["validations"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "orchestrate plan",
        "type": "object",
        "required": ["orchestrator"],
        "properties": {
            "orchestrator": {"$ref": "#/$defs/HeadText"},
            "variables": {"type": "object"},
            "secrets": {"type": "array", "items": {"type": "string"}},
            "checkpoints": {
                "type": "object",
                "patternProperties": {r"^after_phase_[A-Za-z0-9_-]+$": gate},
                "additionalProperties": False,
            },
        },
        "patternProperties": {r"^phase_[A-Za-z0-9_-]+$": {"$ref": "#/$defs/PhaseText"}},
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def definitions_of(models: Iterable[type[Any]]) -> dict[str, Any]:
    """Return the schema of each model and of all in it, by name, with the docstrings of fields as descriptions."""
    definitions: dict[str, Any] = {}
    STRICT["use_attribute_docstrings"] = True  # reads source code, which validating must not wait for
    try:
        for model in models:
            one = TypeAdapter(model).json_schema(ref_template="#/$defs/{model}")
            definitions.update(one.pop("$defs", {}))
            for name in DERIVED:
                one["properties"].pop(name, None)
            definitions[model.__name__] = one
    finally:
        del STRICT["use_attribute_docstrings"]
    definitions.pop("Location", None)
    return definitions


def _real_path(detail: ErrorDetails, data: Any) -> Path_:
    """Keep those parts of pydantic's `loc` that are keys of the data; the rest name alternatives of unions."""
    path: list[str | int] = []
    last = len(detail["loc"]) - 1
    for index, part in enumerate(detail["loc"]):
        inside = (
            part in data
            if isinstance(data, dict)
            else isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if inside:
            path.append(part)
            data = data[part]
        elif index == last and detail["type"] == "missing":
            path.append(part)
    return tuple(path)


def _problem(where: Path_, details: list[ErrorDetails], model: type[Any], source: Source, path: Path_) -> PlanError:
    detail = details[0]
    full = path + where
    name = str(full[-1])
    called = f"item {full[-1] + 1} of `{full[-2]}`" if isinstance(full[-1], int) else f"`{name}`"
    match detail["type"]:
        case "missing":
            place = source.locate(full[:-1])
            return PlanError("plan/missing-key", f"the key `{name}` is missing", location=place)
        case "unexpected_keyword_argument" | "extra_forbidden":
            hint = _known_keys(name, model, where[:-1])
            place = source.locate(full, key=True)
            return PlanError("plan/unknown-key", f"unknown key `{name}`", hint=hint, location=place)
        case "literal_error":
            allowed = detail["ctx"]["expected"].replace("'", "`")
            hint = did_you_mean(str(detail["input"]), re.findall(r"`([^`]*)`", allowed))
            message = f"{called} is {_show(detail['input'])}, but must be {allowed}"
            return PlanError("plan/bad-value", message, hint=hint, location=source.locate(full))
        case "outside_root":
            message = f"{called}: {detail['msg']}"
            return PlanError("plan/path-outside-root", message, location=source.locate(full))
        case "missing_template":
            near = detail["ctx"]["nearest"]
            hint = f"did you mean {near}?" if near else "put one into the project's `templates/` directory"
            return PlanError("plan/missing-template", detail["msg"], hint=hint, location=source.locate(full))
        case "value_error":
            message = f"{called}: {detail['ctx']['error']}"
            return PlanError("plan/bad-value", message, location=source.locate(full))
        case "greater_than":
            message = f"{called} is {_show(detail['input'])}, but must be more than {detail['ctx']['gt']:g}"
            return PlanError("plan/bad-value", message, location=source.locate(full))
        case "duration" | "bad_value":
            return PlanError("plan/bad-value", f"{called}: {_lower(detail['msg'])}", location=source.locate(full))
        case _:
            wanted = " or ".join(dict.fromkeys(_wanted(each) for each in details))
            message = f"{called} is {_show(detail['input'])}, but must be {wanted}"
            hint = f"write `[{detail['input']}]`" if wanted == "a list" and isinstance(detail["input"], str) else None
            return PlanError("plan/wrong-type", message, hint=hint, location=source.locate(full))


_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "`true` or `false`",
    "dict_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "float_type": "a number",
    "dataclass_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _wanted(detail: ErrorDetails) -> str:
    return _WANTED.get(detail["type"], _lower(detail["msg"]))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _show(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f"the text `{value if len(value) <= 40 else value[:37] + '...'}`"
        case int() | float():
            return f"the number `{value}`"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"`{value}`"


def _known_keys(name: str, model: type[Any], where: Path_) -> str | None:
    """Return a hint about a key that is not known at a place: the one it looks like, or all where they are few."""
    keys = _keys_of(model, where)
    is_short = bool(where) and 0 < len(keys) <= FEW_KEYS
    return did_you_mean(name, keys) or (f"the keys are {', '.join(f'`{key}`' for key in keys)}" if is_short else None)


def _keys_of(model: type[Any], where: Path_) -> list[str]:
    """Return the keys that a place within `model` may have, whichever of its alternatives it is."""
    if not where:
        return [f.name for f in fields(model) if f.init]
    schema = adapter(model).json_schema()
    holders = [schema]
    for part in where:
        holders = [
            inner for holder in holders for each in _alternatives(holder, schema) for inner in _inside(each, part)
        ]
    found = [each for holder in holders for each in _alternatives(holder, schema)]
    return list(dict.fromkeys(key for each in found for key in each.get("properties", {})))


def _alternatives(holder: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield all that a part of a JSON Schema may stand for."""
    yield holder
    if "$ref" in holder:
        yield from _alternatives(schema["$defs"][holder["$ref"].rpartition("/")[2]], schema)
    for inner in (*(each for key in ("anyOf", "oneOf", "allOf") for each in holder.get(key, ())), holder.get("then")):
        if inner is not None:
            yield from _alternatives(inner, schema)


def _inside(holder: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    found = holder.get("items") if isinstance(part, int) else holder.get("properties", {}).get(part)
    found = found or (holder.get("additionalProperties") if isinstance(part, str) else None)
    if isinstance(found, dict):
        yield found
