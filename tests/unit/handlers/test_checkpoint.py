from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.handlers.checkpoint import CheckpointTask, Validation
from orchestrator.handlers.test_generation import TestGenerationTask as GenerationTask
from tests.support.bench import Bench
from tests.support.servers import Answers, serving
from tests.unit.handlers.test_coverage import COBERTURA, COVERAGE_PY, ISTANBUL, LCOV


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def check(bench: Bench, *validations: Validation | dict[str, Any], **fields: Any) -> tuple[str, str]:
    """Run a checkpoint; return how it ended and what it says."""
    made = tuple(v if isinstance(v, Validation) else Validation(**v) for v in validations)
    task = CheckpointTask(id="gate", name="gate", type="checkpoint", validations=made, **fields)
    result = bench.attempt(task)
    return result.status, result.error.message if result.error else result.summary


# --- what a checkpoint comes to -----------------------------------------------------------------------------

PASSED = Validation(type="command", run="true", description="one")
FAILED = Validation(type="command", run="exit 3", description="two")
UNKNOWN = Validation(type="command", run=("no-such-program",), description="three")


def test_all_that_passes_is_told(bench: Bench) -> None:
    assert check(bench, PASSED, PASSED) == ("succeeded", "one: `true` ended with 0; one: `true` ended with 0")


def test_one_failure_fails_it_and_everything_is_looked_at_all_the_same(bench: Bench) -> None:
    touching = Validation(type="command", run="touch seen")
    assert check(bench, FAILED, UNKNOWN, touching) == ("failed", "two: `exit 3` ended with 3")
    assert (bench.root / "seen").exists()


def test_what_cannot_be_verified_is_said_and_passes_for_want_of_evidence(bench: Bench) -> None:
    assert check(bench, PASSED, UNKNOWN) == ("unverifiable", "three: `no-such-program` was not found")


@pytest.mark.parametrize("strictness", ["blocking", "strict"])
def test_what_cannot_be_verified_fails_where_it_must_not_be_unknown(bench: Bench, strictness: str) -> None:
    bench.strict = strictness == "strict"
    status, message = check(bench, UNKNOWN, blocking=strictness == "blocking")
    assert (status, message) == ("failed", "cannot be verified: three: `no-such-program` was not found")


def test_the_log_tells_each_verdict(bench: Bench) -> None:
    check(bench, PASSED, FAILED)
    assert bench.output == "passed: one: `true` ended with 0\nfailed: two: `exit 3` ended with 3\n"


def test_a_checkpoint_always_looks_again(bench: Bench) -> None:
    first, second = check(bench, PASSED), check(bench, PASSED)
    assert first == second == ("succeeded", "one: `true` ended with 0")


def test_a_preview_only_says_what_it_would_check(bench: Bench) -> None:
    task = CheckpointTask(id="g", name="g", type="checkpoint", validations=(Validation(type="command", run="touch x"),))
    (foreseen,) = bench.preview(task)
    assert foreseen.change is not None
    assert (foreseen.status, foreseen.change.actions) == ("may_run", ("check: command",))
    assert bench.tree() == {}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"type": "command"}, "`command` needs `run`"),
        ({"type": "coverage_threshold"}, "`target` must be a percentage"),
        ({"type": "coverage_threshold", "target": 101}, "`target` must be a percentage"),
        ({"type": "ci_passing", "url": ("http://x",)}, "`url` means nothing to `ci_passing`"),
    ],
)
def test_a_validation_without_meaning_is_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Validation(**fields)


def test_no_coverage_at_all_may_be_wanted() -> None:
    assert Validation(type="coverage_threshold", target=0).target == 0


# --- coverage -----------------------------------------------------------------------------------------------

REPORTS = {
    "coverage/coverage-summary.json": (ISTANBUL, 75.5),
    "coverage.json": (COVERAGE_PY, 76.2),
    "coverage/lcov.info": (LCOV, 50.0),
    "coverage.xml": (COBERTURA, 50.0),
}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("given", [True, False], ids=["named", "found"])
def test_coverage_is_read_from_the_report_of_any_tool(bench: Bench, name: str, given: bool) -> None:
    text, found = REPORTS[name]
    bench.write(name, text)
    report = name if given else None
    verdicts = [check(bench, {"type": "coverage_threshold", "target": target, "report": report}) for target in (50, 90)]
    assert verdicts == [
        ("succeeded", f"coverage threshold: {found} % of lines, 50 % wanted"),
        ("failed", f"coverage threshold: {found} % of lines, 90 % wanted"),
    ]


def test_coverage_of_something_else_than_lines(bench: Bench) -> None:
    bench.write("coverage.json", COVERAGE_PY)
    branches = {"type": "coverage_threshold", "target": 50, "metric": "branches"}
    assert check(bench, branches) == ("failed", "coverage threshold: 45.0 % of branches, 50 % wanted")
    functions = {"type": "coverage_threshold", "target": 50, "metric": "functions"}
    assert check(bench, functions) == (
        "unverifiable",
        "coverage threshold: `coverage.json` does not tell functions",
    )


def test_a_command_makes_the_report_that_counts(bench: Bench) -> None:
    bench.write("new.xml", COBERTURA)
    bench.write("sub/coverage.xml", COBERTURA.replace('line-rate="0.5"', 'line-rate="0.9"'))
    os.utime(bench.root / "sub/coverage.xml", (1, 1))
    stale = {"type": "coverage_threshold", "target": 40, "run": "true", "cwd": "sub"}
    assert check(bench, stale) == (
        "unverifiable",
        "coverage threshold: `sh -c true` ended with 0 and left no coverage report",
    )
    fresh = {**stale, "run": "cp ../new.xml coverage.xml"}
    assert check(bench, fresh) == ("succeeded", "coverage threshold: 50.0 % of lines, 40 % wanted")


def test_without_report_and_command_coverage_is_unknown(bench: Bench) -> None:
    assert check(bench, {"type": "coverage_threshold", "target": 1}) == (
        "unverifiable",
        "coverage threshold: there is no coverage report and no command to make one",
    )
    missing = {"type": "coverage_threshold", "target": 1, "run": ("no-such-tool",)}
    assert check(bench, missing)[0] == "unverifiable"


def test_a_report_that_is_none_fails(bench: Bench) -> None:
    bench.write("coverage.json", "{}")
    status, message = check(bench, {"type": "coverage_threshold", "target": 1})
    assert (status, message) == ("failed", "`coverage.json` is no coverage report")


def test_python_coverage_runs_the_project_s_own_interpreter(bench: Bench) -> None:
    bench.write("coverage-of-python.json", COVERAGE_PY)
    wanted = "pytest --cov --cov-report=json:coverage.json"
    script = f'#!/bin/sh\n[ "$2 $3 $4" = "{wanted}" ] && cp coverage-of-python.json coverage.json\n'
    bench.write(".venv/bin/python", script, 0o755)
    assert check(bench, {"type": "python_coverage", "target": 70}) == (
        "succeeded",
        "python coverage: 76.2 % of lines, 70 % wanted",
    )


# --- tests --------------------------------------------------------------------------------------------------


def critical(number: int, test_file: str, priority: str = "critical") -> GenerationTask:
    fields: dict[str, Any] = {"target": "x", "test_file": test_file, "priority": priority}
    return GenerationTask(id=f"t{number}", name="t", type="test_generation", **fields)


def test_a_plan_without_critical_targets_has_them_all_tested(bench: Bench) -> None:
    bench.others = (critical(1, "missing.test.ts", "low"),)
    assert check(bench, {"type": "all_critical_tested"})[0] == "succeeded"


def test_a_critical_target_without_a_test_file_fails(bench: Bench) -> None:
    bench.others = (critical(1, "a.test.ts"), critical(2, "b.test.ts"))
    bench.write("a.test.ts", "")
    assert check(bench, {"type": "all_critical_tested"}) == (
        "failed",
        "all critical tested: no test file: b.test.ts",
    )


@pytest.mark.parametrize(("code", "status"), [("0", "succeeded"), ("1", "failed")])
def test_the_tests_of_critical_targets_are_run(bench: Bench, code: str, status: str) -> None:
    bench.others = (critical(1, "a.test.ts"), critical(2, "b_test.py"))
    for name in ("a.test.ts", "b_test.py"):
        bench.write(name, "")
    bench.write(".venv/bin/python", '#!/bin/sh\necho "python $*"\n', 0o755)
    bench.write("jest", f'#!/bin/sh\necho "jest $*"\nexit {code}\n', 0o755)
    assert check(bench, {"type": "all_critical_tested", "run": ("./jest",)})[0] == status
    assert "jest a.test.ts\n" in bench.output
    assert ("python -m pytest -q b_test.py\n" in bench.output) == (code == "0")


def test_end_to_end_tests_are_run_as_the_package_says(bench: Bench) -> None:
    bench.write("bin/npm", '#!/bin/sh\necho "npm $*"\n', 0o755)
    bench.environ["PATH"] = f"{bench.root}/bin:{bench.environ['PATH']}"
    bench.write("package.json", json.dumps({"scripts": {"test:e2e": "playwright test"}}))
    assert check(bench, {"type": "e2e_passing"})[0] == "succeeded"
    assert "npm run --silent test:e2e\n" in bench.output


def test_without_end_to_end_tests_there_is_no_telling(bench: Bench) -> None:
    assert check(bench, {"type": "e2e_passing"}) == (
        "unverifiable",
        "e2e passing: there are no end-to-end tests",
    )
    assert check(bench, {"type": "e2e_passing", "run": "exit 1"})[0] == "failed"


@pytest.mark.parametrize(
    ("flow", "verdict"),
    [
        (["pending", "pending"], ("unverifiable", "e2e passing: all tests of `flow.spec.ts` are skipped here")),
        (["passed", "pending"], ("succeeded", None)),
    ],
)
def test_a_flow_that_is_skipped_proves_nothing_whatever_passes_beside_it(
    bench: Bench, flow: list[str], verdict: tuple[str, str | None]
) -> None:
    files = {"flow.spec.ts": flow, "smoke.spec.ts": ["passed"]}
    results = [
        {"name": f"/e2e/{name}", "assertionResults": [{"status": one} for one in own]} for name, own in files.items()
    ]
    report = json.dumps({"testResults": results})
    bench.write(
        "bin/npx",
        f"#!/bin/sh\nfor one; do case $one in --outputFile=*) echo '{report}' > ${{one#*=}};; esac; done\n",
        0o755,
    )
    bench.environ["PATH"] = f"{bench.root}/bin:{bench.environ['PATH']}"
    bench.write("tests/e2e/a.spec.ts", "")
    status, summary = check(bench, {"type": "e2e_passing"})
    assert (status, summary if status == "unverifiable" else None) == verdict


# --- deployments --------------------------------------------------------------------------------------------


def deployed(*urls: str) -> dict[str, Any]:
    return {"type": "deployment_working", "url": urls, "timeout": 5.0}


def test_a_deployment_works_when_every_address_answers(bench: Bench) -> None:
    with serving({"/health": (200, {}), "/ready": (204, {}), "/broken": (503, {})}) as server:
        well = deployed(f"{server.address}/health", f"{server.address}/ready")
        assert check(bench, well) == ("succeeded", "deployment working: 2 addresses answered")
        badly = check(bench, deployed(f"{server.address}/health", f"{server.address}/broken"))
    assert badly == (
        "failed",
        f"deployment working: {server.address}/broken: HTTP Error 503: Service Unavailable",
    )


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "file:///etc/passwd", "127.0.0.1"])
def test_only_http_addresses_are_asked(bench: Bench, url: str) -> None:
    assert check(bench, deployed(url)) == ("failed", f"deployment working: {url}: it is no http address")


def test_an_address_where_nobody_listens_fails(bench: Bench) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        status, message = check(bench, deployed(url))
    assert (status, "refused" in message) == ("failed", True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a b", "http://127.0.0.1:port/", "http://["])
def test_an_address_that_makes_no_sense_fails(bench: Bench, url: str) -> None:
    status, message = check(bench, deployed(url))
    assert (status, message.partition(": ")[0]) == ("failed", "deployment working")


MAIL_SERVER = r"""
import socket

with socket.socket() as server:
    server.bind(("127.0.0.1", 0))
    server.listen()
    print(server.getsockname()[1], flush=True)
    server.accept()[0].sendall(b"220 mail.example\r\n")
"""


def test_a_server_that_does_not_speak_http_fails(bench: Bench) -> None:
    with subprocess.Popen([sys.executable, "-c", MAIL_SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        status, message = check(bench, deployed(f"http://127.0.0.1:{server.stdout.readline().strip()}/"))
    assert (status, message.partition(": ")[0]) == ("failed", "deployment working")


def test_without_an_address_there_is_no_telling(bench: Bench) -> None:
    assert check(bench, {"type": "deployment_working"})[0] == "unverifiable"


# --- continuous integration ---------------------------------------------------------------------------------

SHA = "a" * 40
CHECKS = f"/repos/ann/shop/commits/{SHA}/check-runs"


def run_of(name: str, conclusion: str | None, number: int = 1) -> dict[str, object]:
    status = "completed" if conclusion else "in_progress"
    return {"id": number, "name": name, "status": status, "conclusion": conclusion, "url": "{address}/x"}


def github(*runs: dict[str, object]) -> dict[str, tuple[int, object]]:
    """Return what GitHub's API says of one commit."""
    repository = {"id": 1, "name": "shop", "full_name": "ann/shop", "url": "{address}/repos/ann/shop"}
    commit = {"sha": SHA, "url": f"{{address}}/repos/ann/shop/commits/{SHA}"}
    return {
        "/repos/ann/shop": (200, repository),
        f"/repos/ann/shop/commits/{SHA}": (200, commit),
        CHECKS: (200, {"total_count": len(runs), "check_runs": list(runs)}),
    }


def on_github(bench: Bench, server: Answers) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(bench.root)]
    quiet = {**bench.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run([*command, "init", "-q"], check=True, env=quiet)
    subprocess.run([*command, "commit", "-q", "--allow-empty", "-m", "x"], check=True, env=quiet)
    subprocess.run([*command, "remote", "add", "origin", "git@github.com:ann/shop.git"], check=True, env=quiet)
    bench.environ |= {"GITHUB_TOKEN": "t0ken", "GITHUB_API_URL": server.address}


@pytest.mark.parametrize(
    ("runs", "checks", "verdict"),
    [
        (
            [run_of("test", "success"), run_of("lint", "skipped")],
            (),
            ("succeeded", "ci passing: 2 checks are green"),
        ),
        (
            [run_of("test", "failure"), run_of("lint", None), run_of("docs", "neutral")],
            (),
            ("failed", "ci passing: not green: lint (pending), test (failure)"),
        ),
        (
            [run_of("test", "success"), run_of("docs", "failure")],
            ("test",),
            ("succeeded", "ci passing: 1 check is green"),
        ),
        ([], (), ("unverifiable", f"ci passing: no checks ran for `{SHA}`")),
    ],
    ids=["green", "red", "only some count", "none"],
)
def test_ci_is_what_github_says_of_the_commit(
    bench: Bench, runs: list[dict[str, object]], checks: tuple[str, ...], verdict: tuple[str, str]
) -> None:
    with serving(github(*runs)) as server:
        on_github(bench, server)
        assert check(bench, {"type": "ci_passing", "ref": SHA, "checks": checks}) == verdict
        assert server.tokens == {"token t0ken"}
        assert CHECKS in server.asked


def test_ci_that_github_knows_nothing_of_cannot_be_verified(bench: Bench) -> None:
    with serving({}) as server:
        on_github(bench, server)
        assert check(bench, {"type": "ci_passing", "ref": SHA}) == (
            "unverifiable",
            "ci passing: GitHub answered 404 for `ann/shop`",
        )


def test_ci_without_a_remote_or_a_token_cannot_be_verified(bench: Bench) -> None:
    assert check(bench, {"type": "ci_passing"}) == (
        "unverifiable",
        "ci passing: the project has no remote repository",
    )
    with serving({}) as server:
        on_github(bench, server)
        del bench.environ["GITHUB_TOKEN"]
        assert check(bench, {"type": "ci_passing"}) == (
            "unverifiable",
            "ci passing: `GITHUB_TOKEN` is not set",
        )
        assert server.asked == []
