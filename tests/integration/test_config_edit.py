"""`config_edit` tasks as plans write them and runs make them: all files or none, and no byte beside the edit."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.change import FileEdit
from orchestrator.edits.actions import ACTIONS, parameters_of, recipe_of
from orchestrator.edits.actions.parameters import AddDirectoryThresholds, AddMigrationStep, StepSelector
from orchestrator.errors import PlanErrors, TaskError
from orchestrator.handlers.config_edit import ConfigEditTask
from orchestrator.handlers.registry import Registry
from orchestrator.plan.compiled import load_plan
from orchestrator.plan.model import Task
from orchestrator.plan.schema import json_schema
from orchestrator.plan.source import Source
from tests.support.bench import Bench
from tests.support.documents import REPOSITORY, Fence, fences
from tests.support.project import Site

WORKFLOW = "on: push  # always\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
HEAD = "orchestrator: {name: Edits}\nphase_1:\n  name: One\n  groups:\n    group_a:\n      tasks:\n"
SET_NAME = "{set: name, value: CI, before: 'on'}"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def load(tasks: str, directory: Path) -> list[Any]:
    """Return the tasks of a plan."""
    path = directory / "plan.yaml"
    path.write_text(HEAD + indent(dedent(tasks), " " * 8))
    cache = {"XDG_CACHE_HOME": str(directory / "cache")}
    plan = load_plan(path, Registry(), environ=cache)
    assert load_plan(path, Registry(), environ=cache) == plan, "as it was compiled"
    return list(plan.tasks.values())


def task(bench: Bench, fields: str, target: str = "ci.yml") -> Task:
    (found,) = load(f"- {{id: '1', name: e, type: config_edit, target: '{target}', {fields}}}\n", bench.base)
    assert isinstance(found, ConfigEditTask)
    return found


def states(bench: Bench) -> dict[str, tuple[int, int, int]]:
    return {str(path): (s.st_mtime_ns, s.st_mode, s.st_ino) for path in bench.root.rglob("*") for s in [path.lstat()]}


def test_an_edit_is_made_once_and_then_satisfied(bench: Bench) -> None:
    bench.write("ci.yml", WORKFLOW, 0o640)
    edit = task(bench, f"edits: [{SET_NAME}]")
    (foreseen,) = bench.preview(edit)
    assert foreseen.status == "would_change"
    assert foreseen.change is not None
    assert foreseen.change.edits == (FileEdit("ci.yml", WORKFLOW.encode(), f"name: CI\n{WORKFLOW}".encode()),)
    assert bench.read("ci.yml") == WORKFLOW

    done = bench.attempt(edit)
    assert (done.status, done.summary) == ("succeeded", "sets `name`")
    assert bench.read("ci.yml") == f"name: CI\n{WORKFLOW}"
    assert (bench.root / "ci.yml").stat().st_mode & 0o777 == 0o640

    left = states(bench)
    again = bench.attempt(edit, 2)
    assert (again.status, again.summary) == ("unchanged", "already as the edits want it")
    assert states(bench) == left


def test_a_pattern_edits_every_file_it_matches(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.write(f".github/workflows/{name}.yml", WORKFLOW if name != "b" else f"name: CI\n{WORKFLOW}")
    edit = task(bench, f"edits: [{SET_NAME}]", ".github/workflows/*.yml")
    assert bench.handler(edit).claims(edit).writes == (".github/workflows",)
    assert bench.attempt(edit).summary == "edits 2 of 3 files: sets `name`"
    assert {bench.read(f".github/workflows/{name}.yml") for name in ("a", "b", "c")} == {f"name: CI\n{WORKFLOW}"}
    assert bench.plan(edit).summary == "all 3 files are as they should be"


def test_no_file_is_written_when_one_of_them_is_refused(bench: Bench) -> None:
    bench.write("a.yml", WORKFLOW)
    bench.write("b.yml", "on: &when push\nname: *when\n")
    before = bench.tree()
    assert bench.failure(task(bench, f"edits: [{SET_NAME}]", "*.yml")) == (
        "edit/alias",
        "b.yml:2:7: `*when` stands for what is written elsewhere",
    )
    assert bench.tree() == before


def test_a_pattern_that_matches_nothing_is_refused(bench: Bench) -> None:
    refused = bench.failure(task(bench, f"edits: [{SET_NAME}]", "workflows/*.yml"))
    assert refused == ("edit/not-a-file", "`workflows/*.yml` matches no file")


def outside(bench: Bench) -> None:
    (bench.base / "elsewhere.yml").write_text(WORKFLOW)
    (bench.root / "ci.yml").symlink_to(bench.base / "elsewhere.yml")


BAD_FILES: dict[str, tuple[Callable[[Bench], object], tuple[str, str]]] = {
    "missing": (lambda _: None, ("edit/not-a-file", "`ci.yml` does not exist")),
    "empty": (lambda b: b.write("ci.yml", ""), ("edit/not-a-file", "`ci.yml` is empty")),
    "blank": (lambda b: b.write("ci.yml", "\n \n"), ("edit/not-a-file", "`ci.yml` is empty")),
    "a directory": (lambda b: (b.root / "ci.yml").mkdir(), ("edit/not-a-file", "`ci.yml` is a directory")),
    "a broken link": (
        lambda b: (b.root / "ci.yml").symlink_to("nowhere"),
        ("edit/not-a-file", "`ci.yml` is a broken link"),
    ),
    "a named pipe": (lambda b: os.mkfifo(b.root / "ci.yml"), ("edit/not-a-file", "`ci.yml` is not a regular file")),
    "a link out of the project": (outside, ("edit/not-a-file", "`ci.yml` leads out of the project")),
    "not UTF-8": (
        lambda b: (b.root / "ci.yml").write_bytes(b"on: push\nname: \xff\n"),
        ("edit/not-text", "ci.yml:2:7: `ci.yml` is not UTF-8 text"),
    ),
    "with NUL": (
        lambda b: b.write("ci.yml", "on: push\0\n"),
        ("edit/not-text", "ci.yml:1:9: `ci.yml` has a NUL character"),
    ),
    "with CR alone": (
        lambda b: (b.root / "ci.yml").write_bytes(b"on: push\rname: x\r"),
        ("edit/not-text", "ci.yml:1:9: `ci.yml` ends its lines with CR alone"),
    ),
    "too large": (
        lambda b: b.write("ci.yml", "#" * 2_000_001),
        ("edit/too-large", "`ci.yml` has 2,000,001 bytes; an edit stops at 2,000,000"),
    ),
}


@pytest.mark.parametrize(("make", "expected"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_cannot_be_edited_stays_as_it_is(
    make: Callable[[Bench], object], expected: tuple[str, str], bench: Bench
) -> None:
    edit = task(bench, f"edits: [{SET_NAME}]")
    make(bench)
    before = bench.tree(), states(bench)
    assert bench.failure(edit) == expected
    assert (bench.tree(), states(bench)) == before


def test_a_link_within_the_project_stays_a_link(bench: Bench) -> None:
    bench.write("shared/ci.yml", WORKFLOW)
    (bench.root / "ci.yml").symlink_to("shared/ci.yml")
    assert bench.attempt(task(bench, f"edits: [{SET_NAME}]")).status == "succeeded"
    assert (bench.root / "ci.yml").is_symlink()
    assert bench.read("shared/ci.yml") == f"name: CI\n{WORKFLOW}"


def test_a_file_that_changes_after_it_was_read_is_not_overwritten(bench: Bench) -> None:
    bench.write("ci.yml", WORKFLOW)
    change = bench.plan(task(bench, f"edits: [{SET_NAME}]"))
    bench.write("ci.yml", "on: never\n")
    with pytest.raises(TaskError, match="changed while the task worked on it"):
        bench.workspace.apply(change.edits, ".tmp")
    assert bench.read("ci.yml") == "on: never\n"


def test_a_refusal_names_the_place_and_what_to_do(bench: Bench) -> None:
    bench.write("ci.yml", WORKFLOW)
    failed = bench.attempt(task(bench, "edits: [{set: jobs.tset.name, value: x}]"))
    assert failed.error is not None
    assert failed.error.message == "ci.yml:2:1: nothing is at `jobs.tset.name`"
    assert failed.error.hint == "did you mean `test`?"


def test_nothing_to_edit_is_a_warning_where_the_plan_says_so(bench: Bench) -> None:
    bench.write("ci.yml", WORKFLOW)
    change = bench.plan(task(bench, "on_missing: warn, edits: [{set: jobs.tset.name, value: x}]"))
    assert change.is_empty
    assert change.summary == "there is nothing to edit"
    assert change.warnings == ("ci.yml:2:1: nothing is at `jobs.tset.name`",)
    assert bench.failure(task(bench, "on_missing: warn, edits: [{set: jobs.name, value: x, expect: 2}]"))[0] == (
        "edit/ambiguous"
    )


def test_every_action_has_its_recipe_where_it_says(bench: Bench) -> None:
    for name in ACTIONS:
        assert callable(recipe_of(name, parameters_of(name)(), bench.workspace))


# --- verify ------------------------------------------------------------------------------------------------------


def test_a_command_verifies_an_edit_and_is_not_repeated(bench: Bench) -> None:
    bench.write("ci.yml", WORKFLOW)
    edit = task(bench, f"edits: [{SET_NAME}], verify: 'grep name: ci.yml && echo x >> ran'")
    (foreseen,) = bench.preview(edit)
    assert foreseen.status == "may_run"
    assert foreseen.change is not None
    assert foreseen.change.actions == ("run: grep name: ci.yml && echo x >> ran",)
    assert bench.attempt(edit).status == "succeeded"
    assert bench.attempt(edit, 2).status == "unchanged"
    assert bench.read("ran") == "x\n"


def test_a_command_that_fails_fails_the_task_until_it_succeeds(bench: Bench) -> None:
    bench.write("ci.yml", WORKFLOW)
    edit = task(bench, f"edits: [{SET_NAME}], verify: [test, -e, ready]")
    for number in (1, 2):
        failed = bench.attempt(edit, number)
        assert failed.error is not None
        assert failed.error.message == "`test -e ready` ended with 1 after the edit"
        assert bench.read("ci.yml") == f"name: CI\n{WORKFLOW}"
    bench.write("ready", "")
    assert bench.attempt(edit, 3).status == "succeeded"
    assert bench.attempt(edit, 4).status == "unchanged"


def test_a_file_that_changed_since_is_verified_again(bench: Bench) -> None:
    bench.write("ci.yml", WORKFLOW)
    edit = task(bench, f"edits: [{SET_NAME}], verify: 'true'")
    assert bench.attempt(edit).status == "succeeded"
    bench.write("ci.yml", f"name: CI\n{WORKFLOW}# more\n")
    assert bench.plan(edit).actions == ("run: true",)


def test_another_command_verifies_anew(bench: Bench) -> None:
    bench.write("ci.yml", WORKFLOW)
    assert bench.attempt(task(bench, f"edits: [{SET_NAME}], verify: 'true'")).status == "succeeded"
    assert bench.plan(task(bench, f"edits: [{SET_NAME}], verify: 'test 1'")).actions == ("run: test 1",)


# --- what plans may say ------------------------------------------------------------------------------------------


def test_an_action_gets_its_own_parameters(bench: Bench) -> None:
    thresholds, migration = load(
        """\
        - id: "1.1"
          name: a
          type: config_edit
          target: jest.config.js
          action: add_directory_thresholds
          thresholds: {services: 70, routes: {branches: 62.5}}
        - id: "1.2"
          name: b
          type: config_edit
          target: ci.yml
          action: add_migration_step
          run: npm run migrate
          before: {run_contains: npm test}
          env: {PORT: 5432}
          if: always()
        """,
        bench.base,
    )
    assert thresholds.parameters == AddDirectoryThresholds(thresholds={"services": 70, "routes": {"branches": 62.5}})
    step = StepSelector(run_contains="npm test")
    assert migration.parameters == AddMigrationStep(
        run="npm run migrate", before=step, env={"PORT": "5432"}, if_="always()"
    )
    assert migration.env == {}, "it is the step's, not that of the task"


OPERATIONS = "`set`, `ensure`, `merge`, `append`, `insert`, `remove`, `replace_text`, `assert`"
AN_EDIT = f"item 1 of `edits`: an edit must have one of {OPERATIONS}, `ensure_line`, `for_each`"
BAD_TASKS = {  # what is written: where the problem is, its code, and what is said
    "": ("{id", "plan/bad-value", "item 1 of `tasks`: name an `action`, or list `edits`"),
    "action: add_canary, edits: [{remove: a}]": (
        "{id", "plan/bad-value", "item 1 of `tasks`: name an `action`, or list `edits`",
    ),
    "action: add_canaries": ("add_canaries", "plan/bad-value", "`action` is the text `add_canaries`, but must be "),
    "action: make_trivy_blocking, severty: HIGH": (
        "HIGH", "plan/bad-value", "`severty`: `make_trivy_blocking` has no such parameter; did you mean `severity`?",
    ),
    "action: make_trivy_blocking, thresholds: {a: 1}": (
        "{a: 1}", "plan/bad-value", "`thresholds`: `make_trivy_blocking` has no such parameter",
    ),
    "action: make_trivy_blocking, prioritty: low": (
        "low", "plan/bad-value", "`prioritty`: `make_trivy_blocking` has no such parameter; did you mean `priority`?",
    ),
    "action: add_deploy_migration, as: stp": (
        "stp", "plan/bad-value", "`as` is the text `stp`, but must be `step` or `job`",
    ),
    "action: add_directory_thresholds, thresholds: {a: 101}": (
        "101", "plan/bad-value", "`a`: it must be a number from 0 to 100",
    ),
    "action: make_trivy_blocking, step: {}": (
        "{}", "plan/bad-value", "`step`: say which step: `id`, `name`, `uses`, `run_contains` or `index`",
    ),
    "action: make_trivy_blocking, step: [a]": (
        "[a]", "plan/wrong-type", "`step` is a list, but must be a mapping or text",
    ),
    "edits: [{remove: a}], severity: x": ("severity", "plan/unknown-key", "unknown key `severity`"),
    "edits: [{remove: a}], parameters: {}": (
        "{}", "plan/bad-value", "`parameters`: the parameters of an action stand beside it",
    ),
    "edits: [{remove: 'a['}]": (
        "'a['", "plan/bad-value",
        "`remove`: column 3: within `[ ]` stands a number, `*`, a `?filter` or a key in quotes",
    ),
    "edits: [{remove: a, value: 1}]": ("value", "plan/unknown-key", "unknown key `value`"),
    "edits: [{set: a}]": ("{set", "plan/missing-key", "the key `value` is missing"),
    "edits: [{js_set: a}]": ("{js_set", "plan/missing-key", "the key `value` is missing"),
    "edits: [{remove: a, set: a, value: 1}]": (
        "{remove", "plan/bad-value", f"{AN_EDIT}; it has `set` and `remove`; write one operation in each",
    ),
    "edits: [{remov: a}]": ("{remov", "plan/bad-value", f"{AN_EDIT}; did you mean `remove`?"),
    "edits: [remove]": ("remove", "plan/wrong-type", "item 1 of `edits` is the text `remove`, but must be a mapping"),
    "edits: [{insert: a, value: 1}]": (
        "{insert", "plan/bad-value", "item 1 of `edits`: `insert` takes one of `before` and `after`",
    ),
    "edits: [{ensure_line: a, before: b, after: c}]": (
        "{ensure_line", "plan/bad-value", "item 1 of `edits`: `ensure_line` takes one of `before` and `after`",
    ),
    "edits: [{replace_text: a, old: '', new: b}]": (
        "{replace_text", "plan/bad-value", "item 1 of `edits`: `old` must be some text",
    ),
    "edits: [{remove: a, expect: -1}]": (
        "-1", "plan/bad-value", "`expect`: how many places are expected is `one`, `many` or a number",
    ),
    "edits: [{for_each: a, edits: []}]": (
        "{for_each", "plan/bad-value", "item 1 of `edits`: `for_each` needs at least one of `edits`",
    ),
    "edits: [{for_each: a, edits: [{for_each: b, edits: []}]}]": (
        "{for_each: b", "plan/bad-value", f"item 1 of `edits`: an edit must have one of {OPERATIONS}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), BAD_TASKS.items())
def test_what_no_edit_can_be_is_told_when_the_plan_is_loaded(
    fields: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    written = f"- {{id: '1.1', name: a, type: config_edit, target: a.json, {fields}}}"
    with pytest.raises(PlanErrors) as caught:
        load(f"{written}\n", tmp_path)
    (problem,) = caught.value.problems
    where, code, message = expected
    assert problem.location is not None
    assert problem.location.line == HEAD.count("\n") + 1
    assert written[problem.location.column - 9 :].startswith(where)
    assert problem.code == code
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("{run: npm test}", "the keys are `id`, `name`, `uses`, `run_contains`, `index`"),
        ("{nmae: Test}", "did you mean `name`?"),
    ],
)
def test_an_unknown_key_of_a_step_is_told_with_the_keys_of_a_step(written: str, hint: str, tmp_path: Path) -> None:
    task = f"- {{id: '1.1', name: a, type: config_edit, target: a.yml, action: make_trivy_blocking, step: {written}}}"
    with pytest.raises(PlanErrors) as caught:
        load(f"{task}\n", tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("plan/unknown-key", hint)


@pytest.fixture(scope="module")
def validator() -> Any:
    types = Registry()
    models = {name: model for name in types.names() if (model := types.model(name))}
    return Draft202012Validator(json_schema(models, types.checkpoint()))


def is_offered(validator: Any, fields: str) -> bool:
    text = f"{HEAD}        - {{id: '1', name: e, type: config_edit, target: a.yml, {fields}}}\n"
    return bool(validator.is_valid(Source("plan.yaml", text).data))


@pytest.mark.parametrize(
    "fields",
    [
        "action: make_trivy_blocking, severity: HIGH, step: {index: 0}, tags: [a]",
        "action: add_deploy_migration, as: job, pin: tag",
        "action: add_directory_thresholds, thresholds: {a: 1, b: {lines: 2.5}}",
        "edits: [{set: a, value: [1]}, {js_append: b, value: {}}, {assert: c, expect: 0}]",
        "edits: [{for_each: a.*, edits: [{remove: b}]}], verify: make, on_missing: warn",
    ],
)
def test_editors_offer_what_plans_may_say(fields: str, validator: Any) -> None:
    assert is_offered(validator, fields)


@pytest.mark.parametrize("fields", [fields for fields in BAD_TASKS if "remove: a, set" not in fields])
def test_editors_mark_what_plans_may_not_say(fields: str, validator: Any) -> None:
    seen_by_nobody_but_us = (
        "'a['",
        "{insert: a, value: 1}",
        "before: b",
        "old: ''",
        "step: {}",
        "for_each: a, edits: []",
    )
    assert is_offered(validator, fields) == any(part in fields for part in seen_by_nobody_but_us)


# --- what the document says ----------------------------------------------------------------------------------------


def examples() -> list[tuple[Fence, Fence, Fence | None]]:
    """Return each list of edits in the document with the file above it, and the diff below it."""
    found = fences(REPOSITORY / "docs" / "config-edit.md")
    file, made = found[0], []
    for index, fence in enumerate(found):
        if fence.info == "edits":
            below = found[index + 1 : index + 2]
            made.append((file, fence, below[0] if below and below[0].language == "diff" else None))
        elif fence.info and fence.info != "task":
            file = fence
    return made


@pytest.mark.parametrize(("file", "edits", "diff"), examples(), ids=str)
def test_the_edits_of_the_document_do_what_it_shows(
    file: Fence, edits: Fence, diff: Fence | None, bench: Bench
) -> None:
    bench.write(file.info, file.text)
    head = f"- id: '1'\n  name: e\n  type: config_edit\n  target: {file.info}\n  edits:\n"
    (edit,) = load(head + indent(edits.text, "    "), bench.base)
    change = bench.plan(edit)
    assert change.edits
    if diff is not None:
        assert change.diff().split("\n", 2)[2] == diff.text
    assert bench.attempt(edit).status == "succeeded"
    assert bench.plan(edit).is_empty


def test_the_task_and_the_commands_of_the_document_work(bench: Bench, tmp_path: Path) -> None:
    found = fences(REPOSITORY / "docs" / "config-edit.md")
    bench.write(found[0].info, found[0].text)
    (edit,) = load(next(fence.text for fence in found if fence.info == "task"), bench.base)
    assert bench.plan(edit).summary == "sets `jobs.test.timeout-minutes`, inserts into `jobs.test.steps`"
    site = Site(tmp_path)
    site.write(found[0].info, found[0].text)
    for command in [line for fence in found if fence.language == "sh" for line in fence.text.splitlines()]:
        words = shlex.split(command)
        assert words[0] == "orchestrate"
        assert site.orchestrate(*words[1:]).code == 0, command
