"""The plan of core task types over a copy of the sample project: run, run again, look, take back."""

from pathlib import Path

import pytest

from tests.support.project import PLANS, Site, changed, sample_site

CORE = ["--config", str(PLANS / "core.yaml"), "--project", "."]


@pytest.fixture
def core(tmp_path: Path) -> Site:
    site = sample_site(tmp_path)
    site.options = CORE
    return site


def test_a_first_run_does_everything_and_a_second_finds_the_files_as_they_should_be(core: Site) -> None:
    first = core.run("--approve", "all")
    assert first.code == 0, first
    assert {status for task, status in first.statuses().items() if task not in ("1.6", "2.5")} == {"succeeded"}
    assert first.statuses()["1.6"] == "failed"  # which the plan tolerates
    assert first.statuses()["2.5"] == "skipped"
    done = core.tree()

    second = core.run("--approve", "all")
    assert second.code == 0, second
    files = {task: status for task, status in second.statuses().items() if task in ("2.1", "2.2", "2.3", "2.4")}
    assert files == dict.fromkeys(files, "unchanged") and len(files) == 4
    assert core.tree() == done


def test_git_sees_what_the_plan_says_and_nothing_of_our_own(core: Site) -> None:
    assert core.run("--approve", "all").code == 0
    assert core.git("diff", "--stat") == ""  # the plan only makes new files
    new = core.git("status", "--porcelain", "--untracked-files=all").splitlines()
    folders = (
        "reports/",
        "docs/runbooks/",
        "src/test/fixtures/",
        "python-services/",
        ".github/workflows/rollback.yml",
    )
    assert new and all(line.startswith("?? ") and line[3:].startswith(folders) for line in new)


def test_a_rollback_of_everything_gives_back_every_byte_and_mode(core: Site) -> None:
    core.write("docs/runbooks/deployment.md", "Ours, and executable.\n", mode=0o750)
    core.write("reports/services.txt", "An earlier report.\n", mode=0o640)
    core.write("src/test/fixtures/README.md", "Stays.\n")
    before = core.tree()
    assert core.run("--approve", "all").code == 0
    assert core.read("docs/runbooks/deployment.md.orig") == "Ours, and executable.\n"
    assert core.run("--approve", "all", "--var", "team=others").code == 0
    assert len(changed(before, core.tree())) > 25

    taken_back = core.orchestrate("rollback", "--all", "--yes")
    assert taken_back.code == 0, taken_back
    assert core.tree() == before


def test_a_phase_is_run_and_taken_back_by_itself(core: Site) -> None:
    assert core.run("--phase", "1").code == 0
    before = core.tree()
    assert core.run("--phase", "2").code == 0
    assert len(changed(before, core.tree())) > 9
    taken_back = core.orchestrate("rollback", "--yes")
    assert taken_back.code == 0, taken_back
    assert core.tree() == before
