from __future__ import annotations

import re

import pytest

from orchestrator.edits.actions.pins import PINS, doubt, uses
from orchestrator.edits.mutation import Noted
from orchestrator.edits.text import SourceText
from orchestrator.edits.workflow import Workflow
from orchestrator.edits.yaml_document import YamlDocument

SHA = "11d5960a326750d5838078e36cf38b85af677262"


def workflow(*steps: str) -> Workflow:
    lines = "".join(f"      - uses: {step}\n" for step in steps)
    text = f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n{lines}"
    return Workflow.of(YamlDocument.parse(SourceText("ci.yml", text)))


def test_every_pin_is_a_release_and_its_commit() -> None:
    for action, pin in PINS.items():
        assert re.fullmatch(r"[\w.-]+/[\w./-]+", action)
        assert re.fullmatch(r"v\d+\.\d+\.\d+", pin.tag)
        assert re.fullmatch(r"[0-9a-f]{40}", pin.commit)


def test_parts_of_one_repository_have_one_version() -> None:
    assert PINS["actions/cache"] == PINS["actions/cache/restore"] == PINS["actions/cache/save"]


def test_a_commit_is_named_with_its_release_beside_it() -> None:
    tag, commit = PINS["actions/checkout"]
    assert uses("actions/checkout", "sha", workflow()) == Noted(f"actions/checkout@{commit}", tag)
    assert uses("actions/checkout", "tag", workflow()) == f"actions/checkout@{tag}"


def test_the_version_that_the_workflow_has_most_often_wins() -> None:
    there = workflow("actions/checkout@v3", "Actions/Checkout@v4", "actions/checkout@v4")
    assert uses("actions/checkout", "sha", there) == "actions/checkout@v4"


def test_a_comment_beside_it_is_taken_over_when_it_tells_a_version() -> None:
    told = uses("actions/checkout", "sha", workflow(f"actions/checkout@{SHA} # v4.4.0"))
    assert told == Noted(f"actions/checkout@{SHA}", "v4.4.0")
    assert uses("actions/checkout", "sha", workflow("actions/checkout@v4 # all of it")) == "actions/checkout@v4"


def test_parts_of_a_repository_take_the_version_of_each_other() -> None:
    there = workflow("github/codeql-action/init@v3")
    assert uses("github/codeql-action/upload-sarif", "sha", there) == "github/codeql-action/upload-sarif@v3"


@pytest.mark.parametrize("version", ["v2", "v3.2.1", "main", SHA])
def test_a_part_that_a_version_may_lack_is_taken_from_the_table(version: str) -> None:
    _, commit = PINS["actions/cache/save"]
    told = uses("actions/cache/save", "sha", workflow(f"actions/cache@{version}"))
    assert told == Noted(f"actions/cache/save@{commit}", PINS["actions/cache/save"].tag)


@pytest.mark.parametrize("version", ["master", "main", "0.28.0", "v0.34.0", "0.9"])
def test_a_version_that_may_have_been_changed_is_doubted_and_not_repeated(version: str) -> None:
    used = f"aquasecurity/trivy-action@{version}"
    assert doubt(used)
    assert uses("aquasecurity/trivy-action", "tag", workflow(used)) == "aquasecurity/trivy-action@v0.36.0"


@pytest.mark.parametrize("version", ["0.35.0", "v0.36.0", "v1.0.0", SHA])
def test_others_are_trusted(version: str) -> None:
    assert doubt(f"aquasecurity/trivy-action@{version}") is None
    assert doubt("actions/checkout@main") is None
