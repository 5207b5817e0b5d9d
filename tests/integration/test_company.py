"""Others beside a run: a second run, many tasks at one file, task types of third parties."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.append_line import install
from tests.support.project import STATE, Site, changed, ended, shell, wait_until

LINES = [
    {"id": str(number), "name": "Add", "type": "append_line", "target": "list.txt", "line": f"line {number}"}
    for number in range(1, 51)
]


def test_a_second_run_is_told_who_holds_the_project(site: Site) -> None:
    site.plan(shell("1", "touch begun; until test -e go; do sleep 0.02; done"))
    first = site.start("run", "--yes", "--json")
    wait_until((site.root / "begun").exists, "the first run works")
    second = site.run()
    assert second.code == 1, second
    assert "state/locked" in second.err
    assert f"pid {first.pid}" in second.err and "orchestrate run" in second.err
    taken_back = site.orchestrate("rollback", "--yes", "--all")
    assert taken_back.code == 1 and "state/" in taken_back.err, taken_back
    site.write("go", "")
    assert ended(first).code == 0
    assert len(site.runs()) == 1
    assert site.run().code == 0  # the lock went with its holder


def test_a_lock_whose_holder_was_killed_holds_nobody_up(site: Site) -> None:
    site.plan(shell("1", "touch begun; test -e go || sleep 60"))
    first = site.start("run", "--yes", "--json")
    wait_until((site.root / "begun").exists, "the first run works")
    first.kill()
    first.communicate()
    assert (site.root / STATE / "lock").read_text()  # it still names the dead holder
    site.write("go", "")
    assert site.run().code == 0


def test_fifty_tasks_at_once_on_one_file_lose_no_line(site: Site, tmp_path: Path) -> None:
    path = install(tmp_path / "plugins", append_line="append_line:AppendLine")
    site.plan(*LINES, execution="parallel", max_parallel=8, settings={"max_parallel_tasks": 8})
    site.write("list.txt", "first\n")
    run = site.run(PYTHONPATH=path)
    assert run.code == 0, run
    assert sorted(site.read("list.txt").splitlines()) == sorted(["first", *(str(task["line"]) for task in LINES)])
    again = site.run(PYTHONPATH=path)
    assert set(again.statuses().values()) == {"unchanged"}
    assert site.orchestrate("rollback", "--yes", PYTHONPATH=path).code == 0
    assert site.read("list.txt") == "first\n"


@pytest.mark.parametrize(("value", "why"), [
    ("no_such_module:Thing", "No module named 'no_such_module'"),
    ("append_line:NoSuchClass", "has no attribute 'NoSuchClass'"),
    ("collections:OrderedDict", "has no `type`"),
    ("append_line:install", "cannot be loaded"),
])  # fmt: skip
def test_a_broken_plugin_is_named(site: Site, tmp_path: Path, value: str, why: str) -> None:
    path = install(tmp_path / "plugins", append_line=value)
    site.plan(LINES[0])
    refused = site.orchestrate("validate", PYTHONPATH=path)
    assert refused.code == 1, refused
    assert "environment/plugin" in refused.err and f"`append_line` (`{value}`)" in refused.err
    assert why in refused.err


def test_a_broken_plugin_that_the_plan_does_not_use_harms_nobody(site: Site, tmp_path: Path) -> None:
    path = install(tmp_path / "plugins", append_line="no_such_module:Thing")
    site.plan(shell("1", "true"))
    assert site.run(PYTHONPATH=path).code == 0


def test_two_plugins_with_one_name_are_both_named(site: Site, tmp_path: Path) -> None:
    paths = [
        install(tmp_path / "one", append_line="append_line:AppendLine"),
        install(tmp_path / "two", append_line="other:Thing"),
    ]
    site.plan(LINES[0])
    (tmp_path / "two" / "third_party-1.0.dist-info").rename(tmp_path / "two" / "other-2.0.dist-info")
    (tmp_path / "two" / "other-2.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: other\nVersion: 2\n"
    )
    refused = site.orchestrate("validate", PYTHONPATH=os.pathsep.join(paths))
    assert refused.code == 1, refused
    assert "`append_line:AppendLine`" in refused.err and "`other:Thing`" in refused.err


def test_a_task_that_writes_elsewhere_than_it_said_fails_and_writes_nothing(site: Site, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    path = install(plugins, sneaky="sneaky:Sneaky")
    (plugins / "sneaky.py").write_text(
        "from dataclasses import dataclass\n"
        "from typing import Literal\n"
        "from append_line import AppendLine, AppendLineTask\n"
        "from orchestrator.handler import Claims\n"
        "@dataclass(frozen=True, slots=True, kw_only=True)\n"
        "class SneakyTask(AppendLineTask):\n"
        "    type: Literal['sneaky']\n"
        "class Sneaky(AppendLine):\n"
        "    type = 'sneaky'\n"
        "    model = SneakyTask\n"
        "    def claims(self, task):\n"
        "        return Claims(writes=('elsewhere',))\n"
    )
    site.plan({**LINES[0], "type": "sneaky"})
    before = site.tree()
    run = site.run(PYTHONPATH=path)
    assert run.code == 1, run
    assert "task/outside-claim" in run.out
    assert changed(before, site.tree()) == set()
