from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import TaskError
from orchestrator.templates import Templates, project_templates, shipped_directory


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    return Templates([tmp_path / "own", tmp_path / "shipped"])


def write(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / f"{name}.j2"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def render(templates: Templates, tmp_path: Path, text: str, **context: object) -> str:
    write(tmp_path, "own/page.md", text)
    return templates.render("page.md", context)


def test_a_project_s_own_template_comes_before_a_shipped_one(templates: Templates, tmp_path: Path) -> None:
    write(tmp_path, "shipped/a.txt", "shipped")
    write(tmp_path, "shipped/deep/b.txt", "b")
    assert templates.source("a.txt") == "shipped"
    write(tmp_path, "own/a.txt", "own")
    assert templates.source("a.txt") == "own"
    assert templates.render("a.txt", {}) == "own"
    assert templates.names() == ["a.txt", "deep/b.txt"]


@pytest.mark.parametrize("name", ["", "missing", "../secret", "/etc/passwd", "a/../../secret"])
def test_only_what_lies_in_the_template_directories_is_a_template(
    templates: Templates, tmp_path: Path, name: str
) -> None:
    write(tmp_path, "secret", "x")
    assert templates.source(name) is None


def test_the_text_comes_out_as_it_was_written(templates: Templates, tmp_path: Path) -> None:
    text = "{% if wanted %}\n  {{ name }}\n{% endif %}\n\nlast\n"
    assert render(templates, tmp_path, text, wanted=True, name="x") == "  x\n\nlast\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one\n{{ missing }}", "template `page.md`, line 2: 'missing' is undefined"),
        ("{% for %}", "template `page.md`, line 1: Expected an expression, got 'end of statement block'"),
        ("\n\n{{ 1 / 0 }}", "template `page.md`, line 3: division by zero"),
        ("{% include 'other.md' %}", "there is no template `other.md`"),
        ("{{ items.append(1) }}", "template `page.md`, line 1"),
        ("{{ ''.__class__ }}", "template `page.md`, line 1"),
        ("{% for n in range(10 ** 9) %}{% endfor %}", "template `page.md`, line 1"),
        ("{% include 'page.md' %}", "template `page.md`, line 1"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_with_its_line(
    templates: Templates, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(TaskError) as caught:
        render(templates, tmp_path, text, items=[])
    assert caught.value.code == "task/template"
    assert caught.value.message.startswith(message)


def test_a_template_that_does_not_exist_is_a_task_error(templates: Templates) -> None:
    with pytest.raises(TaskError, match="there is no template `nothing`"):
        templates.render("nothing", {})


def test_the_shipped_templates_are_found_from_any_project(tmp_path: Path) -> None:
    assert shipped_directory("templates").is_dir()
    assert {"users.fixture.ts", "fixtures/common.py"} <= set(project_templates(tmp_path).names())
