"""Questions to a person at this terminal."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from orchestrator.app.answers import decide, person
from orchestrator.app.project import Options, Project
from orchestrator.handler import Answer
from orchestrator.masking import Masker
from orchestrator.plan.model import Task

if TYPE_CHECKING:
    from orchestrator.reporters.tree import Tree


def confirm(question: str) -> bool:
    """Ask a yes-or-no question; no is the default, and Enter ends the answer, so that it answers nothing after that."""
    import questionary

    return bool(questionary.confirm(question, default=False, auto_enter=False).ask())


def answer(options: Options, task_id: str, decision: str, comment: str) -> int:
    """Record what a person decided about a manual task; return the exit code."""
    given = decide(Project(options), task_id, decision, comment)
    typer.echo(f"{task_id} {given.decision} by {given.by}")
    return 0


class TerminalPrompter:
    """Asks about manual tasks, one at a time, while the rest of the run goes on."""

    def __init__(self, tree: Tree, masker: Masker) -> None:
        import asyncio

        self._tree = tree
        self._masker = masker
        self._turn = asyncio.Lock()

    async def ask(self, task: Task, instructions: str) -> Answer | None:
        """Return what the person said; None leaves the answer for later."""
        async with self._turn:
            self._tree.pause()
            try:
                return await self._ask(task, instructions)
            except KeyboardInterrupt:  # the terminal is in raw mode: Ctrl-C comes as a key
                return Answer("aborted", person())
            finally:
                self._tree.resume()

    async def _ask(self, task: Task, instructions: str) -> Answer | None:
        import questionary

        lines = [f"    {line}" for line in instructions.strip().splitlines()]
        typer.echo(self._masker.text("\n".join([f"\n{task.id}  {task.name}\n", *lines])))
        choices = {
            "Done": "approved",
            "Skip it, with a reason": "skipped",
            "Later (`orchestrate approve`)": None,
            "Abort the run": "aborted",
        }
        _forget_keys()
        said = await questionary.select("Is it done?", choices=list(choices)).unsafe_ask_async()
        decision = choices[said]
        if decision is None:
            return None
        comment = ""
        if decision == "skipped":
            comment = await questionary.text("Why?").unsafe_ask_async()
        return Answer(decision, person(), comment)


def _forget_keys() -> None:
    """Throw away what was typed before the question: nobody approves what they have not seen."""
    from prompt_toolkit.application.current import get_app_session
    from prompt_toolkit.input.typeahead import clear_typeahead

    clear_typeahead(get_app_session().input)
    with suppress(ImportError, OSError, ValueError):  # no terminal of that kind
        import termios

        with suppress(termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
