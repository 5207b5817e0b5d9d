"""The two emulators agree, cell for cell, on recordings of real programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.scenarios.ghostty import GhosttyScreen
from orchestrator.scenarios.plain import PlainScreen
from orchestrator.scenarios.recording import parse_size, read
from orchestrator.scenarios.snapshots import describe

RECORDINGS = sorted((Path(__file__).parents[2] / "data" / "recordings").glob("*.cast"))


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_both_emulators_show_the_same_after_everything_that_a_program_wrote(recording: Path) -> None:
    found = read(recording)
    screens = GhosttyScreen(found.size), PlainScreen(found.size)
    compared = 0
    for moment in found.moments:
        if moment.kind == "r" and (size := parse_size(moment.data.decode())):
            for screen in screens:  # until the program draws again they differ: one keeps the end, one the beginning
                screen.resize(size)
        if moment.kind == "o":
            for screen in screens:
                screen.feed(moment.data)
            one, other = screens
            assert one.rows() == other.rows()
            assert describe(one.drawn()) == describe(other.drawn())
            assert one.cursor() == other.cursor()
            compared += 1
    assert compared
