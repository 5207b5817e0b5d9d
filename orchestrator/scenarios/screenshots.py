"""The screenshots of one play: ours at once, and in their place what a program draws of itself when it is asked.

A program is asked by a file in its mailbox. One that takes the file away promises a picture.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from orchestrator.scenarios import picture
from orchestrator.scenarios.looking_steps import FILE_PAUSE
from orchestrator.scenarios.scene import Scene

OWN: Final = Path("artifacts", "screenshots")
"""Where a program leaves its pictures, below the directory it started in."""


class _Asked(NamedTuple):
    slug: str
    trigger: Path
    own: Path
    before: int | None
    """When somebody wrote there before."""

    def drawn(self) -> str | None:
        """Return the picture that the program has drawn since, None if there is none, or not all of it."""
        if _written_at(self.own) == self.before:
            return None
        svg = self.own.read_text("utf-8", "replace")
        return svg if svg.rstrip().endswith("</svg>") else None


class Screenshots:
    """Takes screenshots."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._directory = scene.stage.artifacts / "screenshots"
        self._asked: list[_Asked] = []

    async def take(self, name: str) -> None:
        """Draw the screen, and ask the program for a picture of its own."""
        scene = self._scene
        await scene.session.drawn()
        slug = re.sub(r"[^\w.-]+", "-", scene.filled(name)).strip("-.") or "screen"
        own = scene.place.cwd / OWN / f"{slug}.svg"
        asked = _Asked(slug, scene.place.triggers / f"{slug}.trigger", own, _written_at(own))
        asked.trigger.touch()
        paths = picture.write(scene.session.screen, self._directory, slug, scene.scenario.name, scene.masker)
        scene.artifacts += map(str, paths)
        if not await self._is_taken_over(asked, scene.named_patience):
            self._asked.append(asked)

    async def finish(self) -> None:
        """Take over what the program has drawn, or promised to draw, since it was asked."""
        for asked in self._asked:
            await self._is_taken_over(asked, 0.0)

    async def _is_taken_over(self, asked: _Asked, patience: float) -> bool:
        """Put what the program has drawn in the place of what we did; wait so long for a sign that it will."""
        clock, began = asyncio.get_running_loop().time, asyncio.get_running_loop().time()
        while True:
            is_promised = not asked.trigger.exists()
            is_last = self._scene.session.exit is not None
            if is_promised and (svg := asked.drawn()):
                with suppress(ValueError):
                    picture.write_svg(self._scene.masker.text(svg), self._directory, asked.slug)
                    return True
            if is_last or clock() >= began + (self._scene.patience if is_promised else patience):
                return False
            await asyncio.sleep(FILE_PAUSE)


def _written_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
