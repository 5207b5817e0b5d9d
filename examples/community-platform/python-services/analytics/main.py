"""Analytics service: collects measurements and answers with aggregates, percentiles and series."""

import math
import statistics
from collections import defaultdict
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, status
from pydantic import AwareDatetime, BaseModel, Field

app = FastAPI(title="Analytics", version="1.4.0")

MetricName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$", max_length=60)]
Rank = Annotated[float, Field(ge=0, le=100)]


class Event(BaseModel):
    metric: MetricName
    value: Annotated[float, Field(allow_inf_nan=False)]
    at: AwareDatetime
    community_id: str | None = None


class Batch(BaseModel):
    events: list[Event] = Field(min_length=1, max_length=1000)


class Summary(BaseModel):
    metric: str
    count: int
    total: float
    mean: float
    minimum: float
    maximum: float
    deviation: float


class Bucket(BaseModel):
    start: datetime
    count: int
    mean: float


class Trend(BaseModel):
    metric: str
    before: float
    after: float
    change_percent: float | None
    direction: Literal["up", "down", "flat"]


events: dict[str, list[Event]] = defaultdict(list)


def select_events(
    metric: str,
    community_id: str | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> list[Event]:
    """Return the events of a metric in [since, until), oldest first."""
    if since and until and since >= until:
        raise HTTPException(status.HTTP_400_BAD_REQUEST, "since must be before until")
    found = [
        event
        for event in events.get(metric, [])
        if (community_id is None or event.community_id == community_id)
        and (since is None or event.at >= since)
        and (until is None or event.at < until)
    ]
    if not found:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no events of {metric} match")
    return sorted(found, key=lambda event: event.at)


Selection = Annotated[list[Event], Depends(select_events)]


def percentile(values: list[float], rank: float) -> float:
    """Return the percentile by linear interpolation between the closest ranks; values must be sorted."""
    position = (len(values) - 1) * rank / 100
    lower, upper = math.floor(position), math.ceil(position)
    return values[lower] + (values[upper] - values[lower]) * (position - lower)


@app.get("/health")
def health() -> dict[str, str | int]:
    return {"status": "ok", "service": "analytics", "metrics": len(events)}


@app.post("/events", status_code=status.HTTP_202_ACCEPTED)
def record(batch: Batch) -> dict[str, int]:
    for event in batch.events:
        events[event.metric].append(event)
    return {"accepted": len(batch.events)}


@app.get("/metrics")
def list_metrics() -> dict[str, int]:
    return {metric: len(found) for metric, found in sorted(events.items())}


@app.get("/metrics/{metric}/summary")
def summarise(metric: str, selection: Selection) -> Summary:
    values = [event.value for event in selection]
    return Summary(
        metric=metric,
        count=len(values),
        total=math.fsum(values),
        mean=statistics.fmean(values),
        minimum=min(values),
        maximum=max(values),
        deviation=statistics.stdev(values) if len(values) > 1 else 0.0,
    )


@app.get("/metrics/{metric}/percentiles")
def percentiles(
    selection: Selection,
    rank: Annotated[tuple[Rank, ...], Query()] = (50, 95, 99),
) -> dict[str, float]:
    values = sorted(event.value for event in selection)
    return {f"p{each:g}": round(percentile(values, each), 6) for each in rank}


@app.get("/metrics/{metric}/series")
def series(selection: Selection, bucket: Literal["hour", "day"] = "day") -> list[Bucket]:
    grouped: dict[datetime, list[float]] = defaultdict(list)
    for event in selection:
        start = event.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        grouped[start if bucket == "hour" else start.replace(hour=0)].append(event.value)
    return [
        Bucket(start=start, count=len(values), mean=statistics.fmean(values))
        for start, values in sorted(grouped.items())
    ]


@app.get("/metrics/{metric}/trend")
def trend(metric: str, selection: Selection) -> Trend:
    if len(selection) < 2:
        raise HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, "a trend needs at least two events")
    half = len(selection) // 2
    before = statistics.fmean(event.value for event in selection[:half])
    after = statistics.fmean(event.value for event in selection[half:])
    change = round((after - before) / abs(before) * 100, 2) if before else None
    direction: Literal["up", "down", "flat"] = "up" if after > before else "down" if after < before else "flat"
    return Trend(metric=metric, before=before, after=after, change_percent=change, direction=direction)
