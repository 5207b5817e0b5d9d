from __future__ import annotations

import copy
import random

from orchestrator.generation.python.kit.application import Operation
from orchestrator.generation.python.kit.requests import RequestProposer
from orchestrator.generation.python.kit.samples import Pool

BODY = {
    "type": "object",
    "required": ["pair"],
    "properties": {
        "pair": {
            "type": "object",
            "required": ["hours", "rate"],
            "properties": {"hours": {"type": "array", "items": {"type": "integer"}}, "rate": {"type": "number"}},
        },
    },
}


def proposer() -> tuple[RequestProposer, Operation]:
    operation = Operation("score", "POST", "/score", body=BODY, needs_body=True)
    return RequestProposer([operation], {}, Pool()), operation


def test_changing_a_request_leaves_those_that_were_recorded_as_they_were() -> None:
    made, operation = proposer()
    made.hear({"total": 0.65})
    cases = list(made.proposals(operation))
    before, chance = copy.deepcopy(cases), random.Random(0)
    for _ in range(300):
        case = made.mutate(chance.choice(cases), chance)
        assert case is not None
        cases.append(case)
        before.append(copy.deepcopy(case))
    assert cases == before


def test_a_number_that_was_answered_is_asked_for() -> None:
    made, operation = proposer()
    made.hear({"total": 0.65, "is_strong": True})
    plain, chance = next(made.proposals(operation)), random.Random(0)
    asked = [made.mutate(plain, chance) for _ in range(100)]
    assert any("0.65" in str(case and case["act"]["body"]) for case in asked)


def test_a_case_says_which_field_it_is_about() -> None:
    made, operation = proposer()
    assert "without pair" in [case["label"].strip("!") for case in made.proposals(operation)]


def test_a_refused_request_is_tried_after_those_that_speak_of_what_it_names() -> None:
    made, operation = proposer()
    step = made.plain(operation)
    other = {**step, "body": {"measure": "profile_completed"}}
    made.learn({"arrange": [], "act": {**step, "body": {"measure": "other"}}}, True, 200, is_new=False)
    made.learn({"arrange": [], "act": other}, True, 200, is_new=False)
    made.hear_refusal(step, "missing progress: profile_completed")
    assert next(made.arranged(operation))["arrange"] == [other]


def test_what_changed_nothing_or_failed_is_no_beginning_of_others() -> None:
    made, operation = proposer()
    case = {"arrange": [], "act": made.plain(operation)}
    made.learn(case, False, 200, is_new=True)
    made.learn(case, True, 409, is_new=True)
    assert list(made.arranged(operation)) == []


def test_a_field_belongs_to_the_model_that_declares_it_wherever_the_model_is_used() -> None:
    profile = {"type": "object", "properties": {"hours": {"type": "array", "items": {"type": "integer"}}}}
    document = {"profile": profile}
    pair = {"type": "object", "properties": {"first": {"$ref": "#/profile"}}}
    operations = [
        Operation("save", "PUT", "/save", body={"$ref": "#/profile"}),
        Operation("score", "POST", "/score", body=pair),
    ]
    owners = RequestProposer(operations, document, Pool()).owners()
    assert owners["save body.hours"] == owners["score body.first.hours"] == "#/profile"
    assert owners["score body.first"] == "score"
