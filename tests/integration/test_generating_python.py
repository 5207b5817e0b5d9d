from __future__ import annotations

import ast
import asyncio
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from orchestrator.errors import TaskError
from orchestrator.generation.python.pipeline import generate
from orchestrator.generation.request import Request
from orchestrator.generation.result import Generated
from orchestrator.process import Children

SHOP = """
import os
from dataclasses import dataclass
from datetime import datetime

seen = []


@dataclass
class Item:
    name: str
    count: int = 1

    def __post_init__(self):
        if self.count < 0:
            raise ValueError("count must not be negative")


def grade(points: int) -> str:
    if points >= 90:
        return "gold"
    return "silver" if points > 50 else "none"


def remember(name: str) -> int:
    seen.append((name, datetime.now().isoformat()))
    return len(seen)


def erase(path: str) -> None:
    os.remove(path)


def forever(count: int) -> int:
    while count != 7:
        pass
    return count


class Cart:
    def __init__(self, limit: int = 3):
        self.limit = limit
        self.items: list[str] = []

    def add(self, name: str) -> None:
        if len(self.items) >= self.limit:
            raise OverflowError("the cart is full")
        self.items.append(name)
"""
PERSON = "import shop\n\n\ndef test_it_remembers():\n    assert shop.remember('a') == 1\n"


def generated(root: Path, target: str = "shop.py", environment: str = sys.prefix) -> Generated:
    async def run() -> Generated:
        children = Children("generating", watchdog=False)

        async def command(argv, *, cwd, env, output=None):  # type: ignore[no-untyped-def]
            ended = await children.run(argv, cwd=cwd, env=env, output=output or (lambda _: None))
            return ended.code if ended.code is not None else -(ended.signal or 0)

        work = root.parent / "work"
        work.mkdir(exist_ok=True)
        request = Request(root=root, target=target, test_file="tests/test_shop_generated.py", priority="low")
        environ = {"PATH": os.environ["PATH"], "VIRTUAL_ENV": environment}
        try:
            return await generate(request, command, work, lambda _: None, environ)
        finally:
            await children.close()

    return asyncio.run(run())


def project(directory: Path, text: str = SHOP) -> Path:
    root = directory / "project"
    (root / "tests").mkdir(parents=True)
    (root / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (root / "shop.py").write_text(text)
    (root / "tests" / "test_person.py").write_text(PERSON)
    return root


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Generated]:
    root = project(tmp_path_factory.mktemp("shop"))
    return root, generated(root)


def test_what_is_generated_covers_every_branch_that_ends_and_notices_nearly_every_mutant(
    shop: tuple[Path, Generated],
) -> None:
    _, made = shop
    assert made.killed / made.mutants > 0.8
    assert {"TestGrade", "TestRemember", "TestCartAdd", "TestItem", "TestForever", "TestErase"} == {
        node.name
        for node in ast.parse(made.text).body
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test")
    }


def test_limits_are_tested_in_rows_and_errors_by_their_words(shop: tuple[Path, Generated]) -> None:
    _, made = shop
    assert 'pytest.param(90, "gold"' in made.text
    assert 'pytest.raises(OverflowError, match=escape("the cart is full"))' in made.text


def test_state_and_clock_are_the_same_for_every_test(shop: tuple[Path, Generated]) -> None:
    _, made = shop
    assert 'for name in ("seen",)' in made.text
    assert 'monkeypatch.setattr(shop, "datetime", FrozenDatetime)' in made.text


def test_a_function_that_reaches_for_the_world_is_tested_with_a_mock_in_the_place_it_reaches_for(
    shop: tuple[Path, Generated],
) -> None:
    _, made = shop
    assert 'monkeypatch.setattr(shop.os, "remove", os_remove)' in made.text
    assert "remove.assert_called_once_with(" in made.text


def test_what_touches_the_world_or_never_ends_is_dropped_with_its_reason(shop: tuple[Path, Generated]) -> None:
    _, made = shop
    assert made.funnel.dropped["record: touches the world outside (network, programs, files)"] > 0
    assert made.funnel.dropped["record: does not end"] > 0
    assert made.funnel.proposed == made.funnel.kept + sum(made.funnel.dropped.values())


def test_nothing_is_left_in_the_project(shop: tuple[Path, Generated]) -> None:
    root, _ = shop
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()) == [
        "pytest.ini",
        "shop.py",
        "tests/test_person.py",
    ]


@pytest.mark.long
def test_a_second_generation_is_the_same_byte_for_byte(shop: tuple[Path, Generated], tmp_path: Path) -> None:
    assert generated(project(tmp_path)).text == shop[1].text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_like_this\n\ndef a(): ...\n", "No module named 'nothing_like_this'"),
        ("raise SystemExit(3)\n\ndef a(): ...\n", r"ends the program \(exit code 3\)"),
        ("import os\nos._exit(4)\n\ndef a(): ...\n", r"ends the program \(exit code 4\)"),
        ("import socket\nsocket.create_connection(('192.0.2.1', 1))\n\ndef a(): ...\n", "is denied"),
        ("def a(:\n", "is not Python"),
        ("  \n", "is empty"),
        ("name = input('name? ')\n\ndef a(): ...\n", "EOFError"),
        ("import subprocess\nsubprocess.run(['true'])\n\ndef a(): ...\n", "is denied"),
    ],
    ids=["missing module", "SystemExit", "_exit", "socket", "syntax", "empty", "input", "program"],
)
def test_a_broken_target_is_refused_with_its_cause(tmp_path: Path, text: str, message: str) -> None:
    root = project(tmp_path, text)
    with pytest.raises(TaskError, match=message) as caught:
        generated(root)
    assert caught.value.code in ("generation/target-broken", "generation/target-missing")
    assert not (root / "tests" / "test_shop_generated.py").exists()


def test_a_target_without_anything_to_call_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="can be kept"):
        generated(project(tmp_path, "LIMIT = 3\n"))


def test_the_first_bad_module_is_named_where_the_target_imports_it(tmp_path: Path) -> None:
    root = project(tmp_path, "import prices\n\ndef a(): ...\n")
    (root / "prices.py").write_text("\nRATE = 1 / 0\n")
    with pytest.raises(TaskError, match="ZeroDivisionError") as caught:
        generated(root)
    assert str(caught.value.location) == "prices.py:2:1"


@pytest.mark.long
def test_a_target_that_never_ends_when_it_is_imported_is_given_up(tmp_path: Path) -> None:
    root = project(tmp_path, "while True:\n    pass\n\ndef a(): ...\n")
    with pytest.raises(TaskError, match="importing it does not end within 15 s"):
        generated(root)


def test_a_suite_that_fails_already_is_no_reason_not_to_test(tmp_path: Path) -> None:
    root = project(tmp_path, "def double(number: int) -> int:\n    return number * 2\n")
    (root / "tests" / "test_person.py").write_text("def test_that_fails():\n    assert False\n")
    made = generated(root)
    assert made.funnel.kept == len(made.titles) > 0


def test_an_environment_without_pytest_is_refused_by_what_it_lacks(tmp_path: Path) -> None:
    root = project(tmp_path, "def double(number: int) -> int:\n    return number * 2\n")
    venv.create(tmp_path / "bare", with_pip=False)
    with pytest.raises(TaskError, match="has no pytest") as caught:
        generated(root, environment=str(tmp_path / "bare"))
    assert caught.value.code == "generation/tool-missing"


def test_an_environment_without_an_interpreter_is_refused(tmp_path: Path) -> None:
    root = project(tmp_path, "def double(number: int) -> int:\n    return number * 2\n")
    with pytest.raises(TaskError) as caught:
        generated(root, environment=str(tmp_path / "nowhere"))
    assert caught.value.code == "generation/tool-missing"


SERVICE = """
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI()
stock: dict[str, int] = {}


class Delivery(BaseModel):
    count: int = Field(ge=1, le=9)


def known(name: str) -> int:
    if name not in stock:
        raise HTTPException(404, f"{name} is not in stock")
    return stock[name]


@app.put("/stock/{name}")
def deliver(name: str, delivery: Delivery) -> int:
    stock[name] = stock.get(name, 0) + delivery.count
    return stock[name]


@app.get("/stock/{name}")
def show(count: Annotated[int, Depends(known)]) -> int:
    return count
"""


def test_an_application_is_asked_for_what_it_allows_and_for_what_it_forbids(tmp_path: Path) -> None:
    made = generated(project(tmp_path, SERVICE))
    assert "def test_answers_404_name_is_not_in_stock(self, client):" in made.text
    assert "assert problems(response) == [problem]" in made.text
    assert '"body.count: greater_than_equal"' in made.text
    assert "_after_deliver(self, client):" in made.text
    assert made.killed / made.mutants > 0.85
    assert made.after is not None
    assert made.after.branches == 100


SETTINGS = """
import os

PORT = int(os.environ.get("PORT", "8000"))
DEBUG = os.getenv("DEBUG", "no").lower() in ("true", "yes")
DATABASE = os.environ["DATABASE_URL"]
RETRIES = 3


def retries() -> int:
    return RETRIES
"""


def test_settings_are_loaded_under_environments_in_which_they_differ(tmp_path: Path) -> None:
    made = generated(project(tmp_path, SETTINGS))
    assert "import shop\n" not in made.text
    assert 'loaded = load({"DATABASE_URL": "1"})' in made.text
    assert "def test_raises_key_error_without_database_url(self, load):" in made.text
    assert 'load({"DATABASE_URL": "1", "DEBUG": "yes"})' in made.text
    assert "def test_raises_value_error_for_port_empty(self, load):" in made.text
    assert "RETRIES" not in made.text
    assert any("unless `DATABASE_URL` is set" in line for line in made.suspicious)


def test_what_also_works_without_an_environment_is_tested_in_both_ways(tmp_path: Path) -> None:
    text = SETTINGS.replace('os.environ["DATABASE_URL"]', 'os.environ.get("DATABASE_URL")')
    made = generated(project(tmp_path, text))
    assert "def test_has_defaults(self, load):" in made.text
    assert "result = shop.retries()" in made.text


ARGUMENTS = """
import sys


def arguments() -> int:
    return len(sys.argv)


def double(number: int) -> int:
    return number * 2
"""


def test_what_depends_on_how_the_tests_are_started_is_left_out(tmp_path: Path) -> None:
    made = generated(project(tmp_path, ARGUMENTS))
    assert "TestArguments" not in made.text
    assert made.funnel.dropped["validate: does not always pass"] == 1


LEDGER = """
import sqlite3


def balance(db: sqlite3.Connection, owner: str) -> int:
    row = db.execute("select amount from accounts where owner = ?", (owner,)).fetchone()
    if row is None:
        return 0
    return len(row)
"""


def test_a_connection_is_a_mock_that_answers_and_is_asked(tmp_path: Path) -> None:
    made = generated(project(tmp_path, LEDGER))
    assert "db = MagicMock(spec=Connection)" in made.text
    assert "db.execute.return_value.fetchone.return_value = None" in made.text
    assert '"select amount from accounts where owner = ?",\n            ("owner",),\n' in made.text
    assert made.killed == made.mutants


def test_the_file_is_written_as_the_project_s_own_formatter_writes_it(tmp_path: Path) -> None:
    text = "def join(first_of_the_names: list[str], second: str) -> str:\n    return second.join(first_of_the_names)\n"
    root = project(tmp_path, text)
    plain = generated(root).text
    (root / "ruff.toml").write_text("line-length = 60\n[format]\nquote-style = 'single'\n")
    made = generated(root).text
    assert 'second="second"' in plain
    assert "second='second'" in made
    assert generated(root).text == made


LINGERING = """
import ctypes

ctypes.CDLL(None).system(b"sleep 600 & echo $! > {pid}")


def double(number: int) -> int:
    return number * 2
"""


def test_no_process_is_left_by_a_target_that_starts_one_behind_the_fence(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    generated(project(tmp_path, LINGERING.replace("{pid}", str(pid))))
    assert not is_running(int(pid.read_text()))


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text()


@pytest.mark.parametrize("option", ["--out", "target"])
def test_what_is_outside_the_project_is_refused_and_nothing_is_written(tmp_path: Path, option: str) -> None:
    root = project(tmp_path)
    (tmp_path / "other.py").write_text("def a():\n    return 1\n")
    before = sorted(tmp_path.rglob("*"))
    asked = ["shop.py", "--out", "../test_other.py"] if option == "--out" else ["../other.py"]
    argv = [sys.executable, "-m", "orchestrator.cli.main", "generate", "tests", *asked]
    ended = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert f"error[usage/bad-option]: `{asked[-1]}` is not in the project" in ended.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_tests_go_where_pytest_looks_for_them_when_nobody_says_where(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "orchestrator.cli.main", "generate", "tests", "shop.py", "--dry-run"]
    ended = subprocess.run(argv, cwd=project(tmp_path), capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("tests/test_shop.py: about ")


LAYERS = """
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    id: uuid.UUID = field(default_factory=uuid.uuid4)


class Missing(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"no `{name}`")


class Items(ABC):
    @abstractmethod
    async def find(self, name: str) -> Item | None: ...

    @abstractmethod
    async def save(self, item: Item) -> None: ...


class Shelf:
    def __init__(self, items: Items) -> None:
        self._items = items

    async def take(self, name: str) -> Item:
        item = await self._items.find(name)
        if item is None:
            raise Missing(name)
        return item

    async def put(self, name: str) -> Item:
        item = Item(name)
        await self._items.save(item)
        return item


class Rows:
    def __init__(self, pool: Items) -> None:
        self._pool = pool

    def load(self, key: int, connect) -> list[str]:
        with connect(key) as connection:
            row = connection.execute("select").fetchone()
            return [row.name, row.kind] if row is not None else []


def guard(role: str):
    async def check(user: dict) -> bool:
        if user["role"] != role:
            raise Missing(role)
        return user["is_active"]

    return check


async def names(items: Items, wanted: str):
    item = await items.find(wanted)
    if item is not None:
        yield item.name
"""


def test_services_with_awaited_collaborators_and_functions_that_make_functions_are_covered(tmp_path: Path) -> None:
    made = generated(project(tmp_path, LAYERS), "shop.py")
    assert made.after is not None
    assert (made.after.lines, made.after.branches) == (91.3, 100)  # two methods are abstract
    assert made.funnel.dropped.get("validate: does not always pass", 0) == 0
    for line in (
        "items.find.return_value = None",
        "made = shop.guard(",
        "result = asyncio.run(made(",
        "asyncio.run(everything(shop.names(",
        'assert str(result) == "no `name`"',
        "assert result.name == ",
    ):
        assert line in made.text
    assert "result.id" not in made.text  # each time another one
