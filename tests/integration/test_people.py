"""Tasks that wait for a person: without a terminal, with an answer beforehand, and while the run goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing

import pytest

from orchestrator.app.answers import decide
from orchestrator.app.project import Ports
from orchestrator.plan.model import Task
from orchestrator.record.events import ApprovalGiven, Entry, Event, RunStarted
from orchestrator.record.journal import SqliteJournal
from tests.support.project import Site, ask, ended, shell, statuses, wait_until


def test_a_run_does_what_needs_no_answer_stops_with_4_and_goes_on_after_it(site: Site) -> None:
    after = shell("2", "echo after > after", depends_on=["1"])
    site.plan(ask("1"), after, shell("3", "echo beside > beside"), execution="parallel")
    first = site.orchestrate("run", "--yes")
    assert first.code == 4, first
    assert "Look, then say yes." in first.out and "orchestrate approve 1" in first.out
    assert (site.root / "beside").exists() and not (site.root / "after").exists()
    assert site.orchestrate("status").code == 4

    given = site.orchestrate("approve", "1", "--comment", "I looked")
    assert given.code == 0, given
    second = site.run()
    assert second.code == 0, second
    assert second.statuses() == {"1": "succeeded", "2": "succeeded"}  # the third is done already
    assert len(site.runs()) == 1
    summary = json.loads(site.orchestrate("status", "--json").out)["tasks"]["1"]["summary"]
    assert summary.startswith("approved by ") and summary.endswith(": I looked")


def test_an_answer_given_while_the_run_goes_on_is_noticed(site: Site) -> None:
    site.plan(
        ask("1"),
        shell("2", "touch answered", depends_on=["1"], parallel_safe=True),
        shell("3", "touch begun; for i in $(seq 400); do test -e answered && exit; sleep 0.02; done; exit 1",
              parallel_safe=True),
        execution="parallel",
    )  # fmt: skip
    running = site.start("run", "--yes", "--json")
    wait_until((site.root / "begun").exists, "the third task begins")
    assert site.orchestrate("approve", "1").code == 0
    wait_until((site.root / "answered").exists, "the run notices", 3)
    finished = ended(running)
    assert finished.code == 0, finished
    assert set(finished.statuses().values()) == {"succeeded"}


class VisitedJournal(SqliteJournal):
    """A journal in which somebody else answers as soon as a run has begun."""

    task: Task

    def append(self, events: Sequence[Event]) -> list[Entry]:
        entries = super().append(events)
        if any(isinstance(event, RunStarted) for event in events):
            with closing(SqliteJournal(self.path, self.run_id)) as visitor:
                for decision in ("rejected", "approved"):  # the last word counts
                    visitor.append([ApprovalGiven(self.task.id, decision, self.task.digest, "visitor")])
        return entries


def test_an_answer_that_comes_while_the_run_is_getting_ready_is_noticed(site: Site) -> None:
    site.plan(ask("1"), shell("2", "sleep 1", parallel_safe=True), execution="parallel")
    VisitedJournal.task = site.project().plan.tasks["1"]
    state = site.apply(Ports(environ=site.environ, journal=VisitedJournal))
    assert (state.exit_code, statuses(state)) == (0, {"1": "succeeded", "2": "succeeded"})


def test_a_rejected_task_fails_and_blocks_what_depends_on_it(site: Site) -> None:
    site.plan(ask("1"), shell("2", "touch after"))
    assert site.run().code == 4
    assert site.orchestrate("reject", "1", "--comment", "too early").code == 0
    run = site.orchestrate("run", "--yes")
    assert run.code == 1, run
    assert "too early" in run.out
    assert site.finished() == {"1": "failed", "2": "blocked"}
    assert site.orchestrate("approve", "1").code == 0  # the last word counts
    assert site.run().code == 0


def test_a_changed_task_asks_again(site: Site) -> None:
    site.plan(ask("1"))
    assert site.apply().exit_code == 4
    decide(site.project(), "1", "approved", "")
    site.plan(ask("1", description="Look closely, then say yes."))
    assert site.apply().exit_code == 4
    decide(site.project(), "1", "approved", "")
    assert site.apply().exit_code == 0


@pytest.mark.parametrize(("approve", "statuses_after"), [
    ({"all": ""}, {"1": "succeeded", "2": "succeeded"}),
    ({"2": "fine"}, {"1": "waiting", "2": "succeeded"}),
])  # fmt: skip
def test_tasks_can_be_approved_beforehand(site: Site, approve: dict[str, str], statuses_after: dict[str, str]) -> None:
    site.plan(ask("1"), ask("2"), execution="parallel")
    assert statuses(site.apply(approve=approve)) == statuses_after


def test_the_command_line_takes_approvals_with_and_without_a_comment(site: Site) -> None:
    site.plan(ask("1"), ask("2"), execution="parallel")
    run = site.run("--approve", "1=seen by all", "--approve", "2")
    assert run.code == 0, run
    assert {event["comment"] for event in run.events if event["kind"] == "ApprovalGiven"} == {
        "seen by all",
        "",
    }


def test_an_approval_beforehand_that_a_dependency_needs_is_recorded(site: Site) -> None:
    site.phases({"a": {"tasks": [ask("1")]}}, {"depends_on": ["phase_1"], "b": {"tasks": [shell("2", "true")]}})
    run = site.run("--phase", "2", "--with-deps", "--approve", "all")
    assert run.code == 0, run
    assert [event["task"] for event in run.events if event["kind"] == "ApprovalGiven"] == ["1"]


def test_only_tasks_that_ask_can_be_answered(site: Site) -> None:
    site.plan(ask("1"), shell("2", "true"))
    for task in ("2", "9"):
        refused = site.orchestrate("approve", task)
        assert refused.code == 2 and "tasks that do are 1" in refused.err, refused
