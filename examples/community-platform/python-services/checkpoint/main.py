"""Checkpoint service: gates that members pass, in order, once their progress suffices."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Response, status
from pydantic import BaseModel, Field

app = FastAPI(title="Checkpoint", version="1.4.0")

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Gate(BaseModel):
    title: str = Field(min_length=1, max_length=80)
    requires: dict[Slug, Amount] = Field(default={}, description="Progress needed, by measure")
    after: list[Slug] = Field(default=[], description="Gates to pass first")


class Progress(BaseModel):
    measure: Slug
    amount: Amount
    mode: Literal["add", "at_least"] = "add"


class GateStatus(BaseModel):
    gate: str
    state: Literal["locked", "open", "ready", "passed"]
    completion: float
    missing: dict[str, float]
    passed_at: datetime | None = None


class Member(BaseModel):
    progress: dict[str, float] = {}
    passed: dict[str, datetime] = {}


gates: dict[str, Gate] = {
    "newcomer": Gate(title="Newcomer", requires={"profile_completed": 1}),
    "contributor": Gate(title="Contributor", requires={"messages": 10, "assessments": 1}, after=["newcomer"]),
}
members: dict[str, Member] = {}


def now() -> datetime:
    return datetime.now(UTC)


def find_gate(name: str) -> Gate:
    if name not in gates:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no gate {name}")
    return gates[name]


def leads_to(start: str, goal: str) -> bool:
    """Tell whether passing `start` needs, directly or through others, that `goal` is passed."""
    return start == goal or any(leads_to(name, goal) for name in gates[start].after)


def evaluate(name: str, member: Member) -> GateStatus:
    gate = gates[name]
    if name in member.passed:
        return GateStatus(gate=name, state="passed", completion=1.0, missing={}, passed_at=member.passed[name])
    missing = {
        measure: needed - member.progress.get(measure, 0.0)
        for measure, needed in gate.requires.items()
        if member.progress.get(measure, 0.0) < needed
    }
    shares = [
        min(member.progress.get(measure, 0.0) / needed, 1.0) for measure, needed in gate.requires.items() if needed
    ]
    completion = round(sum(shares) / len(shares), 4) if shares else 1.0
    locked = any(other not in member.passed for other in gate.after)
    state: Literal["locked", "open", "ready"] = "locked" if locked else "open" if missing else "ready"
    return GateStatus(gate=name, state=state, completion=completion, missing=missing)


@app.get("/health")
def health() -> dict[str, str | int]:
    return {"status": "ok", "service": "checkpoint", "gates": len(gates)}


@app.get("/gates")
def list_gates() -> dict[str, Gate]:
    return gates


@app.put("/gates/{name}")
def save_gate(name: Slug, gate: Gate, response: Response) -> Gate:
    for other in gate.after:
        find_gate(other)
        if leads_to(other, name):
            raise HTTPException(status.HTTP_409_CONFLICT, f"{other} already needs {name}")
    if name not in gates:
        response.status_code = status.HTTP_201_CREATED
    gates[name] = gate
    return gate


@app.post("/members/{member_id}/progress")
def record_progress(member_id: str, step: Progress) -> dict[str, float]:
    progress = members.setdefault(member_id, Member()).progress
    current = progress.get(step.measure, 0.0)
    progress[step.measure] = current + step.amount if step.mode == "add" else max(current, step.amount)
    return progress


@app.get("/members/{member_id}/gates")
def show_gates(member_id: str) -> list[GateStatus]:
    member = members.get(member_id, Member())
    return [evaluate(name, member) for name in sorted(gates)]


@app.post("/members/{member_id}/gates/{name}/pass")
def pass_gate(member_id: str, name: str, at: Annotated[datetime, Depends(now)]) -> GateStatus:
    find_gate(name)
    member = members.get(member_id, Member())
    current = evaluate(name, member)
    if current.state == "locked":
        raise HTTPException(status.HTTP_409_CONFLICT, "earlier gates have not been passed")
    if current.state == "open":
        raise HTTPException(status.HTTP_409_CONFLICT, f"missing progress: {', '.join(sorted(current.missing))}")
    member.passed.setdefault(name, at)
    members[member_id] = member
    return evaluate(name, member)


@app.delete("/members/{member_id}", status_code=status.HTTP_204_NO_CONTENT)
def forget_member(member_id: str) -> None:
    if members.pop(member_id, None) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"member {member_id} is not known")
