"""A scenario as its file says it: plain dataclasses, which are also what pydantic validates the file against.

Nothing here runs, reads or draws. Rows and columns count from 1, as people count; a negative row counts from the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, NamedTuple

from orchestrator.errors import Location
from orchestrator.plan.fields import STRICT, Count, Flag, Seconds, Text, TextOrTexts, Texts
from orchestrator.plan.model import Priority

DEFAULT_NAME: Final = "Unnamed Scenario"
DEFAULT_TIMEOUT: Final = 30.0
DriverName = Literal["auto", "pty", "pipe", "pexpect"]


class Size(NamedTuple):
    """The size of a terminal."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of the screen, its borders included."""

    __pydantic_config__: ClassVar[Any] = STRICT

    top: Count = 1
    left: Count = 1
    bottom: Count | None = None
    right: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something on the screen."""

    __pydantic_config__: ClassVar[Any] = STRICT

    text: Text | None = None
    """This text, exactly."""
    regex: Text | None = None
    """What this regular expression matches; the rows are joined by line ends."""
    row: int | None = None
    """In this row; -1 is the last."""
    region: Region | None = None
    """Within this part."""
    style: Text | None = None
    """Drawn like this, such as `bold red on blue`."""
    nth: Count | None = None
    """The n-th of several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Target):
    """What is clicked: the first cell of the target."""

    button: Literal["left", "middle", "right"] = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorAt:
    """Where the cursor must be."""

    __pydantic_config__: ClassVar[Any] = STRICT

    row: int | None = None
    column: Count | None = None
    visible: Flag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOf:
    """A snapshot of the screen, and the parts of it that may differ."""

    __pydantic_config__: ClassVar[Any] = STRICT

    name: Text
    masks: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. Several keys of it happen in the order in which they stand here."""

    __pydantic_config__: ClassVar[Any] = STRICT

    note: Text | None = None
    """Begins a group of steps and names it."""
    expect: Text | None = None
    """A regular expression that the output must come to match; what it matches is consumed."""
    pattern: Text | None = None
    """Another word for `expect`."""
    timeout: Seconds | Literal[0] | None = None
    """Seconds; 0 is the scenario's."""
    control: Text | None = None
    """The key that is pressed together with Ctrl."""
    send: Text | None = None
    """Text to type, and Enter."""
    raw: Flag = False
    """Exactly the text of `send`, at once."""
    key: TextOrTexts = ()
    """Keys to press, such as `ctrl+shift+left`."""
    paste: Text | None = None
    click: Text | Click | None = None
    resize: tuple[Count, Count] | None = None
    """Columns and rows."""
    settle: Seconds | None = None
    """The screen must not change for this long."""
    see: Text | Target | None = None
    """What the screen must come to show."""
    gone: Text | Target | None = None
    """What the screen must come to show no more."""
    cursor: tuple[int, Count] | CursorAt | None = None
    """Row and column, or a mapping."""
    set: dict[str, Text] = field(default_factory=dict)
    """Values of variables: what a regular expression (its first group, if it has one) matches on the screen."""
    exit: int | Literal["any"] | None = None
    """The exit status that the program must end with; the negative number of the signal that ended it."""
    screenshot: Text | None = None
    snapshot: Text | SnapshotOf | None = None
    expect_output: Text | None = None
    """All that the command just sent must have printed."""
    expect_code: int | None = None
    """Its exit status."""
    expect_contains: TextOrTexts = ()
    expect_not_contains: TextOrTexts = ()
    expect_regex: Text | None = None
    expect_lines: int | Texts | None = None
    """How many lines it printed, or lines that must be among them."""
    expect_json: Any = None
    """The JSON value it printed."""

    @property
    def awaited(self) -> str | None:
        """The regular expression to wait for."""
        return self.expect if self.expect is not None else self.pattern

    @property
    def asserts(self) -> bool:
        """Say whether it looks at what the command just sent has printed."""
        return any(value is not None and value != () for value in _asserted(self))

    @property
    def checks(self) -> bool:
        """Say whether it can fail by what the program does."""
        looks = (self.awaited, self.see, self.gone, self.cursor, self.exit, self.snapshot, self.click)
        return self.asserts or bool(self.set) or any(look is not None for look in looks)

    @property
    def types(self) -> bool:
        """Say whether it passes something to the program."""
        given = (self.control, self.send, self.paste, self.click)
        return bool(self.key) or any(value is not None for value in given)


_values: Final = attrgetter(*Step.__slots__)
ASSERTIONS: Final = (
    "expect_output", "expect_code", "expect_contains", "expect_not_contains", "expect_regex", "expect_lines",
    "expect_json",
)  # fmt: skip
_asserted: Final = attrgetter(*ASSERTIONS)


@dataclass(frozen=True, slots=True)
class PluginStep:
    """A step of a type that somebody else provides; its fields are as they were written."""

    type: str
    fields: Mapping[str, Any]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathExists:
    """A file or directory must be there at the end."""

    __pydantic_config__: ClassVar[Any] = STRICT

    type: Literal["path_exists"]
    path: Text
    description: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContains:
    """A file must hold something at the end."""

    __pydantic_config__: ClassVar[Any] = STRICT

    type: Literal["file_contains"]
    path: Text
    text: Text
    """A regular expression."""
    description: Text = ""


@dataclass(frozen=True, slots=True)
class PluginValidation:
    """A validation of a type that somebody else provides; its fields are as they were written."""

    type: str
    fields: Mapping[str, Any]
    description: str = ""


Validation = PathExists | FileContains
VALIDATIONS: Final[Mapping[str, type[Validation]]] = {"path_exists": PathExists, "file_contains": FileContains}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A program, what is done to it and what must come of it."""

    __pydantic_config__: ClassVar[Any] = STRICT

    name: Text = DEFAULT_NAME
    description: Text = ""
    command: Text | Texts = ()
    """The program and its arguments; text is split as a shell would, but no shell is used."""
    timeout: Seconds = DEFAULT_TIMEOUT
    """Seconds that each step may wait."""
    env: dict[str, Text] = field(default_factory=dict)
    cwd: Text | None = None
    """Where the program starts; absent = an empty directory of its own."""
    size: tuple[Count, Count] = (120, 80)
    """Columns and rows."""
    driver: DriverName = "auto"
    echo: Flag = False
    """The terminal shows what is typed, where the program does not turn that off."""
    steps: tuple[Any, ...] = ()
    validations: tuple[Any, ...] = ()
    setup: TextOrTexts = ()
    """Shell commands before the program starts."""
    teardown: TextOrTexts = ()
    """Shell commands after it has ended, however it did."""
    secrets: Texts = ()
    """Names of environment variables that are variables of the scenario, and whose values appear in no output."""
    retries: int = 0
    """How often it is played again when it fails; a pass after that is flaky."""
    tags: Texts = ()
    priority: Priority = "medium"
    deadline: Seconds | None = None
    matrix: dict[str, Texts] = field(default_factory=dict)
    """Variables, each with its values: the scenario is played once with each combination."""

    file: str = field(default="", init=False)
    places: tuple[Location, ...] = field(default=(), init=False)
    """Where each step is written."""

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Scenario:
        """Return the scenario in a file; its warnings are not told.

        :raises PlanErrors: with every problem found.
        """
        from orchestrator.scenarios.loader import load

        return load(Path(path)).scenario

    @property
    def argv(self) -> list[str]:
        """The program and its arguments.

        :raises ValueError: for a text with quotes that do not match.
        """
        import shlex

        return shlex.split(self.command) if isinstance(self.command, str) else list(self.command)

    @property
    def terminal(self) -> Size:
        return Size(*self.size)

    def combinations(self) -> Iterator[dict[str, str]]:
        """Yield the values of the matrix, one combination after the other."""
        from itertools import product

        for values in product(*self.matrix.values()):
            yield dict(zip(self.matrix, values, strict=True))


def title_of(step: Step | PluginStep) -> str:
    """Return one line that says what a step does."""
    if isinstance(step, PluginStep):
        return step.note or f"{step.type} step"
    parts = (f"{name} {_short(value)}" for name, value in written(step) if name not in ("timeout", "raw"))
    return step.note or ", ".join(parts) or "nothing"


def written(step: Step) -> list[tuple[str, Any]]:
    """Return the keys of a step that say something, with their values, in the order in which they happen."""
    return [
        (name, value)
        for name, value in zip(Step.__slots__, _values(step), strict=True)
        if value is not None and value is not False and (value or value in (0, ""))  # those two say something
    ]


def _short(value: Any) -> str:
    match value:
        case str():
            text = value
        case Target():
            text = value.text or value.regex or "a place"
        case SnapshotOf():
            text = value.name
        case tuple():
            text = " ".join(map(str, value))
        case _:
            text = str(value)
    line = text.replace("\n", "\\n").replace("\r", "\\r")
    return f"`{line if len(line) <= 50 else line[:47] + '...'}`"
