"""What a workflow file cannot say: whom GitHub asks before a job may use an environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Approval:
    """Rules that an environment must have at least. They are set on GitHub itself, by a token or by a person."""

    environment: str
    reviewers: tuple[str, ...] = ()
    """`login` or `org/team`; empty = anybody, but somebody."""
    wait_timer: int | None = None
    """Minutes."""
    prevent_self_review: bool = False

    def instructions(self, page: str | None) -> str:
        """Return what a person has to do, step by step; `page` is the address of the repository."""
        where = f"{page}/settings/environments" if page else "the settings of the repository, under Environments"
        steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(self._steps(), 1))
        return f"Let GitHub ask before anything is deployed to `{self.environment}`, at {where}:\n{steps}"

    def _steps(self) -> Iterator[str]:
        yield f"Open the environment `{self.environment}`, or make it with New environment."
        who = " and ".join(f"`{name}`" for name in self.reviewers) or "the people who decide"
        yield f"Tick Required reviewers and add {who}."
        if self.prevent_self_review:
            yield "Tick Prevent self-review."
        if self.wait_timer:
            yield f"Tick Wait timer and set it to {self.wait_timer} minutes."
        yield "Press Save protection rules."
