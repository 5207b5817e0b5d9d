"""The plugins of this program's life: loaded in their order, asked when scenarios are read, heard when they are played.

What a plugin does wrong fails with its name. A hook that fails harms no play: it becomes a warning.
"""

from __future__ import annotations

import atexit
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.errors import EnvironmentProblem, OrchestratorError, UsageError, did_you_mean
from orchestrator.scenarios.checks import VARIABLE
from orchestrator.scenarios.failure import StepFailed
from orchestrator.scenarios.hooks import Hooks
from orchestrator.scenarios.http_steps import Http
from orchestrator.scenarios.model import PluginStep, PluginValidation, Scenario, Step
from orchestrator.scenarios.notices import Notice
from orchestrator.scenarios.plugin import Context, Metadata, Process, Registry, ReporterType
from orchestrator.scenarios.plugin_sources import Found, Places
from orchestrator.scenarios.result import Result, StepResult
from orchestrator.scenarios.scene import Scene
from orchestrator.scenarios.session import Over, TooLate
from orchestrator.scenarios.stage import Place


class _Loaded(NamedTuple):
    plugin: Any
    metadata: Metadata
    origin: str


class Plugins:
    """All plugins; what a scenario file may say because of them (the loader's extensions)."""

    def __init__(self, places: Places) -> None:
        """Load and register them.

        :raises EnvironmentProblem: that names the plugin that is broken.
        """
        self.registry = Registry()
        self._registered: list[_Loaded] = []
        atexit.register(self.close)
        for loaded in _in_order(list(_loaded(places))):
            self.registry.serve(loaded.metadata.name, places.setting(loaded.metadata.name).config)
            _guarded(loaded, "be registered", partial(loaded.plugin.register, self.registry))
            self._registered.append(loaded)

    def close(self) -> None:
        """Let every plugin go, the last one first."""
        atexit.unregister(self.close)
        while self._registered:
            loaded = self._registered.pop()
            _guarded(loaded, "be unregistered", partial(loaded.plugin.unregister, self.registry))

    def step_types(self) -> list[str]:
        return list(self.registry.steps)

    def check_step(self, step: PluginStep) -> list[str]:
        return _problems_of(self.registry.steps[step.type], step.fields, f"a `{step.type}` step")

    def validation_types(self) -> list[str]:
        return list(self.registry.validators)

    def check_validation(self, validation: PluginValidation) -> list[str]:
        made = self.registry.validators[validation.type]
        return _problems_of(made, validation.fields, f"a `{validation.type}` validation")

    def hooks(self) -> Hooks:
        """Return what a play needs of them."""
        return _PluginHooks(self.registry)

    def reporters(self, names: Sequence[str]) -> dict[str, ReporterType]:
        """Return the reporters of these names.

        :raises UsageError: when there is none of a name.
        """
        known = self.registry.reporters
        for name in names:
            if name not in known:
                listed = f"there are {', '.join(known)}" if known else "no plugin brings one"
                hint = did_you_mean(name, known) or listed
                raise UsageError("usage/bad-option", f"there is no reporter `{name}`", hint=hint)
        return {name: known[name]() for name in names}

    def report(self, reporters: Mapping[str, ReporterType], results: Mapping[str, Result]) -> None:
        """Let reporters tell of what was played.

        :raises EnvironmentProblem: that names the plugin whose reporter fails.
        """
        for name, reporter in reporters.items():
            who = f"the reporter `{name}` of the plugin `{self.registry.owner_of('reporter', name)}`"
            try:
                reporter.report(results)
            except Exception as error:  # boundary: somebody else's code
                raise EnvironmentProblem("environment/plugin", f"{who} failed: {_said(error)}") from error


def open_plugins(*, local: bool = False) -> Plugins:
    """Return the plugins of this machine and user; with `local`, those of the current directory too.

    :raises EnvironmentProblem: that names the plugin that is broken.
    """
    return Plugins(Places(Path.cwd(), os.environ, local=local))


class _PluginHooks(Hooks):
    """One play."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._scenario = Scenario()
        self._notices: list[Notice] = []

    async def scenario_start(self, scenario: Scenario) -> None:
        self._scenario = scenario
        await self._tell("scenario_start", scenario)

    async def scenario_end(self, _scenario: Scenario, result: Result) -> None:
        await self._tell("scenario_end", result)
        result.notices += self._notices

    async def step_start(self, step: Step | PluginStep) -> None:
        await self._tell("step_start", step)

    async def step_end(self, _step: Step | PluginStep, result: StepResult) -> None:
        await self._tell("step_end", result)

    async def perform(self, step: PluginStep, scene: Scene) -> None:
        fields = _filled(step.fields, scene)
        problems = _problems_of(self._registry.steps[step.type], fields, f"a `{step.type}` step")
        if problems:
            raise StepFailed(problems[0], detail="\n".join(problems[1:]))
        context = self._context(scene.place, scene)
        made = self._registry.steps[step.type](**fields)
        owner = self._registry.owner_of("step", step.type)
        done = await _called(owner, lambda: made.execute(Process(scene.session), context))
        scene.variables.update({name: str(value) for name, value in getattr(done, "data", {}).items()})
        if output := getattr(done, "output", ""):
            scene.stage.log(scene.masker.drawn(str(output)))
        if not done.success:
            raise StepFailed(str(getattr(done, "error", "")) or "it did not succeed")

    async def validate(self, validation: PluginValidation, place: Place) -> str | None:
        made = self._registry.validators[validation.type](**validation.fields)
        owner = self._registry.owner_of("validation", validation.type)
        try:
            done = await _called(owner, lambda: made.check(self._context(place)))
        except StepFailed as failed:
            return failed.message
        return None if done.success else str(getattr(done, "error", "")) or "it does not hold"

    def _context(self, place: Place, scene: Scene | None = None) -> Context:
        scenario = self._scenario
        if scene is None:
            return Context(scenario, place.cwd, place.work, place.environ, scenario.timeout)
        return replace(self._context(place), variables=scene.variables, log=scene.stage.log)

    async def _tell(self, event: str, about: object) -> None:
        for plugin, hook in self._registry.hooks[event]:
            try:
                answer = hook(about)
                if inspect.isawaitable(answer):
                    await answer
            except Exception as error:  # noqa: BLE001  # boundary: somebody else's code must not break a play
                message = f"the plugin `{plugin}` failed at `{event}`: {_said(error)}"
                self._notices.append(Notice("plugin", message))


def _loaded(places: Places) -> Iterator[_Loaded]:
    yield _Loaded(Http(), Http().get_metadata(), "built in")
    seen: dict[str, Found] = {}
    for found in places.found():
        if not places.setting(found.name).enabled:
            continue
        plugin = found.make()
        made = _Loaded(plugin, _metadata(plugin, found), found.origin)
        name = made.metadata.name
        if name in seen:
            both = f"`{seen[name].origin}` and `{found.origin}`"
            raise EnvironmentProblem("environment/plugin", f"{both} are both the plugin `{name}`")
        seen[name] = found
        if places.setting(name).enabled:
            yield made


def _metadata(plugin: Any, found: Found) -> Metadata:
    """Return what a plugin says about itself; any object with these attributes will do."""
    said = _guarded(_Loaded(plugin, Metadata(name=found.name), found.origin), "say what it is", plugin.get_metadata)
    name, requires = getattr(said, "name", None), getattr(said, "requires", None) or ()
    if not isinstance(name, str) or not name or isinstance(requires, str) or not isinstance(requires, list | tuple):
        message = f"the plugin `{found.name}` (`{found.origin}`) needs metadata with a `name` and a list `requires`"
        raise EnvironmentProblem("environment/plugin", message)
    return Metadata(name=name, requires=requires)


def _in_order(loaded: list[_Loaded]) -> list[_Loaded]:
    """Return plugins behind those that they require."""
    named = {each.metadata.name: each for each in loaded}
    for each in loaded:
        for name in each.metadata.requires:
            if name not in named:
                hint = did_you_mean(name, named) or "is it installed, and not switched off?"
                message = f"the plugin `{each.metadata.name}` (`{each.origin}`) requires `{name}`, which is not there"
                raise EnvironmentProblem("environment/plugin", message, hint=hint)
    try:
        order = TopologicalSorter({name: each.metadata.requires for name, each in named.items()}).static_order()
        return [named[name] for name in order]
    except CycleError as error:
        cycle = " -> ".join(f"`{name}`" for name in reversed(error.args[1]))
        raise EnvironmentProblem("environment/plugin", f"plugins require each other: {cycle}") from None


def _problems_of(made: Callable[..., Any], fields: Mapping[str, Any], what: str) -> list[str]:
    """Return what is wrong with the fields of something that a plugin provides."""
    known = inspect.signature(made).parameters
    takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in known.values())
    unknown = [name for name in fields if name not in known and not takes_any]
    if unknown:
        near = did_you_mean(unknown[0], known)
        return [f"{what} has no `{unknown[0]}`{f'; {near}' if near else ''}"]
    missing = [name for name, each in known.items() if _is_needed(each) and name not in fields]
    if missing:
        return [f"{what} needs `{missing[0]}`"]
    try:
        return [str(problem) for problem in made(**fields).validate()]
    except Exception as error:  # noqa: BLE001  # boundary: somebody else's code; what it says about the fields counts
        return [f"{what} cannot be made: {_said(error)}"]


def _is_needed(parameter: inspect.Parameter) -> bool:
    several = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return parameter.default is inspect.Parameter.empty and parameter.kind not in several


async def _called(plugin: str, call: Callable[[], Any]) -> Any:
    """Return what a plugin's coroutine returns; what it raises is a failure of the step, with its name."""
    try:
        done = await call()
    except StepFailed:
        raise
    except Over:
        raise StepFailed("the program ended before") from None
    except TooLate:
        raise StepFailed("it did not come in time") from None
    except Exception as error:  # boundary: somebody else's code
        raise StepFailed(f"the plugin `{plugin}` failed: {_said(error)}") from error
    if not isinstance(getattr(done, "success", None), bool):
        raise StepFailed(f"the plugin `{plugin}` returned {type(done).__name__}, which has no `success`")
    return done


def _guarded(loaded: _Loaded, what: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except OrchestratorError:
        raise
    except Exception as error:  # boundary: somebody else's code
        who = f"the plugin `{loaded.metadata.name}` (`{loaded.origin}`)"
        raise EnvironmentProblem("environment/plugin", f"{who} cannot {what}: {_said(error)}") from error


def _filled(value: Any, scene: Scene) -> Any:
    """Return a value with the values of variables in its texts."""
    match value:
        case str() if VARIABLE.search(value):
            return scene.filled(value)
        case Mapping():
            return {key: _filled(item, scene) for key, item in value.items()}
        case list():
            return [_filled(item, scene) for item in value]
        case _:
            return value


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
