"""A run that is interrupted, killed or edited meanwhile is continued as the same run."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.support.project import Site, alive, ended, shell, statuses, wait_until

SLOW = "touch begun; for i in $(seq 500); do test -e go && break; sleep 0.02; done; touch ended"


def begin(site: Site, *tasks: dict[str, object]) -> subprocess.Popen[str]:
    """Start a run, and wait until its first task runs."""
    site.plan(*(tasks or (shell("1", SLOW), shell("2", "touch after"))))
    running = site.start("run", "--yes", "--json", MARK=str(site.base))
    wait_until((site.root / "begun").exists, "the first task begins")
    return running


def test_one_interrupt_lets_running_tasks_end_and_the_next_run_goes_on(site: Site) -> None:
    running = begin(site)
    running.send_signal(signal.SIGINT)
    site.write("go", "")
    stopped = ended(running)
    assert stopped.code == 130, stopped
    assert "running tasks may end" in stopped.err
    assert stopped.statuses() == {"1": "succeeded"}
    assert (site.root / "ended").exists() and not (site.root / "after").exists()
    run = site.runs()[0]

    second = site.orchestrate("run", "--yes")
    assert second.code == 0, second
    assert run in second.out  # it says which run goes on
    assert site.runs() == [run]
    assert site.finished() == {"1": "succeeded", "2": "succeeded"}


@pytest.mark.parametrize("signals", [[signal.SIGINT, signal.SIGINT], [signal.SIGTERM], [signal.SIGHUP]], ids=str)
def test_a_second_interrupt_or_a_request_to_end_ends_everything_that_runs(
    site: Site, signals: list[signal.Signals]
) -> None:
    stubborn = "trap '' INT TERM; setsid sleep 3600 & touch begun; while :; do sleep 1; done"
    running = begin(site, shell("1", stubborn), shell("2", "touch after"))
    for number in signals[:-1]:
        running.send_signal(number)
        assert running.stderr is not None
        running.stderr.readline()  # it says so: two signals at once would count as one
    running.send_signal(signals[-1])
    stopped = ended(running)
    assert stopped.code == 130, stopped
    assert "Traceback" not in stopped.err
    assert alive(f"MARK={site.base}") == []
    state = site.state()
    assert state.is_open and state.paused == "interrupted"
    assert statuses(state) == {"1": "cancelled", "2": "blocked"}

    site.plan(shell("1", "touch begun"), shell("2", "touch after"))
    assert site.apply().exit_code == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT], ids=str)
def test_a_run_goes_on_if_it_was_told_to_ignore_a_signal_as_nohup_does(site: Site, number: signal.Signals) -> None:
    site.plan(shell("1", SLOW), shell("2", "kill -INT $$"))
    running = site.start("run", "--yes", "--json", through=["sh", "-c", f'trap "" {number.name[3:]}; exec "$@"', "sh"])
    wait_until((site.root / "begun").exists, "the first task begins")
    running.send_signal(number)
    site.write("go", "")
    stopped = ended(running)
    assert stopped.statuses() == {"1": "succeeded", "2": "failed"}, stopped  # the tasks ignore nothing


def test_what_was_in_flight_runs_again_and_the_summary_names_it(site: Site) -> None:
    running = begin(site)
    running.kill()
    running.communicate()
    site.write("go", "")
    second = site.orchestrate("run", "--yes")
    assert second.code == 0, second
    assert "interrupted" in second.out and "1  Task 1" in second.out
    assert len(site.runs()) == 1


def test_status_says_that_a_killed_run_did_not_end(site: Site) -> None:
    running = begin(site)
    running.kill()
    running.communicate()
    status = site.orchestrate("status")
    assert "did not end" in status.out, status


def test_a_changed_plan_keeps_what_is_still_done(site: Site) -> None:
    counted = [shell(str(number), f"echo ran >> count{number}; test -e go || exit 1") for number in (1, 2, 3)]
    counted[0]["run"] = "echo ran >> count1"
    counted[2]["depends_on"] = ["1"]
    site.plan(*counted, {"id": "4", "name": "Ask", "type": "manual"}, execution="parallel")
    assert site.apply().exit_code == 1  # the others failed, and a person is asked: the run is open
    assert site.state().is_open

    site.write("go", "")
    counted[2] = shell("3", "echo ran differently >> count3")
    site.plan(*counted, shell("5", "echo ran >> count5"), execution="parallel")
    state = site.apply()
    assert state.exit_code == 0
    assert statuses(state)["5"] == "succeeded"
    assert len(site.runs()) == 1
    counts = {name: site.read(name).splitlines() for name in ("count1", "count2", "count3", "count5")}
    assert counts == {
        "count1": ["ran"],
        "count2": ["ran", "ran"],
        "count3": ["ran", "ran differently"],
        "count5": ["ran"],
    }


def test_a_finished_run_is_not_continued(site: Site) -> None:
    site.plan(shell("1", "echo ran >> count"))
    assert [site.apply().exit_code, site.apply().exit_code] == [0, 0]
    assert len(site.runs()) == 2
    assert site.read("count") == "ran\nran\n"


def test_a_refused_selection_leaves_no_run_behind(site: Site) -> None:
    site.phases(
        {"a": {"tasks": [shell("1", "true")]}},
        {"depends_on": ["phase_1"], "b": {"tasks": [shell("2", "true")]}},
    )
    assert site.run("--phase", "2").code == 2
    assert site.runs() == []
