"""The driver of terminals, by itself."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from orchestrator.scenarios.driver import Exit, Launch
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.terminal import TerminalDriver


class Deaf:
    def received(self, data: bytes) -> None:
        """Does not listen."""

    def ended(self, how: Exit) -> None:
        """Does not listen."""


@pytest.mark.parametrize("turns", [1, 2, 5])
def test_a_start_that_is_cancelled_leaves_neither_a_program_nor_a_terminal(turns: int) -> None:
    launch = Launch(["/bin/sleep", "985"], Path("/"), dict(os.environ), Size(80, 24))

    async def cancelled() -> None:
        other = await TerminalDriver.start(launch, Deaf())  # for its sake the next one starts beside the loop
        starting = asyncio.create_task(TerminalDriver.start(launch, Deaf()))
        for _ in range(turns):
            await asyncio.sleep(0)
        before = set(os.listdir("/proc/self/fd"))
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert len(os.listdir("/proc/self/fd")) < len(before)
        await other.close()

    asyncio.run(cancelled())
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in commands if command.startswith(b"/bin/sleep\x00985")]
