"""The JSON Schema of scenario files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.plan.source import Source
from orchestrator.scenarios.schema import json_schema
from tests.support.documents import REPOSITORY

jsonschema = pytest.importorskip("jsonschema")

EXAMPLES = sorted((REPOSITORY / "examples" / "scenarios").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_fit(example: Path, validator: Any) -> None:
    data = Source(example.name, example.read_text("utf-8")).data
    assert [error.message for error in validator.iter_errors(data)] == []


def test_a_step_of_a_plugin_may_have_any_fields(validator: Any) -> None:
    assert validator.is_valid({"command": "x", "steps": [{"type": "http_wait", "url": "u"}]})


@pytest.mark.parametrize(
    "text",
    [
        "steps: []", "command: x\nstep: []", "command: x\nsteps: [{expct: a}]", "command: x\ntimeout: 1 minute",
        "command: x\nsteps: [{see: {txt: a}}]", "command: x\nsteps: [a]", "command: x\nfile: a",
        "command: x\nplaces: []",
        "command: x\nvalidations: [{type: path_exists}]", "command: x\nvalidations: [{path: a}]",
        "command: x\ndriver: ssh",
    ],
)  # fmt: skip
def test_files_of_the_wrong_shape_do_not_fit(text: str, validator: Any) -> None:
    assert not validator.is_valid(Source("a.yaml", text).data)
