"""Programs that a task requires, such as `node>=18`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence

from orchestrator.errors import TaskError


def check_tools(requires: Sequence[str], environ: Mapping[str, str]) -> None:
    """Check that programs such as `node>=18` are on PATH.

    :raises TaskError: `environment/missing-tool`.
    """
    for requirement in requires:
        name, _, least = (part.strip() for part in requirement.partition(">="))
        program = shutil.which(name, path=environ.get("PATH"))
        if program is None:
            raise TaskError("environment/missing-tool", f"`{name}` is not on PATH", hint="install it")
        if least and (found := _version(program)) < _numbers(least):
            shown = ".".join(map(str, found)) or "an unknown version"
            raise TaskError("environment/missing-tool", f"`{name}` is {shown}, but must be at least {least}")


def _version(program: str) -> tuple[int, ...]:
    import subprocess

    try:
        ended = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return _numbers(ended.stdout or ended.stderr)


def _numbers(text: str) -> tuple[int, ...]:
    match = re.search(r"\d+(?:\.\d+)+", text) or re.search(r"\d+", text)  # `k6 v0.47.0` is not 6
    return tuple(map(int, match[0].split("."))) if match else ()
