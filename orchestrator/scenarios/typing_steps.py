"""The steps that pass something to the program: text, keys, pastes, clicks and another size."""

from __future__ import annotations

from orchestrator.scenarios.commands import Commands
from orchestrator.scenarios.failure import StepFailed
from orchestrator.scenarios.keys import Key, control_code, parse_key
from orchestrator.scenarios.looking_steps import Looking
from orchestrator.scenarios.model import Click, Size
from orchestrator.scenarios.scene import Scene

ENTER = "\r"


class Typing:
    """Types, once the program has drawn what it is drawing."""

    def __init__(self, scene: Scene, looking: Looking, commands: Commands) -> None:
        self._scene = scene
        self._session = scene.session
        self._looking = looking
        self._commands = commands

    async def send(self, text: str, *, raw: bool, asserts: bool) -> None:
        """Type a text and Enter; or, at once, exactly the text. `asserts` says that what comes of it matters."""
        text = self._scene.filled(text)
        if not raw:
            await self._commands.ready(self._scene.patience, asserts=asserts)
            await self._session.drawn()
        self._commands.sending(text, raw=raw)
        shown = repr(text)[1:-1]
        self._session.type(f"{text}{'' if raw else ENTER}".encode(), shown if raw else f"{shown} <enter>".lstrip())

    async def control(self, letter: str) -> None:
        await self._session.drawn()
        self._commands.pressing()
        self._session.type(control_code(letter), f"<ctrl+{letter.lower()}>")

    async def keys(self, names: tuple[str, ...]) -> None:
        for name in names:
            await self._session.drawn()
            key = parse_key(name)
            assert isinstance(key, Key)  # it was checked when the file was read
            data = self._session.screen.key(key)
            if not data:
                raise StepFailed(f"a terminal in this mode has no code for the key `{name}`")
            self._commands.pressing()
            self._session.type(data, f"<{name}>")

    async def paste(self, text: str) -> None:
        await self._session.drawn()
        text = self._scene.filled(text)
        self._commands.sending(text)
        self._session.type(self._session.screen.paste(text), f"<paste {text!r}>")

    async def click(self, target: str | Click) -> None:
        await self._session.drawn()
        found = await self._looking.see(target)
        button = target.button if isinstance(target, Click) else "left"
        data = self._session.screen.click(found.row, found.column, button)
        if not data:
            raise StepFailed("the program does not listen to the mouse")
        self._session.type(data, f"<click {found.row}:{found.column}>")

    async def resize(self, size: tuple[int, int]) -> None:
        self._session.resize(Size(*size))
