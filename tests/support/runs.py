"""Runs that never happened: their events as reporters see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from orchestrator.plan.model import Plan
from orchestrator.record.bus import Bus, Observer
from orchestrator.record.events import (
    ApprovalAsked,
    AttemptFailed,
    Entry,
    Event,
    PhaseFinished,
    RunPaused,
    RunStarted,
    TaskFinished,
    TaskOutput,
    TaskStarted,
    Warned,
)
from orchestrator.record.state import RunState
from tests.support.clocks import FakeClock
from tests.support.plans import a_gate, a_group, a_phase, a_plan, a_task

RUN = "20250310-101500-ab12"
LOGS = f"/project/.orchestrator/runs/{RUN}/logs"


@dataclass
class Story:
    """Tells events to observers, one tick of the loop at a time."""

    observers: Sequence[Observer] = ()
    clock: FakeClock = field(default_factory=FakeClock)
    before: RunState | None = None
    """Of the run that goes on."""
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self._bus = Bus(self.observers, self.before)

    def tell(self, *events: Event, after: float = 0.0) -> None:
        self.clock.advance(after)
        batch = [
            Entry(0 if isinstance(event, TaskOutput) else next(self._numbers), RUN, self.clock.now(), event)
            for event in events
        ]
        self.entries += batch
        self._bus.publish(batch)

    def do(self, *tasks: str, seconds: float = 0.0, **fields: Any) -> None:
        """Let each of these tasks begin and end."""
        for task in tasks:
            self.tell(TaskStarted(task))
            self.tell(TaskFinished(task, seconds=seconds, **fields), after=seconds)

    def close(self) -> None:
        self._bus.close()

    @property
    def state(self) -> RunState:
        return self._bus.state


def a_roadmap() -> Plan:
    """Return a plan like those that people write: three phases, a checkpoint, a task for a person."""
    tests = [a_task(f"2.{number}", name=f"Tests for the {name} service") for number, name in enumerate(SERVICES, 1)]
    plan = a_plan(
        a_phase(
            "phase_1",
            a_group(
                "group_a",
                a_task("1.1", name="Collect coverage from all source files"),
                a_task("1.2", name="Let failing checks fail the build"),
                a_task("1.3", name="Ready to test", type="milestone"),
                name="Fix CI blockers",
            ),
            gate=a_gate(id="after_phase_1", name="Foundation complete"),
            name="Foundation",
        ),
        a_phase("phase_2", a_group("group_a", *tests, name="Accounts and communities"), name="Critical services"),
        a_phase(
            "phase_3",
            a_group(
                "group_a",
                a_task("3.1", name="Configure the secrets", type="manual"),
                a_task("3.2", name="Deploy to production"),
                a_task("3.3", name="Roll back when the health check fails"),
                name="Deployments",
            ),
            name="CI/CD architecture",
        ),
    )
    return replace(plan, name="Community platform: coverage & delivery")


SERVICES = ("auth", "user", "community", "matching")


def tell_beginning(story: Story) -> None:
    """A run in the middle: one phase is done, one has a failure, one waits for a person."""
    story.tell(RunStarted(plan="Community platform", selected=11))
    story.do("1.1", seconds=0.34, added=12, removed=3, summary="added 3 patterns")
    story.do("1.2", status="unchanged", summary="nothing to do")
    story.do("1.3")
    story.do("after_phase_1", seconds=4.0, status="unverifiable", summary="`GITHUB_TOKEN` is not set")
    story.tell(PhaseFinished(phase="phase_1"))
    story.tell(TaskStarted("2.1"), TaskStarted("2.2"), TaskStarted("2.3"), TaskStarted("2.4"))
    story.tell(TaskOutput("2.1", "PASS src/services/auth.service.test.ts\r\n41 of 4"), after=3.2)
    story.tell(
        TaskFinished(
            "2.2",
            "failed",
            code="task/failed",
            message="2 of 41 cases fail: `create` returns 409\nexpected: 201",
            hint="the route may be wrong",
            seconds=3.2,
            log=f"{LOGS}/2.2.1.log",
        )
    )
    story.tell(AttemptFailed("2.3", 1, "task/timeout", "it took longer than 3 s", 5.0))
    story.tell(TaskStarted("3.1"), ApprovalAsked("3.1", "Add DEPLOY_KEY to the repository.\nThen say so."))
    story.tell(TaskFinished("3.2", "blocked", cause="2.2"), TaskFinished("3.3", "blocked", cause="3.2"))
    story.tell(TaskOutput("2.1", "1 cases\n"), Warned(message="Slack did not answer"), after=1.0)


def tell_all(story: Story) -> None:
    """The same to its end, which leaves the person to be asked."""
    tell_beginning(story)
    story.tell(TaskFinished("2.1", seconds=4.2, added=310, summary="41 cases, each proven"))
    story.tell(TaskFinished("2.4", "failed", message="no database", seconds=4.2, tolerated=True))
    story.tell(TaskStarted("2.3", 2), after=4.0)
    story.tell(TaskFinished("2.3", attempts=2, seconds=61.0, added=220, summary="38 cases, each proven"), after=61.0)
    story.tell(PhaseFinished(phase="phase_2", status="failed"), RunPaused(exit_code=1))
