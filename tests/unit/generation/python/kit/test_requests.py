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
