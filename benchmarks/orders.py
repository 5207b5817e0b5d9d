"""Plays scenarios that sleep in each of the six orders, with durations learned in a run before, and prints ratios.

Nothing finishes all of them earlier than by about what longest-first promises (LPT), so that is the measure.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, get_args

from orchestrator.app.project import Options, Ports, Project
from orchestrator.app.run import execute
from orchestrator.batch import Wanted, load_all, make_plan
from orchestrator.plan.model import SchedulerName
from orchestrator.record.events import Entry, TaskFinished, TaskStarted, Warned
from orchestrator.record.state import RunState

WORKERS: Final = 4
SUITES: Final[Mapping[str, Sequence[float]]] = {
    "a long tail": [0.1] * 16 + [0.4] * 8 + [2.0],
    "two kinds": [0.25] * 12 + [1.5] * 4,
    "steps": [0.3, 0.5, 0.7, 1.0, 1.6, 2.4] * 2,
}
PRIORITIES: Final = ("low", "medium", "high", "critical")


class Sleeper(NamedTuple):
    """A scenario that takes so long."""

    seconds: float
    priority: str = "medium"
    deadline: float | None = None


class Played(NamedTuple):
    """What a run came to."""

    seconds: float
    learned: list[float]
    """How long each took."""
    started: list[str]
    """The tasks in the order in which they began."""
    late: list[str]
    """Those that ended after their deadline."""
    told: list[str]
    """Those of which a warning says that."""


class Ear:
    """Hears what happens in a run."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def see(self, entries: Sequence[Entry], _state: RunState) -> None:
        self.entries += entries

    def close(self) -> None:
        """Nothing is held."""


def compare_orders() -> None:
    """Print how long every order takes, as multiples of the bound."""
    for name, suite in SUITES.items():
        directory = write(name, [Sleeper(took, PRIORITIES[i % 4], 9.0 + i % 3) for i, took in enumerate(suite)])
        bound = longest_first(play(directory, "fifo", WORKERS).learned, WORKERS)
        took = {order: play(directory, order, WORKERS).seconds / bound for order in get_args(SchedulerName)}
        best = min(ratio for order, ratio in took.items() if order != "adaptive")
        print(
            f"{name}, {WORKERS} workers: LPT {bound:.2f} s", *(f"{order} {ratio:.3f}" for order, ratio in took.items())
        )
        print(f"{'':<28} {took['adaptive'] / best:6.3f} adaptive / the best of the others")


def check_fairness() -> None:
    """Print whether the first come are the first served, beside one that takes long."""
    directory = write("fifo", [Sleeper(2.0), *[Sleeper(0.05)] * 29])
    started = play(directory, "fifo", 2).started
    in_order = sum(one == other for one, other in zip(started, sorted(started), strict=True))
    print(f"{'fifo, 2 workers':<28} {in_order} of {len(started)} began in the order of the files")


def check_deadlines() -> None:
    """Print whether the earliest deadline goes first, and whether those that are missed are told."""
    places = (5, 1, 8, 2, 7, 3, 6, 4)
    directory = write("deadline", [Sleeper(0.3, deadline=1.2 + 0.04 * place) for place in places])
    played = play(directory, "deadline", 1)
    wanted = [f"deadline/{places.index(place):02}.yaml" for place in sorted(places)]
    in_order = sum(one == other for one, other in zip(played.started, wanted, strict=True))
    told = len({*played.late} & {*played.told})
    print(f"{'deadline, 1 worker':<28} {in_order} of {len(wanted)} began earliest first;", end=" ")
    print(f"{told} of {len(played.late)} misses told, {len(played.told) - told} told that were none")


def write(name: str, sleepers: Sequence[Sleeper]) -> Path:
    """Write a directory of scenarios and return it."""
    directory = Path(name.replace(" ", "-"))
    directory.mkdir()
    for number, (seconds, priority, deadline) in enumerate(sleepers):
        due = "" if deadline is None else f"deadline: {deadline}\n"
        text = f"command: [sleep, '{seconds}']\npriority: {priority}\n{due}steps: [{{exit: 0}}]\n"
        (directory / f"{number:02}.yaml").write_text(text)
    return directory


def play(directory: Path, order: SchedulerName, workers: int) -> Played:
    """Play the scenarios of a directory; what their runs take is learned from one call to the next."""
    wanted = Wanted(files=[directory], workers=workers, scheduler=order)
    plan, ear = make_plan(wanted, load_all(wanted)), Ear()
    project = Project(Options(state_dir=directory / "state"), Ports(observers=[ear]), plan)
    began = time.perf_counter()
    state = execute(project)
    seconds = time.perf_counter() - began
    assert state.exit_code == 0
    events, first = [entry.event for entry in ear.entries], ear.entries[0].at
    ends = {entry.event.task: entry.at - first for entry in ear.entries if isinstance(entry.event, TaskFinished)}
    return Played(
        seconds,
        learned=[event.seconds for event in events if isinstance(event, TaskFinished)],
        started=[event.task for event in events if isinstance(event, TaskStarted)],
        late=[name for name, end in ends.items() if end > (plan.tasks[name].deadline or end)],
        told=[event.task for event in events if isinstance(event, Warned)],
    )


def longest_first(seconds: Sequence[float], workers: int) -> float:
    """Return when the last one ends if the longest always goes next, and nothing else takes time."""
    free = [0.0] * workers
    for took in sorted(seconds, reverse=True):
        heapq.heappush(free, heapq.heappop(free) + took)
    return max(free)
