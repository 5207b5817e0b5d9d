"""Scenarios as tests: files named `*.scenario.yaml` are collected, and `scenario` plays one from within a test.

Every pytest of an environment imports this, so it imports nothing else until a scenario is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

if TYPE_CHECKING:
    from orchestrator.scenarios.loader import Loaded
    from orchestrator.scenarios.plugin_set import Plugins
    from orchestrator.scenarios.result import Result

ENDINGS: Final = (".scenario.yaml", ".scenario.yml")
MODES: Final = ("verify", "record", "update")
Player = Callable[..., "Result"]


class ScenarioFailed(Exception):
    """A scenario did not pass; its text is the report."""


class ScenarioFile(pytest.File):
    """A scenario file: one item for each combination of its matrix."""

    def collect(self) -> Iterator[ScenarioItem]:
        from orchestrator.errors import OrchestratorError

        try:
            loaded = _load(self.config, self.path)
        except OrchestratorError as error:
            raise self.CollectError(str(error)) from None
        for variables in loaded.scenario.combinations():
            name = ",".join(f"{key}={value}" for key, value in variables.items())
            yield ScenarioItem.from_parent(self, name=name or "scenario", loaded=loaded, variables=variables)


class ScenarioItem(pytest.Item):
    """One play."""

    def __init__(self, *, loaded: Loaded, variables: dict[str, str], **others: Any) -> None:
        super().__init__(**others)
        self._loaded = loaded
        self._variables = variables

    def runtest(self) -> None:
        # What the fixture `tmp_path_factory` returns; an item that is no function has no fixtures.
        factory: pytest.TempPathFactory = self.config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001
        result = _play(self.config, self._loaded, factory.mktemp("scenario"), self._variables)
        if not result.has_passed:
            raise ScenarioFailed(result.report)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, ScenarioFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self._loaded.scenario.name} ({self.name})"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("scenarios")
    group.addoption("--scenario-snapshot", choices=MODES, default="verify", help="what happens to snapshots")
    parser.addini("scenario_plugins", "load scenario plugins of the root directory", type="bool", default=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Take the files that are scenarios by their names."""
    return ScenarioFile.from_parent(parent, path=file_path) if file_path.name.endswith(ENDINGS) else None


@pytest.fixture
def scenario(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Player:
    """Return a function that plays a scenario, named relative to the test, and fails the test if that fails.

    Its keywords are values for the variables of the scenario.
    """

    def play(file: str | Path, **variables: object) -> Result:
        loaded = _load(request.config, request.path.parent / file)
        values = {name: str(value) for name, value in variables.items()}
        result = _play(request.config, loaded, tmp_path_factory.mktemp("scenario"), values)
        if not result.has_passed:
            pytest.fail(result.report, pytrace=False)
        return result

    return play


def _load(config: pytest.Config, path: Path) -> Loaded:
    from orchestrator.scenarios.loader import load

    return load(path, extensions=_plugins(config))


def _play(config: pytest.Config, loaded: Loaded, directory: Path, variables: dict[str, str]) -> Result:
    import asyncio

    from orchestrator.scenarios.play import play
    from orchestrator.scenarios.stage import Stage

    mode: Literal["verify", "record", "update"] = config.getoption("--scenario-snapshot")
    stage = Stage(
        directory=directory / "play", artifacts=directory / "artifacts", variables=variables, snapshot_mode=mode
    )
    return asyncio.run(play(loaded.scenario, stage, _plugins(config).hooks()))


_KNOWN: Final = pytest.StashKey["Plugins"]()


def _plugins(config: pytest.Config) -> Plugins:
    import os

    from orchestrator.scenarios.plugin_set import Plugins
    from orchestrator.scenarios.plugin_sources import Places

    if _KNOWN not in config.stash:
        local = bool(config.getini("scenario_plugins"))
        config.stash[_KNOWN] = known = Plugins(Places(config.rootpath, os.environ, local=local))
        config.add_cleanup(known.close)
    return config.stash[_KNOWN]
