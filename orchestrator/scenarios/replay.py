"""Plays a scenario against a recording of it: the same steps, the same looks, and no program.

What the program printed while a step was performed is there when that step looks. What is typed goes nowhere; files
and the commands around a play are left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from orchestrator.errors import UsageError
from orchestrator.masking import MASK
from orchestrator.scenarios.driver import Exit, Listener
from orchestrator.scenarios.failure import StepFailed
from orchestrator.scenarios.hooks import Hooks
from orchestrator.scenarios.model import PluginStep, Scenario, Size
from orchestrator.scenarios.play import Steps
from orchestrator.scenarios.recording import Moment, Recording
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.scene import Scene
from orchestrator.scenarios.screen import open_screen
from orchestrator.scenarios.session import Session
from orchestrator.scenarios.stage import Stage, prepare

TURNS = 4
"""Turns of the loop in which everybody who waits has looked at a change."""


async def replay(scenario: Scenario, recording: Recording, stage: Stage, *, to_step: int | None = None) -> Result:
    """Perform the steps of a scenario, up to `to_step`, against a recording; return what came of it.

    :raises UsageError: when the recording does not hold the scenario from its beginning.
    """
    if recording.is_cut or not any(moment.kind == "m" for moment in recording.moments):
        hint = "record it with `orchestrate scenario run --record`"
        raise UsageError("usage/bad-option", "the recording does not tell where the steps begin", hint=hint)
    result = Result(scenario.name, scenario.file)
    session = _Replayed(recording)
    variables = dict.fromkeys(scenario.secrets, MASK) | dict(stage.variables)  # a recording shows no secret
    scene = Scene(scenario, session, stage, prepare(scenario, stage, 1), stage.masker(scenario), variables)
    steps = Steps(scene, result, _NoPlugins())
    await session.begin()
    try:
        await steps.perform(scenario.steps[:to_step])
    finally:
        await session.close()
    return result


class _Replayed(Session):
    """A session whose program is a recording; it goes on when a step begins."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(open_screen(recording.size), Recording(recording.size, recording.title, _now()))
        self._player = _Player(recording.moments, self)
        self._driver = self._player

    async def begin(self) -> None:
        """Show what was printed before the first step."""
        self._player.go_on()

    def mark(self, label: str) -> None:
        super().mark(label)
        self._player.go_on()

    def type(self, data: bytes, shown: str) -> None:
        super().type(data, shown)
        self._player.typed()


class _Player:
    """A driver that says what was recorded, up to the next step."""

    def __init__(self, moments: Iterable[Moment], listener: Listener) -> None:
        self._moments = list(moments)
        self._at = 0
        self._listener = listener
        self._task: asyncio.Task[None] | None = None
        self._step = self._steps = -1
        self._inputs = 0
        step = 0
        self._hiding: set[int] = set()
        for moment in self._moments:
            step += moment.kind == "m"
            if moment.kind == "h":
                self._hiding.add(step)

    def go_on(self) -> None:
        """Allow what happened until the next step began."""
        self._step += 1
        self._steps += 1
        self._inputs = 0
        self._resume()

    def typed(self) -> None:
        """Allow what happened until something else was typed."""
        self._inputs += 1
        self._resume()

    def _resume(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._play())

    def write(self, data: bytes) -> None:
        """Nobody reads it."""

    def resize(self, size: Size) -> None:
        """What was printed is of that size already."""

    def hides_input(self) -> bool:
        """Say whether it was so in this step when it was recorded."""
        return self._step in self._hiding

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _play(self) -> None:
        while self._at < len(self._moments):
            moment = self._moments[self._at]
            if not self._may_pass(moment):
                return
            self._at += 1
            if moment.kind == "o":
                self._listener.received(moment.data)
            elif moment.kind == "x":
                self._listener.ended(Exit(int(moment.data)))
            for _ in range(TURNS):
                await asyncio.sleep(0)

    def _may_pass(self, moment: Moment) -> bool:
        """Say whether the steps have come to a moment: they begin, and type, when they do."""
        if moment.kind == "m" and self._steps > 0:
            self._steps -= 1
            return True
        if moment.kind == "i" and self._inputs > 0:
            self._inputs -= 1
            return True
        # A step that did not type what it once typed does not hold up the ones behind it.
        return moment.kind not in "mi" or (moment.kind == "i" and self._steps > 0)


class _NoPlugins(Hooks):
    async def perform(self, step: PluginStep, _scene: Scene) -> None:
        raise StepFailed(f"a step of type `{step.type}` cannot be replayed")


def _now() -> float:
    return asyncio.get_running_loop().time()
