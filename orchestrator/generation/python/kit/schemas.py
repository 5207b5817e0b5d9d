"""JSON values that fit a JSON schema, and their neighbours that do not. Pure; knows OpenAPI's dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from .samples import Pool, sample

_DEEPEST = 5
_FORMATS = {
    "date-time": "2024-01-15T10:30:00Z", "date": "2024-01-15", "time": "10:30:00", "email": "ada@example.org",
    "uuid": "12345678-1234-5678-1234-567812345678", "uri": "https://example.org", "ipv4": "192.0.2.1",
    "duration": "P1D",
}  # fmt: skip
_WRONG: dict[str, Any] = {"string": 42, "integer": "many", "number": "much", "boolean": "perhaps", "array": "none"}


@dataclass(frozen=True)
class Variant:
    """A value and how it differs from the plain one."""

    label: str
    value: Any
    fits: bool = True


class Schemas:
    """Knows the shared parts of one document."""

    def __init__(self, document: dict[str, Any], pool: Pool) -> None:
        self._document = document
        self._pool = pool

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow references, and take the real part of what may also be null."""
        while "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        if len(schema.get("allOf", [])) == 1:
            return self.resolve({**schema["allOf"][0], **{key: schema[key] for key in schema if key != "allOf"}})
        options = [each for each in schema.get("anyOf", schema.get("oneOf", [])) if each.get("type") != "null"]
        return self.resolve(options[0]) if options else schema

    def plain(self, schema: dict[str, Any], name: str, depth: int = 0) -> Any:
        """Return a value that fits."""
        schema = self.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind == "boolean":
            return True
        if kind in ("integer", "number"):
            return _number(schema)
        return self.text(schema, name) if kind == "string" else name

    def text(self, schema: dict[str, Any], name: str) -> str:
        """Return a text that fits, the same for the same name."""
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if pattern := schema.get("pattern"):
            for text in (name, name.replace("_", "-")):
                if _matches(pattern, text):
                    return text
            return sample(pattern) or name
        text = f"{name[:-3]}-1" if name.endswith("_id") else name
        text = text.ljust(schema.get("minLength", 0), "x")
        return text[: schema.get("maxLength", len(text))]

    def variants(self, schema: dict[str, Any], name: str, depth: int = 0) -> list[Variant]:
        """Return other values, first those at a limit and beyond, then those the program knows."""
        schema = self.resolve(schema)
        kind = schema.get("type")
        if "enum" in schema:
            return [*(Variant(str(each), each) for each in schema["enum"][1:]), Variant("unknown", "unknown", False)]
        found: list[Variant] = []
        if kind == "object" or "properties" in schema:
            found = self._object_variants(schema, depth)
        elif kind == "array":
            found = self._array_variants(schema, name, depth)
        elif kind == "boolean":
            found = [Variant("false", False)]
        elif kind in ("integer", "number"):
            found = [*_limits(schema), *self._known_numbers(schema)]
        elif kind == "string":
            found = self._text_variants(schema, name)
        wrong = _WRONG.get(str(kind))
        return found if wrong is None else [*found, Variant("of the wrong type", wrong, False)]

    def owners(self, schema: dict[str, Any], path: str, owner: str, depth: int = 0) -> Iterator[tuple[str, str]]:
        """Yield the path of each field inside, without the numbers of items, and the shared part that declares it."""
        options = [schema, *schema.get("allOf", []), *schema.get("anyOf", [])]
        owner = next((each["$ref"] for each in options if "$ref" in each), owner)
        schema = self.resolve(schema)
        if depth > _DEEPEST:
            return
        if "items" in schema:
            yield from self.owners(schema["items"], path, owner, depth + 1)
        for name, each in schema.get("properties", {}).items():
            yield f"{path}.{name}", owner
            yield from self.owners(each, f"{path}.{name}", owner, depth + 1)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        if depth > _DEEPEST:
            return {}
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        if not properties and isinstance(extra := schema.get("additionalProperties"), dict):
            names = schema.get("propertyNames", {"type": "string"})
            return {self.plain(names, "key"): self.plain(extra, "value", depth + 1)}
        return {
            name: self.plain(each, name, depth + 1)
            for name, each in properties.items()
            if name in required or depth < _DEEPEST - 1
        }

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        items = schema.get("items", {"type": "string"})
        one = self.plain(items, name.removesuffix("s"), depth + 1)
        return [one] * max(1, schema.get("minItems", 1))

    def _object_variants(self, schema: dict[str, Any], depth: int) -> list[Variant]:
        if depth > 2:
            return []
        plain = self._object(schema, depth)
        found = [] if schema.get("required") else [Variant("empty", {})]
        columns = [
            self._field_variants(plain, name, each, schema, depth)
            for name, each in schema.get("properties", {}).items()
        ]
        found += [variant for row in zip_longest(*columns) for variant in row if variant is not None]
        if not schema.get("properties"):
            found += [Variant(f"of {key}", {key: value}) for key in self._pool.keys[:4] for value in (1, 0)]
        return found

    def _field_variants(
        self, plain: Any, name: str, field: dict[str, Any], schema: dict[str, Any], depth: int
    ) -> list[Variant]:
        rest = {key: value for key, value in plain.items() if key != name}
        return [
            Variant(f"without {name}", rest, name not in schema.get("required", [])),
            *(
                Variant(f"{name} {each.label}", {**plain, name: each.value}, each.fits)
                for each in self.variants(field, name, depth + 1)
            ),
        ]

    def _array_variants(self, schema: dict[str, Any], name: str, depth: int) -> list[Variant]:
        plain = self._array(schema, name, depth)
        items = schema.get("items", {"type": "string"})
        others = self.variants(items, name.removesuffix("s"), depth + 1)
        found = [Variant("empty", [], not schema.get("minItems"))]
        most = schema.get("maxItems", 0)
        if 0 < most <= 100:
            found += [
                Variant(f"with {most} items", plain * most),
                Variant(f"with {most + 1} items", plain * (most + 1), False),
            ]
        found += [Variant(f"with {each.label}", [each.value], each.fits) for each in others]
        found += [Variant(f"also with {each.label}", [*plain, each.value]) for each in others if each.fits]
        return found

    def _text_variants(self, schema: dict[str, Any], name: str) -> list[Variant]:
        found = [
            Variant("empty", "", not schema.get("minLength") and "pattern" not in schema and "format" not in schema)
        ]
        pattern, most = schema.get("pattern"), schema.get("maxLength")
        if most is not None and most <= 100:
            text = self.text(schema, name)
            found += [
                Variant(f"of {size} characters", (text[-1:] or "x") * size, size <= most) for size in (most, most + 1)
            ]
        if schema.get("format") == "date-time":
            return [*found, Variant("later", "2024-01-15T11:45:30Z"), Variant("the next day", "2024-01-16T09:00:00Z")]
        if "format" in schema:
            return found
        known = [*self._pool.keys, *self._pool.strings]
        if pattern:
            found.append(Variant("malformed", "Not valid!", _matches(pattern, "Not valid!")))
            known = [text for text in known if _matches(pattern, text)]
        least = schema.get("minLength", 0)
        tried = [*known[:30], *([] if pattern else ["  Padded Text  ", "A TEXT IN CAPITALS"])]
        fitting = [text for text in dict.fromkeys(tried) if least <= len(text) <= (most or len(text))]
        return [*found, *(Variant(repr(text), text) for text in fitting)]

    def _known_numbers(self, schema: dict[str, Any]) -> list[Variant]:
        whole = schema.get("type") == "integer"
        numbers = [each for each in self._pool.numbers if not whole or isinstance(each, int)]
        return [Variant(f"{each:g}", each) for each in [*numbers[:12], 100, 10] if _is_within(each, schema)]


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _number(schema: dict[str, Any]) -> Any:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if schema.get("type") == "integer":
        return max(1, int(least) + ("exclusiveMinimum" in schema)) if least is not None else min(1, int(most or 1))
    if least is not None and most is not None:
        return (least + most) / 2
    return 1.5 if least is None or least < 1.5 else least + 1


def _limits(schema: dict[str, Any]) -> list[Variant]:
    step = 1 if schema.get("type") == "integer" else 0.01
    found = []
    for key, sign, is_open in (
        ("minimum", -1, False), ("exclusiveMinimum", -1, True), ("maximum", 1, False), ("exclusiveMaximum", 1, True),
    ):  # fmt: skip
        if (limit := schema.get(key)) is None:
            continue
        limit = int(limit) if float(limit).is_integer() else limit
        beyond = round(limit + sign * step, 6)
        found.append(Variant(f"{limit}", limit, not is_open))
        found.append(
            Variant(f"{beyond}", beyond, False)
            if not is_open
            else Variant("just inside", round(limit - sign * step, 6))
        )
    return found or [Variant("0", 0), Variant("negative", -1)]


def _is_within(number: float, schema: dict[str, Any]) -> bool:
    lowest, highest = schema.get("minimum", number), schema.get("maximum", number)
    above, below = schema.get("exclusiveMinimum", number - 1), schema.get("exclusiveMaximum", number + 1)
    return bool(lowest <= number <= highest and above < number < below)
