"""`settings.git`: commits of what a run applied and nothing else, on a branch if the plan names one."""

from __future__ import annotations

import signal

import pytest

from tests.support.project import Site, ask, generate, shell, wait_until


def pages(site: Site, commit: str, **git: str) -> None:
    site.write("templates/page.txt.j2", "page\n")
    site.phases(
        {
            "a": {"tasks": [generate("1.1", "one.txt", "page.txt"), generate("1.2", "two.txt", "page.txt")]},
            "b": {"tasks": [generate("1.3", "three.txt", "page.txt"), shell("1.4", "echo stray > stray.txt")]},
        },
        {"depends_on": ["phase_1"], "c": {"tasks": [generate("2.1", "four.txt", "page.txt")]}},
        settings={"git": {"commit": commit, **git}, "max_parallel_tasks": 1},
    )
    site.write("staged.txt", "before\n")
    site.write("dirty.txt", "before\n")
    site.commit_everything()
    site.write("staged.txt", "after\n")
    site.git("add", "staged.txt")
    site.write("dirty.txt", "after\n")
    site.write("untracked.txt", "mine\n")


def commits(site: Site) -> list[tuple[str, set[str]]]:
    """Return subject and files of each commit after the first, oldest first."""
    log = site.git("log", "--reverse", "--skip=0", "--name-only", "--format=%x00%s").split("\0")[2:]
    return [(entry.splitlines()[0], set(entry.split("\n\n", 1)[1].split())) for entry in log]


@pytest.mark.parametrize(("commit", "expected"), [
    ("task", [("1.1 Task 1.1", {"one.txt"}), ("1.2 Task 1.2", {"two.txt"}), ("1.3 Task 1.3", {"three.txt"}),
              ("2.1 Task 2.1", {"four.txt"})]),
    ("group", [("Group a", {"one.txt", "two.txt"}), ("Group b", {"three.txt"}), ("Group c", {"four.txt"})]),
    ("phase", [("Phase 1", {"one.txt", "two.txt", "three.txt"}), ("Phase 2", {"four.txt"})]),
    ("none", []),
])  # fmt: skip
def test_only_what_was_applied_is_committed(site: Site, commit: str, expected: list[tuple[str, set[str]]]) -> None:
    pages(site, commit)
    run = site.run()
    assert run.code == 0, run
    assert sorted(commits(site), key=str) == sorted(expected, key=str)
    status = set(site.git("status", "--porcelain").splitlines())
    assert {"M  staged.txt", " M dirty.txt", "?? untracked.txt", "?? stray.txt"} <= status
    assert site.run().code == 0  # nothing new: no empty commit
    assert len(commits(site)) == len(expected)


def test_a_branch_is_made_once_and_used_again(site: Site) -> None:
    pages(site, "phase", branch="roadmap/${NAME}")
    for _ in range(2):
        run = site.run(NAME="spring")
        assert run.code == 0, run
        assert site.git("branch", "--show-current").strip() == "roadmap/spring"
        site.git("switch", "--quiet", "main")
    assert [subject for subject, _ in commits(site)] == []
    assert site.git("log", "--format=%s", "roadmap/spring").splitlines() == ["Phase 2", "Phase 1", "Start"]
    assert site.git("show", ":staged.txt") == "after\n"  # still staged


def test_what_a_killed_run_had_applied_is_committed_by_the_next(site: Site) -> None:
    site.write("templates/page.txt.j2", "page\n")
    slow = shell("2", "touch begun; test -e go || sleep 60")
    made = shell("0", "echo x > zero.txt", outputs=["zero.txt"])
    site.plan(made, generate("1", "one.txt", "page.txt"), slow, generate("3", "three.txt", "page.txt"),
              settings={"git": {"commit": "group"}})  # fmt: skip
    site.commit_everything()
    running = site.start("run", "--yes", "--json")
    wait_until((site.root / "begun").exists, "the second task begins")
    running.send_signal(signal.SIGKILL)
    running.communicate()
    site.write("go", "")
    assert site.run().code == 0
    assert commits(site) == [("Group a", {"zero.txt", "one.txt", "three.txt"})]


def test_files_that_git_ignores_are_not_committed(site: Site) -> None:
    site.write("templates/page.txt.j2", "page\n")
    site.write(".gitignore", "*.out\n")
    site.plan(generate("1", "one.out", "page.txt"), settings={"git": {"commit": "task"}})
    site.commit_everything()
    site.write("untracked.txt", "mine\n")
    run = site.orchestrate("run", "--yes")
    assert run.code == 0 and "warning" not in run.out, run
    assert commits(site) == []


def test_what_was_applied_before_a_run_waits_for_a_person_is_committed(site: Site) -> None:
    site.write("templates/page.txt.j2", "page\n")
    site.plan(generate("1", "one.txt", "page.txt"), ask("2"), settings={"git": {"commit": "phase"}})
    site.commit_everything()
    assert site.run().code == 4
    assert commits(site) == [("Phase 1", {"one.txt"})]


def test_a_commit_that_git_refuses_is_a_warning_and_harms_nothing(site: Site) -> None:
    pages(site, "phase")
    site.write(".git/hooks/pre-commit", "#!/bin/sh\necho 'not today' >&2\nexit 1\n", mode=0o755)
    run = site.orchestrate("run", "--yes")
    assert run.code == 0, run
    assert "not committed" in run.out and "not today" in run.out
    assert site.read("one.txt") == "page\n"
    assert "M  staged.txt" in site.git("status", "--porcelain")


def test_without_a_repository_the_plan_is_refused(site: Site) -> None:
    site.plan(shell("1", "touch made"), settings={"git": {"commit": "phase", "branch": "roadmap"}})
    run = site.run()
    assert run.code == 2 and "is in no git repository" in run.err, run
    assert not (site.root / "made").exists()


def test_a_rollback_leaves_commits_alone_and_names_them(site: Site) -> None:
    pages(site, "phase")
    assert site.run().code == 0
    head = site.git("rev-parse", "HEAD").strip()
    taken_back = site.orchestrate("rollback", "--yes")
    assert taken_back.code == 0, taken_back
    assert head[:10] in taken_back.out
    assert site.git("rev-parse", "HEAD").strip() == head
    assert " D four.txt" in site.git("status", "--porcelain")


@pytest.mark.parametrize("name", ["--orphan", "a..b", "with space", "-d"])
def test_a_branch_name_that_git_does_not_take_is_refused_and_never_an_option(site: Site, name: str) -> None:
    pages(site, "none", branch=name)
    run = site.run()
    assert run.code == 2 and "cannot switch" in run.err, run
    assert site.git("branch", "--show-current").strip() == "main"


def test_the_announced_outputs_of_a_command_are_committed_too(site: Site) -> None:
    site.phases(
        {"a": {"tasks": [shell("1.1", "echo x > made/out.txt; echo y > stray.txt", outputs=["made/out.txt"])]}},
        settings={"git": {"commit": "group"}},
    )
    site.commit_everything()
    run = site.run()
    assert run.code == 0, run
    assert commits(site) == [("Group a", {"made/out.txt"})]
