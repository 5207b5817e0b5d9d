"""What can be said of a scenario before it is played: all that is wrong, and all that is odd, with its place."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator
from typing import Any

from orchestrator.errors import Location
from orchestrator.plan.problems import Problems
from orchestrator.plan.source import Path_, Source
from orchestrator.scenarios.keys import is_control, parse_key
from orchestrator.scenarios.model import FileContains, PluginStep, Scenario, Step, Target
from orchestrator.scenarios.notices import Notice
from orchestrator.scenarios.shells import shell_of

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def check(scenario: Scenario, source: Source, problems: Problems, variables: Collection[str]) -> list[Notice]:
    """Report what is wrong with a scenario that has the right shape; return what is odd about it.

    `variables` are the names of those that it is given.
    """
    return list(_Checks(scenario, source, problems, variables).notices())


def compile_pattern(text: str) -> re.Pattern[str]:
    """Return a regular expression as scenarios have them: the dot matches line ends, too."""
    return re.compile(text, re.DOTALL)


class _Checks:
    def __init__(self, scenario: Scenario, source: Source, problems: Problems, variables: Collection[str]) -> None:
        self._scenario = scenario
        self._variables = variables
        self._source = source
        self._problems = problems

    def notices(self) -> Iterator[Notice]:
        yield from self._command()
        for index, step in enumerate(self._scenario.steps):
            if isinstance(step, Step):
                self._check_step(step, ("steps", index))
        yield from self._odd_steps()
        for index, validation in enumerate(self._scenario.validations):
            if isinstance(validation, FileContains):
                self._check_regex(validation.text, ("validations", index, "text"))
        if not self._scenario.validations and not any(self._can_fail(step) for step in self._scenario.steps):
            hint = "add a step such as `expect`, `see` or `exit`, or a validation"
            yield Notice("checks-nothing", "nothing in this scenario can fail", self._place(()), hint)

    def _can_fail(self, step: Step | PluginStep) -> bool:
        return isinstance(step, PluginStep) or step.checks

    def _command(self) -> Iterator[Notice]:
        at: Path_ = ("command",)
        try:
            argv = self._scenario.argv
        except ValueError as error:
            self._problems.report("plan/bad-value", f"`command`: {str(error).lower()}", at)
            return
        if not argv or not argv[0]:
            self._problems.report("plan/missing-key", "there is no `command`", at)
        elif not VARIABLE.search(argv[0]) and self._find(argv[0]) is None:
            reason = "is not executable" if os.path.isfile(argv[0]) else "is not on PATH"
            yield Notice("command", f"`{argv[0]}` {reason}", self._place(at))

    def _find(self, program: str) -> str | None:
        if os.sep in program and self._scenario.cwd is not None:
            program = os.path.join(os.path.dirname(self._source.file), self._scenario.cwd, program)
        return shutil.which(program, path=self._scenario.env.get("PATH"))

    # --- steps --------------------------------------------------------------------------------------------------

    def _check_step(self, step: Step, at: Path_) -> None:
        self._check_keys(step, at)
        for name in ("expect", "pattern", "expect_regex"):
            self._check_regex(getattr(step, name), (*at, name))
        for name, pattern in step.set.items():
            self._check_regex(pattern, (*at, "set", name))
        for name in ("see", "gone", "click"):
            self._check_target(getattr(step, name), (*at, name))
        if step.asserts and not self._sent_before(at):
            message = "nothing was sent whose output this could be about"
            self._problems.report("plan/bad-value", message, at, hint="add a `send` before it")
        if step.expect_code is not None and shell_of(self._scenario.argv) is None:
            message = "`expect_code`: there is no way to know the status of a command"
            hint = "it is known where the program is bash, zsh or fish; `exit` is the status of the program itself"
            self._problems.report("plan/bad-value", message, (*at, "expect_code"), hint=hint)

    def _check_keys(self, step: Step, at: Path_) -> None:
        if step.control is not None and step.send is not None:
            hint = "make two steps of it"
            message = "`control` and `send` exclude each other"
            self._problems.report("plan/bad-value", message, (*at, "control"), hint=hint, key=True)
        if step.control is not None and not is_control(step.control):
            message = f"`control` is `{step.control}`, but must be one letter or one of `@[\\]^_?`"
            self._problems.report("plan/bad-value", message, (*at, "control"))
        for index, name in enumerate(step.key):
            problem = parse_key(name)
            if isinstance(problem, str):
                where: Path_ = (*at, "key", index) if len(step.key) > 1 else (*at, "key")
                self._problems.report("plan/bad-value", problem, where)

    def _check_target(self, target: Any, at: Path_) -> None:
        if not isinstance(target, Target):
            return
        self._check_regex(target.regex, (*at, "regex"))
        if (target.text is None) == (target.regex is None):
            message = f"`{at[-1]}` needs either `text` or `regex`"
            self._problems.report("plan/bad-value", message, at)
        if target.style is not None:
            from rich.errors import StyleSyntaxError
            from rich.style import Style

            try:
                Style.parse(target.style)
            except StyleSyntaxError as error:
                hint = "write it as in `bold red on blue`"
                self._problems.report("plan/bad-value", f"`style`: {error}", (*at, "style"), hint=hint)

    def _check_regex(self, text: str | None, at: Path_) -> None:
        if text is None:
            return
        try:
            compile_pattern(text)
        except re.error as error:
            message = f"`{at[-1]}` is not a regular expression: {error}"
            self._problems.report("plan/bad-value", message, at)

    def _sent_before(self, at: Path_) -> bool:
        last = int(at[1])
        return any(isinstance(s, PluginStep) or s.types for s in self._scenario.steps[: last + 1])

    def _odd_steps(self) -> Iterator[Notice]:
        ended = False
        known = {*self._scenario.matrix, *self._scenario.secrets, *self._variables}
        for index, step in enumerate(self._scenario.steps):
            if not isinstance(step, Step):
                continue
            at: Path_ = ("steps", index)
            if ended and step.types:
                yield Notice("after-exit", "this is sent after the program has ended", self._place(at))
            ended = ended or step.exit is not None
            if step.screenshot is not None and not SLUG.match(step.screenshot):
                message = f"`{step.screenshot}` is an odd name for a file"
                yield Notice("screenshot-name", message, self._place((*at, "screenshot")))
            for name in dict.fromkeys(VARIABLE.findall(step.send or "")):
                if name not in known:
                    yield Notice("variable", f"no step sets `{name}`; it is sent as it stands", self._place(at))
            known |= set(step.set)

    def _place(self, at: Path_) -> Location:
        return self._source.locate(at)
