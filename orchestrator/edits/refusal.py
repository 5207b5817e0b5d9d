"""Why an edit declines. Nothing is written, and the message names the place."""

from __future__ import annotations

from orchestrator.errors import TaskError


class Refusal(TaskError):
    """The file is not what the edit understands, or does not say what the edit needs to know.

    `code` is one of `edit/...`; `location` is the place in the file wherever there is one.
    """
