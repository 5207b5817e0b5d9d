import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import PlanError

from .conftest import Load

TEXT = """
variables: {version: 1.10, flag: "yes", list: [1, {a: 0x1F}]}
phase_1:
  name: One
  groups:
    group_a:
      tasks:
        - {id: 1.10, name: a, type: shell, run: [echo, "{{ variables.version }}"], retry: {attempts: 2}, timeout: 10m}
        - {id: "1.2", name: a, type: milestone, for_each: {glob: "*.txt"}, env: {A: b}}
        - {id: "1.3", name: a, type: config_edit, target: a.json, edits: [{set: a, value: {src: 1.50, deep: [{x: 2}]}}]}
        - {id: "1.4", name: a, type: config_edit, target: a.js, action: add_directory_thresholds, thresholds: {s: 1.50}}
checkpoints:
  after_phase_1: {blocking: true, validations: [{type: command, run: "true"}]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.txt").write_text("")
    return root


def entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").rglob("*/plans/*"))


def test_a_plan_is_loaded_a_second_time_as_it_was(load: Load, project: Path, tmp_path: Path) -> None:
    first = load(TEXT, project=project)
    (entry,) = entries(tmp_path)
    written = entry.stat().st_mtime_ns
    second = load(TEXT, project=project)
    assert second == first
    assert str(second.variables) == str(first.variables)
    assert str(second.variables["version"]) == "1.10"
    assert entry.stat().st_mtime_ns == written
    assert entry.stat().st_mode & 0o077 == 0


def test_the_second_load_needs_no_parser_and_no_validator(load: Load, project: Path, tmp_path: Path) -> None:
    load(TEXT.replace("0x1F", "31"), project=project)
    code = (
        "import sys; from pathlib import Path; from orchestrator.plan.compiled import load_plan;"
        "from orchestrator.handlers.registry import Registry;"
        "load_plan(Path(sys.argv[1]), Registry(), project=Path(sys.argv[2]), environ={'XDG_CACHE_HOME': sys.argv[3]});"
        "print({'pydantic', 'jinja2', 'networkx', 'yaml'} & set(sys.modules))"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "plan.yaml"), str(project), str(tmp_path / "cache")]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "set()\n"


def test_what_the_plan_is_made_from_is_part_of_the_key(load: Load, project: Path, tmp_path: Path) -> None:
    load(TEXT, project=project)
    assert load(TEXT.replace("name: One", "name: Uno"), project=project).phases[0].name == "Uno"
    assert load(TEXT, project=project, overrides={"version": "2"}).tasks["1.10"].run == ("echo", "2")  # type: ignore[attr-defined]
    assert load(TEXT, project=project).tasks["1.10"].run == ("echo", "1.10")  # type: ignore[attr-defined]
    assert len(entries(tmp_path)) == 3


def test_a_project_is_its_place_and_not_how_it_was_called(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text("")
        monkeypatch.chdir(tmp_path / name)
        assert f"1.2[{name}]" in load(TEXT, project=Path()).tasks


def test_a_file_more_is_a_task_more(load: Load, project: Path) -> None:
    assert "1.2[b]" not in load(TEXT, project=project).tasks
    (project / "b.txt").write_text("")
    assert "1.2[b]" in load(TEXT, project=project).tasks
    (project / "a.txt").unlink()
    assert "1.2[a]" not in load(TEXT, project=project).tasks


def test_values_from_the_environment_are_not_kept(load: Load, tmp_path: Path) -> None:
    text = 'variables: {token: "${TOKEN}"}\nphase_1: {name: "{{ variables.token }}"}\n'
    assert load(text, environ={"TOKEN": "a"}).phases[0].name == "a"
    assert load(text, environ={"TOKEN": "b"}).phases[0].name == "b"
    assert entries(tmp_path) == []


def test_a_default_is_kept_for_as_long_as_the_environment_has_nothing_to_say(load: Load, tmp_path: Path) -> None:
    text = 'variables: {url: "${URL:-here}"}\nphase_1: {name: "{{ variables.url }}"}\n'
    assert [load(text).phases[0].name for _ in range(2)] == ["here", "here"]
    assert len(entries(tmp_path)) == 1
    assert load(text, environ={"URL": "there"}).phases[0].name == "there"
    assert load(text).phases[0].name == "here"


def test_a_plan_with_problems_is_not_kept(load: Load, tmp_path: Path) -> None:
    text = 'phase_1: {name: One, groups: {a: {tasks: [{id: "1", name: "{{ variables.x }}", type: milestone}]}}}\n'
    assert load(text).problems
    assert entries(tmp_path) == []


def test_damaged_entries_are_made_anew(load: Load, project: Path, tmp_path: Path) -> None:
    first = load(TEXT, project=project)
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    flipped = [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(0, len(whole), 97)]
    for damaged in (b"", b"\0", whole[:-1], whole + b"x", b"i" * 1000, *flipped):
        entry.write_bytes(damaged)
        assert load(TEXT, project=project) == first
        assert entry.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_no_cache(load: Load, project: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert load(TEXT, project=project) == load(TEXT, project=project)


@pytest.mark.parametrize("marker", ["\\0model", "model", "written"])
def test_no_text_of_a_plan_is_taken_for_something_to_import(marker: str, load: Load, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    text = f'variables: {{x: {{"{marker}": "os:mkdir", path: "{victim}"}}}}\nphase_1: {{name: One}}\n'
    assert load(text) == load(text)
    assert not victim.exists()


def test_a_broken_plan_is_refused_each_time(load: Load) -> None:
    for _ in range(2):
        with pytest.raises(PlanError):
            load("phase_1: {nam: One}\n")
