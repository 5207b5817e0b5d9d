"""From a scenario file to a `Scenario`: everything that is wrong with it, at once, each with its place."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from orchestrator.errors import PlanError, PlanErrors, did_you_mean
from orchestrator.plan.problems import Problems
from orchestrator.plan.scalars import WrittenBool
from orchestrator.plan.schema import validate
from orchestrator.plan.source import Path_, Source
from orchestrator.plan.text import read_text
from orchestrator.scenarios.checks import check
from orchestrator.scenarios.dialect import Words, translate, words_of
from orchestrator.scenarios.model import VALIDATIONS, PluginStep, PluginValidation, Scenario, Step
from orchestrator.scenarios.notices import Notice

UNKNOWN_KEY = "plan/unknown-key"


class Loaded(NamedTuple):
    """A scenario, and what its author should know."""

    scenario: Scenario
    notices: list[Notice]


class Extensions(Protocol):
    """The step and validation types that plugins provide."""

    def step_types(self) -> list[str]:
        """Return the names that `type` of a step may have."""

    def check_step(self, step: PluginStep) -> list[str]:
        """Return what is wrong with a step."""

    def validation_types(self) -> list[str]:
        """Return the names that `type` of a validation may have, beside ours."""

    def check_validation(self, validation: PluginValidation) -> list[str]:
        """Return what is wrong with a validation."""


class NoExtensions:
    """There are no plugins."""

    def step_types(self) -> list[str]:
        return []

    def check_step(self, _step: PluginStep) -> list[str]:
        return []

    def validation_types(self) -> list[str]:
        return []

    def check_validation(self, _validation: PluginValidation) -> list[str]:
        return []


def load(
    path: Path, *, compat: bool = False, extensions: Extensions | None = None, variables: Collection[str] = ()
) -> Loaded:
    """Return the scenario in the file at `path`. With `compat`, a key that means nothing is a warning.

    `variables` are the names of those that it is given.

    :raises PlanErrors: with every problem found.
    """
    name = str(path)
    hint = "name a scenario file, such as `scenarios/login.yaml`"
    return parse(name, read_text(path, name, hint=hint), compat=compat, extensions=extensions, variables=variables)


def parse(
    name: str, text: str, *, compat: bool = False, extensions: Extensions | None = None, variables: Collection[str] = ()
) -> Loaded:
    """Return the scenario that `text`, called `name` in messages, describes.

    :raises PlanErrors: with every problem found.
    """
    return _Loader(Source(name, text), compat, extensions or NoExtensions(), variables).load()


class _Loader:
    def __init__(self, source: Source, compat: bool, extensions: Extensions, variables: Collection[str]) -> None:
        self._source = source
        self._variables = variables
        self._compat = compat
        self._extensions = extensions
        self._problems = Problems(source)
        self._notices: list[Notice] = []

    def load(self) -> Loaded:
        data = self._source.data
        if not isinstance(data, dict):
            self._problems.report("plan/wrong-type", "a scenario is a mapping", ())
            raise PlanErrors(self._problems.found)
        written, data = data, translate(data)
        scenario = self._make(Scenario, data, ())
        pairs = zip(_items(written, "steps"), _items(data, "steps"), strict=True)
        steps = [self._step(made, before, ("steps", index)) for index, (before, made) in enumerate(pairs)]
        validations = [self._validation(v, ("validations", i)) for i, v in enumerate(_items(data, "validations"))]
        if scenario is not None:
            object.__setattr__(scenario, "steps", tuple(filter(None, steps)))
            object.__setattr__(scenario, "validations", tuple(filter(None, validations)))
            object.__setattr__(scenario, "file", self._source.file)
            places = tuple(self._source.locate(("steps", index)) for index in range(len(steps)))
            object.__setattr__(scenario, "places", places)
            if all(steps) and all(validations):
                self._notices += check(scenario, self._source, self._problems, self._variables)
        if self._problems.found:
            raise PlanErrors(self._problems.each_once())
        assert scenario is not None
        return Loaded(scenario, self._notices)

    def _step(self, data: Any, written: Any, at: Path_) -> Step | PluginStep | None:
        if words := words_of(written):
            found = validate(Words, words, self._source, at)
            if isinstance(found, list):
                self._problems.add(found)
                return None
        if isinstance(data, dict) and "type" in data:
            return self._plugin_step(data, at)
        made: Step | None = self._make(Step, data, at)
        return made

    def _plugin_step(self, data: dict[str, Any], at: Path_) -> PluginStep | None:
        known = self._extensions.step_types()
        if not self._knows("step", data["type"], known, at):
            return None
        fields = {name: _plain(value) for name, value in data.items() if name not in ("type", "note")}
        step = PluginStep(data["type"], fields, data.get("note"))
        for message in self._extensions.check_step(step):
            self._problems.report("plan/bad-value", message, at)
        return step

    def _validation(self, data: Any, at: Path_) -> Any:
        name = data.get("type") if isinstance(data, dict) else None
        if name is None:
            self._problems.report("plan/missing-key", "the key `type` is missing", at)
            return None
        if not self._knows("validation", name, [*VALIDATIONS, *self._extensions.validation_types()], at):
            return None
        if model := VALIDATIONS.get(name):
            return self._make(model, data, at)
        fields = {key: _plain(value) for key, value in data.items() if key not in ("type", "description")}
        validation = PluginValidation(name, fields, data.get("description", ""))
        for message in self._extensions.check_validation(validation):
            self._problems.report("plan/bad-value", message, at)
        return validation

    def _knows(self, what: str, name: Any, known: list[str], at: Path_) -> bool:
        if name in known:
            return True
        listed = ", ".join(f"`{each}`" for each in known)
        hint = did_you_mean(str(name), known) or (f"there are {listed}" if known else "no plugin provides one")
        self._problems.report("plan/unknown-type", f"unknown {what} type `{name}`", (*at, "type"), hint=hint)
        return False

    def _make(self, model: Any, data: Any, at: Path_) -> Any:
        made = validate(model, data, self._source, at)
        if not isinstance(made, list):
            return made
        unknown = [error for error in made if error.code == UNKNOWN_KEY]
        if not unknown:
            self._problems.add(made)
            return None
        if self._compat:
            self._notices += [Notice("unknown-key", error.message, error.location, error.hint) for error in unknown]
        else:
            self._problems.add(unknown)
        return self._make(model, self._without(data, unknown, at), at)

    def _without(self, data: Any, unknown: list[PlanError], at: Path_) -> Any:
        """Return `data` without the keys that stand where an unknown one was found."""
        places = {error.location for error in unknown}
        match data:
            case dict():
                return {
                    key: self._without(value, unknown, (*at, key))
                    for key, value in data.items()
                    if self._source.locate((*at, key), key=True) not in places
                }
            case list():
                return [self._without(item, unknown, (*at, index)) for index, item in enumerate(data)]
            case _:
                return data


def _items(data: dict[str, Any], name: str) -> list[Any]:
    """Return what is in a list, which may be none: that is reported where the whole is looked at."""
    found = data.get(name)
    return found if isinstance(found, list) else []


def _plain(value: Any) -> Any:
    """Return a value with nothing in it that remembers how it was written."""
    match value:
        case WrittenBool():
            return value.value
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value
