"""The command that was just sent to a program: what it printed, and how it ended where the shell tells that."""

from __future__ import annotations

from typing import Final, NamedTuple

from orchestrator.scenarios.session import Over, Session, TooLate

FIRST_PROMPT: Final = 2.0
"""Seconds in which a shell that tells of its prompts shows the first one."""
CALM: Final = 0.05
"""Seconds without output after which a program that tells nothing is thought to be done."""


class Printed(NamedTuple):
    """What a command printed."""

    output: str
    status: int | None
    approximate: bool


class Commands:
    """Follows what is sent."""

    def __init__(self, session: Session, *, has_marks: bool) -> None:
        self._session = session
        self._has_marks = has_marks
        self._sent = ""
        self._from = 0
        self._marks_before = 0

    async def ready(self) -> None:
        """Wait for the first prompt of a shell that tells of its prompts."""
        if not self._has_marks or self._marks("A"):
            return
        try:
            await self._session.until(lambda: self._marks("A") or None, FIRST_PROMPT)
        except (Over, TooLate):
            self._has_marks = False  # its own settings took the place of ours

    def sending(self, text: str) -> None:
        """Note that a command is about to be sent."""
        self._sent = text
        self._from = self._session.transcript.position
        self._marks_before = self._session.transcript.mark_count

    async def printed(self, patience: float) -> Printed:
        """Return what the last command printed, when it is done.

        :raises TooLate: when it is not done in time.
        """
        if self._has_marks:
            try:
                return await self._session.until(self._between_marks, patience)
            except Over:
                return Printed(self._approximate(), None, approximate=True)
        await self._session.settle(CALM, patience)
        return Printed(self._approximate(), None, approximate=True)

    def _marks(self, letter: str) -> list[tuple[int, int | None]]:
        transcript = self._session.transcript
        return [(mark.at, mark.status) for mark in transcript.marks_since(self._marks_before) if mark.letter == letter]

    def _between_marks(self) -> Printed | None:
        begun = self._marks("C")
        ended = [(at, status) for at, status in self._marks("D") if begun and at >= begun[0][0]]
        if not ended:
            return None
        output = self._session.transcript.between(begun[0][0], ended[0][0])
        return Printed(output.lstrip("\r"), ended[0][1], approximate=False)  # fish goes to the line's beginning twice

    def _approximate(self) -> str:
        """Return the output since the command was sent, without its echo and the prompt after it."""
        transcript = self._session.transcript
        prompt = transcript.between(0, self._from).rpartition("\n")[2].strip()
        output = transcript.between(self._from)
        first, _, rest = output.partition("\n")
        if self._sent and first.strip() == self._sent.strip():
            output = rest
        body, end, last = output.rpartition("\n")
        return body + end if prompt and last.strip() == prompt else output
