"""How many tasks run at once, with readings that the test makes up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.engine.steering import EVERY, MOST, START, Steering, stalled_seconds
from tests.support.engine import SLOW, FakeRunner, play
from tests.support.plans import a_task, side_by_side


def readings(share: float) -> Callable[[], float]:
    """Return what says that something waited for a processor in so much of the time between two looks."""

    def counted() -> Iterator[float]:
        total = 100.0
        while True:
            yield total
            total += share * EVERY

    count = counted()
    return lambda: next(count)


def limits(steering: Steering, looks: int, running: int | None = None) -> list[int]:
    return [
        steering.adjust(number * EVERY, steering.limit if running is None else running) for number in range(looks + 1)
    ]


def test_it_starts_at_four_for_each_core_and_looks_only_now_and_then() -> None:
    steering = Steering(2, readings(0.0))
    assert steering.adjust(0.0, 8) == START * 2
    assert steering.adjust(EVERY / 2, 8) == START * 2
    assert steering.adjust(EVERY, 8) == START * 2 + 2


def test_more_may_run_while_the_processors_keep_up_but_not_without_end() -> None:
    assert limits(Steering(2, readings(0.1)), 3) == [8, 10, 12, 14]
    assert limits(Steering(2, readings(0.1)), 100)[-1] == MOST * 2


def test_what_nothing_makes_use_of_does_not_grow() -> None:
    assert limits(Steering(2, readings(0.1)), 3, running=7) == [8, 8, 8, 8]


def test_fewer_may_run_while_work_waits_for_the_processors_but_one_for_each_core() -> None:
    assert limits(Steering(2, readings(0.9)), 5) == [8, 6, 4, 3, 2, 2]


def test_between_the_two_it_stays_and_where_nobody_knows_as_well() -> None:
    assert limits(Steering(2, readings(0.4)), 3) == [8, 8, 8, 8]
    assert limits(Steering(2, lambda: None), 3) == [8, 8, 8, 8]


def test_the_kernel_s_word_is_understood(tmp_path: Path) -> None:
    (tmp_path / "cpu").write_text("some avg10=1.00 avg60=2.00 avg300=3.00 total=2500000\nfull avg10=0.00 total=9\n")
    assert stalled_seconds(tmp_path / "cpu") == 2.5
    assert stalled_seconds(tmp_path / "none") is None


def test_a_run_takes_the_room_that_it_is_given_while_nothing_ends() -> None:
    plan = side_by_side(*(a_task(str(number)) for number in range(40)))
    ends = {str(number): [SLOW] for number in range(40)}
    still = play(plan, FakeRunner(ends), steering=Steering(1, lambda: None)).seconds
    growing = play(plan, FakeRunner(ends), steering=Steering(1, readings(0.0))).seconds
    assert still == 100.0
    assert growing == 23.0  # the fortieth starts after 13 s
