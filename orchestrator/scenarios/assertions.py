"""What the command that was just sent must have printed, and how it must have ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from orchestrator.scenarios.checks import compile_pattern
from orchestrator.scenarios.model import Step

SHOWN = 200


def problems_of(step: Step, output: str, status: int | None) -> list[str]:
    """Return all that a command's output and status are not, but should be."""
    return [*_of_status(step, status), *_of_text(step, output), *_of_lines(step, output), *_of_json(step, output)]


def _of_status(step: Step, status: int | None) -> Iterator[str]:
    if step.expect_code is None or status == step.expect_code:
        return
    if status is None:
        yield "nobody knows the status of the command: the shell did not tell"
    else:
        yield f"the command ended with {status}, not {step.expect_code}"


def _of_text(step: Step, output: str) -> Iterator[str]:
    if step.expect_output is not None and output.rstrip("\n") != step.expect_output.rstrip("\n"):
        yield f"the command printed {_short(output)}, not {_short(step.expect_output)}"
    for text in step.expect_contains:
        if text not in output:
            yield f"the command printed {_short(output)}, without `{text}`"
    for text in step.expect_not_contains:
        if text in output:
            yield f"the command printed `{text}`"
    if step.expect_regex is not None and not compile_pattern(step.expect_regex).search(output):
        yield f"the command printed {_short(output)}, which `{step.expect_regex}` does not match"


def _of_lines(step: Step, output: str) -> Iterator[str]:
    lines = output.rstrip("\n").split("\n") if output.rstrip("\n") else []
    if isinstance(step.expect_lines, int) and len(lines) != step.expect_lines:
        yield f"the command printed {len(lines)} lines, not {step.expect_lines}"
    if isinstance(step.expect_lines, tuple):
        for line in step.expect_lines:
            if line not in lines:
                yield f"the command printed no line `{line}`"


def _of_json(step: Step, output: str) -> Iterator[str]:
    if step.expect_json is None:
        return
    try:
        found = json.loads(output)
    except ValueError:
        yield f"the command printed {_short(output)}, which is no JSON"
        return
    if found != (wanted := _wanted(step.expect_json)):
        yield f"the command printed {_short(json.dumps(found))}, not {_short(json.dumps(wanted))}"


def _wanted(written: Any) -> Any:
    """Return the value that is meant: a text may be JSON itself."""
    if isinstance(written, str) and re.match(r"\s*[\[{\"]", written):
        try:
            return json.loads(written)
        except ValueError:
            return written
    return written


def _short(text: str) -> str:
    line = text.rstrip("\n").replace("\n", "\\n").replace("\r", "\\r")
    return f"`{line if len(line) <= SHOWN else line[: SHOWN - 3] + '...'}`"
