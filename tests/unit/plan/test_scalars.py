import math

import pytest

from orchestrator.plan.scalars import scalar
from orchestrator.plan.source import Source


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "off", "y", "2024-01-01", "12:30:45", "1_000", "0b1", "+", "-", ".", "0x", "1e", "nuLL"]
)
def test_what_the_core_schema_does_not_know_stays_text(text: str) -> None:
    assert scalar(text) == text
    assert type(scalar(text)) is str


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_has_five_forms(text: str) -> None:
    assert scalar(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1.10", 1.1),
        ("1.", 1.0),
    ],
)
def test_numbers_keep_how_they_are_written(text: str, value: float) -> None:
    assert scalar(text) == value
    assert str(scalar(text)) == text


def test_numbers_without_end_are_numbers() -> None:
    assert scalar(".inf") == math.inf
    assert scalar("-.INF") == -math.inf
    assert math.isnan(scalar(".nan"))


def test_truth_values_are_cased_in_three_ways() -> None:
    assert scalar("true") is True
    assert scalar("false") is False
    assert scalar("True").value is True
    assert scalar("FALSE").value is False


@pytest.mark.parametrize("text", ["9" * 5000, "0x" + "f" * 5000])
def test_numbers_that_nobody_counts_are_text(text: str) -> None:
    assert scalar(text) == text


def test_quotes_make_text_of_anything() -> None:
    assert Source("plan.yaml", '["1", \'true\', "~"]').data == ["1", "true", "~"]
