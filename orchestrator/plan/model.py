"""The plan: phases, groups and tasks as the rest of the program knows them.

These are plain dataclasses. Their annotations are also what pydantic validates a plan file against (see `schema`), so
there is one definition of each field and a plan that was compiled before loads without pydantic. A task type subclasses
`Task` and names itself with `type: Literal[...]`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from orchestrator.errors import Location, OrchestratorError
from orchestrator.plan.fields import (
    STRICT,
    Count,
    Flag,
    Minutes,
    ProjectPath,
    ProjectPaths,
    Seconds,
    Text,
    TextOrTexts,
    Texts,
)

Priority = Literal["critical", "high", "medium", "low"]
Execution = Literal["sequential", "parallel"]
SchedulerName = Literal["fifo", "priority", "shortest", "deadline", "balanced", "adaptive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often and how patiently a task is tried."""

    __pydantic_config__: ClassVar[Any] = STRICT

    attempts: Count | None = None
    """Attempts in all, the first included."""
    delay: Seconds | None = None
    """Before the second attempt; doubles with each further one, with jitter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glob:
    """A fan-out over the files that match a pattern."""

    __pydantic_config__: ClassVar[Any] = STRICT

    glob: ProjectPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step of a plan. The fields of every type; a type adds its own."""

    __pydantic_config__: ClassVar[Any] = STRICT

    id: Text
    """Unique in the plan, such as `2.3`."""
    name: Text
    """What a person calls it."""
    type: str
    """What kind of work it is."""
    description: Text = ""
    """What it does and why."""
    depends_on: Texts = ()
    """Ids of tasks that come first."""
    tags: Texts = ()
    """Words to select it by (`--tag`)."""
    priority: Priority = "medium"
    """Who goes first when not all can."""
    timeout: Seconds | None = None
    """Seconds, or text such as `10m`."""
    deadline: Seconds | None = None
    """When it should be done, counted from the start of the run."""
    retry: Count | Retry | None = None
    """Attempts in all, or a mapping with `attempts` and `delay`."""
    resources: dict[str, Count] = field(default_factory=dict)
    """What it takes of the capacities in `settings.resources` while it runs."""
    when: Text | Flag | None = None
    """An expression over `variables`; the task is skipped where it is false."""
    continue_on_error: Flag = False
    """A failure neither blocks what depends on it nor fails the run."""
    requires: TextOrTexts = ()
    """Programs that must be on PATH, such as `node>=18`."""
    env: dict[str, Text] = field(default_factory=dict)
    """Environment variables of what it runs; `${NAME}` takes a value from the caller's environment."""
    for_each: Glob | Texts | None = None
    """Expands the task into one for each file or word."""
    allow_empty: Flag = False
    """A fan-out may match nothing."""
    requires_manual: Flag = False
    """A remark for readers: a person is needed."""

    phase: str = field(default="", init=False)
    group: str = field(default="", init=False)
    digest: str = field(default="", init=False)
    location: Location | None = field(default=None, init=False)

    def attempts(self, settings: Settings) -> int:
        """Return how often the task may be tried."""
        if isinstance(self.retry, int):
            return self.retry
        return (self.retry and self.retry.attempts) or settings.retry_attempts

    def delay(self, settings: Settings) -> float:
        """Return the seconds before the second attempt."""
        return (isinstance(self.retry, Retry) and self.retry.delay) or settings.retry_delay_seconds


DERIVED: Final = frozenset(f.name for f in fields(Task) if not f.init)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Who is told, and when."""

    __pydantic_config__: ClassVar[Any] = STRICT

    on_phase_complete: Flag = False
    on_failure: Flag = False
    slack_webhook: Text | None = None
    """The address of a Slack-compatible webhook; nothing is sent while `${NAME}` in it is unset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSettings:
    """Whether a run commits what it applied, and only that."""

    __pydantic_config__: ClassVar[Any] = STRICT

    commit: Literal["none", "task", "group", "phase"] = "none"
    branch: Text | None = None
    """Created from HEAD and checked out where it is not yet; absent = the current branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareStep:
    """A step that makes the project able to run its own code."""

    __pydantic_config__: ClassVar[Any] = STRICT

    run: Text | Texts
    cwd: ProjectPath = "."
    inputs: ProjectPaths = ()
    creates: ProjectPath | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What holds for the whole plan."""

    __pydantic_config__: ClassVar[Any] = STRICT

    max_parallel_tasks: Count = 4
    retry_attempts: Count = 3
    """Attempts in all, for failures that another try can mend."""
    retry_delay_seconds: Seconds = 5.0
    timeout_minutes: Minutes = 30.0
    """For each task."""
    fail_fast: Flag = False
    """The first failure cancels the run."""
    scheduler: SchedulerName = "adaptive"
    """Which ready task goes first."""
    resources: dict[str, Count] = field(default_factory=dict)
    """Named capacities that tasks share, such as `database: 1`."""
    notifications: Notifications = Notifications()
    git: GitSettings = GitSettings()
    prepare: tuple[PrepareStep, ...] = ()
    """Run once, in order, before the first task that executes the project's code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tasks that belong together."""

    key: str
    name: str
    phase: str
    execution: Execution
    max_parallel: int | None
    depends_on: tuple[str, ...]
    """References such as `phase_1/group_a`."""
    fail_fast: bool
    continue_on_error: bool
    tasks: tuple[str, ...]
    location: Location

    @property
    def ref(self) -> str:
        return f"{self.phase}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Groups that end at a gate."""

    key: str
    name: str
    description: str
    estimated_duration: str
    depends_on: tuple[str, ...]
    """Keys of phases, those inherited through `parallel_with` included."""
    parallel_with: tuple[str, ...]
    groups: tuple[Group, ...]
    checkpoint: str | None
    """The id of its checkpoint task."""
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole roadmap, valid and expanded. `tasks` holds checkpoints too, in the order of the file."""

    name: str
    version: str
    description: str
    path: Path
    """The plan file."""
    project_root: Path
    settings: Settings
    variables: Mapping[str, Any]
    secrets: tuple[str, ...]
    """Names of environment variables whose values are masked in every output."""
    phases: tuple[Phase, ...]
    tasks: Mapping[str, Task]
    digest: str
    problems: Mapping[str, tuple[OrchestratorError, ...]] = field(default_factory=dict)
    """What stands in the way of single tasks; an error only where such a task is needed."""
    is_written: bool = True
    """It stands in a plan file, which other commands can be given."""


def place(task: Task, *, phase: str, group: str, location: Location) -> Task:
    """Tell a task that was just made where in the plan it stands, and give it its digest."""
    object.__setattr__(task, "phase", phase)
    object.__setattr__(task, "group", group)
    object.__setattr__(task, "location", location)
    object.__setattr__(task, "digest", digest_of(written_fields(task)))
    return task


def written_fields(task: Task) -> dict[str, Any]:
    """Return the fields of a task that are not what they would be anyway, as plain data."""
    return {name: value for name, default in _defaults(type(task)) if (value := getattr(task, name)) != default}


def digest_of(data: Any) -> str:
    """Return 16 hex digits that stand for plain data: equal data, equal digest."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=asdict)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_DEFAULTS: Final[dict[type[Task], tuple[tuple[str, Any], ...]]] = {}
_ABSENT: Final = object()


def _defaults(model: type[Task]) -> tuple[tuple[str, Any], ...]:
    known = _DEFAULTS.get(model)
    if known is None:
        known = _DEFAULTS[model] = tuple((each.name, _default(each)) for each in fields(model) if each.init)
    return known


def _default(of: Field[Any]) -> Any:
    if of.default_factory is not MISSING:
        return of.default_factory()
    return _ABSENT if of.default is MISSING else of.default
