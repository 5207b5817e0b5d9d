"""What `explain` says of a task that has not run."""

from __future__ import annotations

from tests.support.project import Site, ask, ended, shell, wait_until


def now(site: Site, task_id: str) -> str:
    found = site.orchestrate("explain", task_id)
    assert found.code == 0, found
    return found.out.splitlines()[-1].removeprefix("now").strip()


def test_a_task_says_what_keeps_it_from_starting(site: Site) -> None:
    site.plan(
        ask("1"),
        shell("2", "true", depends_on=["1"]),
        shell("3", "exit 1"),
        shell("4", "true", depends_on=["3"]),
        execution="parallel",
    )
    assert now(site, "1") == "can start"
    assert now(site, "2") == "waits for `1`"
    assert site.orchestrate("run", "--yes").code == 1
    assert now(site, "1") == "waits for a person"
    assert "`3`" in site.orchestrate("explain", "4").out.splitlines()[-1]


def test_a_task_says_which_file_it_waits_for_while_a_run_goes_on(site: Site) -> None:
    wait = "touch begun; for i in $(seq 400); do test -e enough && exit; sleep 0.02; done; exit 1"
    site.plan(
        shell("1", wait, outputs=["one.txt"], creates="enough"),
        shell("2", "true > one.txt", outputs=["one.txt"]),
        execution="parallel",
    )
    running = site.start("run", "--yes")
    wait_until((site.root / "begun").exists, "the first task begins")
    assert now(site, "1") == "runs"
    assert now(site, "2") == "waits until others are done with `path one.txt`"
    (site.root / "enough").touch()
    (site.root / "one.txt").touch()
    ended(running)
