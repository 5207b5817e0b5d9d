"""Performs the steps of a scenario on a running program, each part of a step in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from orchestrator.scenarios.assertions import problems_of
from orchestrator.scenarios.commands import Commands, Printed
from orchestrator.scenarios.failure import StepFailed
from orchestrator.scenarios.looking_steps import Looking
from orchestrator.scenarios.model import ASSERTIONS, Step, written
from orchestrator.scenarios.scene import Scene
from orchestrator.scenarios.screenshots import Screenshots
from orchestrator.scenarios.session import Over, TooLate
from orchestrator.scenarios.shells import shell_of
from orchestrator.scenarios.stream import Transcript
from orchestrator.scenarios.typing_steps import Typing


class Performer:
    """Performs steps, one after the other."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        asserts = any(isinstance(step, Step) and step.asserts for step in scene.scenario.steps)
        has_marks = asserts and shell_of(scene.scenario.argv) is not None
        self._commands = Commands(scene.session, has_marks=has_marks, is_asked=asserts)
        self._screenshots = Screenshots(scene)
        looking = Looking(scene)
        typing = Typing(scene, looking, self._commands)
        self._send = typing.send
        self._do: dict[str, Callable[[Any], Awaitable[object]]] = {
            "expect": looking.expect,
            "pattern": looking.expect,
            "control": typing.control,
            "key": typing.keys,
            "paste": typing.paste,
            "click": typing.click,
            "resize": typing.resize,
            "settle": looking.settle,
            "see": looking.see,
            "gone": looking.gone,
            "cursor": looking.cursor,
            "set": looking.capture,
            "exit": looking.exit,
            "screenshot": self._screenshots.take,
            "snapshot": self._snapshot,
        }

    async def perform(self, step: Step) -> None:
        """Perform a step.

        :raises StepFailed: when it does not find what it should.
        """
        self._scene.begin(step)
        for name, value in written(step):
            if name == "send":
                await self._send(value, raw=step.raw, asserts=step.asserts)
            elif name in self._do and not (name == "pattern" and step.expect is not None):
                await self._do[name](value)
        if step.asserts:
            await self._assert(step)

    async def finish(self) -> None:
        """Collect what the program has made for the steps meanwhile."""
        await self._screenshots.finish()

    async def _assert(self, step: Step) -> None:
        wanted = self._with_variables(step)
        try:
            printed = await self._commands.printed(self._scene.patience)
        except TooLate:
            raise StepFailed(f"after {self._scene.patience:g} s the command is not done") from None
        problems = problems_of(wanted, printed.output, printed.status)
        if printed.approximate:
            printed, problems = await self._look_again(wanted, printed, problems)
        self._scene.approximate = printed.approximate
        if problems:
            about = ["what it printed is known approximately"] if printed.approximate else []
            raise StepFailed(problems[0], detail="\n".join([*problems[1:], *about]))

    async def _look_again(self, wanted: Step, printed: Printed, problems: list[str]) -> tuple[Printed, list[str]]:
        """Give a program that does not say when it is done the rest of its time; return what it came to then."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._scene.patience
        session = self._scene.session
        try:
            while problems and session.exit is None:
                await session.until(_growth(session.transcript), deadline - clock())
                printed = await self._commands.printed(max(deadline - clock(), 0.0))
                problems = problems_of(wanted, printed.output, printed.status)
        except (Over, TooLate):
            pass  # it stays as it was
        return printed, problems

    async def _snapshot(self, wanted: Any) -> None:
        from orchestrator.scenarios.snapshots import Snapshots

        scene = self._scene
        await scene.session.drawn()
        Snapshots(scene.scenario, scene.stage).check(wanted, scene.session.screen, scene.masker)

    def _with_variables(self, step: Step) -> Step:
        if not self._scene.variables:
            return step
        texts: dict[str, Any] = {
            name: self._scene.filled(text) for name in ASSERTIONS if isinstance(text := getattr(step, name), str)
        }
        return replace(step, **texts)


def _growth(transcript: Transcript) -> Callable[[], bool | None]:
    before = transcript.position, transcript.mark_count
    return lambda: (transcript.position, transcript.mark_count) != before or None
