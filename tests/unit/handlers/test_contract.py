"""What every task type that can write must keep to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.edits.operations import SetOperation
from orchestrator.handler import Answer
from orchestrator.handlers.config_edit import ConfigEditTask
from orchestrator.handlers.file_generation import FileGenerationTask
from orchestrator.handlers.manual import ManualTask
from orchestrator.handlers.milestone import MilestoneTask
from orchestrator.handlers.registry import BUILT_IN, CHECKPOINT
from orchestrator.handlers.shell import ShellTask
from orchestrator.plan.model import Task
from tests.support.bench import Bench


@dataclass(frozen=True)
class Case:
    """A task, and the project it finds."""

    task: Task
    prepare: Callable[[Bench], object] = lambda _bench: None


def shell(**fields: object) -> ShellTask:
    return ShellTask(**{"id": "1", "name": "shell", "type": "shell", "run": "echo x > out.txt", **fields})  # type: ignore[arg-type]


def generation(mode: str, **fields: object) -> FileGenerationTask:
    made = {
        "id": "1",
        "name": "files",
        "type": "file_generation",
        "target": "gen/",
        "templates": ("a.txt", "deep/b.txt"),
    }
    return FileGenerationTask(**{**made, "on_conflict": mode, **fields})  # type: ignore[arg-type]


def edit(target: str, **fields: object) -> ConfigEditTask:
    edits = (SetOperation(set="name", value="Build"),)
    return ConfigEditTask(**{"id": "1", "name": "e", "type": "config_edit", "target": target, "edits": edits, **fields})  # type: ignore[arg-type]


def with_templates(bench: Bench) -> None:
    bench.template("a.txt", "a of {{ facts.package.name }}\n")
    bench.template("deep/b.txt", "b\n")


def with_a_person_s_file(bench: Bench) -> None:
    with_templates(bench)
    bench.write("gen/a.txt", "mine\n", 0o600)


def approved(bench: Bench) -> None:
    bench.answers["1"] = Answer("approved", "ann")


CASES = {
    "milestone": Case(MilestoneTask(id="1", name="m", type="milestone")),
    "manual": Case(ManualTask(id="1", name="m", type="manual"), approved),
    "shell with outputs": Case(shell(outputs=("out.txt",))),
    "shell with inputs": Case(shell(inputs=("in/*.txt",), outputs=("out.txt",)), lambda b: b.write("in/a.txt", "1")),
    "shell with directories": Case(
        shell(run="mkdir -p out && cp in/* out", inputs=("in",), outputs=("out/",)),
        lambda b: b.write("in/a.txt", "1"),
    ),
    "shell with an empty directory": Case(shell(run=("mkdir", "-p", "out"), outputs=("out",))),
    "shell that creates": Case(shell(creates="out.txt")),
    "shell in a directory": Case(shell(cwd="sub", outputs=("sub/out.txt",)), lambda b: b.write("sub/x", "")),
    **{
        f"generation, {mode}": Case(generation(mode), with_templates)
        for mode in ("keep", "overwrite", "backup", "merge")
    },
    **{
        f"generation beside a person's file, {mode}": Case(generation(mode), with_a_person_s_file)
        for mode in ("keep", "overwrite", "backup")
    },
    "edit of a file": Case(edit("ci.yml"), lambda b: b.write("ci.yml", "name: CI  # ours\n", 0o600)),
    "edit of several files": Case(edit("*.yml"), lambda b: [b.write(f"{name}.yml", "on: push\n") for name in "abc"]),
    "edit with a command": Case(edit("ci.yml", verify="true"), lambda b: b.write("ci.yml", "on: push\n")),
    "generation of one file": Case(generation("keep", target="one.txt", templates=("a.txt",)), with_templates),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def bench(case: Case, tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    case.prepare(made)
    return made


def test_what_was_applied_is_satisfied(case: Case, bench: Bench) -> None:
    first = bench.attempt(case.task)
    assert first.status in ("succeeded", "unchanged"), first.error
    left = bench.tree()
    again = bench.plan(case.task)
    assert again.is_empty, again
    second = bench.attempt(case.task, 2)
    assert second.status == ("succeeded" if case.task.type in ("manual", "milestone") else "unchanged")
    assert bench.plan(case.task).is_empty, "nor is it forgotten by a run that found nothing to do"
    assert bench.tree() == left


def test_planning_twice_gives_the_same_change(case: Case, bench: Bench) -> None:
    assert bench.plan(case.task) == bench.plan(case.task)
    bench.attempt(case.task)
    assert bench.plan(case.task) == bench.plan(case.task)


def test_neither_a_plan_nor_a_preview_writes(case: Case, bench: Bench) -> None:
    before = bench.tree()
    bench.plan(case.task)
    bench.preview(case.task)
    assert bench.tree() == before


def test_a_preview_announces_the_very_bytes_that_a_run_writes(case: Case, bench: Bench) -> None:
    (foreseen,) = bench.preview(case.task)
    done = bench.attempt(case.task)
    assert foreseen.change is not None
    assert done.change is not None
    assert foreseen.change == done.change
    for edit in foreseen.change.edits:
        assert (bench.root / edit.path).read_bytes() == edit.after


def test_what_it_writes_it_has_claimed(case: Case, bench: Bench) -> None:
    before = bench.tree()
    bench.attempt(case.task)
    claims = bench.handler(case.task).claims(case.task).writes
    changed = {path for path, state in bench.tree().items() if before.get(path) != state}
    new = {path for path in changed if (bench.root / path).is_file()}
    assert all(any(Path(path).is_relative_to(claim) for claim in claims) for path in new)


def test_every_built_in_type_goes_by_its_own_name(tmp_path: Path) -> None:
    registry = Bench(tmp_path).registry
    assert set(registry.names()) >= set(BUILT_IN)
    for name in (*BUILT_IN, CHECKPOINT):
        handler = registry.handler(name)
        assert handler.type == name
        assert issubclass(handler.model, Task)
