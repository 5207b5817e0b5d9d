from __future__ import annotations

import asyncio
import inspect
from types import ModuleType
from typing import Any

import pytest

from orchestrator.generation.python.kit.mocks import AWAITED, PLAIN, Mocks, expression, joined, patched, spec_of


class Session:
    def query(self, name: str) -> Any: ...
    def commit(self) -> None: ...


def mocks(*replies: list[Any]) -> Mocks:
    return Mocks(list(replies), lambda term: ValueError("no") if term == {"new": "error"} else term)


def test_a_mock_is_made_once_and_has_only_what_its_class_has() -> None:
    made = mocks()
    session = made.get("session", Session)
    assert made.get("session", Session) is session
    assert isinstance(session, Session)
    with pytest.raises(AttributeError):
        _ = session.rollback


def test_a_reply_stands_at_the_end_of_its_path() -> None:
    session = mocks(["session", "query().first()", 7]).get("session", Session)
    assert session.query("a").first() == 7
    assert session.query("a").all() != 7


def test_a_reply_can_be_a_failure() -> None:
    session = mocks(["session", "commit()", {"error": {"new": "error"}}]).get("session", Session)
    with pytest.raises(ValueError, match="no"):
        session.commit()


def test_the_calls_that_lead_to_no_other_can_be_given_another_reply() -> None:
    made = mocks(["session", "commit()", None])
    session = made.get("session", Session)
    session.query("a").first()
    session.commit()
    assert [(each.name, each.path) for each in made.leaves()] == [("session", "query().first()")]


def test_what_came_out_of_a_mock_has_a_name_that_a_test_can_write() -> None:
    row: list[Any] = []
    made = mocks(["session", "query().all()", row])
    session = made.get("session", Session)
    assert made.name_of(session.query("a").first()) == "session.query.return_value.first.return_value"
    assert made.name_of(session.query("a").all()) == "session.query.return_value.all.return_value"
    assert made.name_of([]) is None


def test_calls_are_told_with_their_arguments_and_repeated_ones_by_their_number() -> None:
    made = mocks()
    session = made.get("session", Session)
    session.query("a")
    session.commit()
    session.commit()
    assert made.calls(lambda each: each) == [
        ["session.query", 1, [["a"], {}]],
        ["session.commit", 2, None],
    ]


def test_an_argument_that_cannot_be_written_down_leaves_the_number_of_calls() -> None:
    def refuse(_each: object) -> None:
        raise ValueError

    made = mocks()
    made.get("session", Session).query("a")
    assert made.calls(refuse) == [["session.query", 1, None]]


def test_a_place_holds_a_mock_for_a_while() -> None:
    module = ModuleType("shop")
    module.os = ModuleType("os")  # type: ignore[attr-defined]
    module.os.remove = real = len  # type: ignore[attr-defined]
    made = mocks()
    with pytest.raises(KeyError), patched(["os.remove"], module, made):
        assert module.os.remove is made.get("os_remove", None)
        raise KeyError
    assert module.os.remove is real


def test_names_are_paths_and_paths_are_expressions() -> None:
    assert joined("db", "query()") == "db.query()"
    assert joined("remove", "()") == "remove()"
    assert expression("db.query().first()") == "db.query.return_value.first.return_value"


def test_a_spec_is_found_by_its_name() -> None:
    assert spec_of("collections:OrderedDict", ModuleType("shop")).__name__ == "OrderedDict"


def test_what_is_called_inside_a_with_statement_can_be_given_a_reply() -> None:
    session = mocks(["session", "query().__enter__().one()", 7]).get("session", Session)
    with session.query("a") as result:
        assert result.one() == 7
    made = mocks()
    with made.get("session", Session).query("a") as result:
        result.one()
    assert [each.path for each in made.leaves()] == ["query().__enter__().one()"]


def test_a_leaf_tells_what_was_read_of_it() -> None:
    made = mocks()
    row = made.get("session", Session).query("a")
    _ = row.name, row["key"]
    assert [(each.attributes, each.keys) for each in made.leaves()] == [(("name",), ("key",))]


class Connection:
    async def execute(self, text: str) -> Any: ...


def test_what_an_awaited_call_replies_has_methods_that_need_not_be_awaited() -> None:
    made = mocks()
    connection = made.get("db", Connection)
    asyncio.run(connection.execute("a")).first().close()
    assert made.unanswered({}) == [["db", "execute()", PLAIN]]
    answered = mocks(["db", "execute()", PLAIN])
    assert not inspect.isawaitable(asyncio.run(answered.get("db", Connection).execute("a")).first())
    assert answered.unanswered({}) == []


def test_what_was_awaited_and_cannot_be_is_replaced_by_what_can() -> None:
    made = mocks()
    made.get("app", None).state.wait()
    failed = {"message": "object MagicMock can't be used in 'await' expression"}
    assert made.unanswered(failed) == [["app", "state.wait()", AWAITED]]
    asyncio.run(mocks(["app", "state.wait()", AWAITED]).get("app", None).state.wait())
