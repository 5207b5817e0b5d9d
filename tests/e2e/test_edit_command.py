"""`orchestrate edit`: one edit of one file from the command line, without a plan."""

from __future__ import annotations

import pytest

from tests.support.project import Site, changed, tree_of

PATH = ".github/workflows/ci.yml"
WORKFLOW = "on: push  # always\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"


@pytest.fixture
def workflow(site: Site) -> Site:
    site.write(PATH, WORKFLOW)
    return site


def test_it_edits_and_is_satisfied_afterwards(workflow: Site) -> None:
    edit = ("edit", PATH, "--set", "jobs.test.timeout-minutes", "10")
    ended = workflow.orchestrate(*edit)
    assert (ended.code, ended.out) == (0, f"{PATH}: sets `jobs.test.timeout-minutes` (+1 -0)\n")
    assert workflow.read(PATH) == f"{WORKFLOW}    timeout-minutes: 10\n"
    before = (workflow.root / PATH).stat()
    ended = workflow.orchestrate(*edit)
    assert (ended.code, ended.out) == (0, f"{PATH}: already as the edits want it\n")
    assert (workflow.root / PATH).stat() == before
    assert [path.name for path in (workflow.root / PATH).parent.iterdir()] == ["ci.yml"]


def test_a_dry_run_shows_the_diff_and_writes_nothing(workflow: Site) -> None:
    before = tree_of(workflow.root, set())
    ended = workflow.orchestrate("edit", PATH, "--append", "jobs.test.steps", "{run: npm test}", "--dry-run")
    assert ended.code == 0
    assert ended.out == (
        f"--- a/{PATH}\n+++ b/{PATH}\n@@ -4,3 +4,4 @@\n     runs-on: ubuntu-latest\n     steps:\n       - run: make\n"
        f"+      - run: npm test\n{PATH}: appends to `jobs.test.steps` (+1 -0, not written)\n"
    )
    assert changed(before, tree_of(workflow.root, set())) == set()


def test_it_removes_and_shows_the_diff_when_asked(workflow: Site) -> None:
    ended = workflow.orchestrate("edit", PATH, "--remove", "jobs.test.steps[0]", "--diff")
    assert ended.code == 1
    assert "error[edit/" in ended.err
    workflow.write("a.json", '{\n  "a": 1,\n  "b": 2\n}\n')
    ended = workflow.orchestrate("edit", "a.json", "--remove", "b", "--diff")
    assert ended.code == 0
    assert ended.out.startswith("--- a/a.json\n+++ b/a.json\n")
    assert workflow.read("a.json") == '{\n  "a": 1\n}\n'


def test_the_project_may_be_elsewhere(workflow: Site) -> None:
    workflow.write("other/a.yml", "a: 1\n")
    ended = workflow.orchestrate("edit", "other/a.yml", "--set", "a", "2", "--project", "other")
    assert (ended.code, ended.out) == (0, "a.yml: sets `a` (+1 -1)\n")
    assert workflow.read("other/a.yml") == "a: 2\n"


def test_a_refusal_names_the_place_and_writes_nothing(workflow: Site) -> None:
    ended = workflow.orchestrate("edit", PATH, "--set", "jobs.tset.name", "x")
    assert ended.code == 1
    assert ended.err == (
        f"error[edit/no-match]: {PATH}:2:1: nothing is at `jobs.tset.name`\n  hint: did you mean `test`?\n"
    )
    assert workflow.read(PATH) == WORKFLOW


BAD_OPTIONS = {
    (): "an edit is one of --set, --append, --remove and --action",
    ("--remove", "a", "--set", "b", "1"): "an edit is one of --set, --append, --remove and --action",
    ("--remove", "a", "--param", "b=1"): "--param is for --action",
    ("--action", "add_canary", "--param", "b"): "`b` is no NAME=VALUE",
    ("--action", "add_canary", "--param", "precent=1"): "`add_canary` has no such parameter; did you mean `percent`?",
    ("--action", "add_canaries"): "did you mean `add_canary`?",
    ("--set", "a[", "1"): "`set`: column 3: within `[ ]` stands a number",
    ("--set", "a", "{a"): "the value `{a` is not YAML",
}


@pytest.mark.parametrize(("options", "said"), BAD_OPTIONS.items())
def test_options_that_make_no_edit_are_explained(options: tuple[str, ...], said: str, workflow: Site) -> None:
    ended = workflow.orchestrate("edit", PATH, *options)
    assert ended.code == 2
    assert ended.err.startswith("error[usage/bad-option]: ")
    assert said in ended.err
    assert workflow.read(PATH) == WORKFLOW


def test_a_file_out_of_the_project_is_refused(workflow: Site) -> None:
    ended = workflow.orchestrate("edit", "../a.yml", "--set", "a", "1")
    assert ended.code == 2
    assert "`../a.yml` is not in the project" in ended.err
