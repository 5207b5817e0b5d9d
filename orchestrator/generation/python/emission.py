"""Makes the text of a test file from recorded cases. It decides how a case reads, never whether it is kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.generation.python.calls import write_call_tests
from orchestrator.generation.python.literals import Writer
from orchestrator.generation.python.loading import write_load_tests
from orchestrator.generation.python.requests import Bodies, write_request_tests
from orchestrator.generation.python.tests import Test
from orchestrator.generation.python.titles import class_name
from orchestrator.templates import Templates, shipped_directory

TEMPLATE = "pytest.py"
_TAKEN = frozenset(
    {"client", "copy", "pytest", "response", "result", "date", "datetime", "time", "random", "sys", "sql"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the test file and its target are, and how one reaches the other."""

    target: str
    """Relative to the root."""
    module: str
    """Dotted."""
    up: int | None = None
    """How many directories above the test file the import root is, where pytest does not know it."""
    inner: tuple[str, ...] = ()
    """Directories below the import root that must be importable too."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """A file, and which case each of its tests proves."""

    text: str
    cases: Mapping[str, int] = field(default_factory=dict)
    """The number of a case by the end of its node id."""


def emit(recording: Mapping[str, Any], place: Place) -> Emitted:
    """Return the test file for what was recorded."""
    package, _, name = place.module.rpartition(".")
    alias = f"{name}_module" if name in _TAKEN else name
    writer = Writer(alias)
    bodies = Bodies(writer, recording["plain"])
    numbers: dict[str, int] = {}
    cases = recording["cases"]
    groups = [
        _group(subject, cases, recording["plain"].get(subject, {}), writer, bodies, numbers)
        for subject, cases in _by_subject(cases).items()
    ]
    has_client = any(case["kind"] == "route" for case in cases)
    standins = [_standin(kind, home, alias) for kind, home in recording["standins"]]
    model: dict[str, Any] = {
        "path": place.target,
        "up": place.up,
        "inner": place.inner,
        "module_import": _import(package, name, alias) if any(case["kind"] != "load" for case in cases) else "",
        "module": place.module,
        "environment": next((case["act"]["names"] for case in cases if case["kind"] == "load"), ()),
        "alias": alias,
        "application": recording["application"] if has_client else None,
        "state": recording["state"],
        "standins": standins,
        "replaced": {each["kind"] for each in standins},
        "bodies": bodies.written(),
        "uses_sql": any(_mentions(group, "assert sql(") for group in groups),
        "uses_everything": any(_mentions(group, "everything(") for group in groups),
        "uses_without": any(_mentions(group, "without(") for group in groups),
        "uses_problems": any(_mentions(group, "problems(") for group in groups),
        "groups": groups,
        "own": [],
    }
    model |= _imports(model, writer)
    if place.up is not None:  # the project's own modules can be imported only then
        top = place.module.partition(".")[0]
        model["own"] = [each for each in model["others"] if each.split()[1].partition(".")[0] == top]
        model["others"] = [each for each in model["others"] if each not in model["own"]]
    text = Templates([shipped_directory("templates") / "tests"]).render(TEMPLATE, model)
    return Emitted(text, numbers)


def _by_subject(cases: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[int, Mapping[str, Any]]]]:
    found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for number, case in enumerate(cases):
        found.setdefault(case["subject"], []).append((number, case))
    return found


def _group(
    subject: str,
    cases: list[tuple[int, Mapping[str, Any]]],
    plain: Mapping[str, Any],
    writer: Writer,
    bodies: Bodies,
    numbers: dict[str, int],
) -> dict[str, Any]:
    kind = cases[0][1]["kind"]
    if kind == "load":
        tests, doc = write_load_tests(cases, writer), "What the module is under an environment"
    elif kind == "route":
        tests, doc = write_request_tests(cases, plain, writer, bodies), plain["id"]
    else:
        tests, doc = write_call_tests(cases, plain, writer), f"{subject}()"
    name = class_name(subject)
    for test in tests:
        numbers |= {f"{name}::{test.title}{f'[{row}]' if row else ''}": number for row, number in test.cases.items()}
    return {"name": name, "doc": doc, "tests": tests}


def _mentions(group: Mapping[str, Any], text: str) -> bool:
    tests: list[Test] = group["tests"]
    return any(text in line for test in tests for line in (*test.decorators, *test.lines))


def _imports(model: Mapping[str, Any], writer: Writer) -> dict[str, list[str]]:
    """Return the lines that import what the file uses: of the standard library, and of others."""
    conditions = {
        "import asyncio": any(_mentions(group, "asyncio.run(") for group in model["groups"]),
        "import copy": model["state"],
        "import datetime as moments": model["standins"],
        "import importlib.util": model["environment"],
        "from collections.abc import Callable": model["environment"],
        "from types import ModuleType": model["environment"],
        "import math": any(_mentions(group, "math.isnan(") for group in model["groups"]),
        "import sys": model["up"] is not None,
        "import uuid": "uuid4" in model["replaced"],
        "from collections.abc import Iterator": model["application"],
        "from pathlib import Path": model["up"] is not None,
        "from typing import Any": any(model[f"uses_{each}"] for each in ("everything", "problems", "sql", "without")),
        "from collections.abc import AsyncIterator": model["uses_everything"],
        "import pytest": model["environment"]
        or model["state"]
        or model["standins"]
        or any(_mentions(each, "pytest.") for each in model["groups"]),
        "from fastapi.testclient import TestClient": model["application"],
    }
    lines = [line for line, is_needed in conditions.items() if is_needed]
    named = {home: set(names) for home, names in writer.imports.items()}
    lines += [f"from {home} import {', '.join(sorted(names))}" for home, names in named.items()]
    ours = [
        line
        for line in sorted(set(lines), key=_import_order)
        if line.split()[1].partition(".")[0] in sys.stdlib_module_names
    ]
    return {"standard": ours, "others": [line for line in sorted(set(lines), key=_import_order) if line not in ours]}


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line.split()[1]


def _import(package: str, name: str, alias: str) -> str:
    renamed = f" as {alias}" if alias != name else ""
    return f"from {package} import {name}{renamed}" if package else f"import {name}{renamed}"


def _standin(kind: str, place: str, alias: str) -> dict[str, str]:
    home, _, name = place.rpartition(":")
    return {"kind": kind, "home": home, "name": name, "owner": home or alias}
