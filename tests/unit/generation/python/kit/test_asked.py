from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from orchestrator.generation.python.kit.asked import leaf_of


class Row:
    __table__ = "rows"


class Statement:
    @property
    def exported_columns(self) -> list[Any]:
        return [SimpleNamespace(key="id", type=SimpleNamespace(python_type=int)), SimpleNamespace(key="odd", type=None)]

    @property
    def column_descriptions(self) -> list[Any]:
        return [{"type": Row}]


class Repository:
    def find(self) -> Row | None: ...


def test_a_reply_has_the_columns_and_classes_that_were_asked_for() -> None:
    leaf = leaf_of("db", "execute().first()", MagicMock(), [("execute", (Statement(),), {})], None)
    assert (leaf.columns, leaf.kinds) == ((("id", int),), (Row,))


def test_what_other_calls_asked_for_says_nothing() -> None:
    assert leaf_of("db", "first()", MagicMock(), [("execute", (Statement(),), {})], None).kinds == ()


def test_a_method_says_what_it_returns() -> None:
    assert leaf_of("rows", "find()", MagicMock(), [], Repository).returns == Row | None
    assert leaf_of("find", "()", MagicMock(), [], Repository.find).returns == Row | None


def test_a_method_that_may_find_nothing_says_so() -> None:
    assert leaf_of("rows", "find()", MagicMock(), [], Repository).may_be_none
    assert not leaf_of("rows", "find()", MagicMock(), [], None).may_be_none
