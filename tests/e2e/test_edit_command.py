"""`orchestrate edit`: one edit of one file from the command line, without a plan."""

from __future__ import annotations

import json

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
    assert workflow.read(PATH) == WORKFLOW.replace("    steps:", "    timeout-minutes: 10\n    steps:")
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
    (): "name an --action, or edits: --set, --ensure, --append, --remove",
    ("--remove", "a", "--action", "add_canary"): "name an --action, or edits",
    ("--set", "a"): "--set takes PATH VALUE",
    ("--remove",): "--remove takes PATH",
    ("--remove", "a", "--after", "b"): "--after is for a single --set or --ensure or --append",
    ("--set", "a", "1", "--set", "b", "2", "--after", "c"): "make the edits one by one",
    ("--set", "a", "1", "--key", "b"): "--key is for a single --append",
    ("--set", "a", "1", "--expect", "few"): "how many places are expected is `one`, `many` or a number",
    ("--action", "add_canary", "--expect", "2"): "--expect is not for --action",
    ("--remove", "a", "--param", "b=1"): "--param is for --action",
    ("--action", "add_canary", "--param", "b"): "`b` is no NAME=VALUE",
    ("--action", "add_canary", "--param", "precent=1"): "`add_canary` has no such parameter; did you mean `percent`?",
    ("--action", "add_canaries"): "did you mean `add_canary`?",
    ("--set", "a[", "1"): "`set`: column 3: within `[ ]` stands a number",
    ("--set", "a", "{a"): "the value `{a` is not YAML",
    ("--set", "a", "{a: 1, a: 2}"): "is not YAML: the key `a` is there twice\n  hint: for example '{name: Test",
    ("--set", "a", "[!x y]"): "the tag `!x` is not used",
}


@pytest.mark.parametrize(("options", "said"), BAD_OPTIONS.items())
def test_options_that_make_no_edit_are_explained(options: tuple[str, ...], said: str, workflow: Site) -> None:
    ended = workflow.orchestrate("edit", PATH, *options)
    assert ended.code == 2
    assert ended.err.startswith("error[usage/bad-option]: ")
    assert said in ended.err
    assert workflow.read(PATH) == WORKFLOW


def test_options_may_be_repeated_and_are_made_in_order(site: Site) -> None:
    site.write("a.json", '{\n  "x": 1,\n  "y": 2,\n  "z": ["a"]\n}\n')
    ended = site.orchestrate("edit", "a.json", "--set", "m.p", "6", "--ensure", "m.o", "5")
    assert (ended.code, ended.err.splitlines()[0]) == (1, "error[edit/no-match]: a.json:1:1: nothing is at `m.p`")
    options = ("--remove", "x", "--ensure", "m.o", "5", "--set", "m.p", "6", "--append=z", "b", "--append", "z", "c")
    ended = site.orchestrate("edit", "a.json", *options, "--remove", "y")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(site.read("a.json")) == {"z": ["a", "b", "c"], "m": {"o": 5, "p": 6}}


def test_of_several_edits_all_are_made_or_none(workflow: Site) -> None:
    ended = workflow.orchestrate("edit", PATH, "--set", "name", "A", "--set", "jobs.bild.name", "C")
    assert ended.code == 1
    assert workflow.read(PATH) == WORKFLOW


VALUES = [
    "!src/**/*.d.ts",
    ">=3.10",
    "@x",
    "*",
    "a :: b",
    "Framework :: Pytest",
    "a #b",
    "&x",
    "#fff",
    "",
    "%a",
    "a: b: c",
]


@pytest.mark.parametrize("value", VALUES)
def test_a_line_that_is_no_yaml_is_text(value: str, site: Site) -> None:
    site.write("a.json", '{\n  "a": 1\n}\n')
    ended = site.orchestrate("edit", "a.json", "--set", "a", value)
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(site.read("a.json")) == {"a": value}


@pytest.mark.parametrize(
    ("value", "meant"),
    [("1.5", 1.5), ("true", True), ("~", None), ("'1'", "1"), ("a: 1", {"a": 1}), ("[a, 'b: c']", ["a", "b: c"])],
)
def test_a_value_that_is_yaml_means_what_yaml_says(value: str, meant: object, site: Site) -> None:
    site.write("a.json", '{\n  "a": [0]\n}\n')
    assert site.orchestrate("edit", "a.json", "--set", "a", value).code == 0
    assert json.loads(site.read("a.json")) == {"a": meant}


def test_new_keys_and_items_go_where_they_are_told(workflow: Site) -> None:
    workflow.write("a.yml", "a: 1\nb: 2\nl:\n  - x\n  - y\n")
    edit = ("edit", "a.yml")
    for options in (("--set", "n", "1", "--after", "a"), ("--ensure", "m", "1", "--before", "a")):
        assert workflow.orchestrate(*edit, *options).code == 0
    assert workflow.orchestrate(*edit, "--append", "l", "z", "--before", "[1]").code == 0
    assert workflow.read("a.yml") == "m: 1\na: 1\nn: 1\nb: 2\nl:\n  - x\n  - z\n  - y\n"


def test_a_path_may_mean_many_places_when_that_is_expected(site: Site) -> None:
    site.write("a.yml", "a:\n  x: 1\nb:\n  x: 1\n")
    assert site.orchestrate("edit", "a.yml", "--set", "*.x", "2").code == 1
    assert site.orchestrate("edit", "a.yml", "--set", "*.x", "2", "--expect", "many").code == 0
    assert site.read("a.yml") == "a:\n  x: 2\nb:\n  x: 2\n"
    assert site.orchestrate("edit", "a.yml", "--set", "*.x", "3", "--expect", "3").code == 1


def test_a_file_that_is_not_here_is_looked_for_in_the_project(site: Site) -> None:
    site.write("other/a.yml", "a: 1\n")
    ended = site.orchestrate("edit", "--project", "other", "a.yml", "--set", "a", "2")
    assert (ended.code, ended.out) == (0, "a.yml: sets `a` (+1 -1)\n")
    ended = site.orchestrate("edit", "--project", "other", "b.yml", "--set", "a", "2")
    assert ended.code == 1
    assert "`b.yml` does not exist" in ended.err


def test_a_file_out_of_the_project_is_refused(workflow: Site) -> None:
    ended = workflow.orchestrate("edit", "../a.yml", "--set", "a", "1")
    assert ended.code == 2
    assert "`../a.yml` is not in the project" in ended.err
