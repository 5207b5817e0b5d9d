"""Scenarios from texts, played in directories of a test."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.play import play
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.stage import Stage


def play_text(text: str, directory: Path, **stage: Any) -> Result:
    """Play the scenario that a text describes."""
    loaded = parse(str(directory / "test.yaml"), text)
    found = Stage(directory=directory / "play", artifacts=directory / "artifacts", **stage)
    return asyncio.run(play(loaded.scenario, found))
