"""What a preview announces is what a run does, and announcing it changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project import PLANS, Site, ask, changed, generate, sample_site, shell, tree_of

CORE = ["--config", str(PLANS / "core.yaml"), "--project", "."]
LOOKS = ["run --dry-run", "plan --json --diff", "status", "rollback --dry-run"]
MORE_LOOKS = ["plan --graph svg", "history", "explain 2.1", "logs 1.4", "validate", "doctor"]


@pytest.fixture
def core(tmp_path: Path) -> Site:
    site = sample_site(tmp_path)
    site.options = CORE
    return site


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    """Return when every file and directory was last changed, and its inode; git's own included."""
    found = {}
    for path in (root, *root.rglob("*")):
        state = path.lstat()
        found[str(path)] = (state.st_mtime_ns, state.st_ino)
    return found


@pytest.mark.parametrize("moment", ["never ran", "waits for a person", "was killed"])
def test_looking_changes_no_byte_and_no_time_of_anything(core: Site, moment: str) -> None:
    if moment == "waits for a person":
        assert core.run().code == 4
    elif moment == "was killed":
        assert core.run("--phase", "1").code == 0
        running = core.start("run", "--yes", "--json", "--phase", "2")
        assert running.stdout is not None and running.stdout.readline()
        running.kill()
        running.communicate()
    before = tree_of(core.root, set()), stamps(core.root)
    for look in LOOKS + (MORE_LOOKS if moment == "waits for a person" else []):
        ended = core.orchestrate(*look.split())
        assert ended.code != 3 and "Traceback" not in ended.err, ended
        assert changed(before[0], tree_of(core.root, set())) == set(), look
        assert stamps(core.root) == before[1], look


def test_the_announced_diffs_applied_by_git_give_what_the_run_then_writes(core: Site, tmp_path: Path) -> None:
    core.write(".github/workflows/rollback.yml", "name: no newline at the end")
    core.write("docs/runbooks/deployment.md", "Ours.\r\n")
    announced = json.loads(core.orchestrate("plan", "--phase", "2", "--no-deps", "--diff", "--json").out)
    exact = {task["id"]: task for task in announced["tasks"] if task["status"] == "would_change"}
    assert set(exact) == {"2.1", "2.2", "2.3", "2.4"}

    copy = tmp_path / "copy"
    shutil.copytree(core.root, copy)
    diffs = "".join(task["diff"] for task in exact.values())
    subprocess.run(["git", "apply", "-p1", "-"], cwd=copy, input=diffs.encode(), check=True)

    run = core.run("--phase", "2", "--no-deps")
    assert run.code == 0, run
    written = {path for path in core.tree() if path.startswith((".github", "docs", "src/test", "python-services"))}
    for path in written:
        if (core.root / path).is_file():
            assert (core.root / path).read_bytes() == (copy / path).read_bytes(), path
    counted = {event["task"]: (event["added"], event["removed"]) for event in run.events if "added" in event}
    assert {task_id: counted[task_id] for task_id in exact} == {
        task_id: (task["added"], task["removed"]) for task_id, task in exact.items()
    }


def test_a_preview_sees_what_earlier_tasks_would_leave(site: Site) -> None:
    site.write("templates/page.txt.j2", "{{ task.id }}\n")
    page = {"on_conflict": "backup", "templates": ["page.txt"]}
    site.plan(generate("1", "page.txt", **page), generate("2", "page.txt", **page))
    seen = json.loads(site.orchestrate("plan", "--json", "--diff").out)
    first, second = seen["tasks"]
    assert "+1\n" in first["diff"] and "--- /dev/null" in first["diff"]
    assert "-1\n+2\n" in second["diff"] and "page.txt.orig" in second["diff"]
    assert site.run().code == 0
    assert (site.read("page.txt"), site.read("page.txt.orig")) == ("2\n", "1\n")


def test_the_exit_code_of_a_preview_tells_of_changes_when_asked(site: Site) -> None:
    site.plan(shell("1", "touch made", creates="made"))
    assert site.orchestrate("plan").code == 0
    assert site.orchestrate("plan", "--detailed-exitcode").code == 2
    assert site.run().code == 0
    assert site.orchestrate("plan", "--detailed-exitcode").code == 0


def saved(site: Site, *more: str) -> Site:
    """A site with three file tasks and a saved plan."""
    for name in ("one", "two", "three"):
        site.write(f"templates/{name}.txt.j2", f"{name}\n")
    site.write("two.txt", "before\n")
    site.plan(*three())
    ended = site.orchestrate("plan", "--out", "saved.json", *more)
    assert ended.code == 0, ended
    return site


def three() -> list[dict[str, object]]:
    return [
        generate(str(number), f"{name}.txt", f"{name}.txt", on_conflict="overwrite")
        for number, name in enumerate(("one", "two", "three"), 1)
    ]


def refusal(site: Site) -> str:
    """Apply the saved plan, which must be refused without touching anything; return why."""
    before = site.tree()
    ended = site.orchestrate("run", "--plan", "saved.json")
    assert ended.code == 2 and "usage/plan-moved" in ended.err, ended
    assert changed(before, site.tree()) == set()
    return ended.err


def test_a_saved_plan_is_applied_as_it_is(site: Site) -> None:
    saved(site)
    ended = site.orchestrate("run", "--plan", "saved.json", "--json")
    assert ended.code == 0, ended
    assert [site.read(f"{name}.txt") for name in ("one", "two", "three")] == ["one\n", "two\n", "three\n"]
    assert "`two.txt`, which task `2` writes, has changed" in refusal(site)


def test_a_saved_plan_of_a_selection_applies_to_that_selection(site: Site) -> None:
    saved(site, "--task", "2", "--no-deps")
    ended = site.orchestrate("run", "--plan", "saved.json", "--json")
    assert ended.code == 0, ended
    assert ended.statuses() == {"2": "succeeded"}
    assert not (site.root / "one.txt").exists()


def test_a_saved_plan_is_refused_when_a_file_moved(site: Site) -> None:
    saved(site).write("two.txt", "somebody was here\n")
    assert "`two.txt`, which task `2` writes, has changed" in refusal(site)


def test_a_saved_plan_is_refused_when_a_template_moved(site: Site) -> None:
    saved(site).write("templates/three.txt.j2", "drei\n")
    assert "task `3` is defined differently" in refusal(site)


def test_a_saved_plan_is_refused_when_a_task_moved(site: Site) -> None:
    tasks = three()
    tasks[0]["name"] = "Another name"
    saved(site).plan(*tasks)
    assert "task `1` is defined differently" in refusal(site)


def test_a_saved_plan_is_refused_when_a_task_came(site: Site) -> None:
    saved(site).plan(*three(), ask("4"))
    assert "task `4` is new" in refusal(site)


def test_a_saved_plan_is_refused_when_a_task_went(site: Site) -> None:
    saved(site).plan(*three()[:2])
    assert "task `3` is gone" in refusal(site)


def test_a_saved_plan_is_refused_when_the_order_changed(site: Site) -> None:
    saved(site).plan(*three(), execution="parallel")
    assert "order" in refusal(site)


def test_what_is_no_saved_plan_is_refused(site: Site) -> None:
    site.plan(*three()[:0], shell("1", "true"))
    for content in ("{}", "no json", '{"format": "orchestrate-plan-9"}'):
        site.write("saved.json", content)
        ended = site.orchestrate("run", "--plan", "saved.json")
        assert ended.code == 2 and "is no saved plan" in ended.err, ended
    ended = site.orchestrate("run", "--plan", "nowhere.json")
    assert ended.code == 2 and "cannot be read" in ended.err, ended


def test_a_saved_plan_cannot_be_written_where_there_is_no_directory(site: Site) -> None:
    site.plan(shell("1", "true"))
    ended = site.orchestrate("plan", "--out", os.path.join("nowhere", "saved.json"))
    assert ended.code == 1 and "environment/" in ended.err, ended


def test_a_task_that_would_fail_says_why_and_what_to_do_however_narrow_the_screen(site: Site) -> None:
    long = f"{'deep/' * 20}ci.yml"
    site.write(long, "jobs: {}\n")
    site.plan({"id": "1", "name": "Edit", "type": "config_edit", "target": long, "edits": [{"set": "a.b", "value": 1}]})
    shown = site.orchestrate("plan").out
    assert f"error: {long}:1:1: nothing is at `a.b`" in shown, shown
    assert "hint: " in shown
