"""Where plugins come from: entry points of installed packages, and files in directories that a person put them in.

Files of the current directory are for who asked for them: a repository must not run code because somebody listed its
scenarios. `plugins.yaml` switches plugins off and configures them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Final

from orchestrator import plugins
from orchestrator.errors import EnvironmentProblem, PlanErrors
from orchestrator.plan.fields import STRICT, Flag, Texts

GROUP: Final = "orchestrator.scenarios"
SYSTEM: Final = Path("/etc/orchestro/plugins")
LOCAL: Final = ("plugins", "orchestro_plugins")
SETTINGS: Final = "plugins.yaml"
METHODS: Final = ("get_metadata", "register", "unregister")


@dataclass(frozen=True)
class Found:
    """A plugin that could be loaded."""

    name: str
    """By which it can be switched off before any of its code has run."""
    origin: str
    make: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSetting:
    """What `plugins.yaml` says about one plugin."""

    __pydantic_config__: ClassVar[Any] = STRICT

    enabled: Flag = True
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The content of `plugins.yaml`."""

    __pydantic_config__: ClassVar[Any] = STRICT

    plugins: dict[str, PluginSetting] = field(default_factory=dict)
    trusted: Texts = ()
    """Directories whose own plugins are loaded without being asked for: only what the user's own file says counts."""


class Places:
    """The directories of plugins, the nearest last."""

    def __init__(self, here: Path, environ: Mapping[str, str], *, local: bool, system: Path = SYSTEM) -> None:
        """Find them. `local` takes in those of the directory `here`; so does a setting of the user's."""
        user = Path(environ.get("HOME") or os.path.expanduser("~"), ".orchestro", "plugins")
        own = list(_settings([system, user]))
        trusted = {os.path.realpath(os.path.expanduser(path)) for each in own for path in each.trusted}
        is_trusted = local or os.path.realpath(here) in trusted
        beside = [here / name for name in LOCAL] if is_trusted else []
        self.directories = [system, user, *beside]
        self._settings = [*own, *_settings(beside)]

    def setting(self, name: str) -> PluginSetting:
        """Return what is said about a plugin; the nearest file that names it counts."""
        said = [settings.plugins[name] for settings in self._settings if name in settings.plugins]
        return said[-1] if said else PluginSetting()

    def found(self) -> Iterator[Found]:
        """Yield every plugin there is; none of its code runs yet.

        :raises EnvironmentProblem: when two packages use one name.
        """
        for name, point in plugins.entry_points(GROUP).items():
            yield Found(name, point.value, partial(plugins.load, point, dict.fromkeys(METHODS)))
        for directory in self.directories:
            if directory.is_dir():
                for path in sorted(directory.glob("*.py")):
                    if not path.name.startswith("_"):
                        yield Found(path.stem, str(path), partial(_load, path))


def _settings(directories: list[Path]) -> Iterator[Settings]:
    """Yield the content of each settings file: in a directory of plugins, or beside it."""
    paths = [path for directory in directories for path in (directory.parent / SETTINGS, directory / SETTINGS)]
    for path in dict.fromkeys(paths):
        if path.is_file():
            yield _read(path)


def _read(path: Path) -> Settings:
    from orchestrator.plan.schema import validate
    from orchestrator.plan.source import Source
    from orchestrator.plan.text import read_text

    source = Source(str(path), read_text(path, str(path)))
    made = validate(Settings, source.data, source, ())
    if isinstance(made, list):
        raise PlanErrors([*source.problems, *made])
    settings: Settings = made
    return settings


def _load(path: Path) -> Any:
    module = _module(path)
    own = (value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__)
    classes = [each for each in own if isinstance(each, type) and all(hasattr(each, method) for method in METHODS)]
    if len(classes) != 1:
        methods = ", ".join(f"`{method}`" for method in METHODS)
        message = f"the plugin `{path}` must have one class with {methods}, and has {len(classes)}"
        raise EnvironmentProblem("environment/plugin", message)
    return _made(path, classes[0])


def _module(path: Path) -> ModuleType:
    name = f"orchestrate_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # the name ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    _made(path, lambda: spec.loader.exec_module(module))  # type: ignore[union-attr]  # said above
    return module


def _made(path: Path, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception as error:  # boundary: somebody else's code
        raise EnvironmentProblem("environment/plugin", f"the plugin `{path}` cannot be loaded: {error}") from error
