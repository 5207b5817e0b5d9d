"""Matching service: scores how well two members fit and ranks candidates for one of them."""

from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, Query, Response, status
from pydantic import BaseModel, Field, field_validator

app = FastAPI(title="Matching", version="1.4.0")

Tag = Annotated[str, Field(min_length=1, max_length=40)]
Hour = Annotated[int, Field(ge=0, le=23)]

# They add up to 1, so a score of 1.0 means a full match in every respect.
WEIGHTS = {"interests": 0.4, "exchange": 0.35, "availability": 0.25}


class Profile(BaseModel):
    interests: list[Tag] = Field(default=[], max_length=50)
    offers: list[Tag] = Field(default=[], max_length=20, description="Skills the member shares")
    seeks: list[Tag] = Field(default=[], max_length=20, description="Skills the member wants to learn")
    languages: list[Tag] = Field(default=["en"], min_length=1, max_length=10)
    hours: list[Hour] = Field(default=[], max_length=24, description="Hours (UTC) with time to meet")
    blocked: list[str] = Field(default=[], description="Members who must never be suggested")

    @field_validator("interests", "offers", "seeks", "languages")
    @classmethod
    def normalise(cls, tags: list[str]) -> list[str]:
        return sorted({tag.strip().lower() for tag in tags} - {""})


class Pair(BaseModel):
    first: Profile
    second: Profile


class Score(BaseModel):
    total: float
    parts: dict[str, float]
    verdict: Literal["strong", "fair", "weak", "incompatible"]


class Match(BaseModel):
    member_id: str
    score: Score


members: dict[str, Profile] = {}


def overlap(first: list[str] | list[int], second: list[str] | list[int]) -> float:
    """Return the Jaccard index of two lists: 0.0 (nothing shared, or both empty) to 1.0 (the same)."""
    union = {*first, *second}
    return len({*first} & {*second}) / len(union) if union else 0.0


def exchange(first: Profile, second: Profile) -> float:
    """Return how much of what both seek the other one offers, 0.0 to 1.0."""
    wanted = len(first.seeks) + len(second.seeks)
    if not wanted:
        return 0.0
    return (len({*first.seeks} & {*second.offers}) + len({*second.seeks} & {*first.offers})) / wanted


def score_pair(first: Profile, second: Profile) -> Score:
    if not {*first.languages} & {*second.languages}:
        return Score(total=0.0, parts=dict.fromkeys(WEIGHTS, 0.0), verdict="incompatible")
    parts = {
        "interests": overlap(first.interests, second.interests),
        "exchange": exchange(first, second),
        "availability": overlap(first.hours, second.hours),
    }
    total = round(sum(WEIGHTS[name] * value for name, value in parts.items()), 4)
    verdict: Literal["strong", "fair", "weak"] = "strong" if total >= 0.6 else "fair" if total >= 0.3 else "weak"
    return Score(total=total, parts={name: round(value, 4) for name, value in parts.items()}, verdict=verdict)


def find_member(member_id: str) -> Profile:
    if member_id not in members:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"member {member_id} is not registered")
    return members[member_id]


@app.get("/health")
def health() -> dict[str, str | int]:
    return {"status": "ok", "service": "matching", "members": len(members)}


@app.put("/members/{member_id}")
def save_member(member_id: str, profile: Profile, response: Response) -> Profile:
    if member_id in profile.blocked:
        raise HTTPException(status.HTTP_400_BAD_REQUEST, "members cannot block themselves")
    if member_id not in members:
        response.status_code = status.HTTP_201_CREATED
    members[member_id] = profile
    return profile


@app.get("/members/{member_id}")
def show_member(member_id: str) -> Profile:
    return find_member(member_id)


@app.delete("/members/{member_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove_member(member_id: str) -> None:
    find_member(member_id)
    del members[member_id]


@app.post("/score")
def score(pair: Pair) -> Score:
    return score_pair(pair.first, pair.second)


@app.get("/members/{member_id}/matches")
def list_matches(
    member_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    minimum: Annotated[float, Query(ge=0, le=1)] = 0.3,
) -> list[Match]:
    member = find_member(member_id)
    candidates = (
        Match(member_id=other_id, score=score_pair(member, other))
        for other_id, other in members.items()
        if other_id != member_id and other_id not in member.blocked and member_id not in other.blocked
    )
    fitting = [match for match in candidates if match.score.verdict != "incompatible" and match.score.total >= minimum]
    return sorted(fitting, key=lambda match: (-match.score.total, match.member_id))[:limit]
