"""Parts of a plan: what they build on, what failed, one at a time, and what a failure means for the rest."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import UsageError
from orchestrator.plan.select import Selection
from tests.support.project import STATE, Site, generate, shell, statuses

SECOND = Selection(phases=("2",))


def two_phases(site: Site) -> None:
    site.write("templates/page.txt.j2", "page\n")
    site.phases(
        {"a": {"tasks": [generate("1.1", "one.txt", "page.txt"), generate("1.2", "two.txt", "page.txt")]}},
        {
            "depends_on": ["phase_1"],
            "b": {"tasks": [generate("2.1", "three.txt", "page.txt", tags=["last"])]},
        },
    )


def test_prerequisites_that_are_not_done_are_named_with_both_ways_on(site: Site) -> None:
    two_phases(site)
    for words in (["run", "--yes"], ["plan"]):
        refused = site.orchestrate(*words, "--phase", "2")
        assert refused.code == 2, refused
        assert "usage/prerequisites" in refused.err
        assert "1.1  Task 1.1" in refused.err and "1.2  Task 1.2" in refused.err
        assert "--with-deps" in refused.err and "--no-deps" in refused.err
    assert not (site.root / "three.txt").exists()


def test_with_deps_runs_what_the_selection_builds_on(site: Site) -> None:
    two_phases(site)
    state = site.apply(selection=SECOND, with_deps=True)
    assert state.exit_code == 0
    assert statuses(state) == dict.fromkeys(("1.1", "1.2", "2.1"), "succeeded")


def test_no_deps_runs_the_selection_alone(site: Site) -> None:
    two_phases(site)
    state = site.apply(selection=SECOND, no_deps=True)
    assert (state.exit_code, statuses(state)) == (0, {"2.1": "succeeded"})


def test_a_prerequisite_is_done_when_the_journal_says_so_until_its_file_changes(site: Site) -> None:
    two_phases(site)
    assert site.apply(selection=Selection(phases=("1",))).exit_code == 0
    assert site.apply(selection=SECOND).exit_code == 0
    (site.root / "one.txt").unlink()
    with pytest.raises(UsageError, match=r"(?s)builds on 1 task.*1\.1"):
        site.apply(selection=SECOND)


def test_a_clean_checkout_without_a_journal_is_taken_for_what_it_is(site: Site, tmp_path: Path) -> None:
    two_phases(site)
    assert site.apply(selection=Selection(phases=("1",))).exit_code == 0
    clone = Site(tmp_path / "clone")
    shutil.copytree(site.root, clone.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(STATE))
    assert statuses(clone.apply(selection=SECOND)) == {"2.1": "succeeded"}


@pytest.mark.parametrize(("selection", "chosen"), [
    ({"tags": ("last",)}, {"2.1"}),
    ({"groups": ("a",), "exclude": ("1.2",)}, {"1.1"}),
    ({"tasks": ("1.1", "2.1")}, {"1.1", "2.1"}),
    ({"exclude": ("phase_1",)}, {"2.1"}),
])  # fmt: skip
def test_a_selection_runs_what_it_names(site: Site, selection: dict[str, Any], chosen: set[str]) -> None:
    two_phases(site)
    assert set(statuses(site.apply(selection=Selection(**selection), no_deps=True))) == chosen


def test_retry_failed_runs_what_failed_and_what_it_kept_from_starting(site: Site) -> None:
    site.plan(
        shell("1", "echo ran >> count1"),
        shell("2", "echo ran >> count2; test -e go"),
        shell("3", "true", depends_on=["2"]),
        execution="parallel",
    )
    assert site.apply().exit_code == 1
    assert site.finished() == {"1": "succeeded", "2": "failed", "3": "blocked"}
    site.write("go", "")
    state = site.apply(retry_failed=True)
    assert (state.exit_code, statuses(state)) == (0, {"2": "succeeded", "3": "succeeded"})
    assert (site.read("count1"), site.read("count2")) == ("ran\n", "ran\nran\n")
    with pytest.raises(UsageError, match="nothing failed"):
        site.apply(retry_failed=True)


@pytest.mark.parametrize(("options", "most"), [({"sequential": True}, 1), ({"max_parallel": 2}, 2), ({}, 4)])
def test_no_more_tasks_run_at_once_than_allowed(site: Site, options: dict[str, Any], most: int) -> None:
    until = "for i in $(seq 200); do grep -qx $MOST counts && break; sleep 0.05; done"
    run = f"touch running$N; ls running* | wc -l >> counts; {until}; rm running$N"
    tasks = [shell(str(n), run, parallel_safe=True, env={"N": str(n), "MOST": str(most)}) for n in range(6)]
    site.plan(*tasks, execution="parallel")
    assert site.apply(**options).exit_code == 0
    assert max(map(int, site.read("counts").split())) == most


def failing(site: Site, **more: Any) -> dict[str, str]:
    """Run two independent chains of which one fails; return how everything ended."""
    site.plan(
        shell("1", "exit 3", parallel_safe=True),
        shell("2", "true", depends_on=["1"], parallel_safe=True),
        shell("3", "touch begun; sleep 0.4", parallel_safe=True),
        shell("4", "true", depends_on=["3"], parallel_safe=True),
        execution="parallel",
        **more,
    )
    state = site.apply()
    assert state.exit_code == 1
    return statuses(state)


def test_a_failure_blocks_what_depends_on_it_and_nothing_else(site: Site) -> None:
    assert failing(site) == {"1": "failed", "2": "blocked", "3": "succeeded", "4": "succeeded"}


@pytest.mark.parametrize("where", [{"settings": {"fail_fast": True}}, {"fail_fast": True}], ids=["plan", "group"])
def test_fail_fast_cancels_what_runs_and_starts_nothing_more(site: Site, where: dict[str, Any]) -> None:
    ended = failing(site, **where)
    assert (ended["1"], ended["2"], ended["3"]) == ("failed", "blocked", "cancelled")
    assert ended["4"] in ("blocked", "cancelled")
    assert not site.state().is_open


@pytest.mark.parametrize("level", ["task", "group"])
def test_continue_on_error_lets_dependents_run_and_keeps_the_exit_code_0(site: Site, level: str) -> None:
    on = {"continue_on_error": True}
    site.plan(shell("1", "exit 3", **(on if level == "task" else {})), shell("2", "true"),
              **(on if level == "group" else {}))  # fmt: skip
    run = site.orchestrate("run", "--yes")
    assert run.code == 0, run
    assert site.finished() == {"1": "failed", "2": "succeeded"}
    assert "tolerate" in run.out and "ended with 3" in run.out


@pytest.mark.parametrize(("options", "blocking", "code"), [
    ([], False, 0), (["--strict"], False, 1), ([], True, 1),
])  # fmt: skip
def test_what_cannot_be_verified_fails_under_strict_and_blocking(
    site: Site, options: list[str], blocking: bool, code: int
) -> None:
    gate = {"name": "Gate", "blocking": blocking, "validations": [{"type": "deployment_working"}]}
    site.phases({"a": {"tasks": [shell("1", "true")]}}, checkpoints={"after_phase_1": gate})
    run = site.orchestrate("run", "--yes", *options)
    assert run.code == code, run
    assert "no `url` says where it is deployed" in run.out


def test_skipped_tasks_let_others_run(site: Site) -> None:
    site.plan(shell("1", "exit 1", when="variables.wanted"), shell("2", "true"), variables={"wanted": False})
    state = site.apply()
    assert (state.exit_code, statuses(state)) == (0, {"1": "skipped", "2": "succeeded"})


def test_variables_come_from_the_command_line(site: Site) -> None:
    site.plan(shell("1", ["sh", "-c", 'echo "$1" > said', "say", "{{ variables.word }}"]), variables={"word": "no"})
    assert site.run("--var", "word=yes $(touch never)").code == 0
    assert site.read("said") == "yes $(touch never)\n"
    assert not (site.root / "never").exists()
