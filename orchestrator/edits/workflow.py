"""GitHub Actions workflows in the words of their users: jobs, steps, what a step runs. Reads; makes no edits.

The format is that of https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from orchestrator.edits.document import Document
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.errors import Location, did_you_mean

if TYPE_CHECKING:
    from orchestrator.edits.actions.parameters import StepSelector
    from orchestrator.edits.script import Script

_STEP_KEYS: Final = ("name", "id", "if", "uses", "with", "working-directory", "env", "run")
_JOB_KEYS: Final = ("name", "needs", "if", "runs-on", "permissions", "strategy", "outputs")


@dataclass(frozen=True)
class Step:
    """One step. `index` counts from 0."""

    job: Job
    index: int
    data: dict[str, Any]

    @property
    def path(self) -> Path:
        return (*self.job.path, "steps", self.index)

    @property
    def document(self) -> Document:
        return self.job.document

    @property
    def location(self) -> Location:
        return self.document.location(self.path)

    @property
    def uses(self) -> str:
        """The action it uses with its version, empty where it runs a script."""
        return _text(self.data.get("uses"))

    @property
    def action(self) -> str:
        """The action it uses, without its version."""
        return self.uses.partition("@")[0]

    @property
    def run(self) -> str:
        return _text(self.data.get("run"))

    @cached_property
    def script(self) -> Script | None:
        """What it runs, None where that is no shell script."""
        from orchestrator.edits.script import Script

        return Script(self.run) if self.run and self.shell in ("bash", "sh") else None

    @property
    def shell(self) -> str:
        """The program that runs it, unless something else says so: PowerShell on Windows, elsewhere bash."""
        for holder in (self.data, self.job.default_run, _default_run(self.job.document.data)):
            if holder.get("shell"):
                return _text(holder["shell"]).split(" ")[0]
        return "pwsh" if "windows" in str(self.job.data.get("runs-on")).lower() else "bash"

    def place_of(self, offset: int) -> Location:
        """Return the line of a character of what it runs: a script on lines of its own starts below its key."""
        place = self.document.location((*self.path, "run"))
        line = place.line + self.run.count("\n", 0, offset) + ("\n" in self.run)
        if line == place.line:
            return place
        text = self.document.source.text.splitlines()[line - 1]
        return Location(place.file, line, len(text) - len(text.lstrip()) + 1)

    @property
    def with_(self) -> dict[str, Any]:
        """What its action is given."""
        return _mapping(self.data.get("with"))

    @property
    def label(self) -> str:
        """How a person would name it."""
        return _text(self.data.get("name")) or self.uses or self.run.strip().partition("\n")[0] or f"#{self.index + 1}"


@dataclass(frozen=True)
class Job:
    """One job."""

    document: Document
    id: str
    data: dict[str, Any]

    @property
    def path(self) -> Path:
        return ("jobs", self.id)

    @property
    def location(self) -> Location:
        return self.document.location(self.path)

    @cached_property
    def steps(self) -> Sequence[Step]:
        """Its steps; none where it uses another workflow."""
        steps = self.data.get("steps")
        found = steps if isinstance(steps, list) else []
        return [Step(self, index, step) for index, step in enumerate(found) if isinstance(step, dict)]

    @property
    def is_reusable_call(self) -> bool:
        """Say whether another workflow does its work."""
        return "uses" in self.data

    @property
    def needs(self) -> Sequence[str]:
        """The jobs it waits for."""
        needs = self.data.get("needs", [])
        return [needs] if isinstance(needs, str) else [_text(need) for need in needs or []]

    @property
    def matrix(self) -> dict[str, Any]:
        return _mapping(_mapping(self.data.get("strategy")).get("matrix"))

    @property
    def default_run(self) -> dict[str, Any]:
        """What its scripts have in common."""
        return _default_run(self.data)


@dataclass(frozen=True)
class Workflow:
    """A workflow file."""

    document: Document
    jobs: dict[str, Job]

    @classmethod
    def of(cls, document: Document) -> Workflow:
        """Return the workflow that a document holds.

        :raises Refusal: when it holds none.
        """
        path = document.source.path
        jobs = document.data.get("jobs") if isinstance(document.data, dict) else None
        if not isinstance(jobs, dict):
            hint = "`target` must be a workflow of GitHub, such as `.github/workflows/ci.yml`"
            raise Refusal("edit/wrong-shape", f"`{path}` has no `jobs`", hint=hint)
        return cls(document, {name: Job(document, name, job) for name, job in jobs.items() if isinstance(job, dict)})

    @property
    def events(self) -> dict[str, Any]:
        """What starts it, with what is said about each event."""
        match self.document.data.get("on"):
            case str() as event:
                return {event: None}
            case list() as events:
                return {_text(event): None for event in events}
            case events:
                return _mapping(events)

    @property
    def steps(self) -> Sequence[Step]:
        """All steps of all jobs."""
        return [step for job in self.jobs.values() for step in job.steps]

    def select_jobs(self, pattern: str | None) -> Sequence[Job]:
        """Return the jobs whose id matches a glob, all of them for None.

        :raises Refusal: when none does.
        """
        found = [job for job in self.jobs.values() if pattern is None or fnmatchcase(job.id, pattern)]
        if not found:
            hint = did_you_mean(pattern or "", list(self.jobs)) or self._listed_jobs
            raise Refusal(
                "edit/no-match", f"no job matches `{pattern}`", hint=hint, location=self.document.location(("jobs",))
            )
        return found

    def job_hint(self, refused: Job | None = None) -> str:
        """Return how `job` names the job that is meant, when it can be another one than the refused."""
        if refused is not None and len(self.jobs) == 1:
            return f"`{refused.id}` is the only job: `target` must be the workflow that the edit is about"
        return f"name {'another' if refused else 'the'} job with `job`; {self._listed_jobs}"

    def dependents(self, job_id: str) -> Sequence[Job]:
        """Return the jobs that wait for a job."""
        return [job for job in self.jobs.values() if job_id in job.needs]

    def select_steps(self, selector: StepSelector | str, jobs: Iterable[Job]) -> Sequence[Step]:
        """Return the steps a selector means, perhaps none. A text is an id or a name, else a part of what is run."""
        steps = [step for job in jobs for step in job.steps]
        if not isinstance(selector, str):
            return [step for step in steps if _is_selected(step, selector)]
        called = [step for step in steps if selector in (step.data.get("id"), step.data.get("name"))]
        return called or [step for step in steps if selector and selector in step.run]

    def one_step(self, found: Sequence[Step], what: str, *, hint: str) -> Step:
        """Return the only step that was found.

        :raises Refusal: when there are none or several; `what` says what was looked for.
        """
        if not found:
            raise Refusal("edit/no-match", f"no {what}", hint=hint, location=self.document.location(("jobs",)))
        if len(found) > 1:
            places = ", ".join(f"line {step.location.line}" for step in found[:5])
            raise Refusal("edit/ambiguous", f"several {what}: {places}", hint=hint, location=found[1].location)
        return found[0]

    @property
    def _listed_jobs(self) -> str:
        if len(self.jobs) == 1:
            return f"the only job is `{next(iter(self.jobs))}`"
        return f"the jobs are {', '.join(f'`{name}`' for name in self.jobs)}" if self.jobs else "there are no jobs"


def placed(holder: Job | Step, key: str, value: Any) -> Add:
    """Add a key to a job or a step where people look for it."""
    order = _JOB_KEYS if isinstance(holder, Job) else _STEP_KEYS
    before = order[: order.index(key)]
    after = next((name for name in reversed(before) if name in holder.data), None)
    first = next(iter(holder.data)) if after is None else None
    return Add((*holder.path, key), value, before=first, after=after)


def waiting(job: Job, other: str) -> Mutation:
    """Let a job wait for another one, which comes first in its list."""
    path = (*job.path, "needs")
    match job.data.get("needs"):
        case list():
            return Insert(path, 0, other)
        case None:
            return Set(path, other) if "needs" in job.data else placed(job, "needs", other)
        case _:
            return Set(path, [other, *job.needs])


def narrowed(condition: str, holder: Job | Step) -> Mutation:
    """Let a job or step run only when a condition holds, beside the one that it may have.

    :raises Refusal: when what it has is not one expression.
    """
    there = holder.data.get("if")
    if there is None:
        return Set((*holder.path, "if"), condition) if "if" in holder.data else placed(holder, "if", condition)
    inner = bare_condition(there)
    if inner is None:
        place = holder.document.location((*holder.path, "if"))
        raise Refusal(
            "edit/expression", "this `if` is not one expression", hint="write it without `${{`", location=place
        )
    both = f"{condition} && ({inner})" if "||" in inner else f"{condition} && {inner}"
    end = "\n" if _text(there).endswith("\n") else ""
    return Set((*holder.path, "if"), (f"${{{{ {both} }}}}" if is_expression(there) else both) + end)


def bare_condition(condition: object) -> str | None:
    """Return a condition without `${{ }}`; None where that is only a part of it, or there is none."""
    text = _text(condition).strip()
    inner = text.removeprefix("${{").removesuffix("}}").strip() if text.startswith("${{") else text
    return inner if isinstance(condition, str) and inner and "${{" not in inner and "}}" not in inner else None


def is_expression(value: object) -> bool:
    """Say whether GitHub computes a value."""
    return isinstance(value, str) and "${{" in value


def refuse_expression(value: object, place: Location, what: str) -> None:
    """Refuse to edit what GitHub computes.

    :raises Refusal: when the value is an expression.
    """
    if is_expression(value):
        raise Refusal("edit/expression", f"{what} is an expression", hint="edit it by hand", location=place)


def _is_selected(step: Step, selector: StepSelector) -> bool:
    wanted: list[tuple[Any, Callable[[Any], bool]]] = [
        (selector.id, lambda text: step.data.get("id") == text),
        (selector.name, lambda text: step.data.get("name") == text),
        (selector.uses, lambda text: step.uses.startswith(text)),
        (selector.run_contains, lambda text: text in step.run),
        (selector.index, lambda index: step.index == (index if index >= 0 else len(step.job.data["steps"]) + index)),
    ]
    return all(holds(said) for said, holds in wanted if said is not None)


def _default_run(data: dict[str, Any]) -> dict[str, Any]:
    return _mapping(_mapping(data.get("defaults")).get("run"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
