"""`scenario doctest`: the commands of documents are run, and what they print is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import typer

from orchestrator.errors import UsageError, did_you_mean
from orchestrator.scenarios.doctest import How, Mode, check
from orchestrator.scenarios.result import Result


def doctest(files: Sequence[Path], mode: str, how: How, junit: Path | None) -> int:
    """Test documents; return the exit code.

    :raises UsageError: when there is nothing to test.
    """
    modes: dict[str, Mode] = {name: name for name in get_args(Mode)}
    if mode not in modes:
        hint = did_you_mean(mode, modes) or f"there are {', '.join(modes)}"
        raise UsageError("usage/bad-option", f"`{mode}` is no way to compare", hint=hint)
    results: dict[str, Result] = {}
    for path in files:
        result = results[str(path)] = check(path, replace(how, mode=modes[mode]))
        if not result.has_passed:
            typer.echo(f"{result.report}\n")
            if how.fail_fast:
                break
    if junit is not None:
        from orchestrator.cli import scenario_junit

        scenario_junit.write(junit, results)
    return _tell(results)


def _tell(results: dict[str, Result]) -> int:
    statuses = [step.status for result in results.values() for step in result.steps]
    if not statuses:
        hint = "they start with `$ ` in blocks of `bash`, `sh`, `shell`, `console` or `terminal`"
        raise UsageError("usage/nothing-selected", f"there is no command in {', '.join(results)}", hint=hint)
    counts = [(statuses.count(status), status) for status in ("passed", "failed", "skipped")]
    typer.echo(", ".join(f"{count} {status}" for count, status in counts if count))
    return 1 if "failed" in statuses else 0
