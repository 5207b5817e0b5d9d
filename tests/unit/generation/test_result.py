from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.generation.request import Priority, Request
from orchestrator.generation.result import Coverage, Funnel


def test_the_funnel_says_how_many_were_dropped_and_why() -> None:
    funnel = Funnel(proposed=5, kept=2)
    funnel.drop("too slow", 2)
    funnel.drop("fails")
    funnel.drop("never", 0)
    assert str(funnel) == "2 of 5 cases kept (1 fails, 2 too slow)"


def test_a_funnel_that_drops_nothing_gives_no_reasons() -> None:
    assert str(Funnel(3, 3)) == "3 of 3 cases kept"


def test_coverage_reads_as_a_sentence() -> None:
    assert str(Coverage(94.5, 80.0, 100.0)) == "94.5 % of lines, 80 % of branches, 100 % of functions"


@pytest.mark.parametrize(("priority", "budget"), [("critical", 400), ("high", 250), ("medium", 150), ("low", 100)])
def test_what_matters_more_is_tried_more_often(priority: Priority, budget: int) -> None:
    assert Request(root=Path(), target="a.ts", test_file="b.ts", priority=priority).budget == budget
