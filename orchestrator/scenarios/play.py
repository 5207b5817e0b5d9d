"""Plays a scenario: starts its program, performs its steps, looks at what it left, and says what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from orchestrator.errors import TaskError
from orchestrator.masking import Masker
from orchestrator.scenarios import validations
from orchestrator.scenarios.driver import Launch
from orchestrator.scenarios.failure import StepFailed, report
from orchestrator.scenarios.hooks import Hooks, run_hook
from orchestrator.scenarios.looking_steps import FILE_PAUSE
from orchestrator.scenarios.model import PluginStep, PluginValidation, Scenario, Step, Validation, title_of
from orchestrator.scenarios.notices import Notice
from orchestrator.scenarios.recording import Recording
from orchestrator.scenarios.result import Result, StepResult
from orchestrator.scenarios.scene import Scene
from orchestrator.scenarios.screen import open_screen
from orchestrator.scenarios.session import Session
from orchestrator.scenarios.stage import Stage, prepare
from orchestrator.scenarios.steps import Performer

CAST: Final = "recording.cast"


async def play(scenario: Scenario, stage: Stage, hooks: Hooks | None = None) -> Result:
    """Play a scenario, again if it fails and may; return what came of it.

    :raises EnvironmentProblem: when this machine lacks what every scenario needs.
    """
    began = time.monotonic()
    number = 0
    while True:
        number += 1
        result = await _Play(scenario, stage, hooks or Hooks(), number).run()
        if result.has_passed or number > scenario.retries:
            break
        stage.log(f"attempt {number} failed: {result.message}")
    result.attempts = number
    result.seconds = time.monotonic() - began
    return result


class Steps:
    """Performs steps until one fails, and notes what each came to."""

    def __init__(self, scene: Scene, result: Result, hooks: Hooks) -> None:
        self._scene = scene
        self._result = result
        self._performer = Performer(scene)
        self._hooks = hooks
        self._began = asyncio.get_running_loop().time()

    async def perform(self, steps: Sequence[Step | PluginStep]) -> None:
        """Perform the steps."""
        group = self._scene.scenario.name
        for index, step in enumerate(steps):
            group = step.note or group
            done = StepResult(title_of(step), group)
            self._result.steps.append(done)
            if self._result.has_passed:
                await self._hooks.step_start(step)
                await self._one(index, step, done)
                await self._hooks.step_end(step, done)
        await self._performer.finish()
        self._result.notices += self._scene.notices
        self._result.artifacts += self._scene.artifacts

    async def _one(self, index: int, step: Step | PluginStep, done: StepResult) -> None:
        scene = self._scene
        scene.session.mark(done.title)
        scene.stage.log(scene.masker.drawn(f"step {index + 1}: {done.title}"))
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            if isinstance(step, PluginStep):
                await self._hooks.perform(step, scene)
            else:
                await self._performer.perform(step)
            done.status = "passed"
        except StepFailed as failed:
            done.status, done.message = "failed", failed.message
            where = f"{scene.scenario.places[index]} (step {index + 1}: {done.title})"
            self._result.report = str(report(scene.session, failed, where, clock() - self._began, scene.masker))
            self._result.message = f"step {index + 1}: {failed.message}"
        done.approximate = scene.approximate
        done.seconds = clock() - started


class _Play:
    """One attempt."""

    def __init__(self, scenario: Scenario, stage: Stage, hooks: Hooks, number: int) -> None:
        self._scenario = scenario
        self._stage = stage
        self._hooks = hooks
        self._masker = stage.masker(scenario)
        self._place = prepare(scenario, stage, number)
        self._result = Result(scenario.name, scenario.file)

    async def run(self) -> Result:
        await self._hooks.scenario_start(self._scenario)
        try:
            await self._commands("setup", self._scenario.setup)
            await self._with_program()
        except StepFailed as failed:
            self._fail(failed.message, failed.detail)
        except TaskError as error:
            self._fail(error.message, hint=error.hint or "")
        finally:
            await self._tear_down()
        if self._stage.strict and self._result.has_passed and self._result.notices:
            self._fail(str(self._result.notices[0].message))
        masked = _masked(self._result, self._masker)
        await self._hooks.scenario_end(self._scenario, masked)
        return masked

    async def _with_program(self) -> None:
        loop = asyncio.get_running_loop()
        recording = Recording(self._scenario.terminal, self._scenario.name, loop.time())
        session = Session(open_screen(self._scenario.terminal), recording)
        scenario, place = self._scenario, self._place
        try:
            launch = Launch(scenario.argv, place.cwd, place.environ, scenario.terminal, scenario.echo)
            await session.start(launch, scenario.driver)
            scene = Scene(scenario, session, self._stage, place, self._masker, self._stage.values(scenario))
            steps = Steps(scene, self._result, self._hooks)
            await steps.perform(scenario.steps)
            if self._result.has_passed:
                await self._until_valid(session)
        finally:
            await session.close()
            if self._stage.record or not self._result.has_passed:
                path = self._stage.artifacts / CAST
                recording.write(path, self._masker, version=self._stage.cast)
                self._result.artifacts.append(str(path))
        if self._result.has_passed:
            await self._validate()

    async def _until_valid(self, session: Session) -> None:
        """Give a program that still runs the time to write what is validated."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._scenario.timeout
        awaited = [each for each in self._scenario.validations if not isinstance(each, PluginValidation)]
        while session.exit is None and clock() < deadline:
            if all(validations.failure_of(each, self._place) is None for each in awaited):
                return
            await asyncio.sleep(FILE_PAUSE)

    async def _validate(self) -> None:
        for validation in self._scenario.validations:
            title = validations.title_of(validation)
            done = StepResult(title, "validations", "passed")
            self._result.steps.append(done)
            if message := await self._failure_of(validation):
                done.status, done.message = "failed", message
                if self._result.has_passed:
                    self._fail(message)

    async def _failure_of(self, validation: Validation | PluginValidation) -> str | None:
        if isinstance(validation, PluginValidation):
            return await self._hooks.validate(validation, self._place)
        return validations.failure_of(validation, self._place)

    async def _commands(self, name: str, commands: tuple[str, ...]) -> None:
        for command in commands:
            failure = await run_hook(command, self._place.cwd, self._place.environ, self._scenario.timeout)
            if failure is not None:
                raise StepFailed(f"{name}: `{command}` {failure.summary}", detail=failure.output)

    async def _tear_down(self) -> None:
        try:
            await self._commands("teardown", self._scenario.teardown)
        except StepFailed as failed:
            if self._result.has_passed:
                self._fail(failed.message, failed.detail)
            else:
                self._result.notices.append(Notice("teardown", failed.message))

    def _fail(self, message: str, detail: str = "", hint: str = "") -> None:
        self._result.message = message
        self._result.hint = hint
        if not self._result.report:
            self._result.report = "\n".join(
                [message, f"  --> {self._scenario.file}", *map("  {}".format, detail.splitlines())]
            )


def _masked(result: Result, masker: Masker) -> Result:
    """Return a result without secrets, also those that the screen wraps."""
    if not masker.is_active:
        return result
    clean = masker.drawn
    steps = [replace(s, title=clean(s.title), group=clean(s.group), message=clean(s.message)) for s in result.steps]
    notices = [notice._replace(message=clean(notice.message)) for notice in result.notices]
    texts: dict[str, Any] = {name: clean(getattr(result, name)) for name in ("name", "message", "hint", "report")}
    return replace(result, steps=steps, notices=notices, **texts)
