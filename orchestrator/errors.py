"""The errors people see: a stable code, one line, a place and a hint.

Every error this program raises on purpose is an `OrchestratorError`. Its children say who must act. The codes are
registered here, once; docs/errors.md explains each and a test raises each.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar, NamedTuple, NoReturn

CODES: dict[str, str] = {
    # the plan's author acts
    "plan/not-found": "the plan file does not exist",
    "plan/unreadable": "the plan file cannot be read (permissions, a directory, a device)",
    "plan/too-large": "the file is larger than a plan may be, or has a line that long",
    "plan/not-text": "the file is not UTF-8 text",
    "plan/empty": "the file holds no plan",
    "plan/yaml-syntax": "the file is not YAML",
    "plan/duplicate-key": "a mapping names the same key twice",
    "plan/tag": "YAML tags are not used in plans",
    "plan/alias-bomb": "aliases expand to more than a plan may hold",
    "plan/unknown-key": "a key that means nothing here",
    "plan/missing-key": "a required key is absent",
    "plan/wrong-type": "a value of the wrong type",
    "plan/bad-value": "a value outside what is allowed",
    "plan/unknown-type": "a task type nobody provides",
    "plan/duplicate-id": "two tasks share one id",
    "plan/unknown-dependency": "a dependency on something the plan does not have",
    "plan/ambiguous-dependency": "a dependency that could mean several groups",
    "plan/cycle": "things that wait for each other",
    "plan/parallel-with-dependency": "a phase cannot run beside a phase it depends on",
    "plan/missing-variable": "a variable that nobody set",
    "plan/bad-expression": "an expression that cannot be evaluated",
    "plan/templated-command": "a shell string may not be built from variables",
    "plan/path-outside-root": "a path that leaves the project",
    "plan/missing-template": "a template that does not exist",
    "plan/no-matches": "a fan-out that matches nothing",
    "plan/unstable-fan-out": "a fan-out over files that the plan itself writes",
    "plan/unknown-resource": "a resource without a capacity, or too small for the task",
    # the caller acts
    "usage/nothing-selected": "the selection matches no task",
    "usage/unknown-selection": "a phase, group, task or tag the plan does not have",
    "usage/prerequisites": "the selection needs work that is not done",
    "usage/confirm": "changes need a yes",
    "usage/plan-moved": "a saved plan no longer fits the project",
    "usage/not-waiting": "the task is none that asks a person",
    "usage/bad-option": "an option's value cannot be used",
    "usage/not-empty": "a file is already there",
    # the machine
    "environment/root-missing": "the project directory does not exist",
    "environment/unwritable": "a file or directory cannot be written",
    "environment/no-space": "the disk is full",
    "environment/missing-tool": "a required program is absent or too old",
    "environment/missing-package": "a Python package that an extra brings is absent",
    "environment/io": "the operating system refused a read or write",
    "environment/plugin": "a plugin cannot be loaded",
    # the record
    "state/locked": "another run holds the project",
    "state/journal": "the journal cannot be read",
    "state/no-run": "there is no such run",
    "state/nothing-to-roll-back": "no run changed anything",
    # why an edit declines
    "edit/not-a-file": "there is no file to edit: it is missing, empty, a directory, unreadable or out of the project",
    "edit/not-text": "the file is not UTF-8 text with usual line endings",
    "edit/too-large": "the file is larger than an edit may be",
    "edit/unknown-format": "nobody knows how this kind of file is edited",
    "edit/syntax": "the file does not follow its format",
    "edit/multi-document": "the file holds several YAML documents",
    "edit/duplicate-key": "a key stands twice",
    "edit/alias": "the place is an alias of another",
    "edit/anchor": "the place is used by aliases elsewhere",
    "edit/merge-key": "the place takes over keys of another",
    "edit/tag": "the place has a YAML tag",
    "edit/flow-style": "the place is written on one line, where an edit needs a block",
    "edit/tabs": "the lines are indented with tabs",
    "edit/template": "the file is a template of something else",
    "edit/null": "the place has a key but no value",
    "edit/not-literal": "the value is computed, not written down",
    "edit/expression": "the value is an expression",
    "edit/no-match": "nothing in the file is what the edit looks for",
    "edit/ambiguous": "several places are what the edit looks for",
    "edit/missing-parameter": "the file does not tell what the edit must know",
    "edit/wrong-shape": "the place holds another kind of value",
    "edit/would-loosen": "the edit would weaken what the file asks for",
    "edit/not-placeholder": "what stands there does real work",
    "edit/conflict": "what the edit wants stands there in another form",
    "edit/validator": "a checker finds something new in the result",
    "edit/gate": "the result would not be exactly what the edit means",
    # why no tests are generated
    "generation/target-missing": "the target is missing, empty or not text",
    "generation/target-broken": "the target cannot be parsed, loaded or brought to an end",
    "generation/tool-missing": "what the target's tests run with is not installed",
    "generation/not-covered": "tests of this kind are not generated yet",
    "generation/nothing-holds": "no recorded case passes under the project's own configuration",
    # what a task can end with
    "task/failed": "the task did not do what it should",
    "task/refused": "the task declined to touch what it does not understand",
    "task/outside-claim": "a change outside the paths the task announced",
    "task/conflict": "a file changed while the task worked on it",
    "task/timeout": "the task took longer than it may",
    "task/command": "a command ended badly",
    "task/template": "a template cannot be rendered",
    "task/rejected": "a person rejected the task",
    "task/crashed": "a bug: the handler raised something unforeseen",
}


class Location(NamedTuple):
    """A place in a text file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class OrchestratorError(Exception):
    """What a person can act on."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, *, hint: str | None = None, location: Location | None = None) -> None:
        if code not in CODES:
            raise LookupError(f"unregistered error code {code!r}")
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.location = location

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.message}"]
        if self.location is not None:
            lines.append(f"  --> {self.location}")
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class PlanError(OrchestratorError):
    """The plan's author must act."""

    exit_code = 2


class UsageError(OrchestratorError):
    """The caller must act."""

    exit_code = 2


class EnvironmentProblem(OrchestratorError):
    """The machine must be put right."""


class StateError(OrchestratorError):
    """The record of earlier runs is in the way."""


class TaskError(OrchestratorError):
    """A task cannot do its work; the runner turns this into a failed result, never a crash."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        location: Location | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(code, message, hint=hint, location=location)
        self.retryable = retryable


class PlanErrors(PlanError):
    """All problems of one plan, in the order of the file."""

    def __init__(self, problems: Sequence[OrchestratorError]) -> None:
        first = problems[0]
        super().__init__(first.code, first.message, hint=first.hint, location=first.location)
        self.problems = sorted(problems, key=_place)

    def __str__(self) -> str:
        return "\n\n".join(str(problem) for problem in self.problems)


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """Return a hint that names the nearest of `known`, or None when nothing is near."""
    import difflib

    nearest = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean `{nearest[0]}`?" if nearest else None


def raise_os_error(error: OSError, path: object) -> NoReturn:
    """Turn an `OSError` on `path` into the environment problem it is.

    :raises EnvironmentProblem: always.
    """
    import errno

    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            raise EnvironmentProblem(
                "environment/no-space",
                f"no space left to write `{path}`",
                hint="free some space, then run again: what was finished is recorded",
            ) from error
        case errno.EACCES | errno.EPERM | errno.EROFS:
            raise EnvironmentProblem(
                "environment/unwritable", f"`{path}` cannot be written: {error.strerror}"
            ) from error
        case _:
            reason = error.strerror or str(error)
            raise EnvironmentProblem("environment/io", f"`{path}`: {reason}") from error


def _place(problem: OrchestratorError) -> tuple[str, int, int]:
    where = problem.location
    return (where.file, where.line, where.column) if where else ("", 0, 0)
