"""`rollback`: what runs wrote goes, what others did stays, and the tasks are undone."""

from __future__ import annotations

import json

from tests.support.project import Ended, Site, ask, changed, generate, shell, statuses


def pages(site: Site, *names: str, text: str = "new", **more: object) -> None:
    """Give the site a plan that makes a page for each name, in a directory of its own."""
    site.write("templates/page.txt.j2", f"{text}\n")
    tasks = [generate(name, f"made/{name}/page.txt", "page.txt", on_conflict="overwrite") for name in names]
    site.plan(*tasks, **more)


def back(site: Site, *options: str) -> Ended:
    return site.orchestrate("rollback", "--yes", *options)


def test_only_the_last_run_that_changed_something_is_taken_back(site: Site) -> None:
    pages(site, "a", text="first")
    assert site.apply().exit_code == 0
    first = site.tree()
    pages(site, "a", "b", text="second")
    changed_plan = site.tree()
    assert site.apply().exit_code == 0
    assert site.apply().exit_code == 0  # this one changes nothing
    taken_back = back(site)
    assert taken_back.code == 0, taken_back
    assert site.tree() == changed_plan
    assert back(site).code == 0  # and now the first
    assert changed(first, site.tree()) >= {"made", "made/a", "made/a/page.txt"}
    nothing = back(site)
    assert nothing.code == 1 and "state/nothing-to-roll-back" in nothing.err, nothing


def test_all_runs_are_taken_back_at_once_with_the_directories_they_made(site: Site) -> None:
    pages(site, "a", text="first")
    before = site.tree()
    assert site.apply().exit_code == 0
    pages(site, "a", "b", text="second")
    assert site.apply().exit_code == 0
    assert back(site, "--all").code == 0
    assert changed(before, site.tree()) == {"templates/page.txt.j2", "config/phases.yaml"}


def test_one_run_is_taken_back_as_far_as_a_later_one_has_not_changed_its_files(site: Site) -> None:
    pages(site, "a", "b", text="first")
    assert site.apply().exit_code == 0
    pages(site, "a", text="second")
    assert site.apply().exit_code == 0
    taken_back = back(site, "--run", site.runs()[0])
    assert taken_back.code == 1, taken_back
    assert "made/a/page.txt: it was changed since" in taken_back.out
    assert site.read("made/a/page.txt") == "second\n"
    assert not (site.root / "made/b").exists()
    unknown = back(site, "--run", "never")
    assert unknown.code == 1 and "state/no-run" in unknown.err


def test_a_phase_is_taken_back_by_itself(site: Site) -> None:
    site.write("templates/page.txt.j2", "page\n")
    site.phases(
        {"a": {"tasks": [generate("1", "one.txt", "page.txt")]}},
        {"b": {"tasks": [generate("2", "two.txt", "page.txt")]}},
    )
    assert site.apply().exit_code == 0
    assert back(site, "--phase", "2").code == 0
    assert (site.root / "one.txt").exists() and not (site.root / "two.txt").exists()


def test_a_file_that_somebody_changed_since_is_named_and_left(site: Site) -> None:
    pages(site, "a", "b")
    assert site.apply().exit_code == 0
    site.write("made/a/page.txt", "a person's\n")
    taken_back = back(site)
    assert taken_back.code == 1, taken_back
    assert "made/a/page.txt: it was changed since" in taken_back.out
    assert site.read("made/a/page.txt") == "a person's\n"
    assert not (site.root / "made/b").exists()


def test_a_directory_that_holds_something_else_by_now_stays(site: Site) -> None:
    pages(site, "a")
    assert site.apply().exit_code == 0
    site.write("made/a/notes.txt", "a person's\n")
    assert back(site).code == 0
    assert sorted(path.name for path in (site.root / "made/a").iterdir()) == ["notes.txt"]


def test_content_and_mode_come_back(site: Site) -> None:
    pages(site, "a", "b", "c")
    site.write("made/a/page.txt", b"\xff\xfe binary \x00 and no end", mode=0o755)
    site.write("made/b/page.txt", "mine\r\n", mode=0o600)
    before = site.tree()
    assert site.apply().exit_code == 0
    assert site.tree()["made/a/page.txt"][0] == 0o755  # kept through the overwrite, too
    assert back(site).code == 0
    assert site.tree() == before


def test_effects_of_commands_are_listed_and_outputs_they_announced_restored(site: Site) -> None:
    site.write("kept.txt", "as it was\n")
    site.plan(
        shell("1", "echo changed > kept.txt; mkdir out; echo new > out/new", outputs=["kept.txt", "out/new"]),
        shell("2", "echo unannounced > stray.txt"),
    )
    before = site.tree()
    assert site.apply().exit_code == 0
    taken_back = back(site)
    assert taken_back.code == 0, taken_back
    assert "2: run: echo unannounced > stray.txt" in taken_back.out
    assert changed(before, site.tree()) == {"stray.txt"}


def test_after_a_rollback_the_tasks_run_again(site: Site) -> None:
    pages(site, "a")
    assert site.apply().exit_code == 0
    assert statuses(site.apply()) == {"a": "unchanged"}
    assert back(site).code == 0
    assert statuses(site.apply()) == {"a": "succeeded"}
    assert site.read("made/a/page.txt") == "new\n"


def test_a_run_that_waits_can_be_taken_back_and_then_goes_on(site: Site) -> None:
    site.write("templates/page.txt.j2", "new\n")
    site.plan(generate("1", "page.txt", "page.txt"), ask("2"))
    before = site.tree()
    assert site.apply().exit_code == 4
    assert back(site).code == 0
    assert site.tree() == before
    state = site.apply(approve={"all": ""})
    assert (state.exit_code, statuses(state)) == (0, {"1": "succeeded", "2": "succeeded"})
    assert site.read("page.txt") == "new\n"
    assert len(site.runs()) == 1


def test_a_dry_run_and_a_missing_yes_change_nothing(site: Site) -> None:
    pages(site, "a")
    assert site.apply().exit_code == 0
    done = site.tree()
    shown = site.orchestrate("rollback", "--dry-run")
    assert shown.code == 0 and "delete   made/a/page.txt" in shown.out, shown
    refused = site.orchestrate("rollback")
    assert refused.code == 2 and "usage/confirm" in refused.err, refused
    assert site.tree() == done
    history = json.loads(site.orchestrate("history", "--json").out)
    assert len(history) == 1


def test_history_tells_what_was_rolled_back_and_forgets_when_asked(site: Site) -> None:
    pages(site, "a")
    assert site.apply().exit_code == 0
    assert back(site).code == 0
    assert site.apply().exit_code == 0
    first, second = site.orchestrate("history").out.splitlines()
    assert "1 succeeded  rolled back" in first and "rolled back" not in second
    assert site.orchestrate("history", "--prune").code == 0
    assert len(site.runs()) == 1
