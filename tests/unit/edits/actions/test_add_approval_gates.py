from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from orchestrator.edits.actions.add_approval_gates import add_approval_gates
from orchestrator.edits.actions.parameters import AddApprovalGates
from orchestrator.edits.approval import Approval
from orchestrator.edits.recipe import Edited, Satisfied, run_recipe
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText

HEAD = "on: push\njobs:\n"
STAGING = """\
  deploy-staging:
    runs-on: ubuntu-latest
    steps:
      - run: ./deploy staging
"""
PRODUCTION = """\
  deploy-production:
    needs: deploy-staging
    runs-on: ubuntu-latest  # a small one
    # Only what was reviewed.
    if: github.ref == 'refs/heads/main'

    steps:
      - run: ./deploy production
"""
GATED = PRODUCTION.replace("/main'\n", "/main'\n    environment: production\n")
WITH_URL = PRODUCTION.replace(
    "/main'\n", "/main'\n    environment:\n      name: production\n      url: https://shop.example\n"
)
URL = "https://shop.example"


class Case(NamedTuple):
    """A workflow's jobs, and what becomes of them."""

    name: str
    before: str
    after: str
    parameters: Mapping[str, Any] = MappingProxyType({})


class No(NamedTuple):
    """A workflow's jobs that cannot be edited, and why."""

    name: str
    jobs: str
    code: str
    line: int
    message: str
    parameters: Mapping[str, Any] = MappingProxyType({})


EDITS = [
    Case("the only job for production", STAGING + PRODUCTION, STAGING + GATED),
    Case(
        "a job that is named", STAGING + PRODUCTION, STAGING + GATED, {"job": "deploy-p*", "environment": "production"}
    ),
    Case(
        "another environment",
        STAGING + PRODUCTION,
        STAGING.replace("-latest\n", "-latest\n    environment: staging\n") + PRODUCTION,
        {"environment": "staging"},
    ),
    Case("with an address", PRODUCTION, WITH_URL, {"url": URL}),
    Case("an address for one that is there", GATED, WITH_URL, {"url": URL}),
    Case(
        "an address beside a name",
        GATED.replace(" production\n    ", "\n      name: production # the shop\n    ", 1).replace(
            "environment: production\n", "environment:\n      name: production # the shop\n"
        ),
        WITH_URL.replace("name: production\n", "name: production # the shop\n"),
        {"url": URL},
    ),
    Case("another address", WITH_URL.replace("shop.", "old."), WITH_URL, {"url": URL}),
    Case(
        "a short name",
        PRODUCTION.replace("deploy-production", "release_prod"),
        GATED.replace("deploy-production", "release_prod"),
    ),
    Case(
        "a job of no other name",
        PRODUCTION.replace("deploy-production", "production"),
        GATED.replace("deploy-production", "production"),
    ),
    Case(
        "a job that deploys, and one that checks",
        PRODUCTION.replace("deploy-production", "smoke-production") + PRODUCTION,
        PRODUCTION.replace("deploy-production", "smoke-production") + GATED,
    ),
    Case(
        "several jobs by a glob",
        STAGING + STAGING.replace("staging", "canary"),
        (STAGING + STAGING.replace("staging", "canary")).replace("-latest\n", "-latest\n    environment: live\n"),
        {"job": "deploy-*", "environment": "live"},
    ),
]

REFUSALS = [
    No("nothing for production", STAGING, "edit/no-match", 2, "no job looks as if it deployed to `production`"),
    No(
        "two for production",
        PRODUCTION + PRODUCTION.replace("production", "prod"),
        "edit/ambiguous",
        11,
        "several jobs look as if they deployed to `production`: `deploy-production`, `deploy-prod`",
    ),
    No("no such job", STAGING, "edit/no-match", 2, "no job matches `release`", {"job": "release"}),
    No(
        "no word of where", STAGING, "edit/missing-parameter", 3, "nothing tells where the job deploys to", {"job": "*"}
    ),
    No(
        "two environments",
        GATED + GATED.replace("production", "other"),
        "edit/missing-parameter",
        3,
        "the jobs use different environments",
        {"job": "*"},
    ),
    No(
        "a call of another workflow",
        "  deploy-production:\n    uses: ./.github/workflows/deploy.yml\n",
        "edit/conflict",
        4,
        "the job `deploy-production` uses another workflow, and cannot have an environment",
    ),
    No(
        "an expression",
        GATED.replace("environment: production", "environment: ${{ inputs.where }}"),
        "edit/expression",
        8,
        "the environment of the job `deploy-production` is an expression",
    ),
    No(
        "an expression that the plan asks for",
        PRODUCTION,
        "edit/expression",
        3,
        "`environment` is an expression",
        {"job": "*", "environment": "${{ inputs.where }}"},
    ),
    No(
        "another environment",
        GATED.replace("environment: production", "environment: {name: live}"),
        "edit/conflict",
        8,
        "the job `deploy-production` uses the environment `live`, not `production`",
        {"environment": "production"},
    ),
    No(
        "no value",
        GATED.replace("environment: production", "environment:"),
        "edit/null",
        8,
        "the job `deploy-production` has `environment` without a value",
    ),
    No(
        "no name",
        GATED.replace("environment: production", "environment: {url: x}"),
        "edit/wrong-shape",
        8,
        "the `environment` of the job `deploy-production` has no name",
    ),
    No(
        "a job of an anchor",
        PRODUCTION.replace("production:\n", "production: &job\n", 1) + "  other: *job\n",
        "edit/anchor",
        3,
        "",
        {"job": "deploy-production"},
    ),
]


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.name)
def test_a_job_that_deploys_uses_an_environment(case: Case) -> None:
    result = run(HEAD + case.before, **case.parameters)
    assert isinstance(result, Edited)
    assert result.document.source.text == HEAD + case.after
    assert result.warnings == ()
    again = run(result.document.source.text, **case.parameters)
    assert isinstance(again, Satisfied)
    assert again.approval == result.approval


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_what_is_not_plain_is_refused_with_its_place(case: No) -> None:
    with pytest.raises(Refusal) as refused:
        run(HEAD + case.jobs, **case.parameters)
    assert refused.value.code == case.code
    assert refused.value.message.startswith(case.message)
    assert refused.value.location is not None
    assert refused.value.location.line == case.line
    assert refused.value.hint or not case.message, "what the format itself refuses has its own words"


@pytest.mark.parametrize("there", ["production", "Production", "{name: production}", "{name: production, url: x}"])
def test_a_job_that_uses_it_already_is_satisfied(there: str) -> None:
    text = HEAD + GATED.replace("environment: production", f"environment: {there}")
    result = run(text, environment="production")
    assert isinstance(result, Satisfied)
    assert result.reason == "`deploy-production` under the environment `production` already"


def test_whom_github_asks_goes_back_with_the_edit() -> None:
    asked = {"reviewers": ("ann", "shop/leads"), "wait_timer": 30, "prevent_self_review": True}
    for text in (HEAD + PRODUCTION, HEAD + GATED):
        assert run(text, **asked).approval == Approval("production", ("ann", "shop/leads"), 30, True)


@pytest.mark.parametrize(
    ("where", "granted"),
    [
        ("job", "{id-token: write}"),
        ("workflow", "write-all"),
    ],
)
def test_a_trust_between_clouds_that_changes_is_told(where: str, granted: str) -> None:
    jobs = PRODUCTION.replace("    steps", f"    permissions: {granted}\n    steps") if where == "job" else PRODUCTION
    head = HEAD if where == "job" else f"permissions: {granted}\n{HEAD}"
    (warning,) = run(head + jobs).warnings
    assert warning.startswith("`deploy-production` asks for an OIDC token")
    narrowed = PRODUCTION.replace("    steps", "    permissions: {contents: read}\n    steps")
    named_already = jobs.replace("/main'\n", "/main'\n    environment: production\n")
    for quiet in (head + narrowed, head + named_already):
        assert run(quiet, url=URL).warnings == ()


def test_what_a_person_does_on_github_is_told_step_by_step() -> None:
    told = Approval("production", ("ann", "shop/leads"), 30, True).instructions("https://github.com/shop/app")
    assert told.splitlines() == [
        "Let GitHub ask before anything is deployed to `production`, at https://github.com/shop/app/settings/environments:",
        "  1. Open the environment `production`, or make it with New environment.",
        "  2. Tick Required reviewers and add `ann` and `shop/leads`.",
        "  3. Tick Prevent self-review.",
        "  4. Tick Wait timer and set it to 30 minutes.",
        "  5. Press Save protection rules.",
    ]
    few = Approval("staging").instructions(None).splitlines()
    assert few[0].endswith("at the settings of the repository, under Environments:")
    assert few[2:] == [
        "  2. Tick Required reviewers and add the people who decide.",
        "  3. Press Save protection rules.",
    ]


def run(text: str, **parameters: Any) -> Edited | Satisfied:
    recipe = partial(add_approval_gates, parameters=AddApprovalGates(**parameters))
    return run_recipe(recipe, SourceText(".github/workflows/deploy.yml", text))
