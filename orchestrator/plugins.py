"""What other packages add, found through entry points and verified before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.errors import EnvironmentProblem


def entry_points(group: str) -> Mapping[str, Any]:
    """Return the entry points of a group by name; nothing is imported yet.

    :raises EnvironmentProblem: when two packages use one name.
    """
    from importlib.metadata import entry_points as installed

    found: dict[str, Any] = {}
    for point in installed(group=group):
        if point.name in found and found[point.name].value != point.value:
            both = f"`{found[point.name].value}` and `{point.value}`"
            raise EnvironmentProblem("environment/plugin", f"{both} both provide `{point.name}` of `{group}`")
        found[point.name] = point
    return found


def load(point: Any, needs: Mapping[str, type | None]) -> Any:
    """Return an instance of the class that an entry point names, once it has every attribute it `needs`.

    :raises EnvironmentProblem: that names the plugin and what is wrong with it.
    """
    who = f"the plugin `{point.name}` (`{point.value}`)"
    try:
        made = point.load()()
    except Exception as error:  # boundary: somebody else's code
        raise EnvironmentProblem("environment/plugin", f"{who} cannot be loaded: {error}") from error
    for name, kind in needs.items():
        value = getattr(made, name, None)
        if (
            value is None
            or (kind is None and not callable(value))
            or (kind is not None and not isinstance(value, kind))
        ):
            raise EnvironmentProblem("environment/plugin", f"{who} has no `{name}` as its kind must have it")
    return made
