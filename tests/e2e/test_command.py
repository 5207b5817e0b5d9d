"""The command as people and programs meet it: exit codes, output, what it says when something is wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.support.append_line import install
from tests.support.project import PLANS, SAMPLE, Ended, Site, ask, ended, shell, wait_until

COMMANDS = [
    *("status", "status --json", "history", "history --prune", "explain 1", "logs 1", "validate", "doctor"),
    *("plan", "plan --json --diff", "plan --graph mermaid", "run --yes", "run --yes --json", "run --dry-run"),
    *("approve 1", "reject 1", "rollback --yes", "rollback --dry-run"),
]
INDEPENDENT = ["schema", "--help", "--version", "run --help"]


def assert_civil(ended: Ended) -> None:
    """No traceback, no bug, no escape codes; whoever fails says why."""
    said = ended.out + ended.err
    assert "Traceback" not in said and "error[bug]" not in said, ended
    assert "\x1b" not in said, ended
    assert ended.code in (0, 1, 2, 4), ended
    if ended.code == 2:
        assert ended.err.startswith(("error[", "Usage:")), ended


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_civil_in_an_empty_directory(site: Site, command: str) -> None:
    ended = site.orchestrate(*command.split())
    assert_civil(ended)
    assert ended.code == (1 if command == "doctor" else 2)
    assert "plan/not-found" in ended.err or command == "doctor"
    assert list(site.root.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_civil_with_a_broken_plan(site: Site, command: str) -> None:
    site.write("config/phases.yaml", "orchestrator: {name: x\nphase_1: [")
    ended = site.orchestrate(*command.split())
    assert_civil(ended)
    assert ended.code == (1 if command == "doctor" else 2)
    assert "config/phases.yaml:" in ended.err or command == "doctor"


@pytest.mark.parametrize("command", INDEPENDENT)
def test_some_commands_need_no_plan(site: Site, command: str) -> None:
    ended = site.orchestrate(*command.split())
    assert_civil(ended)
    assert ended.code == 0 and ended.out and not ended.err


def test_commands_are_civil_on_a_project_that_never_ran_and_on_one_that_did(site: Site) -> None:
    site.plan(shell("1", "echo said"), ask("2"))
    before = {"status": 0, "history": 0, "explain 2": 0, "logs 1": 1, "rollback --yes": 1, "doctor": 0}
    after = {**before, "status": 4, "logs 1": 0}
    for codes in (before, after):
        for command, code in codes.items():
            ended = site.orchestrate(*command.split())
            assert_civil(ended)
            assert ended.code == code, (command, ended)
        assert site.orchestrate("run", "--yes").code == 4
    assert site.orchestrate("logs", "1").out == "said\n"


BAD_OPTIONS = {
    "run --yes --max-parallel 0": "max-parallel",
    "run --yes --max-parallel many": "max-parallel",
    "run --yes --var novalue": "`novalue` is no NAME=VALUE",
    "run --yes --var =x": "is no NAME=VALUE",
    "run --yes --phase 9": "the plan has no phase `9`",
    "run --yes --task 1.": "did you mean `1`?",
    "run --yes --exclude 1 --exclude 2": "usage/nothing-selected",
    "run --yes --all --phase 1": "contradict",
    "run --yes --no-such-option": "No such option",
    "run": "usage/confirm",
    "run --yes --project nowhere": "`nowhere` does not exist",
    "run --yes --config config": "config",
    "run --yes --state-dir config/phases.yaml": "config/phases.yaml",
    "plan --graph png": "`png` is no graph format",
    "explain 7": "the plan has no task `7`",
    "logs 7": "the plan has no task `7`",
    "approve 1": "waits for a person",
    "no-such-command": "No such command",
}


@pytest.mark.parametrize("command", BAD_OPTIONS)
def test_a_bad_value_is_named(site: Site, command: str) -> None:
    site.plan(shell("1", "touch made"), shell("2", "true"))
    ended = site.orchestrate(*command.split())
    assert_civil(ended)
    assert ended.code in (1, 2), ended
    assert BAD_OPTIONS[command] in ended.err, ended
    assert not (site.root / "made").exists()


def test_exit_codes_tell_what_happened(site: Site, tmp_path: Path) -> None:
    site.plan(shell("1", "true"))
    assert site.orchestrate("run", "--yes").code == 0
    site.plan(shell("1", "false"))
    assert site.orchestrate("run", "--yes").code == 1
    site.plan(shell("1", "true", colour="red"))
    assert site.orchestrate("run", "--yes").code == 2
    site.plan(ask("1"))
    assert site.orchestrate("run", "--yes").code == 4
    site.plan(shell("1", "touch begun; sleep 0.3"))
    running = site.start("run", "--yes")
    wait_until((site.root / "begun").exists, "the task begins")
    running.send_signal(signal.SIGINT)
    assert ended(running).code == 130


def test_a_bug_says_where_its_details_are_and_shows_no_traceback(site: Site, tmp_path: Path) -> None:
    path = install(tmp_path, buggy="buggy:Buggy")
    (tmp_path / "buggy.py").write_text(
        "from dataclasses import dataclass\n"
        "from typing import Literal\n"
        "from append_line import AppendLine, AppendLineTask\n"
        "@dataclass(frozen=True, slots=True, kw_only=True)\n"
        "class BuggyTask(AppendLineTask):\n"
        "    type: Literal['buggy']\n"
        "class Buggy(AppendLine):\n"
        "    type = 'buggy'\n"
        "    model = BuggyTask\n"
        "    def claims(self, task):\n"
        "        raise RuntimeError('did not expect that')\n"
    )
    site.plan({"id": "1", "name": "Bug", "type": "buggy", "target": "x", "line": "x"})
    found = site.orchestrate("explain", "1", PYTHONPATH=path, TMPDIR=str(tmp_path))
    assert found.code == 3, found
    assert found.err.startswith("error[bug]: RuntimeError: did not expect that") and "Traceback" not in found.err
    log = Path(found.err.rpartition(" in ")[2].strip())
    assert "Traceback" in log.read_text()


def test_what_programs_read_is_json(site: Site) -> None:
    site.plan(shell("1", "echo made > made", outputs=["made"]), ask("2"))
    plan = json.loads(site.orchestrate("plan", "--json", "--diff").out)
    assert [task["status"] for task in plan["tasks"]] == ["may_run", "may_run"]
    assert {"run --dry-run --json", "plan --json"} and json.loads(site.orchestrate("run", "--dry-run", "--json").out)
    run = site.run()
    assert run.code == 4 and run.err == ""
    kinds = [event["kind"] for event in run.events]
    assert kinds[0] == "RunStarted" and kinds[-1] == "RunPaused"
    assert {"seq", "run", "at", "kind", "task"} <= set.intersection(*(set(event) for event in run.events))
    status = json.loads(site.orchestrate("status", "--json").out)
    assert status["tasks"]["1"]["status"] == "succeeded" and status["exit_code"] == 4
    assert [one["run"] for one in json.loads(site.orchestrate("history", "--json").out)] == [status["run"]]


def test_json_lines_hold_what_tasks_print_where_that_is_asked_for(site: Site) -> None:
    site.plan(shell("1", "echo said"))
    for options, printed in (("--json", 0), ("--json --verbose", 1)):
        lines = site.orchestrate("run", "--yes", *options.split()).out.splitlines()
        assert sum("said\\n" in line for line in lines if json.loads(line)["kind"] == "TaskOutput") == printed


def test_a_junit_report_has_a_suite_for_each_phase_and_a_case_for_each_task(site: Site) -> None:
    site.phases({"a": {"tasks": [shell("1", "true"), shell("2", "exit 3"), shell("3", "true")]}},
                {"b": {"tasks": [ask("4")]}})  # fmt: skip
    assert site.orchestrate("run", "--yes", "--junit", "report.xml").code == 1
    suites = {suite.get("name"): suite for suite in ElementTree.parse(site.root / "report.xml").iter("testsuite")}
    cases = [case for suite in suites.values() for case in suite.iter("testcase")]
    assert len(suites) == 2 and len(cases) == 4
    blocked = site.orchestrate("run", "--yes", "--junit", "config")
    assert_civil(blocked)
    assert blocked.code == 1 and "`config`" in blocked.err
    kinds = {str(case.get("name")).split()[0]: [child.tag for child in case] for case in cases}
    assert kinds["1"] == [] and "failure" in kinds["2"] and "skipped" in kinds["3"] and "skipped" in kinds["4"]


def test_graphs_are_drawn_in_three_languages(site: Site) -> None:
    site.options = ["--config", str(PLANS / "core.yaml"), "--project", str(SAMPLE)]
    drawn = {form: site.orchestrate("plan", "--graph", form) for form in ("mermaid", "dot", "svg")}
    for picture in drawn.values():
        assert picture.code == 0 and "1.4[trust]" in picture.out, picture
    assert drawn["mermaid"].out.startswith("flowchart LR\n")
    assert drawn["dot"].out.startswith("digraph plan {")
    boxes = ElementTree.fromstring(drawn["svg"].out).iter("{http://www.w3.org/2000/svg}rect")
    assert len(list(boxes)) == drawn["dot"].out.count("[label=")


def test_a_first_plan_can_be_run_as_it_is(site: Site) -> None:
    made = site.orchestrate("init")
    assert made.code == 0, made
    assert site.orchestrate("validate").code == 0
    assert site.orchestrate("run", "--yes").code == 4
    assert site.orchestrate("approve", "1.2").code == 0
    assert site.orchestrate("run", "--yes").code == 0
    assert json.loads((site.root / "config/phases.schema.json").read_text()) == json.loads(
        site.orchestrate("schema").out
    )
    again = site.orchestrate("init")
    assert again.code == 2 and "usage/not-empty" in again.err
    assert_civil(again)


def test_a_first_plan_is_valid_in_a_directory_with_an_odd_name(site: Site) -> None:
    odd = site.root / 'a "quoted": {odd} # näme'
    odd.mkdir()
    assert site.orchestrate("init", str(odd)).code == 0
    assert site.orchestrate("validate", "--config", str(odd / "config/phases.yaml")).code == 0


def test_a_plan_is_not_written_where_a_file_is_in_the_way(site: Site) -> None:
    site.write("file", "")
    refused = site.orchestrate("init", "file")
    assert_civil(refused)
    assert refused.code in (1, 2) and "file" in refused.err


def test_doctor_names_what_is_missing(site: Site) -> None:
    site.plan(shell("1", "true", requires=["no-such-tool", "sh"]), secrets=["NO_SUCH_SECRET"])
    found = site.orchestrate("doctor")
    assert found.code == 1, found
    missing = [line for line in found.out.splitlines() if line.startswith("missing")]
    assert len(missing) == 2 and "no-such-tool" in missing[0] and "NO_SUCH_SECRET" in missing[1]


def test_a_reader_that_goes_away_ends_the_command_quietly(site: Site) -> None:
    command = f"'{site.environ['PATH'].split(':')[0]}/orchestrate' schema | head -c 10"
    shown = subprocess.run(["sh", "-c", command], env=site.environ, capture_output=True, text=True, check=False)
    assert (shown.stdout, shown.stderr) == ('{\n  "$sche', ""), shown


@pytest.mark.parametrize(("command", "code", "exit_code"), [
    ("approve 1", "usage/not-waiting", 2),
    ("plan --var nonsense", "usage/bad-option", 2),
    ("plan --graph png", "usage/bad-option", 2),
    ("plan --project nowhere", "environment/root-missing", 1),
])  # fmt: skip
def test_a_call_that_cannot_be_meant_is_refused_with_its_code(
    site: Site, command: str, code: str, exit_code: int
) -> None:
    site.plan(shell("1", "true"))
    ended = site.orchestrate(*command.split())
    assert ended.err.startswith(f"error[{code}]"), ended
    assert ended.code == exit_code
