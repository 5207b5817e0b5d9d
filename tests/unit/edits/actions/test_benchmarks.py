from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.edits.actions.benchmarks import Benchmark, find_command
from orchestrator.edits.actions.parameters import AddPerfChecks
from orchestrator.workspace import Workspace

PACKAGE = '{"scripts": {"build": "tsc", "bench": "tsx bench/all.ts --quick"}}'


def project(root: Path, source: str, package: str = PACKAGE) -> Workspace:
    (root / "bench").mkdir()
    (root / "bench/all.ts").write_text(source)
    (root / "package.json").write_text(package)
    return Workspace(root)


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("import { Suite } from 'benchmark'", "benchmarkjs"),
        ("const { Suite } = require('benchmark')", "benchmarkjs"),
        ("print(JSON.stringify([{name: 'a', unit: 'ms', value}]))", "customSmallerIsBetter"),
        ("print(JSON.stringify([{name: 'a', unit: 'ops/s', value}]))", "customBiggerIsBetter"),
        ("print(JSON.stringify([{name: 'a', 'unit': 'req / sec', value}]))", "customBiggerIsBetter"),
        ("print(JSON.stringify({median}))", None),
    ],
)
def test_the_source_of_a_benchmark_tells_the_form_of_its_result(tmp_path: Path, source: str, form: str | None) -> None:
    assert Benchmark("npm run bench", "", project(tmp_path, source)).form() == form


@pytest.mark.parametrize(
    ("command", "form"),
    [
        ("go test -run '^$' -bench=. ./...", "go"),
        ("cargo +nightly bench", "cargo"),
        ("poetry run pytest benchmarks/", "pytest"),
        ("go test ./...", None),
        ("", None),
    ],
)
def test_some_programs_tell_it_themselves(tmp_path: Path, command: str, form: str | None) -> None:
    assert Benchmark(command, "", Workspace(tmp_path)).form() == form


def test_a_build_comes_first_when_what_it_makes_is_measured(tmp_path: Path) -> None:
    files = project(tmp_path, "import { app } from '../dist/app.js'")
    assert find_command("yarn", "", files) == "yarn run build && yarn run bench"
    (tmp_path / "bench/all.ts").write_text("import { app } from '../src/app.js'")
    assert find_command("yarn", "", files) == "yarn run bench"


@pytest.mark.parametrize("package", ["{", "[]", '{"scripts": []}', '{"scripts": {"test": "jest"}}'])
def test_a_package_may_have_no_benchmark(tmp_path: Path, package: str) -> None:
    assert find_command("npm", "", project(tmp_path, "", package)) is None


@pytest.mark.parametrize("threshold", ["99%", "1.5", "150", "half", "%"])
def test_a_threshold_below_what_was_is_an_error_of_the_plan(threshold: str) -> None:
    with pytest.raises(ValidationError, match="is a share of the former value"):
        TypeAdapter(AddPerfChecks).validate_python({"threshold": threshold})


def test_a_threshold_is_a_share_of_what_was() -> None:
    assert TypeAdapter(AddPerfChecks).validate_python({"threshold": "100%"}).threshold == "100%"
