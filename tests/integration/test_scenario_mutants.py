"""Each expectation of each example, and each part of it, changed once: none of them may pass."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.scenarios.loader import load
from orchestrator.scenarios.model import ASSERTIONS, Click, FileContains, PathExists, Region, Scenario, Step, Target
from orchestrator.scenarios.play import play
from orchestrator.scenarios.stage import Stage
from tests.support.documents import REPOSITORY

EXAMPLES = sorted((REPOSITORY / "examples" / "scenarios").glob("*.yaml"))
NEVER = "this is never there"
PATIENCE = 0.6
"""Seconds that a mutant waits in vain."""
SLOW = {"textual": 5.0}
"""The same for programs that take long to start."""


def changed(name: str, value: Any) -> Iterator[Any]:
    """Yield expectations that the program does not meet, where it meets `value`."""
    match name, value:
        case "gone", _:
            yield Target(regex=r"\S")
        case (("see" | "click"), (Target() | Click()) as target):
            yield replace(target, **({"text": NEVER} if target.text is not None else {"regex": NEVER}))
            elsewhere: dict[str, Any] = {
                "row": (target.row or 0) + 1,
                "region": Region(top=1000),
                "style": "blink conceal",
            }
            yield from (replace(target, **{part: elsewhere[part]}) for part in elsewhere if getattr(target, part))
        case "cursor", (row, column):
            yield from ((row + 1, column), (row, column + 1))
        case "set", dict():
            yield dict.fromkeys(value, NEVER)
        case "expect_contains", _:
            yield (NEVER,)
        case "expect_not_contains", _:
            yield ("",)
        case (("exit" | "expect_code" | "expect_lines"), int()):
            yield value + 1
        case "expect_json", _:
            yield {NEVER: value}
        case (("expect" | "pattern" | "see" | "click" | "expect_output"), str()):
            yield NEVER
        case _:
            raise LookupError(name)


def mutants(scenario: Scenario) -> Iterator[tuple[str, Scenario]]:
    looks = ("expect", "pattern", "see", "gone", "click", "cursor", "set", "exit", "snapshot")
    for index, step in enumerate(scenario.steps):
        assert isinstance(step, Step)
        for name in (*looks, *ASSERTIONS):
            value = getattr(step, name)
            for number, other in enumerate(changed(name, value) if value not in (None, (), {}) else ()):
                steps = list(scenario.steps)
                steps[index] = replace(step, **{name: other})
                yield f"step {index + 1}, {name} {number}", as_read(scenario, steps=tuple(steps))
    for index, validation in enumerate(scenario.validations):
        known = list(scenario.validations)
        if isinstance(validation, FileContains):
            known[index] = replace(validation, text=NEVER)
        else:
            assert isinstance(validation, PathExists)
            known[index] = replace(validation, path=NEVER)
        yield f"validation {index + 1}", as_read(scenario, validations=tuple(known))


def as_read(scenario: Scenario, **changes: Any) -> Scenario:
    """Return a scenario with changes, and where it was read from."""
    made = replace(scenario, timeout=SLOW.get(Path(scenario.file).stem, PATIENCE), **changes)
    object.__setattr__(made, "file", scenario.file)
    object.__setattr__(made, "places", scenario.places)
    return made


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.long
def test_no_mutant_of_an_example_passes(example: Path, tmp_path: Path) -> None:
    scenario = load(example).scenario
    found = [("nothing", scenario), *mutants(scenario)]
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}  # the Python with Textual

    async def survivors() -> list[str]:
        left = []
        for name, mutant in found:
            place = tmp_path / name
            result = await play(mutant, Stage(directory=place, artifacts=place / "artifacts", environ=environ))
            if result.has_passed:
                left.append(name)
        return left

    assert len(found) > 3
    assert asyncio.run(survivors()) == ["nothing"]
