"""Tells a Slack-compatible webhook about phases and failures, beside the work and never in its way."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Final

from orchestrator.plan.model import Plan
from orchestrator.record.events import Entry, PhaseFinished, RunFinished, RunPaused, TaskFinished
from orchestrator.record.state import RunState

PATIENCE: Final = 10.0
"""Seconds a run waits at its end for messages that are still under way."""


class SlackNotifier:
    """An observer that posts from a thread of its own; what nobody takes becomes a warning."""

    def __init__(self, plan: Plan, url: str, mask: Callable[[str], str], warn: Callable[[str], None]) -> None:
        self._plan = plan
        self._wants = plan.settings.notifications
        self._phases = {phase.key: phase.name for phase in plan.phases}
        self._url = url
        self._mask = mask
        self._warn = warn
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._problems: list[str] = []
        self._thread = threading.Thread(target=self._post_all, daemon=True)
        self._thread.start()

    def see(self, entries: Sequence[Entry], _state: RunState) -> None:
        for entry in entries:
            text = self._text(entry)
            if text is not None:
                self._queue.put(self._mask(text))
            if isinstance(entry.event, RunFinished | RunPaused):
                self._finish()

    def close(self) -> None:
        self._queue.put(None)

    def _text(self, entry: Entry) -> str | None:
        match entry.event:
            case PhaseFinished(phase=phase, status="succeeded") if self._wants.on_phase_complete:
                return f"{self._plan.name}: phase `{self._phases.get(phase, phase)}` is complete"
            case TaskFinished(status="failed", task=task, message=message) if self._wants.on_failure:
                return f"{self._plan.name}: task `{task}` failed: {message}"
            case _:
                return None

    def _finish(self) -> None:
        self._queue.put(None)
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            self._problems.append("the webhook did not answer in time")
        for problem in dict.fromkeys(self._problems):
            self._warn(f"notification not sent: {problem}")

    def _post_all(self) -> None:
        import urllib3

        retries = urllib3.Retry(3, backoff_factor=0.3, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None)
        with urllib3.PoolManager(retries=retries, timeout=urllib3.Timeout(total=5)) as pool:
            while (text := self._queue.get()) is not None:
                body = json.dumps({"text": text}).encode()
                try:
                    answer = pool.request("POST", self._url, body=body, headers={"Content-Type": "application/json"})
                    if answer.status >= 300:
                        self._problems.append(f"the webhook answered {answer.status}")
                except urllib3.exceptions.HTTPError as error:
                    self._problems.append(type(error).__name__)
