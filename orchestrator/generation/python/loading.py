"""Writes the tests that load a fresh copy of a module under an environment. It knows how they read, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.generation.python.calls import check, raising
from orchestrator.generation.python.literals import Bracket, Piece, Writer, layout, quote
from orchestrator.generation.python.requests import INDENT, Numbered
from orchestrator.generation.python.tests import Test
from orchestrator.generation.python.titles import numbered, shortened, slug


def write_load_tests(cases: Sequence[Numbered], writer: Writer) -> list[Test]:
    """Return a test for each environment: the plainest one first, of the others what is different."""
    usual = cases[0][1]
    titles = numbered(_title(case, usual) for _, case in cases)
    return [_test(number, case, usual, title, writer) for (number, case), title in zip(cases, titles, strict=True)]


def _test(number: int, case: Mapping[str, Any], usual: Mapping[str, Any], title: str, writer: Writer) -> Test:
    environment = case["act"]["environment"]
    given: Piece = Bracket("{", tuple((f"{quote(name)}: ", quote(value)) for name, value in environment.items()), "}")
    call = writer.call("load", [("", given)])
    lines: list[str] = []
    if "raises" in case["outcome"]:
        lines += raising(case["outcome"], call, writer)
    else:
        lines += [layout(call, INDENT, "loaded = "), ""]
        lines += [check(f"loaded.{name}", term, writer) for name, term in _changed(case, usual).items()]
    return Test(title=title, parameters=("load",), lines=tuple(lines), cases={"": number})


def _changed(case: Mapping[str, Any], usual: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is different from the usual, all if nothing is."""
    shown: Mapping[str, Any] = case["outcome"].get("exports", {})
    before = usual["outcome"].get("exports", {})
    changed = {name: term for name, term in shown.items() if name not in before or before[name] != term}
    return changed or shown


def _title(case: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    environment, plain = case["act"]["environment"], usual["act"]["environment"]
    told = [f"{slug(name)}_{slug(value) or 'empty'}" for name, value in environment.items() if plain.get(name) != value]
    missing = [slug(name) for name in plain if name not in environment]
    where = f"for_{'_and_'.join(told)}" if told else f"without_{'_and_'.join(missing)}" if missing else ""
    if "raises" in case["outcome"]:
        kind = case["outcome"]["raises"].rpartition(":")[2]
        return shortened(f"test_raises_{slug(kind)}_{where}".rstrip("_"))
    if case is usual:
        return "test_has_defaults"
    return shortened(f"test_changes_{'_and_'.join(slug(name) for name in _changed(case, usual))}_{where}".rstrip("_"))
