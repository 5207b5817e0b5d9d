"""The command that was just sent to a program: what it printed, and how it ended where the shell tells that.

A shell gets a line when it shows a prompt. One that is typed while a command runs is for that command, or for the shell
when it goes on: what it came to is known approximately, unless the shell says more.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, NamedTuple

from orchestrator.scenarios.session import Over, Session, TooLate
from orchestrator.scenarios.stream import Mark

PROMPT: Final = 2.0
"""Seconds that a program is given to show the prompt it should."""
CALM: Final = 0.05
"""Seconds without output after which a program that tells nothing is thought to be done."""
ENTER: Final = ("\r", "\n")


class Printed(NamedTuple):
    """What a command printed."""

    output: str
    status: int | None
    approximate: bool


class Commands:
    """Follows what is sent."""

    def __init__(self, session: Session, *, has_marks: bool, is_asked: bool = True) -> None:
        """`is_asked` says whether anybody will ask what a command has printed; else nothing is noted."""
        self._session = session
        self._is_asked = is_asked
        self._has_marks = has_marks
        self._sent = ""
        self._from = 0
        self._marks_before = 0
        self._typed = ""  # the same, or nothing if it was keys
        self._typed_at = 0
        self._was_hidden = False
        """Whether nobody would show what was sent when it was."""
        self._is_entered = False
        self._is_ahead = False
        """Whether it was typed before the shell asked for it."""
        self._ahead_of_it = 0
        """How many commands the shell begins before it."""
        self._awaited_at = -1
        """How many marks there were when no prompt came: what runs then is not waited for again."""
        self._prompts: set[str] = set()
        """The last words of the prompts behind which lines were typed."""
        self._unanswered = 0
        """How many lines were typed since all before them had been answered by a prompt."""
        self._answered_at = 0

    async def ready(self, patience: float, *, asserts: bool) -> None:
        """Wait until a shell that tells of its prompts shows one, or what it runs seems to ask for something.

        It has `patience` to begin at all: some settings take seconds. Another program gets the time to show a prompt
        for each line before, if what this one prints matters (`asserts`).
        """
        if not self._has_marks:
            if asserts and self._prompts:
                with suppress(Over, TooLate):
                    await self._session.until(self._has_answered, PROMPT)
            return
        try:
            await self._session.until(self._has_begun, patience)
            await self._session.until(self._asks, PROMPT)
        except (Over, TooLate):
            self._awaited_at = self._session.transcript.mark_count
            # Without any, its own settings took the place of ours; unless it only starts slowly.
            self._has_marks = self._awaited_at > 0 or self._session.transcript.position == 0

    def sending(self, text: str, *, raw: bool = False) -> None:
        """Note that something is about to be sent: a command, or with `raw` perhaps a part of one."""
        if not self._is_asked:
            return
        is_unread = raw and self._is_entered and not self._marks()
        self._is_ahead = self._has_marks and (self._is_running() or is_unread)
        if self._is_ahead:
            self._ahead_of_it = max(self._ahead_of_it + self._is_entered - len(self._begun()), 0)
        else:
            self._ahead_of_it = 0
        if not raw:
            self._note_prompt()
        self._is_entered = not raw or text.endswith(ENTER)
        self._sent = text
        self._typing(text)
        self._from = self._typed_at
        self._was_hidden = self._session.hides_input()
        self._marks_before = self._session.transcript.mark_count

    def pressing(self) -> None:
        """Note that a key is about to be pressed, which may end what runs."""
        if not self._is_asked:
            return
        self._typing("")
        self._awaited_at = -1

    async def printed(self, patience: float) -> Printed:
        """Return what the last command printed, when it is done.

        :raises TooLate: when it is not done in time.
        """
        if self._has_marks and not self._is_ahead:
            try:
                return await self._session.until(self._between_marks, patience)
            except Over:
                return self._approximate()
        await self._session.settle(CALM, patience)
        return (self._between_marks() if self._has_marks else None) or self._approximate()

    def _note_prompt(self) -> None:
        """Note what the cursor stands behind, before a line is typed there."""
        if self._has_answered():
            self._unanswered, self._answered_at = 0, self._session.transcript.position
        self._unanswered += 1
        row, column, _ = self._session.screen.cursor()
        self._prompts.update(self._session.screen.rows()[row - 1][: column - 1].split()[-1:])

    def _has_answered(self) -> bool | None:
        """Say whether there was a prompt for each line that was typed."""
        words = self._session.transcript.between(self._answered_at).split()
        return sum(word in self._prompts for word in words) >= self._unanswered or None

    def _typing(self, text: str) -> None:
        self._typed, self._typed_at = text, self._session.transcript.position

    def _asks(self) -> bool | None:
        """Say whether there is a prompt: the shell's, or text of what it runs that the cursor waits behind."""
        if self._is_running():
            transcript = self._session.transcript
            shown = transcript.between(self._typed_at).strip()
            has_answered = self._session.screen.cursor().column > 1 and not self._typed.strip().startswith(shown)
            return has_answered or transcript.mark_count == self._awaited_at or None
        return any(mark.letter in "AP" for mark in self._marks()) or None

    def _has_begun(self) -> bool | None:
        transcript = self._session.transcript
        return transcript.mark_count > 0 or transcript.position > 0 or None

    def _is_running(self) -> bool:
        marks = self._session.transcript.marks_since(0)
        return bool(marks) and marks[-1].letter == "C"

    def _marks(self) -> list[Mark]:
        """Return the marks since the last text was sent."""
        return self._session.transcript.marks_since(self._marks_before)

    def _begun(self) -> list[int]:
        """Return which of those marks are beginnings of commands."""
        return [index for index, mark in enumerate(self._marks()) if mark.letter == "C"]

    def _between_marks(self) -> Printed | None:
        marks, begun = self._marks(), self._begun()[self._ahead_of_it :]
        ended = [mark for mark in marks[begun[0] :] if mark.letter == "D"] if begun else []
        if not ended:
            return None
        output = self._session.transcript.between(marks[begun[0]].at, ended[0].at)
        return Printed(output.lstrip("\r"), ended[0].status, approximate=False)  # fish goes to the line's start twice

    def _approximate(self) -> Printed:
        """Return the output since the command was sent, without its echo and the prompt after it."""
        transcript = self._session.transcript
        prompt = transcript.between(0, self._from).rpartition("\n")[2].strip()
        output = transcript.between(self._from)
        first, _, rest = output.partition("\n")
        if first.strip() in ("", self._sent.strip()) and not self._is_hidden():
            output = rest
        body, end, last = output.rpartition("\n")
        return Printed(body + end if prompt and last.strip() == prompt else output, None, approximate=True)

    def _is_hidden(self) -> bool:
        """Say whether nobody showed what was sent: one that came early may be shown by a program that edits lines."""
        is_hidden = self._was_hidden and (self._session.exit is not None or self._session.hides_input())
        if is_hidden:
            self._session.mark_hidden()
        return is_hidden
