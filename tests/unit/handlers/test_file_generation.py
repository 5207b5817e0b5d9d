from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.handlers.file_generation import FileGenerationTask
from tests.support.bench import Bench

FIRST = "".join(f"line {number}\n" for number in range(1, 9))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.template("a.txt", FIRST)
    return made


def generate(mode: str = "keep", **fields: Any) -> FileGenerationTask:
    made = {"id": "1", "name": "files", "type": "file_generation", "target": "a.txt", "templates": ("a.txt",)}
    return FileGenerationTask(**{**made, "on_conflict": mode, **fields})


def done(bench: Bench, task: FileGenerationTask) -> str:
    """Run the task, which works; return what it says."""
    result = bench.attempt(task)
    assert result.status in ("succeeded", "unchanged"), result.error
    return result.summary


def test_each_template_becomes_a_file_below_a_directory(bench: Bench) -> None:
    bench.template("deep/b.txt", "b\n")
    task = generate(target="gen", templates=("a.txt", "deep/b.txt"))
    assert done(bench, task) == "creates 2 files"
    assert (bench.read("gen/a.txt"), bench.read("gen/deep/b.txt")) == (FIRST, "b\n")


def test_one_template_may_become_a_file_of_another_name(bench: Bench) -> None:
    done(bench, generate(target=".github/workflows/x.yml"))
    assert bench.read(".github/workflows/x.yml") == FIRST


def test_a_template_sees_the_task_the_variables_and_the_facts(bench: Bench) -> None:
    bench.variables["team"] = "core"
    bench.template("a.txt", "{{ task.id }} {{ task.target }} {{ variables.team }} {{ facts.package.name }}\n")
    done(bench, generate())
    assert bench.read("a.txt") == "1 a.txt core shop\n"


def test_a_template_that_asks_for_what_is_not_there_fails_and_writes_nothing(bench: Bench) -> None:
    bench.template("b.txt", "{{ variables.missing }}")
    code, message = bench.failure(generate(target="gen/", templates=("a.txt", "b.txt")))
    assert code == "task/template"
    assert "template `b.txt`, line 1" in message
    assert bench.tree() == {}


@pytest.mark.parametrize("mode", ["keep", "overwrite", "backup", "merge"])
def test_a_file_nobody_touched_follows_its_template(bench: Bench, mode: str) -> None:
    done(bench, generate(mode))
    bench.template("a.txt", "new\n")
    assert done(bench, generate(mode)) == "rewrites 1"
    assert bench.read("a.txt") == "new\n"
    assert list(bench.tree()) == ["a.txt"]


@pytest.mark.parametrize("mode", ["keep", "overwrite", "backup", "merge"])
def test_a_file_that_is_already_as_it_should_be_is_left_alone(bench: Bench, mode: str) -> None:
    bench.write("a.txt", FIRST, 0o640)
    assert done(bench, generate(mode)) == "already generated"
    assert bench.workspace.mode("a.txt") == 0o640


@pytest.mark.parametrize("mode", ["keep", "overwrite", "backup", "merge"])
def test_a_file_that_was_deleted_is_made_again(bench: Bench, mode: str) -> None:
    done(bench, generate(mode))
    (bench.root / "a.txt").unlink()
    assert done(bench, generate(mode)) == "creates 1 file"
    assert bench.read("a.txt") == FIRST


def test_keep_leaves_a_person_s_file_and_says_so(bench: Bench) -> None:
    bench.write("a.txt", "mine\n")
    change = bench.plan(generate())
    assert change.is_empty
    assert change.summary == "keeps 1 that differs"
    assert change.warnings == ("kept `a.txt`, which differs from its template",)
    done(bench, generate())
    assert bench.read("a.txt") == "mine\n"


def test_keep_leaves_a_person_s_edit_also_when_the_template_changes(bench: Bench) -> None:
    done(bench, generate())
    bench.write("a.txt", FIRST + "mine\n")
    bench.template("a.txt", "new\n")
    done(bench, generate())
    assert bench.read("a.txt") == FIRST + "mine\n"


def test_overwrite_replaces_a_person_s_file_and_keeps_its_mode(bench: Bench) -> None:
    bench.write("a.txt", "mine\n", 0o755)
    assert done(bench, generate("overwrite")) == "rewrites 1"
    assert (bench.read("a.txt"), bench.workspace.mode("a.txt")) == (FIRST, 0o755)


def test_backup_puts_a_person_s_file_aside_as_private_as_it_was(bench: Bench) -> None:
    bench.write("a.txt", "mine\n", 0o600)
    done(bench, generate("backup"))
    assert (bench.read("a.txt"), bench.read("a.txt.orig")) == (FIRST, "mine\n")
    assert bench.workspace.mode("a.txt.orig") == 0o600


def test_backup_never_overwrites_an_earlier_backup(bench: Bench) -> None:
    bench.write("a.txt", "mine\n")
    bench.write("a.txt.orig", "older\n")
    before = bench.tree()
    code, message = bench.failure(generate("backup"))
    assert (code, message) == ("task/refused", "`a.txt.orig` already holds an earlier backup")
    assert bench.tree() == before


def test_backup_need_not_be_made_twice(bench: Bench) -> None:
    bench.write("a.txt", "mine\n")
    bench.write("a.txt.orig", "mine\n")
    done(bench, generate("backup"))
    assert (bench.read("a.txt"), bench.read("a.txt.orig")) == (FIRST, "mine\n")


def test_merge_brings_a_person_s_edit_and_a_changed_template_together(bench: Bench) -> None:
    done(bench, generate("merge"))
    bench.write("a.txt", FIRST.replace("line 2\n", "mine\n"))
    assert bench.plan(generate("merge")).is_empty, "a person's edit alone is no reason to write"
    bench.template("a.txt", FIRST.replace("line 7\n", "theirs\n"))
    assert done(bench, generate("merge")) == "rewrites 1"
    both = FIRST.replace("line 2\n", "mine\n").replace("line 7\n", "theirs\n")
    assert bench.read("a.txt") == both
    bench.template("a.txt", FIRST.replace("line 7\n", "theirs again\n"))
    done(bench, generate("merge"))
    assert bench.read("a.txt") == both.replace("theirs", "theirs again"), "the base moves on with the template"


def test_merge_refuses_where_both_changed_the_same_lines(bench: Bench) -> None:
    done(bench, generate("merge"))
    bench.write("a.txt", FIRST.replace("line 4", "mine"))
    bench.template("a.txt", FIRST.replace("line 4", "theirs"))
    before = bench.tree()
    assert bench.failure(generate("merge")) == (
        "task/refused",
        "`a.txt` and its template changed in the same places",
    )
    assert bench.tree() == before


def test_merge_refuses_a_file_it_knows_no_earlier_text_of(bench: Bench) -> None:
    bench.write("a.txt", "mine\n")
    code, message = bench.failure(generate("merge"))
    assert (code, message) == ("task/refused", "`a.txt` exists, and nothing tells what was generated before")
    assert bench.read("a.txt") == "mine\n"


@pytest.mark.parametrize(("one", "other"), [("keep", "merge"), ("merge", "keep"), ("overwrite", "merge")])
def test_a_file_generated_under_one_mode_is_known_under_another(bench: Bench, one: str, other: str) -> None:
    done(bench, generate(one))
    bench.template("a.txt", "new\n")
    done(bench, generate(other))
    assert bench.read("a.txt") == "new\n"


def test_a_text_that_was_not_remembered_is_never_taken_for_the_base_of_a_merge(bench: Bench) -> None:
    done(bench, generate("keep"))
    bench.write("a.txt", "mine\n")
    assert "nothing tells what was generated before" in bench.failure(generate("merge"))[1]


def test_a_template_is_a_part_of_what_makes_a_task_another_one(bench: Bench) -> None:
    first = bench.attempt(generate()).digest
    assert bench.attempt(generate()).digest == first
    bench.template("a.txt", "new\n")
    assert bench.attempt(generate()).digest != first


def test_a_directory_where_the_file_should_be_is_refused(bench: Bench) -> None:
    (bench.root / "a.txt").mkdir()
    assert bench.failure(generate()) == ("task/refused", "`a.txt` is a directory")


def test_a_generation_without_templates_is_no_task() -> None:
    with pytest.raises(ValueError, match="at least one template"):
        generate(templates=())
