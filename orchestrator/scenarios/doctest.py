"""Runs the commands of a document in one shell, and compares what they print with what the document says.

The shell tells where each command's output begins and ends (OSC 133), so that nothing is guessed.
"""

from __future__ import annotations

import asyncio
import difflib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from orchestrator.errors import PlanError, raise_os_error
from orchestrator.plan.text import read_text
from orchestrator.scenarios.commands import Commands
from orchestrator.scenarios.document import Example, examples, rewrite
from orchestrator.scenarios.driver import Launch
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.recording import Recording
from orchestrator.scenarios.result import Result, StepResult
from orchestrator.scenarios.screen import open_screen
from orchestrator.scenarios.session import Over, Session, TooLate
from orchestrator.scenarios.shells import integrate

Mode = Literal["exact", "contains", "regex", "startswith", "endswith"]

SHELL: Final = ("bash", "--noprofile", "--norc", "--noediting")
SIZE: Final = Size(120, 80)
INTERRUPT: Final = b"\x03"
RECOVERY: Final = 1.0
"""Seconds in which a command that took too long ends when it is interrupted."""
_ELISION = re.compile(r"\\\.\\\.\\\.|\\\[\\\.\\\.\\\]")  # `...` and `[..]`, escaped


@dataclass(frozen=True, kw_only=True)
class How:
    """How documents are tested."""

    mode: Mode = "contains"
    timeout: float = 30.0
    fail_fast: bool = False
    update: bool = False
    cwd: Path = field(default_factory=Path.cwd)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def check(path: Path, how: How) -> Result:
    """Run the commands of the document at `path`; return what came of each. Update the document if that is wanted.

    :raises PlanError: when the document cannot be read, or would say something else than what was printed.
    """
    text = read_text(path, str(path), hint="name a Markdown document, such as `README.md`")
    run = _Run(path, examples(text), how)
    asyncio.run(run.all())
    if how.update and run.printed:
        _update(path, text, run.printed)
    return run.result


def differs(example: Example, printed: str, mode: Mode) -> bool:
    """Say whether what was printed is not what the document says."""
    output = _bare(printed.split("\n"))
    if mode == "regex":
        return re.search("\n".join(example.expected), output, re.DOTALL) is None
    pattern = _pattern(_bare(example.expected))
    match mode:
        case "exact":
            return re.fullmatch(pattern, output, re.DOTALL) is None
        case "startswith":
            return re.match(pattern, output, re.DOTALL) is None
        case "endswith":
            return re.search(rf"(?:{pattern})\Z", output, re.DOTALL) is None
        case _:
            return re.search(pattern, output, re.DOTALL) is None


class _Run:
    def __init__(self, path: Path, found: Sequence[Example], how: How) -> None:
        self.result = Result(path.name, str(path))
        self.printed: dict[Example, str] = {}
        """What the document should say instead."""
        self._examples = found
        self._how = how
        self._is_lost = False

    async def all(self) -> None:
        with tempfile.TemporaryDirectory(prefix="doctest-") as directory:
            environ = {**self._how.environ, "TERM": "xterm-256color", "PS1": "$ ", "PS2": "> "}
            environ |= integrate("bash", environ, Path(directory))
            session = Session(open_screen(SIZE), Recording(SIZE, self.result.name))
            try:
                await session.start(Launch(SHELL, self._how.cwd, environ, SIZE), "pty")
                await self._each(session, Commands(session, has_marks=True))
            finally:
                await session.close()

    async def _each(self, session: Session, commands: Commands) -> None:
        for example in self._examples:
            done = StepResult(f"{example.first}: {example.command}", f"line {example.first}")
            self.result.steps.append(done)
            is_over = self._is_lost or (self._how.fail_fast and not self.result.has_passed)
            if session.exit is None and not is_over:
                await self._one(example, done, session, commands)

    async def _one(self, example: Example, done: StepResult, session: Session, commands: Commands) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            await commands.ready(self._how.timeout, asserts=True)
            commands.sending(example.command)
            session.type(f"{example.command}\r".encode(), example.command)
            printed = await commands.printed(self._how.timeout)
        except TooLate:
            self._fail(done, example, f"after {self._how.timeout:g} s it is not done")
            self._is_lost = not await _interrupt(session)
        else:
            if printed.status is None:
                self._fail(done, example, f"the shell {session.exit or 'does not say how it ended'}")
            else:
                self._compare(done, example, printed.output, printed.status)
        done.seconds = clock() - began

    def _compare(self, done: StepResult, example: Example, output: str, status: int) -> None:
        done.status = "passed"
        if not example.expected and status:
            self._fail(done, example, f"it ended with {status}", output.splitlines())
        elif example.expected and differs(example, output, self._how.mode):
            if self._how.update:
                self.printed[example] = output
            else:
                shown = output.rstrip("\n").split("\n")
                diff = difflib.unified_diff(example.expected, shown, "the document", "printed", lineterm="", n=2)
                self._fail(done, example, "it printed something else", diff)

    def _fail(self, done: StepResult, example: Example, why: str, detail: Iterable[str] = ()) -> None:
        done.status, done.message = "failed", f"`{example.command}`: {why}"
        self.result.message = self.result.message or done.message
        lines = [done.message, f"  --> {self.result.file}:{example.first}", *(f"  {line}" for line in detail)]
        self.result.report = "\n\n".join(filter(None, [self.result.report, "\n".join(lines)]))


async def _interrupt(session: Session) -> bool:
    """Bring the shell back to its prompt; return whether it is there: nothing must go to a command that still runs."""
    before = session.transcript.mark_count
    session.type(INTERRUPT, "<ctrl+c>")
    try:
        await session.until(lambda: session.transcript.marks_since(before) or None, RECOVERY)
    except (Over, TooLate):
        return False
    return True


def _update(path: Path, text: str, printed: Mapping[Example, str]) -> None:
    new = rewrite(text, printed)
    if [each.command for each in examples(new)] != [each.command for each in examples(text)]:
        message = f"`{path}` cannot be updated: what was printed would look like commands or the end of a block"
        raise PlanError("plan/bad-value", message)
    try:
        path.write_text(new, encoding="utf-8")
    except OSError as error:
        raise_os_error(error, path)


def _bare(lines: Iterable[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _pattern(expected: str) -> str:
    """Return the regular expression of a text with elisions: `...` is anything, `[..]` anything within a line."""
    return _ELISION.sub(lambda found: ".*" if "[" not in found[0] else "[^\n]*", re.escape(expected))
