from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from orchestrator.change import Change, FileEdit, TaskResult
from orchestrator.engine.executor import POLL_SECONDS, Execution
from orchestrator.engine.frontier import Limits
from orchestrator.handler import Answer
from orchestrator.plan.model import Plan, Retry, Settings, Task
from orchestrator.record.events import (
    ApprovalAsked,
    ApprovalGiven,
    AttemptFailed,
    Entry,
    Event,
    GroupFinished,
    GroupStarted,
    PhaseFinished,
    PhaseStarted,
    TaskFinished,
    TaskOutput,
    TaskStarted,
    Warned,
)
from orchestrator.record.state import RunState, fold
from tests.support.engine import BUSY, FAILED, OK, SLOW, End, FakeJournal, FakeRunner, play
from tests.support.plans import a_gate, a_group, a_phase, a_plan, a_task, side_by_side

PATIENT = Settings(retry_attempts=3, retry_delay_seconds=8.0)
YES = Answer("approved", "ann", "fine")


def one_by_one(*tasks: Task, **fields: object) -> Plan:
    return a_plan(a_phase("phase_1", a_group("group_a", *tasks, execution="sequential")), **fields)


class Witness:
    """Writes down what it sees into a list that others write to as well."""

    def __init__(self, log: list[tuple[str, str]]) -> None:
        self._log = log
        self.is_closed = False

    def see(self, entries: Sequence[Entry], _state: RunState) -> None:
        self._log += [("seen", f"{type(entry.event).__name__} {entry.event.task}") for entry in entries]

    def close(self) -> None:
        self.is_closed = True


class Broken(Witness):
    def see(self, entries: Sequence[Entry], state: RunState) -> None:
        super().see(entries, state)
        raise RuntimeError("the screen is gone")


@dataclass
class Person:
    """Answers each question after some seconds."""

    answers: dict[str, Answer | None]
    seconds: float = 1.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    undisturbed: list[str] = field(default_factory=list)

    async def ask(self, task: Task, instructions: str) -> Answer | None:
        self.asked.append((task.id, instructions))
        await asyncio.sleep(self.seconds)
        self.undisturbed.append(task.id)
        return self.answers.get(task.id)


# --- order --------------------------------------------------------------------------------------------------


def test_what_is_seen_was_journaled_before_and_nothing_starts_on_what_is_not() -> None:
    log: list[tuple[str, str]] = []

    def journaled(events: Sequence[Event]) -> None:
        log.extend(("journaled", f"{type(event).__name__} {event.task}") for event in events)

    class Watched(FakeRunner):
        async def _take_time(self, task: Task, end: End) -> TaskResult:
            log.append(("works", task.id))
            return await super()._take_time(task, end)

    runner = Watched({"1": [SLOW], "2": [SLOW]})
    play(one_by_one(a_task("1"), a_task("2")), runner, journal=FakeJournal(journaled), observers=[Witness(log)])

    def at(*line: str) -> int:
        return log.index(line)  # type: ignore[arg-type]

    for task_id in ("1", "2"):
        assert at("journaled", f"TaskStarted {task_id}") < at("seen", f"TaskStarted {task_id}") < at("works", task_id)
        assert at("journaled", f"TaskFinished {task_id}") < at("seen", f"TaskFinished {task_id}")
    assert at("journaled", "TaskFinished 1") < at("works", "2")


def test_a_journal_that_fails_stops_the_run_before_anything_is_shown() -> None:
    log: list[tuple[str, str]] = []

    def refuse(_events: Sequence[Event]) -> None:
        raise OSError("the disk is full")

    runner = FakeRunner({"1": [SLOW]})
    with pytest.raises(OSError, match="the disk is full"):
        play(side_by_side(a_task("1")), runner, journal=FakeJournal(refuse), observers=[Witness(log)])
    assert log == []
    assert runner.running == set()


def test_events_of_one_turn_are_one_batch() -> None:
    played = play(side_by_side(*(a_task(str(n)) for n in range(50)), settings=Settings(max_parallel_tasks=50)))
    assert len(played.journal.batches) == 1
    assert len(played.finished) == 50


def test_more_instant_tasks_than_fit_in_a_batch_all_end() -> None:
    played = play(side_by_side(*(a_task(str(n)) for n in range(2500))))
    assert len(played.finished) == 2500
    assert max(map(len, played.journal.batches)) < 1100


def test_a_task_that_takes_time_is_started_on_record_and_an_instant_one_only_ended() -> None:
    played = play(side_by_side(a_task("quick"), a_task("long")), FakeRunner({"long": [SLOW]}))
    assert [event.task for event in played.of_kind(TaskStarted)] == ["long"]
    assert played.statuses == {"quick": "succeeded", "long": "succeeded"}
    assert played.seconds == 10.0


def test_no_more_run_at_once_than_there_are_slots() -> None:
    tasks = [a_task(str(n)) for n in range(7)]
    runner = FakeRunner({task.id: [SLOW] for task in tasks})
    played = play(side_by_side(*tasks, settings=Settings(max_parallel_tasks=3)), runner)
    assert runner.most_running == 3
    assert played.seconds == 30.0


def test_an_event_noted_soon_is_recorded_with_the_next_turn() -> None:
    async def note(execution: Execution) -> None:
        await asyncio.sleep(1)
        execution.note_soon(TaskOutput("1", "soon"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [event.text for event in journal.events if isinstance(event, TaskOutput)] == ["soon"]

    journal = FakeJournal()
    play(side_by_side(a_task("1")), FakeRunner({"1": [SLOW]}), journal=journal, meanwhile=note)


def test_a_result_is_told_with_what_it_changed() -> None:
    class Writer(FakeRunner):
        def attempt(self, task: Task, number: int) -> TaskResult:
            change = Change("rewrites 1", (FileEdit("a.txt", b"one\ntwo\n", b"one\nthree\nfour\n"),))
            return TaskResult(task.id, "succeeded", 1.5, change, "rewrote", digest="d", log="l", effects=("mail",))

    told = play(side_by_side(a_task("1")), Writer()).finished["1"]
    assert (told.added, told.removed, told.seconds, told.summary, told.digest) == (2, 1, 1.5, "rewrote", "d")
    assert (told.log, told.effects, told.attempts) == ("l", ("mail",), 1)


def test_what_a_change_warns_of_is_told_with_its_task() -> None:
    class Warner(FakeRunner):
        def attempt(self, task: Task, number: int) -> TaskResult:
            return TaskResult(task.id, "succeeded", change=Change("done", warnings=("look at it",)))

    played = play(side_by_side(a_task("1")), Warner())
    at = played.events.index(Warned("1", "look at it"))
    assert isinstance(played.events[at - 1], TaskFinished)
    assert fold(entry for batch in played.journal.batches for entry in batch).warnings == ["1: look at it"]


def test_a_bug_in_the_runner_ends_the_run_instead_of_hanging_it() -> None:
    runner = FakeRunner({"1": [End(seconds=1, raises=LookupError("a bug"))], "2": [SLOW]})
    with pytest.raises(LookupError, match="a bug"):
        play(side_by_side(a_task("1"), a_task("2")), runner)
    assert runner.cancelled == ["2"]


# --- retries ------------------------------------------------------------------------------------------------


def test_attempts_are_spaced_by_a_delay_that_doubles() -> None:
    plan = side_by_side(a_task("1", retry=4), settings=PATIENT)
    played = play(plan, FakeRunner({"1": [BUSY, BUSY, BUSY, OK]}))
    assert played.runner.times("1") == [0.0, 8.0, 24.0, 56.0]
    assert played.statuses == {"1": "succeeded"}
    assert played.finished["1"].attempts == 4
    failed = [(event.attempt, event.delay) for event in played.of_kind(AttemptFailed)]
    assert failed == [(1, 8.0), (2, 16.0), (3, 32.0)]


@pytest.mark.parametrize(("drawn", "factor"), [(0.0, 0.75), (0.5, 1.0), (1.0, 1.25)])
def test_a_delay_is_spread_by_a_quarter_to_each_side(drawn: float, factor: float) -> None:
    plan = side_by_side(a_task("1"), settings=PATIENT)
    played = play(plan, FakeRunner({"1": [BUSY, BUSY, OK]}), jitter=lambda: drawn)
    assert played.runner.times("1") == [0.0, 8.0 * factor, 24.0 * factor]


def test_attempts_end_at_the_limit() -> None:
    played = play(side_by_side(a_task("1"), settings=PATIENT), FakeRunner({"1": [BUSY]}))
    assert played.runner.order == ["1", "1", "1"]
    assert played.statuses == {"1": "failed"}
    assert played.finished["1"].code == "task/timeout"


def test_a_task_has_its_own_attempts_and_delay() -> None:
    own = a_task("1", retry=Retry(attempts=2, delay=100.0))
    played = play(side_by_side(own, a_task("2", retry=1), settings=PATIENT), FakeRunner({"1": [BUSY], "2": [BUSY]}))
    assert played.runner.times("1") == [0.0, 100.0]
    assert played.runner.times("2") == [0.0]


def test_only_a_failure_that_another_try_can_mend_is_tried_again() -> None:
    played = play(side_by_side(a_task("1"), settings=PATIENT), FakeRunner({"1": [FAILED, OK]}))
    assert played.statuses == {"1": "failed"}
    assert played.of_kind(AttemptFailed) == []


def test_a_task_that_waits_for_its_next_attempt_leaves_its_slot_to_others() -> None:
    plan = side_by_side(a_task("1"), a_task("2"), settings=Settings(max_parallel_tasks=1, retry_delay_seconds=50.0))
    played = play(plan, FakeRunner({"1": [BUSY, OK], "2": [SLOW]}))
    assert played.runner.order == ["1", "2", "1"]
    assert played.seconds == 50.0


# --- failures -----------------------------------------------------------------------------------------------


def test_what_depends_on_a_failure_is_blocked_at_once_and_told_its_root() -> None:
    plan = side_by_side(
        a_task("1"), a_task("2", depends_on=("1",)), a_task("3", depends_on=("2",)), a_task("4"), a_task("5")
    )
    played = play(plan, FakeRunner({"1": [FAILED], "5": [SLOW]}))
    assert played.statuses == {
        "1": "failed",
        "2": "blocked",
        "3": "blocked",
        "4": "succeeded",
        "5": "succeeded",
    }
    assert [played.finished[task_id].cause for task_id in ("2", "3")] == ["1", "1"]
    assert {entry.event.task for entry in played.journal.batches[0]} >= {"1", "2", "3"}


def test_a_tolerated_failure_lets_dependents_run() -> None:
    plan = one_by_one(a_task("1", continue_on_error=True), a_task("2"))
    played = play(plan, FakeRunner({"1": [FAILED]}))
    assert played.statuses == {"1": "failed", "2": "succeeded"}
    assert played.finished["1"].tolerated
    assert [event.status for event in played.of_kind(PhaseFinished)] == ["succeeded"]


def test_fail_fast_cancels_what_runs_and_what_has_not_started() -> None:
    killed: list[float] = []
    tasks = [a_task(name) for name in ("bad", "long", "later")]
    plan = side_by_side(*tasks, settings=Settings(fail_fast=True, max_parallel_tasks=2))
    runner = FakeRunner({"bad": [End("failed", seconds=1)], "long": [SLOW]})
    played = play(plan, runner, kill=lambda: killed.append(1))
    assert played.statuses == {"bad": "failed", "long": "cancelled", "later": "cancelled"}
    assert played.execution.stopped == "failed"
    assert (played.seconds, killed, runner.order) == (1.0, [1], ["bad", "long"])
    assert played.finished["later"].attempts == 0


def test_fail_fast_also_cancels_what_was_about_to_begin_in_the_same_turn() -> None:
    plan = side_by_side(a_task("long"), a_task("bad"), settings=Settings(fail_fast=True))
    played = play(plan, FakeRunner({"long": [SLOW], "bad": [FAILED]}))
    assert played.statuses == {"long": "cancelled", "bad": "failed"}
    assert played.seconds == 0.0


def test_a_tolerated_failure_does_not_fail_fast() -> None:
    plan = side_by_side(a_task("1", continue_on_error=True), a_task("2"), settings=Settings(fail_fast=True))
    assert play(plan, FakeRunner({"1": [FAILED]})).statuses == {"1": "failed", "2": "succeeded"}


def test_a_group_that_fails_fast_cancels_its_own_tasks_only() -> None:
    hasty = a_group("hasty", a_task("bad"), a_task("long"), a_task("about"), a_task("later"), fail_fast=True)
    calm = a_group("calm", a_task("other"))
    plan = a_plan(a_phase("phase_1", hasty, calm))
    runner = FakeRunner({"bad": [End("failed", seconds=1)], "long": [SLOW], "about": [SLOW], "other": [SLOW]})
    limits = Limits(10, {"phase_1/hasty": 3})
    played = play(plan, runner, limits=limits)
    assert played.statuses == {
        "bad": "failed",
        "long": "cancelled",
        "about": "cancelled",
        "later": "cancelled",
        "other": "succeeded",
    }
    assert played.execution.stopped is None
    assert played.finished["later"].summary == "`bad` failed"
    assert played.finished["later"].attempts == 0


def test_a_group_that_fails_fast_cancels_what_was_about_to_begin() -> None:
    plan = a_plan(a_phase("phase_1", a_group("hasty", a_task("long"), a_task("bad"), fail_fast=True)))
    played = play(plan, FakeRunner({"long": [SLOW], "bad": [FAILED]}))
    assert played.statuses == {"long": "cancelled", "bad": "failed"}
    assert played.seconds == 0.0


def test_a_group_that_fails_fast_does_not_wait_for_a_retry_that_will_never_be() -> None:
    tasks = a_task("patient"), a_task("bad")
    plan = a_plan(
        a_phase("phase_1", a_group("hasty", *tasks, fail_fast=True)),
        settings=Settings(retry_delay_seconds=1000.0),
    )
    played = play(plan, FakeRunner({"patient": [BUSY], "bad": [End("failed", seconds=1)]}))
    assert played.statuses == {"patient": "cancelled", "bad": "failed"}
    assert played.seconds == 1.0


def test_a_group_that_fails_fast_does_not_wait_for_a_person_either() -> None:
    plan = a_plan(a_phase("phase_1", a_group("hasty", a_task("ask"), a_task("bad"), fail_fast=True)))
    runner = FakeRunner({"bad": [End("failed", seconds=1)]}, manual=frozenset({"ask"}))
    person = Person({"ask": YES}, seconds=1000.0)
    played = play(plan, runner, prompter=person)
    assert played.statuses == {"ask": "cancelled", "bad": "failed"}
    assert (played.seconds, person.undisturbed) == (1.0, [])


# --- interruptions ------------------------------------------------------------------------------------------


async def interrupt_at(execution: Execution, *times: float) -> None:
    for at in times:
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        execution.interrupt()


def test_nobody_is_disturbed_by_a_run_that_ends() -> None:
    person, runner = Person({}), FakeRunner({"1": [End("waiting", 10.0)], "2": [End(seconds=20.0)]})
    plan = side_by_side(a_task("1"), a_task("2"))
    played = play(plan, runner, prompter=person, meanwhile=lambda execution: interrupt_at(execution, 5))
    assert person.asked == []
    assert [event.task for event in played.of_kind(ApprovalAsked)] == ["1"]


def test_one_interruption_lets_running_tasks_end_and_starts_no_more() -> None:
    plan = side_by_side(*(a_task(str(n)) for n in range(3)), settings=Settings(max_parallel_tasks=2))
    runner = FakeRunner({str(n): [SLOW] for n in range(3)})
    played = play(plan, runner, meanwhile=lambda execution: interrupt_at(execution, 4))
    assert played.statuses == {"0": "succeeded", "1": "succeeded"}
    assert (played.execution.stopped, played.seconds) == ("interrupted", 10.0)


def test_a_task_that_is_ended_before_its_first_moment_is_cancelled_and_leaves_nothing() -> None:
    running: list[Execution] = []

    async def note(execution: Execution) -> None:
        running.append(execution)

    def interrupt(events: Sequence[Event]) -> None:
        if any(isinstance(event, TaskStarted) and event.task == "2" for event in events):
            for _ in range(2):  # before the event loop comes to the task
                asyncio.get_running_loop().call_soon(running[0].interrupt)

    runner = FakeRunner({"1": [SLOW], "2": [SLOW]})
    plan = one_by_one(a_task("1"), a_task("2"))
    played = play(plan, runner, journal=FakeJournal(interrupt), meanwhile=note)
    assert (played.statuses["2"], played.seconds, runner.running) == ("cancelled", 10.0, set())


def test_a_second_interruption_ends_what_runs() -> None:
    killed: list[int] = []
    plan = one_by_one(a_task("1"), a_task("2"))
    played = play(
        plan,
        FakeRunner({"1": [SLOW]}),
        meanwhile=lambda execution: interrupt_at(execution, 4, 6),
        kill=lambda: killed.append(1),
    )
    assert played.statuses == {"1": "cancelled", "2": "blocked"}
    assert (played.seconds, killed) == (6.0, [1])


def test_an_interruption_ends_the_wait_for_a_retry_and_for_a_person() -> None:
    plan = side_by_side(a_task("ask"), a_task("busy"), settings=Settings(retry_delay_seconds=1000.0))
    runner = FakeRunner({"busy": [BUSY]}, manual=frozenset({"ask"}))
    person = Person({"ask": YES}, seconds=1000.0)
    played = play(plan, runner, prompter=person, meanwhile=lambda execution: interrupt_at(execution, 3))
    assert played.statuses == {}
    assert (played.seconds, person.undisturbed) == (3.0, [])


def test_while_a_run_drains_nothing_is_tried_again() -> None:
    plan = side_by_side(a_task("1"), settings=PATIENT)
    busy = End("failed", seconds=10.0, retryable=True)
    played = play(plan, FakeRunner({"1": [busy]}), meanwhile=lambda execution: interrupt_at(execution, 3))
    assert played.statuses == {"1": "failed"}
    assert played.runner.order == ["1"]


# --- observers ----------------------------------------------------------------------------------------------


def test_an_observer_that_raises_is_dropped_and_the_run_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = Broken(log := []), Witness(seen := [])
    played = play(one_by_one(a_task("1"), a_task("2")), FakeRunner({"1": [SLOW]}), observers=[broken, sound])
    assert played.statuses == {"1": "succeeded", "2": "succeeded"}
    assert "observer Broken dropped" in caplog.text
    assert len(log) < len(seen) == len(played.events)


# --- people -------------------------------------------------------------------------------------------------


def manual_plan() -> tuple[Plan, FakeRunner]:
    plan = side_by_side(a_task("ask"), a_task("after", depends_on=("ask",)), a_task("other"))
    return plan, FakeRunner({"other": [SLOW]}, manual=frozenset({"ask"}))


def test_without_anybody_to_ask_the_rest_is_done_and_the_run_stops_waiting() -> None:
    plan, runner = manual_plan()
    played = play(plan, runner)
    assert played.statuses == {"other": "succeeded"}
    (asked,) = played.of_kind(ApprovalAsked)
    assert (asked.task, asked.instructions, asked.digest) == ("ask", "do ask", plan.tasks["ask"].digest)
    assert played.execution.frontier.asking == {0}
    assert not played.execution.frontier.done


def test_a_person_answers_while_other_tasks_run() -> None:
    plan, runner = manual_plan()
    person = Person({"ask": YES})
    played = play(plan, runner, prompter=person)
    assert person.asked == [("ask", "do ask")]
    assert played.statuses == {"ask": "succeeded", "after": "succeeded", "other": "succeeded"}
    assert played.runner.times("after") == [1.0]
    (given,) = played.of_kind(ApprovalGiven)
    assert (given.task, given.decision, given.by, given.comment) == ("ask", "approved", "ann", "fine")
    assert given.digest == plan.tasks["ask"].digest
    assert played.finished["ask"].attempts == 1, "asking is no attempt"


@pytest.mark.parametrize(
    ("decision", "ask", "after"), [("skipped", "skipped", "succeeded"), ("rejected", "failed", "blocked")]
)
def test_a_person_decides(decision: str, ask: str, after: str) -> None:
    plan, runner = manual_plan()
    played = play(plan, runner, prompter=Person({"ask": Answer(decision, "ann")}))
    assert played.statuses == {"ask": ask, "after": after, "other": "succeeded"}


def test_a_person_who_aborts_stops_the_run_but_not_what_runs() -> None:
    plan, runner = manual_plan()
    played = play(plan, runner, prompter=Person({"ask": Answer("aborted", "ann")}))
    assert played.statuses == {"other": "succeeded"}
    assert played.execution.stopped == "aborted"
    assert played.of_kind(ApprovalGiven) == []


def test_a_person_who_puts_it_off_leaves_the_task_waiting() -> None:
    plan, runner = manual_plan()
    played = play(plan, runner, prompter=Person({}))
    assert played.statuses == {"other": "succeeded"}
    assert played.execution.stopped is None


def test_an_error_while_asking_ends_the_run() -> None:
    class Confused(Person):
        async def ask(self, task: Task, instructions: str) -> Answer | None:
            raise LookupError("no terminal")

    plan, runner = manual_plan()
    with pytest.raises(LookupError, match="no terminal"):
        play(plan, runner, prompter=Confused({}))


class Elsewhere:
    """Answers that another process records at a certain time."""

    def __init__(self, plan: Plan, at: float, *answers: tuple[str, Answer]) -> None:
        self._plan, self._at, self._answers = plan, at, list(answers)

    def __call__(self) -> list[tuple[Task, Answer]]:
        if asyncio.get_running_loop().time() < self._at:
            return []
        found = [(self._plan.tasks[task_id], answer) for task_id, answer in self._answers]
        self._answers.clear()
        return found


def test_an_approval_by_another_process_is_noticed_while_tasks_run() -> None:
    plan, runner = manual_plan()
    played = play(plan, runner, new_answers=Elsewhere(plan, 2.1, ("ask", YES)))
    assert played.statuses == {"ask": "succeeded", "after": "succeeded", "other": "succeeded"}
    assert 2.1 <= played.runner.times("after")[0] <= 2.1 + POLL_SECONDS
    assert played.of_kind(ApprovalGiven) == [], "the other process has recorded it"


def test_an_approval_by_another_process_takes_the_question_away() -> None:
    plan, runner = manual_plan()
    person = Person({"ask": YES}, seconds=1000.0)
    played = play(plan, runner, prompter=person, new_answers=Elsewhere(plan, 2.0, ("ask", YES)))
    assert played.statuses["after"] == "succeeded"
    assert (person.undisturbed, played.seconds) == ([], 10.0)


def test_two_answers_at_the_same_moment_count_once() -> None:
    plan, runner = manual_plan()
    person = Person({"ask": YES}, seconds=2.0)
    played = play(plan, runner, prompter=person, new_answers=Elsewhere(plan, 2.0, ("ask", YES)))
    assert played.runner.order.count("ask") == 2, "once to ask, once with the answer"
    assert played.of_kind(ApprovalGiven) == [], "the other process was first, and has recorded it"
    assert played.finished["ask"].attempts == 1


def test_an_answer_to_a_task_that_does_not_ask_is_no_answer() -> None:
    plan, runner = manual_plan()
    played = play(plan, runner, new_answers=Elsewhere(plan, 0.0, ("other", YES)))
    assert played.statuses == {"other": "succeeded"}


# --- groups and phases --------------------------------------------------------------------------------------


def two_phases() -> Plan:
    first = a_phase(
        "phase_1", a_group("a", a_task("1"), a_task("2")), a_group("b", a_task("3")), gate=a_gate(id="gate")
    )
    second = a_phase("phase_2", a_group("c", a_task("4")), depends_on=("phase_1",))
    return a_plan(first, second)


def marks(events: Sequence[Event]) -> list[str]:
    """Return what is told of groups and phases, in order."""
    told = []
    for event in events:
        match event:
            case PhaseStarted(phase=name) | GroupStarted(group=name):
                told.append(f"+{name}")
            case PhaseFinished(phase=name, status=status) | GroupFinished(group=name, status=status):
                told.append(f"-{name} {status}")
            case _:
                pass
    return told


def test_groups_and_phases_begin_and_end_once() -> None:
    assert marks(play(two_phases()).events) == [
        "+phase_1",
        "+phase_1/a",
        "-phase_1/a succeeded",
        "+phase_1/b",
        "-phase_1/b succeeded",
        "-phase_1 succeeded",
        "+phase_2",
        "+phase_2/c",
        "-phase_2/c succeeded",
        "-phase_2 succeeded",
    ]


def test_a_group_ends_as_its_worst_task() -> None:
    told = marks(play(two_phases(), FakeRunner({"1": [FAILED], "2": [OK]})).events)
    assert [mark for mark in told if mark.startswith("-")] == [
        "-phase_2/c blocked",
        "-phase_2 blocked",
        "-phase_1/a failed",
        "-phase_1/b succeeded",
        "-phase_1 failed",
    ]


def test_a_group_of_which_a_part_was_done_before_ends_with_the_rest() -> None:
    played = play(two_phases(), done=["1", "3"])
    assert played.statuses.keys() == {"2", "gate", "4"}
    assert marks(played.events)[:4] == [
        "+phase_1",
        "+phase_1/a",
        "-phase_1/a succeeded",
        "-phase_1 succeeded",
    ]


def test_what_was_done_before_is_not_done_again() -> None:
    played = play(two_phases(), done=["1", "2", "3", "gate", "4"])
    assert (played.events, played.runner.order) == ([], [])


def test_no_event_is_told_twice_however_a_run_fails() -> None:
    hasty = a_group("a", a_task("1"), a_task("2"), a_task("3", depends_on=("2",)), fail_fast=True)
    played = play(a_plan(a_phase("phase_1", hasty)), FakeRunner({"1": [FAILED]}))
    ended = [event.task for event in played.events if isinstance(event, TaskFinished)]
    assert sorted(ended) == ["1", "2", "3"]
