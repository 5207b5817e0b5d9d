from __future__ import annotations

import json
import math
from typing import Any

import pytest

from orchestrator.edits.js_value import Opaque, number_value, quoted, spelled, string_value


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'a'", "a"),
        (r"'it\'s \"\q\"'", 'it\'s "q"'),
        (r'"\n\r\t\b\f\v\0\\\/"', "\n\r\t\b\f\v\0\\/"),
        (r"'\x41\u00e9\u{1F600}'", "Aé😀"),
        (r"'\ud83d\ude00'", "😀"),
        (r"'\ud83d'", "\ud83d"),
        ("'a\\\nb\\\r\nc'", "abc"),
        ("`a\r\n${'`'.length}`"[:4] + "`", "a\n"),
    ],
)
def test_a_string_means_what_javascript_reads(literal: str, value: str) -> None:
    assert string_value(literal) == value


@pytest.mark.parametrize("literal", [r"'\1'", r"'\08'", r"'\x4'", r"'\u12'", r"'\u{110000}'"])
def test_an_escape_that_modern_javascript_has_not_stays_as_it_is(literal: str) -> None:
    assert string_value(literal) == Opaque(literal)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("0", 0),
        ("80", 80),
        ("60_000", 60000),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b101", 5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("80.0", 80.0),
    ],
)
def test_a_number_means_what_javascript_reads(literal: str, value: float) -> None:
    assert number_value(literal) == value
    assert type(number_value(literal)) is type(value)


@pytest.mark.parametrize("literal", ["010", "08", "10n", "1e999", "1" * 5000])
def test_a_number_that_python_has_not_stays_as_it_is(literal: str) -> None:
    assert number_value(literal) == Opaque(literal)


@pytest.mark.parametrize(
    "text", ["", "it's", '"q"', "`${x}`", "$", "\\.", "é😀", "a\nb\r\n\t", "\0\x1f\x7f", "\u2028", "\ud83d"]
)
@pytest.mark.parametrize("quote", ["'", '"', "`"])
def test_a_string_that_was_spelled_means_the_same(text: str, quote: str) -> None:
    literal = quoted(text, quote)
    assert string_value(literal) == text
    assert literal.isprintable()
    assert quote != '"' or json.loads(literal) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (80, "80"),
        (-0.5, "-0.5"),
        ("it's", r"'it\'s'"),
        (Opaque("f(x)"), "f(x)"),
        (math.inf, None),
        (math.nan, None),
        (b"bytes", None),
    ],
)
def test_a_scalar_is_spelled_as_a_literal(value: Any, text: str | None) -> None:
    assert spelled(value, "'") == text
