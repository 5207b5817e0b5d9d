from __future__ import annotations

from typing import Any

from orchestrator.generation.python.kit.search import outcome_classes

OWNERS = {"save body.hours": "Profile", "score body.first.hours": "Profile", "save body.name": "Profile"}


def refused(subject: str, place: list[Any], kind: str) -> frozenset[str]:
    outcome = {"status": 422, "body": {"detail": [{"loc": place, "type": kind}]}}
    return outcome_classes({"subject": subject, "kind": "route"}, outcome, OWNERS)


def test_a_rule_of_a_model_is_the_same_wherever_the_model_is_used() -> None:
    first, second = (
        refused("save", ["body", "hours"], "too_long"),
        refused("score", ["body", "first", "hours"], "too_long"),
    )
    assert len(first & second) == 1
    assert len(first | second) == 3  # the rule, and that each of the two refuses something


def test_fields_have_rules_of_their_own_but_share_those_of_their_items_and_types() -> None:
    assert not refused("save", ["body", "hours"], "missing") < refused("save", ["body", "name"], "missing")
    assert refused("save", ["body", "hours", 0], "too_big") == refused("save", ["body", "name", 3], "too_big")
    assert refused("save", ["body", "hours"], "int_type") == refused("save", ["body", "name"], "int_type")


def test_what_a_mock_was_told_to_do_is_no_way_to_end() -> None:
    case = {"subject": "save", "kind": "call", "replies": [["db", "get()", None]]}
    assert outcome_classes(case, {"returns": None}, {}) == frozenset()


def test_environments_in_which_other_values_of_a_kind_are_loaded_end_alike() -> None:
    def loaded(value: Any, name: str = "PORT") -> frozenset[str]:
        case = {"subject": "loading", "kind": "load", "label": "", "act": {"environment": {name: "1"}}}
        return outcome_classes(case, {"exports": {"PORT": value}}, {})

    assert loaded(1) == loaded(0)
    assert len({loaded(1), loaded(True), loaded(False), loaded("1"), loaded(1, "OTHER")}) == 5
