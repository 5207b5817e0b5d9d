"""The `{{ ... }}` of a plan, each given its value where it stands, or remembered as one that has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.errors import OrchestratorError, PlanError
from orchestrator.plan.interpolate import evaluate, has_expression, interpolate, map_strings, mentions_variables
from orchestrator.plan.problems import Problems
from orchestrator.plan.source import Path_, Source
from orchestrator.plan.variables import Variables


class Expressions:
    """What expressions come to with the variables of a plan, and with the names a fan-out adds."""

    def __init__(self, source: Source, variables: Variables, problems: Problems) -> None:
        self._source = source
        self._variables = variables
        self._problems = problems

    def fill(self, written: Any, at: Path_, names: Mapping[str, Any], waiting: list[OrchestratorError]) -> Any:
        """Return what is written at `at` with the values of its expressions; those without one go to `waiting`."""
        if not self._source.has_expressions or not isinstance(written, dict):
            return written
        scope = {"variables": self._variables, **names}

        def change(text: str, path: Path_) -> Any:
            if path[0] == "when" or not has_expression(text) or (path[0] == "groups" and "tasks" in path[2:3]):
                return text
            if path[-1] in ("run", "unless") and path[0] != "env":
                if mentions_variables(text):
                    hint = "pass it through `env`, or write the command as a list"
                    message = f"a shell string may not hold `{{{{ ... }}}}`: `{path[-1]}`"
                    self._problems.report("plan/templated-command", message, (*at, *path), hint=hint)
                return text
            try:
                return interpolate(text, scope)
            except PlanError as error:
                error.location = error.location or self._source.locate((*at, *path))
                waiting.append(error)
                return text

        changed = {name: map_strings(value, change, (name,)) for name, value in written.items()}
        self._problems.settle(waiting)
        return changed

    def truth(self, text: str, at: Path_, names: Mapping[str, Any], waiting: list[OrchestratorError]) -> bool:
        """Return whether the expression of a `when` holds; one without a value holds, and goes to `waiting`."""
        expression = text.strip().removeprefix("{{").removesuffix("}}") if text.strip().startswith("{{") else text
        try:
            value = evaluate(expression, {"variables": self._variables, **names})
        except PlanError as error:
            error.location = error.location or self._source.locate((*at, "when"))
            waiting.append(error)
            self._problems.settle(waiting)
            return True
        return value not in (False, None, "", 0, "false", "False", [], {})
