from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from matching.main import Profile, app, members, score_pair

gardener = {"interests": ["Gardening", "cooking"], "offers": ["pruning"], "seeks": ["baking"], "hours": [18, 19]}
baker = {"interests": ["cooking", "gardening"], "offers": ["baking"], "seeks": ["pruning"], "hours": [18, 19]}
stranger = {"interests": ["chess"], "languages": ["fr"]}


@pytest.fixture
def client() -> Iterator[TestClient]:
    members.clear()
    with TestClient(app) as client:
        yield client


def test_two_members_who_complete_each_other_score_one() -> None:
    score = score_pair(Profile.model_validate(gardener), Profile.model_validate(baker))
    assert score.total == 1.0
    assert score.verdict == "strong"


def test_members_without_a_common_language_are_incompatible() -> None:
    score = score_pair(Profile.model_validate(gardener), Profile.model_validate(stranger))
    assert score.verdict == "incompatible"
    assert set(score.parts.values()) == {0.0}


def test_saving_a_member_answers_created_only_the_first_time(client: TestClient) -> None:
    assert client.put("/members/ada", json=gardener).status_code == 201
    assert client.put("/members/ada", json=gardener).status_code == 200


def test_matches_are_ranked_and_leave_out_the_blocked(client: TestClient) -> None:
    client.put("/members/ada", json={**gardener, "blocked": ["eve"]})
    client.put("/members/bob", json={"interests": ["gardening"], "hours": [18]})
    client.put("/members/cleo", json=baker)
    client.put("/members/eve", json=baker)

    matches = client.get("/members/ada/matches", params={"minimum": 0.1}).json()

    assert [match["member_id"] for match in matches] == ["cleo", "bob"]


def test_an_unknown_member_has_no_matches(client: TestClient) -> None:
    response = client.get("/members/nobody/matches")
    assert response.status_code == 404
    assert response.json() == {"detail": "member nobody is not registered"}
