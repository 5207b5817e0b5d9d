"""GitHub as this program talks to it, held against GitHub's own description; and gates that need it, to their end."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from github import GithubRetry
from msgspec import structs
from urllib3 import BaseHTTPResponse

from orchestrator.change import Change, FileEdit
from orchestrator.edits.approval import Approval
from orchestrator.errors import TaskError
from orchestrator.handler import Answer, ApplyContext, PlanContext
from orchestrator.handlers import approvals
from orchestrator.integrations.github import RETRIES, Protection, Repository, Reviewer, Unreachable
from orchestrator.record.events import RunPaused
from orchestrator.templates import Templates
from orchestrator.workspace import Workspace
from tests.support.github_server import (
    BAD_GATEWAY,
    LONG_LIMIT,
    RATE_LIMIT,
    SECONDARY_LIMIT,
    SILENCE,
    TOKEN,
    TOO_MANY,
    GitHubServer,
    Reply,
    Settings,
    github_server,
)
from tests.support.project import Site, shell

NAMED = {"protected_branches": False, "custom_branch_policies": True}
HARD = Settings(["ann/leads"], 30, True, NAMED)
ANN, LEADS = Reviewer("User", 11, "ann"), Reviewer("Team", 21, "ann/leads")


class Impatient(GithubRetry):
    """Tries again as the program does, at once; remembers how long it would have waited."""

    waits: ClassVar[list[float]] = []

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        told = self.get_retry_after(response) if response is not None else None
        self.waits.append(told or self.get_backoff_time())


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with github_server() as made:
        yield made


@pytest.fixture
def repository(server: GitHubServer) -> Repository:
    Impatient.waits.clear()
    return replace(Repository.known_to(server.environ, "ann/shop"), retry=Impatient(**RETRIES))


# --- reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "protection"),
    [
        (Settings(), Protection()),
        (HARD, Protection((LEADS,), 30, True, "named")),
        (
            Settings(["ann"], deployment_branch_policy={"protected_branches": True, "custom_branch_policies": False}),
            Protection((ANN,), branches="protected"),
        ),
        (Settings(can_admins_bypass=False), Protection(admins_may_bypass=False)),
    ],
)
def test_the_rules_of_an_environment_are_read(
    server: GitHubServer, repository: Repository, settings: Settings, protection: Protection
) -> None:
    server.environments["eu/production"] = settings
    assert repository.protection("eu/production") == protection
    assert [str(asked) for asked in server.asked] == ["GET /repos/ann/shop/environments/eu%2Fproduction"]


def test_an_environment_that_is_not_there_is_no_repository_that_we_may_not_see(
    server: GitHubServer, repository: Repository
) -> None:
    assert repository.protection("production") is None
    with pytest.raises(Unreachable, match="GitHub answered 404 for `ann/secret`"):
        replace(repository, name="ann/secret").protection("production")


def test_people_and_teams_are_found_by_name(repository: Repository) -> None:
    assert [repository.reviewer(name) for name in ("ann", "ann/leads")] == [ANN, LEADS]
    for name in ("nobody", "ann/nobody"):
        with pytest.raises(Unreachable, match=f"GitHub answered 404 for `{name}`"):
            repository.reviewer(name)


def test_of_several_checks_of_one_name_the_worst_counts(server: GitHubServer, repository: Repository) -> None:
    server.checks = [("test", "success"), ("test", "failure"), ("test", "success"), ("lint", "skipped"), ("lint", None)]
    assert repository.check_states("feature/x") == {"test": "failure", "lint": "pending"}


# --- writing ------------------------------------------------------------------------------------------------------


def test_what_is_written_keeps_all_rules_that_are_there(server: GitHubServer, repository: Repository) -> None:
    server.environments["production"] = replace(HARD)
    current = repository.protection("production")
    assert current is not None
    made = repository.protect("production", current.stricter([ANN, LEADS], 10, prevent_self_review=False))
    assert made == Protection((LEADS, ANN), 30, True, "named")
    assert server.environments["production"] == Settings(["ann/leads", "ann"], 30, True, NAMED)


def test_a_new_environment_is_made_with_its_rules(server: GitHubServer, repository: Repository) -> None:
    repository.protect("production", Protection().stricter([ANN], 5, prevent_self_review=True))
    assert server.environments == {"production": Settings(["ann"], 5, True)}


# --- when GitHub does not answer ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([BAD_GATEWAY, BAD_GATEWAY], [0, 1]),
        ([TOO_MANY], [3]),
        ([SECONDARY_LIMIT], [7]),
        ([RATE_LIMIT], [0]),
    ],
    ids=["bad gateway", "too many requests", "secondary limit", "rate limit that is over"],
)
def test_what_passes_is_tried_again(
    server: GitHubServer, repository: Repository, answers: list[Reply], waits: list[float]
) -> None:
    server.environments["production"] = Settings(["ann"])
    server.next_answers.extend(answers)
    assert repository.protection("production") == Protection((ANN,))
    assert len(server.asked) == len(answers) + 1
    assert Impatient.waits == waits


@pytest.mark.parametrize(
    ("answers", "reason", "passes"),
    [
        ([BAD_GATEWAY] * 3, "GitHub answered 502 for `ann/shop`: Server Error", True),
        ([TOO_MANY] * 3, "GitHub's rate limit is used up", True),
        ([LONG_LIMIT], "GitHub's rate limit is used up", True),
        ([RATE_LIMIT] * 3, "GitHub's rate limit is used up", True),
        ([SECONDARY_LIMIT] * 3, "GitHub's rate limit is used up", True),
        (
            [Reply(403, {"message": "Not for you.\nSee below."})],
            "GitHub answered 403 for `ann/shop`: Not for you.",
            False,
        ),
        ([Reply(403, "no object")], "GitHub answered 403 for `ann/shop`", False),
    ],
    ids=["bad gateway", "too many", "long limit", "limit", "secondary limit", "forbidden", "strange"],
)
def test_what_does_not_pass_is_told(
    server: GitHubServer, repository: Repository, answers: list[Reply], reason: str, passes: bool
) -> None:
    server.next_answers.extend(answers)
    with pytest.raises(Unreachable) as caught:
        repository.protection("production")
    assert (str(caught.value), caught.value.passes) == (reason, passes)
    assert len(server.asked) == len(answers)


def test_a_server_that_says_nothing_is_waited_for_a_while(server: GitHubServer, repository: Repository) -> None:
    server.next_answers.append(SILENCE)
    hasty = replace(repository, timeout=1, retry=Impatient(**{**RETRIES, "total": 0}))
    with pytest.raises(Unreachable, match="GitHub cannot be reached: "):
        hasty.protection("production")


def test_a_token_that_github_does_not_take_is_never_shown(
    server: GitHubServer, repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="github")
    wrong = replace(repository, token="ghp_s3cret")
    with pytest.raises(Unreachable, match="GitHub does not take the token") as caught:
        wrong.check_states("main")
    shown = f"{caplog.text}{wrong!r}{caught.value!r}{caught.value.__cause__!r}"
    assert "check-runs" in shown and "s3cret" not in shown


@pytest.mark.parametrize(
    ("environ", "name", "missing"),
    [
        ({"GITHUB_TOKEN": "x"}, None, "the project has no remote repository"),
        ({"GITHUB_TOKEN": ""}, "ann/shop", "`GITHUB_TOKEN` is not set"),
        ({"GITHUB_TOKEN": "x", "GITHUB_API_URL": "ftp://x"}, "ann/shop", "`GITHUB_API_URL` is no http address"),
    ],
)
def test_what_is_missing_is_named(environ: dict[str, str], name: str | None, missing: str) -> None:
    with pytest.raises(Unreachable, match=missing):
        Repository.known_to(environ, name)


def test_the_token_and_the_address_are_those_of_github_s_runners() -> None:
    assert Repository.known_to({"GH_TOKEN": "x"}, "ann/shop") == Repository("ann/shop", "x")
    own = {"GITHUB_TOKEN": "x", "GH_TOKEN": "y", "GITHUB_API_URL": "https://ghe.example/api/v3"}
    assert Repository.known_to(own, "ann/shop") == Repository("ann/shop", "x", "https://ghe.example/api/v3")


@pytest.mark.parametrize("host", ["github.com", "ssh.github.com", None])
def test_a_repository_on_github_is_known_by_the_host_of_its_remote(host: str | None) -> None:
    assert Repository.known_to({"GH_TOKEN": "x"}, "ann/shop", host).name == "ann/shop"


def test_a_repository_of_the_same_name_elsewhere_is_not_taken_for_one_on_github() -> None:
    with pytest.raises(Unreachable, match="is on `gitlab"):
        Repository.known_to({"GH_TOKEN": "x"}, "ann/shop", "gitlab.com")
    own = {"GH_TOKEN": "x", "GITHUB_SERVER_URL": "https://ghe.example"}
    assert Repository.known_to(own, "ann/shop", "ghe.example").name == "ann/shop"


def test_a_request_that_github_does_not_describe_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="is not of type 'integer'"), github_server() as server:
        bad: Any = Protection(wait_timer=True)
        Repository.known_to(server.environ, "ann/shop").protect("production", bad)


# --- the gates of a plan ------------------------------------------------------------------------------------------

GATE = Approval("production", ("ann", "ann/leads"), 30, True)
EDIT = Change("puts it under `production`", (FileEdit("deploy.yml", b"a\n", b"b\n"),))
PLACES = {"ann": "/users/ann", "ann/leads": "/orgs/ann/teams/leads"}
READS = ["GET /repos/ann/shop/environments/production"]


def context(server: GitHubServer, tmp_path: Path, **more: Any) -> PlanContext:
    made = {"environ": server.environ, "facts": lambda: {"remote": "ann/shop"}, **more}
    return PlanContext(files=Workspace(tmp_path), templates=Templates([]), **made)


def apply(server: GitHubServer, root: Path, approval: Approval) -> None:
    for command in (["init", "--quiet"], ["remote", "add", "origin", "git@github.com:ann/shop.git"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    made: Any = {
        "root": root,
        "environ": server.environ,
        "files": None,
        "command": None,
        "lasting": None,
        "artifacts": None,
    }
    asyncio.run(approvals.enforce(approval, ApplyContext(**made, log=print)))


@pytest.mark.parametrize(
    ("settings", "action"),
    [
        (None, "ask `ann` or `ann/leads`, wait 30 minutes, prevent self-review"),
        (Settings(["ann/leads"], 45), "ask `ann`, prevent self-review"),
        (Settings(["bob", "ann", "ann/leads"], 10, True), "wait 30 minutes"),
    ],
    ids=["nothing yet", "a part", "nearly all"],
)
def test_a_plan_reads_what_an_environment_asks_and_says_what_would_be_added(
    server: GitHubServer, tmp_path: Path, settings: Settings | None, action: str
) -> None:
    if settings is not None:
        server.environments["production"] = settings
    change = approvals.foresee(EDIT, GATE, context(server, tmp_path))
    assert change.actions == (f"GitHub: let `production` {action}",)
    assert (change.edits, change.asks, change.exact) == (EDIT.edits, None, True)
    assert server.written == []
    looked_up = [asked.path for asked in server.asked if "/users/" in asked.path or "/teams/" in asked.path]
    assert looked_up == [path for name, path in PLACES.items() if f"`{name}`" in action]

    apply(server, tmp_path, GATE)
    now = server.environments["production"]
    had = settings.reviewers if settings else []
    assert now.reviewers == [*had, *(name for name in GATE.reviewers if name not in had)]
    assert (now.wait_timer, now.prevent_self_review) == (max(30, settings.wait_timer if settings else 0), True)
    server.asked.clear()
    assert approvals.foresee(Change("in place"), GATE, context(server, tmp_path)).is_empty
    assert list(map(str, server.asked)) == READS


@pytest.mark.parametrize("reviewers", [(), ("ANN",), ("Ann/Leads", "bob")])
def test_who_is_asked_already_is_not_looked_up(
    server: GitHubServer, tmp_path: Path, reviewers: tuple[str, ...]
) -> None:
    server.environments["production"] = Settings(["ann", "ann/leads", "bob"], can_admins_bypass=False)
    change = approvals.foresee(EDIT, Approval("production", reviewers), context(server, tmp_path))
    assert change == structs.replace(EDIT, summary="puts it under `production`; GitHub asks before `production`")
    assert list(map(str, server.asked)) == READS


@pytest.mark.parametrize(
    ("approval", "settings", "environ", "facts", "why"),
    [
        (GATE, None, {"GITHUB_TOKEN": ""}, {"remote": "ann/shop"}, "`GITHUB_TOKEN` is not set"),
        (GATE, None, {}, {"remote": None}, "the project has no remote repository"),
        (Approval("production"), None, {}, {"remote": "ann/shop"}, "the plan names no `reviewers`"),
        (
            GATE,
            Settings(["bob"], can_admins_bypass=False),
            {},
            {"remote": "ann/shop"},
            "GitHub's API would let administrators bypass the rules again",
        ),
    ],
    ids=["no token", "no remote", "no reviewers", "hardened"],
)
def test_a_person_is_asked_where_github_cannot_be(
    server: GitHubServer,
    tmp_path: Path,
    approval: Approval,
    settings: Settings | None,
    environ: dict[str, str],
    facts: dict[str, str],
    why: str,
) -> None:
    if settings is not None:
        server.environments["production"] = settings
    here = context(server, tmp_path, environ={**server.environ, **environ}, facts=lambda: facts)
    change = approvals.foresee(EDIT, approval, here)
    assert (change.edits, change.actions) == (EDIT.edits, ())
    asks = (change.asks or "").splitlines()
    where = "https://github.com/ann/shop/settings/environments" if facts["remote"] else "the settings of the repository"
    assert where in asks[0]
    assert asks[-1] == f"This cannot be done from here: {why}."
    assert server.written == []


def test_a_person_is_asked_about_each_environment(server: GitHubServer, tmp_path: Path) -> None:
    here = context(server, tmp_path, environ={})
    both = approvals.foresee(approvals.foresee(EDIT, GATE, here), Approval("staging"), here)
    assert [f"the environment `{name}`" in (both.asks or "") for name in ("production", "staging")] == [True, True]


def test_the_address_of_github_s_pages_is_that_of_its_runners(server: GitHubServer, tmp_path: Path) -> None:
    environ = {"GITHUB_SERVER_URL": "https://ghe.example"}
    change = approvals.foresee(EDIT, GATE, context(server, tmp_path, environ=environ))
    assert "https://ghe.example/ann/shop/settings/environments" in (change.asks or "")


def test_what_a_person_says_counts_where_github_cannot_be_asked_and_only_there(
    server: GitHubServer, tmp_path: Path
) -> None:
    said = Answer("approved", "ann")
    blind = context(server, tmp_path, environ={}, answer=said)
    assert approvals.foresee(EDIT, GATE, blind).summary == "puts it under `production`; approved by ann"
    seeing = context(server, tmp_path, answer=said)
    with pytest.raises(TaskError, match="on GitHub, `production` still does not ask anybody") as caught:
        approvals.foresee(EDIT, Approval("production"), seeing)
    assert "settings/environments" in (caught.value.hint or "")
    assert approvals.foresee(EDIT, GATE, seeing).actions  # it can still be done


def test_who_rejects_the_gate_fails_the_task(server: GitHubServer, tmp_path: Path) -> None:
    answer = Answer("rejected", "ann", "not now")
    with pytest.raises(TaskError, match="rejected by ann: not now"):
        approvals.foresee(EDIT, GATE, context(server, tmp_path, answer=answer))


@pytest.mark.parametrize(
    ("approval", "answers", "message", "hint", "retryable"),
    [
        (Approval("production", ("ann", "nobody")), [], "GitHub answered 404 for `nobody`", "is there such a", False),
        (GATE, [LONG_LIMIT], "GitHub's rate limit is used up", "", True),
        (
            Approval("production", ("ann", "bob")),
            [],
            "`production` would have 8 reviewers, and GitHub takes six",
            "it has `c`, `d`, `e`, `f`, `g`, `h`; name a team",
            False,
        ),
    ],
    ids=["nobody of that name", "no answer", "too many"],
)
def test_what_github_would_not_take_is_found_by_the_plan(
    server: GitHubServer,
    tmp_path: Path,
    approval: Approval,
    answers: list[Reply],
    message: str,
    hint: str,
    retryable: bool,
) -> None:
    server.people |= {name: 30 + number for number, name in enumerate("cdefgh")}
    server.environments["production"] = Settings([*"cdefgh"] if "bob" in approval.reviewers else [])
    server.next_answers.extend(answers)
    with pytest.raises(TaskError) as caught:
        approvals.foresee(EDIT, approval, context(server, tmp_path))
    assert caught.value.message.startswith(message)
    assert (caught.value.hint or "").startswith(hint)
    assert caught.value.retryable is retryable
    assert server.written == []


def test_a_token_that_may_only_read_says_what_to_do(server: GitHubServer, tmp_path: Path) -> None:
    server.may_write = False
    assert approvals.foresee(EDIT, GATE, context(server, tmp_path)).actions
    with pytest.raises(TaskError, match="GitHub answered 403 for `ann/shop`: Resource not accessible") as caught:
        apply(server, tmp_path, GATE)
    hint = caught.value.hint or ""
    assert hint.startswith("use a token that may administer the repository, or do it by hand. Let GitHub ask before")
    assert not caught.value.retryable


def test_what_github_took_and_did_not_do_is_no_success(server: GitHubServer, tmp_path: Path) -> None:
    server.forgets = ("wait_timer",)
    with pytest.raises(TaskError, match="GitHub took it, but `production` does not wait 30 minutes"):
        apply(server, tmp_path, GATE)


# --- from end to end ----------------------------------------------------------------------------------------------

WORKFLOW = "on: push\njobs:\n  deploy-production:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ./deploy\n"
GATED = WORKFLOW.replace("-latest\n", "-latest\n    environment: production\n")
TARGET = ".github/workflows/deploy.yml"


@pytest.fixture
def gated(site: Site) -> Site:
    """A project on GitHub whose plan has a gate, and a task behind it."""
    gate = {"id": "1", "name": "Ask first", "type": "config_edit", "target": TARGET, "action": "add_approval_gates",
            "reviewers": ["ann", "ann/leads"]}  # fmt: skip
    site.write(TARGET, WORKFLOW)
    site.phases({"a": {"tasks": [gate, shell("2", "touch after")]}}, settings={"git": {"commit": "task"}})
    site.commit_everything()
    site.git("remote", "add", "origin", "https://github.com/ann/shop.git")
    return site


def test_without_a_token_the_file_is_edited_and_a_person_does_the_rest(gated: Site) -> None:
    foreseen = gated.orchestrate("plan", "--diff")
    assert "+    environment: production" in foreseen.out and "1 asks a person" in foreseen.out, foreseen
    assert gated.read(TARGET) == WORKFLOW

    first = gated.orchestrate("run", "--yes")
    assert first.code == 4, first
    assert "https://github.com/ann/shop/settings/environments" in first.out and "orchestrate approve 1" in first.out
    assert "Tick Required reviewers and add `ann` and `ann/leads`." in first.out
    assert gated.read(TARGET) == GATED
    assert gated.git("show", "--name-only", "--format=%s").split() == ["1", "Ask", "first", TARGET]

    waiting = gated.run()
    assert (waiting.code, gated.state().paused) == (4, "waiting")
    assert gated.orchestrate("approve", "1", "--comment", "both are in").code == 0
    second = gated.run()
    assert second.code == 0, second
    assert second.statuses() == {"1": "succeeded", "2": "succeeded"}
    assert len(gated.runs()) == 1
    taken_back = gated.orchestrate("rollback", "--yes")
    assert taken_back.code == 0 and gated.read(TARGET) == WORKFLOW, taken_back


def test_who_says_no_after_the_edit_fails_the_task_and_leaves_the_edit(gated: Site) -> None:
    assert gated.run().code == 4
    assert gated.orchestrate("reject", "1", "--comment", "nobody has time").code == 0
    run = gated.run()
    assert run.code == 1 and "nobody has time" in run.out, run
    assert gated.finished() == {"1": "failed", "2": "blocked"}
    assert gated.read(TARGET) == GATED


def test_a_kill_while_a_person_is_asked_loses_nothing(gated: Site) -> None:
    assert gated.run().code == 4
    (paused,) = [entry.seq for entry in gated.entries() if isinstance(entry.event, RunPaused)]
    with closing(sqlite3.connect(gated.root / ".orchestrator" / "journal.db")) as journal:
        journal.execute("DELETE FROM events WHERE seq = ?", (paused,))
        journal.commit()
    before = gated.tree()
    assert gated.run().code == 4
    assert gated.tree() == before


def test_with_a_token_github_is_told_what_the_plan_announced(gated: Site, server: GitHubServer) -> None:
    server.environments["production"] = Settings(["bob"], 15, deployment_branch_policy=NAMED)
    foreseen = gated.orchestrate("plan", "--diff", **server.environ)
    assert "GitHub: let `production` ask `ann` or `ann/leads`" in foreseen.out, foreseen
    assert "+    environment: production" in foreseen.out and "1 would change" in foreseen.out
    assert server.written == []

    server.next_answers.append(RATE_LIMIT)
    run = gated.run(**server.environ)
    assert (run.code, run.err) == (0, ""), run
    assert gated.read(TARGET) == GATED
    assert server.environments["production"] == Settings(["bob", "ann", "ann/leads"], 15, False, NAMED)
    assert len(server.written) == 1
    told = [gated.orchestrate(command, **server.environ) for command in ("plan", "run", "status")]
    assert len(server.written) == 1 and server.environments["production"].wait_timer == 15
    shown = "".join(f"{ended}" for ended in (foreseen, run, *told))
    state = (path for path in (gated.root / ".orchestrator").rglob("*") if path.is_file())
    assert TOKEN not in shown and not any(TOKEN.encode() in path.read_bytes() for path in state)

    taken_back = gated.orchestrate("rollback", "--yes")
    assert "1: GitHub: let `production` ask `ann` or `ann/leads`" in taken_back.out, taken_back
    assert gated.read(TARGET) == WORKFLOW


def test_a_token_that_github_does_not_take_fails_the_task_before_it_writes(gated: Site, server: GitHubServer) -> None:
    run = gated.run(**{**server.environ, "GITHUB_TOKEN": "ghp_s3cret"})
    assert run.code == 1 and "GitHub does not take the token" in run.out, run
    assert "s3cret" not in f"{run}"
    assert gated.read(TARGET) == WORKFLOW
