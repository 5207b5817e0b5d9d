import pytest
from fastapi.testclient import TestClient

from moderation.main import app

client = TestClient(app)


@pytest.mark.parametrize(
    ("text", "decision", "found"),
    [
        ("See you at the garden on Sunday!", "allow", []),
        ("You are an idiot.", "review", ["insults"]),
        ("Guaranteed profit, just a WIRE TRANSFER away", "block", ["scams", "scams"]),
        ("COME TO MY PARTY TONIGHT", "allow", ["shouting"]),
    ],
)
def test_text_is_classified_by_what_it_contains(text: str, decision: str, found: list[str]) -> None:
    verdict = client.post("/classify", json={"text": text}).json()
    assert verdict["decision"] == decision
    assert [finding["rule"] for finding in verdict["findings"]] == found


def test_trust_lowers_the_score() -> None:
    text = "Write to ada@example.org"
    unknown, trusted = client.post(
        "/classify/batch", json=[{"text": text, "author_trust": 0}, {"text": text, "author_trust": 1}]
    ).json()
    assert unknown["score"] == 0.375
    assert trusted["score"] == 0.225


def test_a_rule_can_be_added_and_removed() -> None:
    assert client.put("/rules/spoilers", json={"words": [" The Ending "], "weight": 1}).status_code == 200
    assert client.post("/classify", json={"text": "the ending is sad"}).json()["decision"] == "block"
    assert client.delete("/rules/spoilers").status_code == 204
    assert client.post("/classify", json={"text": "the ending is sad"}).json()["decision"] == "allow"


def test_a_built_in_rule_cannot_be_replaced() -> None:
    response = client.put("/rules/links", json={"words": ["http"], "weight": 0.5})
    assert response.status_code == 409


def test_empty_text_is_refused() -> None:
    assert client.post("/classify", json={"text": ""}).status_code == 422
