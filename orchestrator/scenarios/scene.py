"""What the steps of one attempt share: the program, what was found so far, and how long to wait."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from orchestrator.masking import Masker
from orchestrator.scenarios.checks import VARIABLE
from orchestrator.scenarios.failure import StepFailed
from orchestrator.scenarios.model import Scenario, Step, Target
from orchestrator.scenarios.notices import Notice
from orchestrator.scenarios.session import Over, Session
from orchestrator.scenarios.stage import Place, Stage


@dataclass
class Scene:
    """Where a step is performed."""

    scenario: Scenario
    session: Session
    stage: Stage
    place: Place
    masker: Masker
    variables: dict[str, str] = field(default_factory=dict)
    patience: float = 0.0
    """Seconds that the step may wait."""
    named_patience: float = 0.0
    """The same if the step itself names it, else none."""
    notices: list[Notice] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)
    approximate: bool = False
    """The step looked at something that was not exactly known."""

    def begin(self, step: Step) -> None:
        """Get ready for the next step."""
        self.named_patience = step.timeout or 0.0
        self.patience = step.timeout or self.scenario.timeout
        self.approximate = False

    def filled(self, text: str) -> str:
        """Return a text with the values of its variables; what is none stays as it stands.

        :raises StepFailed: when one is a secret that nobody has set.
        """
        return VARIABLE.sub(self._value, text)

    def target(self, target: str | Target) -> Target:
        """Return what is meant on the screen, with the values of variables."""
        if isinstance(target, str):
            return Target(text=self.filled(target))
        text, regex = target.text, target.regex
        return replace(
            target,
            text=None if text is None else self.filled(text),
            regex=None if regex is None else self.filled(regex),
        )

    def why(self, reason: Exception) -> str:
        """Return how a sentence begins that says what did not come."""
        if isinstance(reason, Over):
            return f"the program {self.session.exit}, and"
        return f"after {self.patience:g} s"

    def _value(self, variable: re.Match[str]) -> str:
        name = variable[1]
        if name in self.scenario.secrets and name not in self.variables:
            raise StepFailed(f"the secret `{name}` is not set", detail="set it in the environment")
        return self.variables.get(name, variable[0])
