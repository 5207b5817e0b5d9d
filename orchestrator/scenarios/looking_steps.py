"""The steps that look: at what the program prints, at its screen, at how it ends. Each waits until it sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from orchestrator.scenarios.checks import compile_pattern
from orchestrator.scenarios.failure import StepFailed
from orchestrator.scenarios.finding import Found, find, whole_rows
from orchestrator.scenarios.model import CursorAt, Target
from orchestrator.scenarios.notices import Notice
from orchestrator.scenarios.scene import Scene
from orchestrator.scenarios.session import Over, TooLate
from orchestrator.scenarios.stage import is_sentinel

T = TypeVar("T")

FILE_PAUSE: Final = 0.01
"""Seconds between two looks at a file, of which nothing tells when it grows."""


class Looking:
    """Looks again after every change, until the step's time is over."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._session = scene.session

    async def expect(self, text: str) -> None:
        """Wait until the output that is not consumed matches."""
        text = self._scene.filled(text)
        if is_sentinel(text):
            await self._expect_sentinel(text)
            return
        pattern = compile_pattern(text)
        try:
            await self._session.until(lambda: self._session.transcript.consume(pattern), self._scene.patience)
        except (Over, TooLate) as reason:
            screens = self._session.screen.rows(), whole_rows(self._session.screen)
            shown = any(pattern.search("\n".join(rows)) for rows in screens)
            if not shown or self._scene.stage.strict:
                stale = "; the screen shows it, but from before" if shown else ""
                raise StepFailed(f"{self._scene.why(reason)} `{text}` was not printed{stale}", text) from None
            message = f"`{text}` is on the screen, but was not printed after what an earlier step had matched"
            self._scene.notices.append(Notice("stale-match", message))

    async def _expect_sentinel(self, text: str) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._scene.patience
        lines: list[str] = []
        while True:
            is_last = clock() > deadline or self._session.exit is not None
            lines = self._scene.place.sentinels()
            if any(text in line for line in lines):
                return
            if is_last:
                break
            await asyncio.sleep(FILE_PAUSE)
        detail = "\n".join(["the sentinels are:", *lines]) if lines else "there are no sentinels"
        reason = Over() if self._session.exit is not None else TooLate()
        raise StepFailed(f"{self._scene.why(reason)} the sentinel `{text}` was not reached", text, detail)

    async def settle(self, quiet: float) -> None:
        """Wait until nothing is drawn for some time."""
        try:
            await self._session.settle(quiet, self._scene.patience)
        except TooLate:
            message = f"the screen never stayed as it was for {quiet:g} s within {self._scene.patience:g} s"
            raise StepFailed(message) from None

    async def see(self, target: str | Target) -> Found:
        """Wait until the screen shows something; return where."""
        wanted = self._scene.target(target)
        try:
            return await self._until(lambda: find(self._session.screen, wanted))
        except (Over, TooLate) as reason:
            found = find(self._session.screen, wanted)
            if found is not None:  # in a frame that the program never finished
                return found
            said = _said(wanted)
            message = f"{self._scene.why(reason)} the screen does not show `{said}`{_where(wanted)}"
            raise StepFailed(message, said) from None

    async def gone(self, target: str | Target) -> None:
        """Wait until the screen shows something no more."""
        wanted = self._scene.target(target)
        try:
            await self._until(lambda: True if find(self._session.screen, wanted) is None else None)
        except (Over, TooLate) as reason:
            message = f"{self._scene.why(reason)} the screen still shows `{_said(wanted)}`{_where(wanted)}"
            raise StepFailed(message) from None

    async def cursor(self, wanted: tuple[int, int] | CursorAt) -> None:
        """Wait until the cursor is somewhere."""
        at = wanted if isinstance(wanted, CursorAt) else CursorAt(row=wanted[0], column=wanted[1])
        try:
            await self._until(lambda: True if self._is_cursor_at(at) else None)
        except (Over, TooLate) as reason:
            row, column, is_visible = self._session.screen.cursor()
            now = f"in row {row}, column {column}, {'visible' if is_visible else 'hidden'}"
            raise StepFailed(f"{self._scene.why(reason)} the cursor is {now}, not where it should be") from None

    async def capture(self, variables: dict[str, str]) -> None:
        """Give variables the values that the screen shows."""
        for name, pattern in variables.items():
            found = await self.see(Target(regex=pattern))
            self._scene.variables[name] = found.value

    async def exit(self, wanted: int | str) -> None:
        """Wait until the program has ended."""
        try:
            how = await self._session.until(lambda: self._session.exit, self._scene.patience)
        except TooLate:
            raise StepFailed(f"after {self._scene.patience:g} s the program still runs") from None
        if wanted != "any" and how.code != wanted:
            raise StepFailed(f"the program {how}, not with {wanted}")

    async def _until(self, look: Callable[[], T | None]) -> T:
        """Look at finished frames until one shows what is wanted."""
        screen = self._session.screen
        return await self._session.until(lambda: None if screen.is_held() else look(), self._scene.patience)

    def _is_cursor_at(self, wanted: CursorAt) -> bool:
        row, column, is_visible = self._session.screen.cursor()
        rows = self._session.screen.size.rows
        wanted_row = wanted.row if wanted.row is None or wanted.row > 0 else rows + 1 + wanted.row
        pairs = ((wanted_row, row), (wanted.column, column), (wanted.visible, is_visible))
        return all(asked is None or asked == found for asked, found in pairs)


def _said(target: Target) -> str:
    return target.text if target.text is not None else target.regex or ""


def _where(target: Target) -> str:
    words = []
    if target.nth is not None:
        words.append(f"{target.nth} times")
    if target.row is not None:
        words.append(f"in row {target.row}")
    if target.region is not None:
        region = target.region
        words.append(f"within {region.top}:{region.left}..{region.bottom or 'end'}:{region.right or 'end'}")
    if target.style is not None:
        words.append(f"drawn {target.style}")
    return f" {', '.join(words)}" if words else ""
