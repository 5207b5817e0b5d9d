"""When groups and phases begin and end, told by their tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.plan.model import Group, Plan, Task
from orchestrator.record.events import Event, GroupFinished, GroupStarted, PhaseFinished, PhaseStarted
from orchestrator.record.state import SATISFIED


class Progress:
    """Counts down groups and phases, so that their events cost next to nothing per task."""

    def __init__(self, plan: Plan, tasks: Iterable[Task]) -> None:
        self._groups = {group.ref: group for phase in plan.phases for group in phase.groups}
        self._parts: dict[tuple[str, str], _Part] = {}
        for task in tasks:
            self._part(task.phase, task.group).left += 1

    def group_of(self, task: Task) -> Group | None:
        """Return the group of a task; checkpoints have none."""
        return self._groups.get(f"{task.phase}/{task.group}")

    def started(self, task: Task, events: list[Event]) -> None:
        """Add to `events` what begins with this task."""
        part = self._parts[task.phase, task.group]
        if not part.is_begun:
            events.extend(part.begin())

    def finished(self, task: Task, status: str, events: list[Event], *, tolerated: bool) -> None:
        """Add to `events` what ends with this task."""
        part: _Part | None = self._parts[task.phase, task.group]
        if part is not None and status not in SATISFIED and not tolerated:
            part.note(status)
        while part is not None:
            part.left -= 1
            if part.left:
                break
            events.append(part.end())
            part = part.above

    def _part(self, phase: str, group: str) -> _Part:
        known = self._parts.get((phase, group))
        if known is None:
            above = self._part(phase, "") if group else None
            known = self._parts[phase, group] = _Part(phase, group, above)
            if above is not None:
                above.left += 1
        return known


@dataclass(slots=True)
class _Part:
    """A phase, or a group of it. `left` counts what of it has not ended: tasks, and the groups of a phase."""

    phase: str
    group: str
    above: _Part | None = None
    left: int = 0
    worst: str = "succeeded"
    is_begun: bool = False

    def begin(self) -> Iterator[Event]:
        """Tell of the phase before its group."""
        if self.is_begun:
            return
        self.is_begun = True
        if self.above is None:
            yield PhaseStarted(phase=self.phase)
        else:
            yield from self.above.begin()
            yield GroupStarted(group=f"{self.phase}/{self.group}")

    def note(self, bad: str) -> None:
        """Take into account that something in it did not go well."""
        self.worst = "failed" if "failed" in (bad, self.worst) else bad
        if self.above is not None:
            self.above.note(bad)

    def end(self) -> Event:
        """Tell how it went."""
        if self.above is None:
            return PhaseFinished(phase=self.phase, status=self.worst)
        return GroupFinished(group=f"{self.phase}/{self.group}", status=self.worst)
