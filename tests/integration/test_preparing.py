"""`settings.prepare`: the project's own tools are brought up to date, once, for all tasks that need them."""

from __future__ import annotations

import signal

from orchestrator.app.preview import foresee
from tests.support.project import STATE, Site, ask, ended, generate, shell, statuses, wait_until

STEP = {"run": "mkdir -p tools; echo ran >> prepared", "inputs": ["lock.json"], "creates": "tools"}


def prepare(site: Site, *steps: dict[str, object]) -> None:
    site.write("lock.json", "1\n")
    tasks = [shell(str(number), "test -d tools", parallel_safe=True) for number in range(4)]
    site.plan(*tasks, execution="parallel", settings={"prepare": list(steps or [STEP])})


def times(site: Site) -> int:
    return len(site.read("prepared").splitlines())


def test_a_step_runs_once_for_many_tasks_and_again_when_its_inputs_change(site: Site) -> None:
    prepare(site)
    assert site.apply().exit_code == 0
    assert times(site) == 1
    assert site.apply().exit_code == 0
    assert times(site) == 1
    site.write("lock.json", "2\n")
    assert site.apply().exit_code == 0
    assert times(site) == 2
    (site.root / "tools").rmdir()
    assert site.apply().exit_code == 0
    assert times(site) == 3


def test_steps_run_in_order(site: Site) -> None:
    prepare(site, {"run": ["sh", "-c", "echo one >> prepared"]}, STEP, {"run": "echo three >> prepared"})
    assert site.apply().exit_code == 0
    assert site.read("prepared").split() == ["one", "ran", "three"]


def test_a_failing_step_fails_the_tasks_that_need_it_and_says_so(site: Site) -> None:
    prepare(site, {"run": "echo no network >&2; exit 7"})
    run = site.orchestrate("run", "--yes")
    assert run.code == 1, run
    assert "the preparation `echo no network >&2; exit 7` ended with 7" in run.out
    log = next((site.root / STATE).rglob("logs/prepare*"))
    assert str(log) in run.out or str(log.relative_to(site.root)) in run.out
    assert "no network" in log.read_text()
    prepare(site)
    assert site.apply().exit_code == 0


def test_a_run_that_executes_nothing_prepares_nothing(site: Site) -> None:
    site.write("templates/page.txt.j2", "page\n")
    site.plan(generate("1", "page.txt", "page.txt"), ask("2"), settings={"prepare": [STEP]})
    assert statuses(site.apply()) == {"1": "succeeded", "2": "waiting"}
    assert not (site.root / "prepared").exists()


def test_a_preview_prepares_nothing(site: Site) -> None:
    prepare(site)
    foresee(site.project())
    assert not (site.root / "prepared").exists()


def test_ending_a_run_that_prepares_is_quiet_and_the_next_one_prepares_again(site: Site) -> None:
    prepare(site, {"run": "echo ran >> prepared; test -e go && exit; while :; do echo busy; sleep 0.02; done"})
    running = site.start("run", "--yes", "--json")
    wait_until((site.root / "prepared").exists, "the step begins")
    running.send_signal(signal.SIGTERM)
    stopped = ended(running)
    assert (stopped.code, stopped.err) == (130, ""), stopped
    site.write("go", "")
    prepare(site, {"run": "echo ran >> prepared; mkdir tools"})
    assert site.apply().exit_code == 0
    assert times(site) == 2


def test_a_step_that_takes_too_long_fails_its_task_quietly(site: Site) -> None:
    slow = {"run": "while :; do echo busy; sleep 0.02; done"}
    site.plan(shell("1", "true", timeout=0.3, retry=1), settings={"prepare": [slow]})
    run = site.orchestrate("run", "--yes")
    assert run.code == 1 and "task/timeout" not in run.err, run
    assert run.err == "", run
    assert "it took longer than 0.3 s" in run.out
