from __future__ import annotations

import ast
from pathlib import Path

import pytest

from orchestrator.errors import TaskError
from orchestrator.generation.ownership import mark
from orchestrator.generation.python.project import (
    Project,
    find_formatter,
    find_generated,
    find_interpreter,
    find_project,
    stripped,
)


def project(root: Path, target: str, text: str = "", **files: str) -> Project:
    for name, content in {target: text, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return find_project(root, target, ast.parse(text))


def test_pytest_s_own_paths_say_what_a_module_is_called(tmp_path: Path) -> None:
    config = {"services/pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n'}
    found = project(tmp_path, "services/matching/main.py", **config)
    assert (found.directory, found.module, found.is_known) == (tmp_path / "services", "matching.main", True)


@pytest.mark.parametrize("name", ["pytest.ini", "tox.ini", "setup.cfg"])
def test_the_older_configurations_are_read_too(tmp_path: Path, name: str) -> None:
    section = "tool:pytest" if name == "setup.cfg" else "pytest"
    found = project(tmp_path, "lib/a.py", **{name: f"[{section}]\npythonpath = lib\n"})
    assert (found.module, found.is_known) == ("a", True)


def test_a_package_is_imported_from_where_it_stands(tmp_path: Path) -> None:
    found = project(
        tmp_path, "code/shop/cart/add.py", **{"code/shop/__init__.py": "", "code/shop/cart/__init__.py": ""}
    )
    assert (found.import_root, found.module, found.is_known) == (tmp_path / "code", "shop.cart.add", False)


def test_a_package_itself_is_called_by_its_directory(tmp_path: Path) -> None:
    assert project(tmp_path, "shop/__init__.py").module == "shop"


def test_a_source_directory_is_no_part_of_the_name(tmp_path: Path) -> None:
    assert project(tmp_path, "src/shop.py").module == "shop"


def test_a_file_that_imports_its_neighbour_needs_its_directory(tmp_path: Path) -> None:
    found = project(tmp_path, "service/main.py", "import models", **{"service/models.py": ""})
    assert found.inner == ("service",)
    assert found.paths == [str(tmp_path), str(tmp_path / "service")]


def test_a_path_that_no_import_can_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="cannot be imported"):
        project(tmp_path, "my-service/main.py")


def test_the_nearest_environment_runs_the_target(tmp_path: Path) -> None:
    for place in (".venv/bin", "service/venv/bin"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "python").touch()
    assert find_interpreter(tmp_path, "service/main.py", {}) == str(tmp_path / "service/venv/bin/python")
    assert find_interpreter(tmp_path, "main.py", {"VIRTUAL_ENV": "/other"}) == str(tmp_path / ".venv/bin/python")


def test_without_an_environment_the_active_one_and_then_the_path_decide(tmp_path: Path) -> None:
    assert find_interpreter(tmp_path, "main.py", {"VIRTUAL_ENV": "/other"}) == "/other/bin/python"
    assert find_interpreter(tmp_path, "main.py", {}) == "python3"


def test_no_secret_of_the_environment_reaches_the_target(tmp_path: Path) -> None:
    kept = stripped({"PATH": "/bin", "API_KEY": "secret", "HOME": "/home/me"}, tmp_path)
    assert (kept["PATH"], kept["HOME"], "API_KEY" in kept) == ("/bin", str(tmp_path), False)


@pytest.mark.parametrize(
    ("file", "text", "program"),
    [
        ("pyproject.toml", "[tool.black]\nline-length = 90\n[tool.ruff]\n", "black"),
        ("pyproject.toml", "[tool.ruff]\n", "ruff"),
        (".ruff.toml", "", "ruff"),
        ("pyproject.toml", "[tool.mypy]\n", None),
    ],
)
def test_the_formatter_is_the_one_that_the_project_configures(
    tmp_path: Path, file: str, text: str, program: str | None
) -> None:
    (tmp_path / file).write_text(text)
    (tmp_path / "inner").mkdir()
    for name in ("black", "ruff"):
        (tmp_path / name).touch()
    found = find_formatter(str(tmp_path / "python"), tmp_path / "inner", tmp_path)
    assert (found and Path(found[0]).name) == program


def test_a_formatter_that_is_not_installed_formats_nothing(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text("")
    assert find_formatter(str(tmp_path / "python"), tmp_path, tmp_path) is None


def test_the_tests_that_nobody_wrote_are_found_by_their_first_line(tmp_path: Path) -> None:
    ours = mark("def test_a(): ...\n", "target", "#")
    places = ("tests/test_ours.py", "tests/notes.py", ".venv/test_hidden.py", "node_modules/x/test_x.py")
    project(tmp_path, "shop.py", **dict.fromkeys(places, ours), **{"tests/test_theirs.py": "def test_b(): ...\n"})
    assert find_generated(tmp_path) == [tmp_path / "tests" / "test_ours.py"]


def test_a_module_is_called_as_the_project_s_other_files_import_it(tmp_path: Path) -> None:
    files = {"src/shop/errors/__init__.py": "", "tests/test_a.py": "from src.shop.errors import missing\n"}
    found = project(tmp_path, "src/shop/errors/missing.py", **files)
    assert (found.import_root, found.module) == (tmp_path, "src.shop.errors.missing")


def test_a_module_that_nobody_imports_is_called_like_its_neighbours(tmp_path: Path) -> None:
    files = {"src/shop/errors/gone.py": "", "main.py": "import src.shop.errors.gone\n"}
    assert project(tmp_path, "src/shop/errors/missing.py", **files).module == "src.shop.errors.missing"


def test_a_module_called_setup_makes_no_project(tmp_path: Path) -> None:
    files = {"pyproject.toml": "", "app/setup.py": "def create(): ...\n"}
    assert project(tmp_path, "app/main.py", **files).directory == tmp_path


def test_files_that_import_otherwise_than_pytest_s_paths_are_believed(tmp_path: Path) -> None:
    files = {"pytest.ini": "[pytest]\npythonpath = src\n", "main.py": "from src.shop.cart import Cart\n"}
    found = project(tmp_path, "src/shop/cart.py", **files)
    assert (found.import_root, found.is_known) == (tmp_path, False)


def test_the_tests_of_a_project_say_first_how_a_module_is_called(tmp_path: Path) -> None:
    imports = {"migrations/env.py": "import app.core.db.base\n", "tests/test_a.py": "import src.app.core\n"}
    found = project(tmp_path, "src/app/core/db/base.py", **imports)
    assert (found.import_root, found.module) == (tmp_path, "src.app.core.db.base")
