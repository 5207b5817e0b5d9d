"""What of an outcome is the same each time: fresh identifiers and moments are left out of it. Pure.

A place is `part.name`: a field of what is returned, an attribute of the receiver, a call by its number.
"""

from __future__ import annotations

from typing import Any

Outcome = dict[str, Any]


def differing(first: Outcome, again: Outcome) -> list[str]:
    """Return the places in which two outcomes of one case differ; none where more than places do."""
    if first.keys() != again.keys():
        return []
    found = []
    for part in (part for part in first if first[part] != again[part]):
        one, other = _places(first[part]), _places(again[part])
        if one is None or other is None or one.keys() != other.keys():
            return []
        found += [f"{part}.{name}" for name in one if one[name] != other[name]]
    return found


def without(outcome: Outcome, places: list[str]) -> Outcome:
    """Return the outcome without some places: an object is then told by its class and its other fields."""
    found = dict(outcome)
    for place in places:
        part, _, name = place.partition(".")
        value = found.get(part)
        if isinstance(value, list):
            found[part] = [[*each[:2], None] if str(at) == name else each for at, each in enumerate(value)]
        elif isinstance(value, dict):
            found[part] = _without_field(value, name)
    return found


def _places(value: Any) -> dict[str, Any] | None:
    """Return the parts of a value that can be left out, by their names."""
    if isinstance(value, list):
        return {str(at): each for at, each in enumerate(value)}
    if not isinstance(value, dict):
        return None
    if "new" in value or "shape" in value:
        return dict(value.get("fields", {})) if not value.get("args") else None
    return None if len(value) == 1 and next(iter(value)) in ("list", "dict", "tuple", "set") else dict(value)


def _without_field(value: dict[str, Any], name: str) -> dict[str, Any]:
    if "new" not in value and "shape" not in value:
        return {key: each for key, each in value.items() if key != name}
    fields = {key: each for key, each in value.get("fields", {}).items() if key != name}
    return {"shape": value.get("new", value.get("shape")), "fields": fields}
