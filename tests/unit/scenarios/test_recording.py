"""A recording keeps the end of what happened, and says where each step began."""

from __future__ import annotations

from pathlib import Path

from orchestrator.masking import Masker
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.recording import LIMIT, Recording, read
from tests.support.scenarios import play_text


def test_the_oldest_part_is_let_go_and_what_is_left_has_its_size(tmp_path: Path) -> None:
    recording = Recording(Size(80, 24), "flood")
    recording.add(0.0, "r", b"60x12")
    for number in range(200):
        recording.add(1.0 + number, "o", b"%3d" % number + b"x" * (LIMIT // 100))
    assert recording.is_cut
    assert sum(len(moment.data) for moment in recording.moments) <= LIMIT
    recording.write(tmp_path / "a.cast", Masker())
    kept = read(tmp_path / "a.cast")
    assert kept.size == (60, 12)
    assert kept.moments[-1].data.startswith(b"199")
    assert kept.moments[0].seconds > 100


def test_each_step_is_a_marker(tmp_path: Path) -> None:
    steps = "[{see: one}, {note: then, send: x}, {exit: 0}]"
    result = play_text(f"command: [sh, -c, 'echo one; read x']\nsteps: {steps}\n", tmp_path, record=True)
    moments = read(Path(result.artifacts[0])).moments
    assert [m.data.decode() for m in moments if m.kind == "m"] == ["see `one`", "then", "exit `0`"]
    assert [m.data for m in moments if m.kind in "ix"] == [b"x\r", b"0"]
