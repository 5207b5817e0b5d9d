from __future__ import annotations

import ast
from types import ModuleType
from typing import Any

from orchestrator.generation.python.kit.reading import caught, collaborators, is_awaited, keys_of, node_of

TEXT = """
def save(user: dict, db):
    if user["id"] and user.get("name"):
        store.write(db, user)
        store.log(user)
    return own(db)
"""


class Store:
    async def read(self) -> None: ...
    def write(self, db: Any, user: dict[str, Any]) -> None: ...
    def log(self, user: dict[str, Any]) -> None: ...


def module() -> ModuleType:
    made = ModuleType("shop")
    made.store = Store()  # type: ignore[attr-defined]
    exec(TEXT, made.__dict__)
    return made


def test_the_keys_by_which_a_function_looks_into_its_parameters_are_known() -> None:
    assert keys_of(ast.parse(TEXT)) == {"user": ["id", "name"]}


def test_who_gets_a_mocked_parameter_is_a_collaborator_and_who_does_not_is_none() -> None:
    assert collaborators(ast.parse(TEXT), module(), {"db"}) == ["store.write"]


def test_who_is_awaited_is_a_collaborator() -> None:
    tree = ast.parse("async def f():\n    await store.read()\n")
    assert collaborators(tree, module(), ()) == ["store.read"]
    assert [is_awaited(each, module()) for each in ("store.read", "store.write")] == [True, False]


def test_a_function_of_the_target_itself_is_no_collaborator() -> None:
    made = module()
    made.own = made.save  # type: ignore[attr-defined]
    assert "own" not in collaborators(ast.parse(TEXT), made, {"db"})


def test_a_function_is_found_in_the_text_by_its_first_line() -> None:
    tree = ast.parse(TEXT)
    assert node_of(module().save, tree) is tree.body[0]
    assert node_of(len, tree) is None


def test_the_errors_that_a_function_is_prepared_for_are_known() -> None:
    tree = ast.parse("try:\n    f()\nexcept (KeyError, store):\n    pass\nexcept Gone:\n    pass\n")
    made = module()
    made.Gone = type("Gone", (Exception,), {})  # type: ignore[attr-defined]
    assert caught(tree, made) == [KeyError, made.Gone]
