from pathlib import Path
from typing import Any

import pytest

from orchestrator.handlers.registry import Registry
from orchestrator.plan.schema import json_schema
from orchestrator.plan.source import Source

jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[3]
BAD = ROOT / "tests" / "plans" / "bad"
SEEN_BY_EDITORS = [
    "bad-values", "checkpoint-with-task-keys", "derived-field", "head-empty", "head-without-name",
    "minutes-with-a-unit", "missing-task-keys", "no-head", "tasks-empty", "unknown-for-each-key", "unknown-group-key",
    "unknown-head-key", "unknown-phase-key", "unknown-retry-key", "unknown-section", "unknown-setting",
    "unknown-task-keys", "unknown-type", "unknown-validation-key", "unknown-validation-type", "wrong-types",
    "wrong-types-in-tasks",
]  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> Any:
    types = Registry()
    models = {name: model for name in types.names() if (model := types.model(name))}
    schema = json_schema(models, types.checkpoint())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def data(path: Path) -> Any:
    return Source(path.name, path.read_text("utf-8")).data


@pytest.mark.parametrize(
    "path",
    [ROOT / "config/phases.yaml", *sorted((ROOT / "tests/plans/good").glob("*.yaml"))],
    ids=lambda path: path.name,
)
def test_good_plans_fit(path: Path, validator: Any) -> None:
    assert [error.message for error in validator.iter_errors(data(path))] == []


@pytest.mark.parametrize("slug", SEEN_BY_EDITORS)
def test_plans_of_the_wrong_shape_do_not_fit(slug: str, validator: Any) -> None:
    assert not validator.is_valid(data(BAD / f"{slug}.yaml"))


def test_what_no_schema_can_see_fits(validator: Any) -> None:
    for slug in ("cycle-of-tasks", "id-twice", "unknown-task", "bad-expressions"):
        assert validator.is_valid(data(BAD / f"{slug}.yaml")), slug
