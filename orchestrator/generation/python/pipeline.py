"""Makes tests for a Python target: record, emit, validate, and say what came of it.

The kit does what needs the target's interpreter; here its JSON becomes text, and the text is proven by pytest before
anybody sees it. The test file is as it was when this ends: who asked writes it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.errors import Location, TaskError
from orchestrator.generation.python.bench import Bench, Progress
from orchestrator.generation.python.foreseen import parse
from orchestrator.generation.python.project import find_interpreter, find_project, stripped
from orchestrator.generation.python.proving import prove
from orchestrator.generation.request import Request, RunCommand
from orchestrator.generation.result import Generated


async def generate(
    request: Request, command: RunCommand, directory: Path, progress: Progress, environ: Mapping[str, str]
) -> Generated:
    """Return tests for the target, all of them proven; `directory` keeps what each stage found.

    :raises TaskError: when the target cannot be imported, or nothing of it can be tested.
    """
    began = time.monotonic()
    bench = _bench(request, command, directory, progress, environ)
    recording = await _record(bench, bench.request.root)
    emitted, funnel, after, before = await prove(bench, recording)
    return Generated(
        text=emitted.text,
        funnel=funnel,
        before=before,
        after=after,
        mutants=recording["mutants"],
        killed=recording["killed"],
        seconds=round(time.monotonic() - began, 1),
        suspicious=(*recording["suspicious"], *_untested(recording["refused"])),
        titles=tuple(emitted.cases),
    )


def _untested(refused: Mapping[str, str]) -> list[str]:
    """Return a line for each reason why something is not tested, with the first that it holds for."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in refused.items():
        by_reason.setdefault(reason, []).append(name)
    return [
        f"`{names[0]}`{f' and {len(names) - 1} more' if len(names) > 1 else ''} not tested: {reason}"
        for reason, names in by_reason.items()
    ]


def _bench(
    request: Request, command: RunCommand, directory: Path, progress: Progress, environ: Mapping[str, str]
) -> Bench:
    request = replace(request, root=request.root.resolve())
    tree = parse(_content(request), request.target)
    project = find_project(request.root, request.target, tree)
    interpreter = find_interpreter(request.root, request.target, environ)
    return Bench(request, command, directory.resolve(), progress, project, interpreter, environ)


def _content(request: Request) -> bytes:
    if Path(request.target).suffix != ".py":
        raise TaskError("generation/not-covered", f"`{request.target}` is no Python file", hint="name one `.py` file")
    try:
        content = (request.root / request.target).read_bytes()
    except OSError as error:
        raise TaskError("generation/target-missing", f"`{request.target}` cannot be read: {error.strerror}") from None
    if not content.strip():
        raise TaskError("generation/target-missing", f"`{request.target}` is empty")
    return content


async def _record(bench: Bench, root: Path) -> dict[str, Any]:
    bench.progress(f"searching `{bench.request.target}`")
    recording = await bench.stage("record", {
        "target": str(root / bench.request.target),
        "module": bench.project.module,
        "paths": bench.project.paths,
        "environment": stripped(bench.environ, bench.directory),
        "budget": bench.request.budget,
        "conftests": _conftests(bench, root),
    })  # fmt: skip
    if "broken" in recording:
        raise _broken(recording, root, bench.request.target)
    if not recording["cases"]:
        reasons = [*recording["refused"].values(), *recording["dropped"]]
        raise TaskError(
            "generation/nothing-holds", f"no case of `{bench.request.target}` can be kept",
            hint="; ".join(dict.fromkeys(reasons)) or "it has no public function or class",
        )  # fmt: skip
    return recording


def _conftests(bench: Bench, root: Path) -> list[str]:
    """Return the files that pytest runs before the test file, the outermost first."""
    above = (root / bench.request.test_file).parents
    found = [each / "conftest.py" for each in above if each.is_relative_to(bench.project.directory)]
    return [str(each) for each in reversed(found) if each.is_file()]


def _broken(recording: Mapping[str, Any], root: Path, target: str) -> TaskError:
    file, _, line = (recording["place"] or "").rpartition(":")
    place = None
    if file and Path(file).is_relative_to(root):
        place = Location(Path(file).relative_to(root).as_posix(), int(line) if line.isdigit() else 1, 1)
    cause = str(recording["broken"]).splitlines()[0].replace(str(root) + "/", "")
    return TaskError(
        "generation/target-broken", f"`{target}` cannot be imported: {cause}", location=place,
        hint="install what it needs, or mend it first",
    )  # fmt: skip
