from __future__ import annotations

import pytest

from orchestrator.edits.actions.parameters import StepSelector
from orchestrator.edits.document import edited
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.edits.workflow import Job, Step, Workflow, bare_condition, narrowed, placed, waiting
from orchestrator.edits.yaml_document import YamlDocument

TEXT = """\
on: [push, pull_request]
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      -
      - uses: actions/checkout@v4 # v4.2.2
      - name: Lint
        id: lint
        run: |
          npm ci
            npm run lint
  test:
    needs: lint
    runs-on: windows-latest
    steps:
      - run: npm test
      - run: npm run e2e
        shell: bash
  call:
    needs: [lint, test]
    uses: ./.github/workflows/call.yml
  nothing:
"""


def test_a_workflow_is_read_in_the_words_of_its_users() -> None:
    workflow = workflow_of(TEXT)
    assert list(workflow.jobs) == ["lint", "test", "call"]
    assert [step.label for step in workflow.steps] == ["actions/checkout@v4", "Lint", "npm test", "npm run e2e"]
    assert [job.is_reusable_call for job in workflow.jobs.values()] == [False, False, True]
    assert [job.id for job in workflow.dependents("lint")] == ["test", "call"]
    assert workflow.jobs["call"].needs == ["lint", "test"]
    checkout = workflow.steps[0]
    assert (checkout.action, checkout.index, checkout.location.line) == ("actions/checkout", 1, 7)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("push", {"push": None}),
        ("[push]", {"push": None}),
        ("{push: {tags: [x]}}", {"push": {"tags": ["x"]}}),
        ("3", {}),
    ],
)
def test_events_are_known_in_every_form(events: str, expected: object) -> None:
    assert workflow_of(f"on: {events}\njobs: {{}}\n").events == expected


@pytest.mark.parametrize(
    ("lines", "shell"),
    [
        ("", "bash"),
        ("defaults: {run: {shell: pwsh}}\n", "pwsh"),
    ],
)
def test_a_shell_is_that_of_the_step_its_job_the_workflow_or_the_machine(lines: str, shell: str) -> None:
    workflow = workflow_of(lines + TEXT)
    assert workflow.jobs["lint"].steps[1].shell == shell
    windows, bash = workflow.jobs["test"].steps
    assert (windows.shell, windows.script) == ("pwsh", None)
    assert bash.script is not None


def test_a_place_in_a_script_is_a_line_of_the_file() -> None:
    lint, test = workflow_of(TEXT).jobs["lint"].steps[1], workflow_of(TEXT).jobs["test"].steps[0]
    assert lint.place_of(0)[1:] == (11, 11)
    assert lint.place_of(lint.run.index("npm run"))[1:] == (12, 13)
    assert test.place_of(4)[1:] == (17, 9)


@pytest.mark.parametrize(
    ("selector", "labels"),
    [
        (StepSelector(id="lint"), ["Lint"]),
        (StepSelector(uses="actions/"), ["actions/checkout@v4"]),
        (StepSelector(run_contains="npm run"), ["Lint", "npm run e2e"]),
        (StepSelector(index=-1), ["Lint", "npm run e2e"]),
        (StepSelector(index=1), ["actions/checkout@v4", "npm run e2e"]),
        (StepSelector(name="Lint", run_contains="e2e"), []),
        ("lint", ["Lint"]),
        ("Lint", ["Lint"]),
        ("npm run", ["Lint", "npm run e2e"]),
        ("", []),
    ],
)
def test_a_selector_means_the_steps_of_which_all_is_true(selector: StepSelector | str, labels: list[str]) -> None:
    workflow = workflow_of(TEXT)
    assert [step.label for step in workflow.select_steps(selector, workflow.jobs.values())] == labels


def test_one_step_is_wanted_and_none_or_several_are_told() -> None:
    workflow = workflow_of(TEXT)
    assert workflow.one_step(workflow.steps[:1], "step", hint="") is workflow.steps[0]
    with pytest.raises(Refusal, match="several steps: line 7, line 8") as several:
        workflow.one_step(workflow.steps[:2], "steps", hint="")
    with pytest.raises(Refusal, match="no step") as none:
        workflow.one_step([], "step", hint="")
    assert (several.value.code, none.value.code) == ("edit/ambiguous", "edit/no-match")


def test_a_new_key_goes_where_people_look_for_it() -> None:
    lint, test = workflow_of(TEXT).jobs["lint"], workflow_of(TEXT).jobs["test"]
    assert placed(lint, "needs", "x")[2:] == ("runs-on", None)
    assert placed(test, "if", "x")[2:] == (None, "needs")
    assert placed(lint.steps[1], "if", "x")[2:] == (None, "id")
    assert placed(lint.steps[0], "if", "x")[2:] == ("uses", None)


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ("", "needs: new"),
        ("needs:\n    ", "needs: new"),
        ("needs: [a, b]\n    ", "needs: [new, a, b]"),
        ("needs:\n    - a\n    ", "needs:\n    - new\n    - a"),
        ("needs: a # first\n    if: x\n    ", "needs: # first\n      - new\n      - a"),
    ],
)
def test_a_job_waits_for_another_in_the_form_its_needs_have(needs: str, expected: str) -> None:
    text = f"on: push\njobs:\n  test:\n    {needs}runs-on: x\n"
    job = workflow_of(text).jobs["test"]
    assert expected in edited(job.document, [waiting(job, "new")]).source.text


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a == 'b'", "new && a == 'b'"),
        ("a || b", "new && (a || b)"),
        ("${{ a }}", "${{ new && a }}"),
        ("${{ a || b }}", "${{ new && (a || b) }}"),
        (">-\n      a &&\n      b", "new && a && b"),
        ("|\n      a ||\n      b\n", "new && (a ||\nb)\n"),
        ("~", "new"),
    ],
)
def test_a_condition_is_joined_with_the_one_there_is(condition: str, expected: str) -> None:
    job = workflow_of(f"on: push\njobs:\n  test:\n    if: {condition}\n    runs-on: x\n").jobs["test"]
    assert edited(job.document, [narrowed("new", job)]).data["jobs"]["test"]["if"] == expected


@pytest.mark.parametrize("condition", ["${{ a }} && ${{ b }}", "${{ a }} && b", "a && ${{ b }}", "false", "3"])
def test_a_condition_that_is_not_one_expression_is_refused(condition: str) -> None:
    job = workflow_of(f"on: push\njobs:\n  test:\n    if: {condition}\n    runs-on: x\n").jobs["test"]
    with pytest.raises(Refusal, match="not one expression") as refused:
        narrowed("new", job)
    assert refused.value.location is not None
    assert refused.value.location.line == 4
    assert bare_condition(job.data["if"]) is None


def test_a_job_without_condition_gets_one() -> None:
    holders: list[Job | Step] = [workflow_of(TEXT).jobs["lint"], workflow_of(TEXT).steps[1]]
    for holder in holders:
        assert narrowed("new", holder) == placed(holder, "if", "new")


@pytest.mark.parametrize("text", ["- a\n", "text\n", "on: push\n", "jobs: [a]\n", "jobs:\n"])
def test_what_has_no_jobs_is_no_workflow(text: str) -> None:
    with pytest.raises(Refusal, match="has no `jobs`") as refused:
        workflow_of(text)
    assert refused.value.code == "edit/wrong-shape"


def test_jobs_are_chosen_by_globs() -> None:
    workflow = workflow_of(TEXT)
    assert [job.id for job in workflow.select_jobs("*l*")] == ["lint", "call"]
    assert workflow.select_jobs(None) == list(workflow.jobs.values())
    with pytest.raises(Refusal, match="no job matches `tests`") as refused:
        workflow.select_jobs("tests")
    assert refused.value.hint is not None
    assert "test" in refused.value.hint


def workflow_of(text: str) -> Workflow:
    return Workflow.of(YamlDocument.parse(SourceText(".github/workflows/ci.yml", text)))
