from __future__ import annotations

from orchestrator.record.events import (
    ApprovalAsked,
    ApprovalGiven,
    AttemptFailed,
    ChangeStaged,
    ChangeUndone,
    Entry,
    Event,
    GroupFinished,
    GroupStarted,
    PhaseFinished,
    PhaseStarted,
    ProcessStarted,
    RolledBack,
    RunFinished,
    RunPaused,
    RunStarted,
    TaskFinished,
    TaskStarted,
    Warned,
)
from orchestrator.record.state import RunState, approvals, fold


def history(*events: Event) -> list[Entry]:
    """Return entries a second apart."""
    return [Entry(number, "run", 100.0 + number, event) for number, event in enumerate(events, 1)]


def state_of(*events: Event) -> RunState:
    return fold(history(*events))


def staged(task: str, after: str = "new", attempt: int = 1) -> ChangeStaged:
    return ChangeStaged(task, attempt, ".tmp", (("a.txt", "old", after, 0o644),))


def test_nothing_happened_in_an_empty_history() -> None:
    assert state_of() == RunState()


def test_a_run_from_start_to_end() -> None:
    state = state_of(
        RunStarted(plan="p", git={"head": "abc"}),
        PhaseStarted(phase="phase_1"),
        GroupStarted(group="phase_1/a"),
        TaskStarted("1"),
        ProcessStarted("1", 10, 99),
        TaskFinished("1", "succeeded"),
        TaskFinished("2", "unchanged"),
        GroupFinished(group="phase_1/a"),
        PhaseFinished(phase="phase_1", status="failed"),
        Warned(message="nobody took the notification"),
        RunFinished(exit_code=1),
    )
    assert (state.run_id, state.plan) == ("run", "p")
    assert (state.started, state.finished, state.exit_code) == (101.0, 111.0, 1)
    assert not state.is_open
    assert state.counts() == {"succeeded": 1, "unchanged": 1}
    assert state.phases == {"phase_1": "failed"}
    assert state.processes == {}
    assert state.warnings == ["nobody took the notification"]
    task = state.tasks["1"]
    assert (task.started, task.finished, task.attempts) == (104.0, 106.0, 1)


def test_a_killed_run_is_open_and_tells_what_was_in_flight() -> None:
    state = state_of(
        RunStarted(),
        TaskStarted("1"),
        ProcessStarted("1", 10, 99),
        staged("1"),
        TaskStarted("2"),
        AttemptFailed("2"),
    )
    assert state.is_open
    assert state.interrupted == ["1", "2"]
    assert state.processes == {"1": [(10, 99)]}
    assert list(state.unfinished) == ["1"]
    assert state.staged == []


def test_a_resumed_run_keeps_its_beginning_and_forgets_what_was_undone() -> None:
    state = state_of(
        RunStarted(git={"head": "first"}),
        TaskFinished("1", "succeeded"),
        staged("2"),
        RunStarted(resumed=True, git={"head": "later"}),
        ChangeUndone("2"),
        TaskStarted("2"),
        staged("2", "newer"),
        TaskFinished("2", "succeeded"),
        RunFinished(),
    )
    assert (state.started, state.git) == (101.0, {"head": "first"})
    assert [change.edits[0][2] for change in state.staged] == ["newer"]
    assert state.unfinished == {}


def test_a_half_applied_change_that_was_taken_back_is_over() -> None:
    state = state_of(RunStarted(), TaskStarted("1"), staged("1"), RunStarted(resumed=True), ChangeUndone("1"))
    assert (state.unfinished, state.staged) == ({}, [])


def test_each_attempt_that_reached_the_files_is_remembered() -> None:
    state = state_of(
        TaskStarted("1", 1),
        staged("1", "first"),
        AttemptFailed("1", 1),
        TaskStarted("1", 2),
        staged("1", "second", 2),
        TaskFinished("1", "failed", attempts=2),
    )
    assert [change.edits[0][2] for change in state.staged] == ["first", "second"]
    assert (state.tasks["1"].status, state.tasks["1"].attempts) == ("failed", 2)


def test_a_task_between_two_attempts_is_retrying() -> None:
    state = state_of(TaskStarted("1"), AttemptFailed("1"))
    assert state.counts() == {"retrying": 1}
    assert state_of(TaskStarted("1"), AttemptFailed("1"), TaskStarted("1", 2)).counts() == {"running": 1}


def test_a_task_that_asks_is_waiting_until_it_goes_on() -> None:
    asked = ApprovalAsked("1", "do it", "d")
    paused = state_of(RunStarted(), asked, RunPaused(reason="waiting", exit_code=4))
    assert (paused.tasks["1"].status, paused.tasks["1"].asked) == ("waiting", asked)
    assert (paused.paused, paused.exit_code, paused.is_open) == ("waiting", 4, True)
    resumed = state_of(RunStarted(), asked, RunPaused(), RunStarted(resumed=True), TaskFinished("1", "succeeded"))
    assert (resumed.paused, resumed.counts()) == (None, {"succeeded": 1})


def test_what_was_written_before_a_question_is_whole() -> None:
    state = state_of(RunStarted(), staged("1"), ApprovalAsked("1", "do the rest"), RunPaused())
    assert (state.unfinished, [change.task for change in state.staged]) == ({}, ["1"])


def test_what_was_rolled_back_is_undone_and_the_rest_stays() -> None:
    state = state_of(
        RunStarted(),
        staged("1"),
        TaskFinished("1", "succeeded"),
        staged("2"),
        TaskFinished("2", "succeeded"),
        RunFinished(),
        RolledBack(of="run", tasks=("1",)),
    )
    assert list(state.tasks) == ["2"]
    assert [change.task for change in state.staged] == ["2"]
    assert not state.is_open


def test_a_half_applied_change_that_was_rolled_back_is_not_undone_again() -> None:
    state = state_of(RunStarted(), TaskStarted("1"), staged("1"), RolledBack(of="run", tasks=("1",)))
    assert (state.unfinished, state.staged, state.interrupted) == ({}, [], [])


def test_the_last_word_on_an_approval_counts_and_holds_for_one_digest() -> None:
    given = [
        ApprovalGiven("1", "approved", "d", "ann"),
        ApprovalGiven("1", "rejected", "d", "bob"),
        ApprovalGiven("1", "approved", "e", "cid"),
    ]
    found = approvals(history(*given, TaskStarted("1")))
    assert {key: event.by for key, event in found.items()} == {("1", "d"): "bob", ("1", "e"): "cid"}


def test_a_state_folded_in_parts_is_the_state_folded_at_once() -> None:
    entries = history(RunStarted(), TaskStarted("1"), staged("1"), TaskFinished("1"), RunFinished())
    for cut in range(len(entries)):
        state = fold(entries[:cut])
        for entry in entries[cut:]:
            state.advance(entry)
        assert state == fold(entries)
