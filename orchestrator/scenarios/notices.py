"""What deserves attention but stops nothing."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.errors import Location


class Notice(NamedTuple):
    """A warning: a stable code, one line, and a place where there is one."""

    code: str
    message: str
    location: Location | None = None
    hint: str | None = None

    def __str__(self) -> str:
        lines = [f"warning[{self.code}]: {self.message}"]
        if self.location is not None:
            lines.append(f"  --> {self.location}")
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)
