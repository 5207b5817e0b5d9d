"""A run as plain lines, for pipes and CI: what says something gets a line, the rest is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TextIO

from orchestrator.plan.model import Plan, Task
from orchestrator.record.events import (
    ApprovalAsked,
    ApprovalGiven,
    AttemptFailed,
    ChangeUndone,
    Entry,
    PhaseFinished,
    RunFinished,
    RunPaused,
    RunStarted,
    TaskFinished,
    TaskOutput,
    Warned,
)
from orchestrator.record.state import RunState
from orchestrator.reporters import summary
from orchestrator.reporters.text import (
    Output,
    clean,
    counts,
    duration,
    encodable,
    listing,
    one_line,
    tasks,
    word,
)

STATUS_WIDTH: Final = 12
"""`unverifiable` and `would change` are the longest."""
INDENT: Final = " " * (STATUS_WIDTH + 4)
WORTH_TELLING_SECONDS: Final = 0.1


class Lines:
    """Writes lines to a stream, without colours and without ever going back.

    `environ` tells whether GitHub Actions reads them; `verbose` adds a line for every task and what the tasks print.
    """

    def __init__(
        self,
        plan: Plan,
        stream: TextIO,
        environ: Mapping[str, str],
        *,
        verbose: bool = False,
    ) -> None:
        self._plan = plan
        self._stream = stream
        self._verbose = verbose
        self._on_github = environ.get("GITHUB_ACTIONS") == "true"
        self._page = environ.get("GITHUB_STEP_SUMMARY", "") if self._on_github else ""
        self._state = RunState()
        self._interrupted: list[str] = []
        self._began = 0.0
        self._seconds: float | None = None
        self._titled: set[str] = set()
        self._output = Output()
        self._lines: list[str] = []
        grouped = [len(task.id) for task in plan.tasks.values() if task.group]
        self._id_width = min(max(grouped, default=0), STATUS_WIDTH)
        self._tell: dict[type[Any], Callable[[Entry, Any], None]] = {
            TaskFinished: self._task_finished,
            RunStarted: self._run_started,
            PhaseFinished: self._phase_finished,
            AttemptFailed: self._attempt_failed,
            ApprovalAsked: self._approval_asked,
            ApprovalGiven: self._approval_given,
            ChangeUndone: self._change_undone,
            Warned: self._warned,
            RunPaused: self._run_ended,
            RunFinished: self._run_ended,
        }
        if verbose:
            self._tell[TaskOutput] = self._task_output

    def see(self, entries: Sequence[Entry], state: RunState) -> None:
        self._state = state
        for entry in entries:
            event = entry.event
            tell = self._tell.get(type(event))
            if tell is not None:
                tell(entry, event)
        self._write()

    def close(self) -> None:
        if not self._state.run_id:
            return
        self._lines.append("")
        told = summary.lines(self._state, self._plan, seconds=self._seconds, interrupted=self._interrupted)
        self._lines.extend(line.text for line in told)
        self._write()
        if self._page:
            from orchestrator.reporters import github

            with open(self._page, "a", encoding="utf-8") as file:
                file.write(github.page(self._state, self._plan, self._seconds))

    # --- events -------------------------------------------------------------------------------------------

    def _run_started(self, entry: Entry, event: RunStarted) -> None:
        self._began = entry.at
        self._interrupted = self._state.interrupted
        how = "goes on with " if event.resumed else ""
        self._lines.append(f"{one_line(self._plan.name)} ({how}run {entry.run_id}, {tasks(event.selected)})")

    def _run_ended(self, entry: Entry, _event: RunFinished | RunPaused) -> None:
        self._seconds = entry.at - self._began

    def _phase_finished(self, _entry: Entry, event: PhaseFinished) -> None:
        phase = next((phase for phase in self._plan.phases if phase.key == event.phase), None)
        if phase is None:
            return
        states = self._state.tasks
        known = [states[task.id] for task in self._plan.tasks.values() if task.phase == phase.key and task.id in states]
        self._lines.append(f"{phase.key}  {one_line(phase.name)}: {counts(summary.by_status(known))}")

    def _task_finished(self, _entry: Entry, event: TaskFinished) -> None:
        task = self._plan.tasks.get(event.task)
        if self._verbose:
            self._print_output(event.task, self._output.end(event.task))
        elif _goes_without_saying(event, task):
            return
        failed = event.status == "failed"
        self._task_line(
            "tolerated" if failed and event.tolerated else word(event.status),
            event.task,
            duration(event.seconds) if event.seconds >= WORTH_TELLING_SECONDS else "",
            f"+{event.added} -{event.removed}" if event.added or event.removed else "",
            "" if failed else one_line(event.summary or event.message),
        )
        if failed:
            self._lines.extend(f"{INDENT}{text}" for text in summary.reasons(event))
            level = "warning" if event.tolerated else "error"
            self._annotate(level, event.task, "\n".join(part for part in (event.message, event.hint) if part))

    def _attempt_failed(self, _entry: Entry, event: AttemptFailed) -> None:
        task = self._plan.tasks.get(event.task)
        of = f" of {task.attempts(self._plan.settings)}" if task is not None else ""
        self._task_line("retrying", event.task, f"attempt {event.attempt}{of} failed")
        self._lines.append(f"{INDENT}error: {one_line(event.message)}")
        self._lines.append(f"{INDENT}next attempt in {duration(event.delay)}")

    def _approval_asked(self, _entry: Entry, event: ApprovalAsked) -> None:
        self._task_line("waiting", event.task, "for a person")
        self._lines.extend(f"{INDENT}{text}" for text in summary.request(event.task, event.instructions))
        self._annotate("notice", event.task, f"waits for a person: {summary.approval(event.task)}")

    def _approval_given(self, _entry: Entry, event: ApprovalGiven) -> None:
        by = f"by {event.by}" if event.by else ""
        self._task_line(word(event.decision), event.task, one_line(by), one_line(event.comment))

    def _change_undone(self, _entry: Entry, event: ChangeUndone) -> None:
        self._task_line("taken back", event.task, "a change that was applied only in part")
        if event.left:
            self._lines.append(f"{INDENT}left alone, because somebody changed them since: {listing(event.left)}")

    def _warned(self, _entry: Entry, event: Warned) -> None:
        about = f"{event.task:<{self._id_width}}  " if event.task else ""
        self._lines.append(f"  {'warning':<{STATUS_WIDTH}}  {about}{one_line(event.message)}")
        self._annotate("warning", event.task, event.message)

    def _task_output(self, _entry: Entry, event: TaskOutput) -> None:
        self._print_output(event.task, self._output.add(event.task, event.text))

    # --- writing ------------------------------------------------------------------------------------------

    def _task_line(self, status: str, task_id: str, *parts: str) -> None:
        task = self._plan.tasks.get(task_id)
        if task is not None and task.phase not in self._titled:
            self._title(task)
        name = one_line(task.name) if task is not None else ""
        said = "  ".join(filter(None, (name, *parts)))
        self._lines.append(f"  {status.ljust(STATUS_WIDTH)}  {task_id.ljust(self._id_width)}  {said}".rstrip())

    def _title(self, task: Task) -> None:
        self._titled.add(task.phase)
        name = next((phase.name for phase in self._plan.phases if phase.key == task.phase), "")
        self._lines.extend(("", f"{task.phase}  {one_line(name)}".rstrip()))

    def _print_output(self, task_id: str, output: Iterable[str]) -> None:
        who = task_id or "prepare"
        self._lines.extend(f"{who} | {line}".rstrip() for line in output)

    def _annotate(self, level: str, task_id: str, message: str) -> None:
        if self._on_github:
            from orchestrator.reporters import github

            task = self._plan.tasks.get(task_id)
            title = f"{task_id} {task.name}" if task is not None else self._plan.name
            self._lines.append(github.annotation(level, one_line(title), clean(message)))

    def _write(self) -> None:
        if not self._lines:
            return
        text = "\n".join(self._lines) + "\n"
        self._lines = []
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            self._stream.write(encodable(text, self._stream.encoding))
        self._stream.flush()


def _goes_without_saying(event: TaskFinished, task: Task | None) -> bool:
    """Say whether a person would rather have this counted."""
    match event.status:
        case "succeeded":
            return task is not None and task.type == "milestone"
        case "unchanged":
            return True
        case "blocked":
            return True  # told with its cause, in the summary
        case "cancelled":
            return event.attempts == 0
        case "skipped":
            return task is not None and task.when is False
        case _:
            return False
