"""The variables of a plan: written there, taken from the environment, or given by the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.errors import Location, PlanError
from orchestrator.plan.interpolate import (
    expand_environment,
    has_expression,
    interpolate,
    map_strings,
    names_of_environment,
)
from orchestrator.plan.scalars import WrittenBool, scalar
from orchestrator.plan.source import Path_


class Variables(Mapping[str, Any]):
    """The plan's variables; one that takes its value from elsewhere does so when it is first read."""

    def __init__(
        self,
        written: Mapping[str, Any],
        given: Mapping[str, str],
        environ: Mapping[str, str],
        locate: Callable[[str], Location],
    ) -> None:
        """`written` stand in the plan; what the caller has `given` goes before them and is taken as it is."""
        self._ready: dict[str, Any] = {name: _plain_truth(scalar(text)) for name, text in given.items()}
        self._written = {**written, **self._ready}
        self._environ = environ
        self._locate = locate
        self._reading: set[str] = set()
        self.environment: set[str] = set()
        """Names of the environment that values were asked of, whether it has them or not."""

    def __getitem__(self, name: str) -> Any:
        if name not in self._ready:
            self._ready[name] = self._make(name)
        return self._ready[name]

    def __contains__(self, name: object) -> bool:
        return name in self._written

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    def _make(self, name: str) -> Any:
        written = self._written[name]
        if name in self._reading:
            message = f"the variable `{name}` is made from itself"
            raise PlanError("plan/bad-expression", message, location=self._locate(name))
        self._reading.add(name)
        try:
            return map_strings(written, self._expand)
        except PlanError as error:
            error.location = error.location or self._locate(name)
            raise
        finally:
            self._reading.discard(name)

    def _expand(self, text: str, _path: Path_) -> Any:
        self.environment.update(names_of_environment(text))
        expanded = expand_environment(text, self._environ)
        return interpolate(expanded, {"variables": self}) if has_expression(text) else _plain_truth(expanded)


def _plain_truth(value: Any) -> Any:
    return value.value if isinstance(value, WrittenBool) else value
