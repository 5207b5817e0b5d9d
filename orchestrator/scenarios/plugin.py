"""What the author of a plugin works with. A plugin is a class with three methods:

    get_metadata() -> Metadata, register(registry), unregister(registry)

Nothing has to be inherited: what a plugin brings is checked when it registers it, and an error names the plugin.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from orchestrator.errors import EnvironmentProblem, did_you_mean
from orchestrator.scenarios.checks import compile_pattern
from orchestrator.scenarios.model import Scenario
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.session import Session

EVENTS: Final = ("scenario_start", "scenario_end", "step_start", "step_end")
"""What hooks hear of. Each gets one thing: the scenario, its result, the step, the step's result."""

Hook = Callable[[Any], Awaitable[None] | None]


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a plugin says about itself."""

    name: str
    version: str = ""
    author: str = ""
    description: str = ""
    requires: tuple[str, ...] | list[str] = ()
    """Names of plugins that are registered before it."""
    provides: Any = ()
    """For people."""


@dataclass(frozen=True)
class StepResult:
    """How a step or a validation of a plugin went."""

    success: bool
    output: str = ""
    error: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    """Values of variables, for the steps that follow."""


class Process:
    """The program of the scenario, as a plugin's step gets it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def is_alive(self) -> bool:
        return self._session.exit is None

    @property
    def exit_code(self) -> int | None:
        return self._session.exit.code if self._session.exit else None

    def rows(self) -> list[str]:
        """Return the text of each row of the screen."""
        return self._session.screen.rows()

    async def send(self, text: str) -> None:
        """Type exactly this, once the program has drawn what it is drawing."""
        await self._session.drawn()
        self._session.type(text.encode(), repr(text)[1:-1])

    async def expect(self, pattern: str, timeout: float) -> str:  # noqa: ASYNC109  # what it is called everywhere
        """Wait until the output that nothing has consumed matches; return what matched.

        :raises Exception: when the program ends before, or nothing matches in time.
        """
        wanted = compile_pattern(pattern)
        found = await self._session.until(lambda: self._session.transcript.consume(wanted), timeout)
        return found[0]


@dataclass(frozen=True)
class Context:
    """Where a plugin's step or validation is."""

    scenario: Scenario
    cwd: Path
    """Where the program runs."""
    workspace: Path
    environ: Mapping[str, str]
    timeout: float
    """Seconds that a step of this scenario may wait, unless it says so itself."""
    variables: Mapping[str, str] = field(default_factory=dict)
    log: Callable[[str], None] = lambda _line: None


class StepType(Protocol):
    """A step: made from the fields that stand in the file."""

    async def execute(self, process: Process, context: Context) -> StepResult:
        """Do it."""

    def validate(self) -> list[str]:
        """Return what is wrong with the fields."""


class ValidatorType(Protocol):
    """A validation: made from the fields that stand in the file."""

    async def check(self, context: Context) -> StepResult:
        """Look."""

    def validate(self) -> list[str]:
        """Return what is wrong with the fields."""


class ReporterType(Protocol):
    """A reporter: made from nothing; its plugin knows its configuration."""

    def report(self, results: Mapping[str, Result]) -> None:
        """Tell of all scenarios, once they were played."""


class Registry:
    """Takes what plugins bring."""

    def __init__(self) -> None:
        self.steps: dict[str, Callable[..., StepType]] = {}
        self.validators: dict[str, Callable[..., ValidatorType]] = {}
        self.reporters: dict[str, Callable[[], ReporterType]] = {}
        self.hooks: dict[str, list[tuple[str, Hook]]] = {event: [] for event in EVENTS}
        self.config: Mapping[str, Any] = {}
        """What `plugins.yaml` says to the plugin that is being registered."""
        self._owner = ""
        self._owners: dict[tuple[str, str], str] = {}

    def serve(self, plugin: str, config: Mapping[str, Any]) -> None:
        """Note which plugin registers from now on."""
        self._owner, self.config = plugin, config

    def owner_of(self, kind: str, name: str) -> str:
        """Return the plugin that brought a `step`, `validation` or `reporter`."""
        return self._owners[kind, name]

    def register_step(self, name: str, step: Callable[..., StepType]) -> None:
        """Take a class of steps.

        :raises EnvironmentProblem: when it lacks something, or the name is taken.
        """
        self._own("step", name, step, "execute", "validate")
        self.steps[name] = step

    def register_validator(self, name: str, validator: Callable[..., ValidatorType]) -> None:
        """Take a class of validations.

        :raises EnvironmentProblem: when it lacks something, or the name is taken.
        """
        self._own("validation", name, validator, "check", "validate")
        self.validators[name] = validator

    def register_reporter(self, name: str, reporter: Callable[[], ReporterType]) -> None:
        """Take a class of reporters.

        :raises EnvironmentProblem: when it lacks something, or the name is taken.
        """
        self._own("reporter", name, reporter, "report")
        self.reporters[name] = reporter

    def register_hook(self, event: str, hook: Hook) -> None:
        """Take a function, or a coroutine function, that hears of an event.

        :raises EnvironmentProblem: when there is no such event.
        """
        if event not in EVENTS or not callable(hook):
            hint = did_you_mean(event, EVENTS) or f"there are {', '.join(f'`{each}`' for each in EVENTS)}"
            raise self._problem(f"has a hook for `{event}`, which cannot be", hint)
        self.hooks[event].append((self._owner, hook))

    def _own(self, kind: str, name: str, brought: object, *needs: str) -> None:
        missing = next((need for need in needs if not callable(getattr(brought, need, None))), None)
        if missing is not None:
            raise self._problem(f"brings the {kind} `{name}`, which has no `{missing}`")
        if other := self._owners.get((kind, name)):
            raise self._problem(f"brings the {kind} `{name}`, which the plugin `{other}` brings, too")
        self._owners[kind, name] = self._owner

    def _problem(self, what: str, hint: str | None = None) -> EnvironmentProblem:
        return EnvironmentProblem("environment/plugin", f"the plugin `{self._owner}` {what}", hint=hint)
