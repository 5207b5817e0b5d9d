"""What others may add to a play: steps of their own types, and ears for what happens. And the commands around it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from orchestrator.scenarios.model import PluginStep, PluginValidation, Scenario, Step
from orchestrator.scenarios.result import Result, StepResult
from orchestrator.scenarios.scene import Scene
from orchestrator.scenarios.stage import Place
from orchestrator.signals import restoring

KEPT = 2000
"""Characters of a command's output that are kept."""


class Hooks:
    """Does nothing; a subclass does something. There is one for each play."""

    async def scenario_start(self, scenario: Scenario) -> None:
        """A play begins."""

    async def scenario_end(self, scenario: Scenario, result: Result) -> None:
        """A play has ended."""

    async def step_start(self, step: Step | PluginStep) -> None:
        """A step begins."""

    async def step_end(self, step: Step | PluginStep, result: StepResult) -> None:
        """A step was performed."""

    async def perform(self, step: PluginStep, scene: Scene) -> None:  # noqa: ARG002  # a subclass needs it
        """Perform a step of a type that was accepted when the file was read.

        :raises StepFailed: when it does not find what it should.
        """
        raise LookupError(step.type)

    async def validate(self, validation: PluginValidation, place: Place) -> str | None:  # noqa: ARG002  # likewise
        """Return why a validation does not hold, None if it does."""
        raise LookupError(validation.type)


class CommandFailure(NamedTuple):
    """How a command before or after a play failed."""

    summary: str
    output: str


async def run_hook(command: str, cwd: Path, env: Mapping[str, str], patience: float) -> CommandFailure | None:
    """Run a shell command to its end; return how it failed, None if it did not."""
    process = await asyncio.create_subprocess_shell(
        command,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=restoring(),
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), patience)
    except TimeoutError:
        return CommandFailure(f"took longer than {patience:g} s", "")
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.returncode is None:
            await process.wait()
    if process.returncode == 0:
        return None
    return CommandFailure(f"ended with {process.returncode}", output.decode("utf-8", "replace")[-KEPT:])
