from __future__ import annotations

import ast
import re
from types import ModuleType

import pytest

from orchestrator.generation.python.kit.samples import collect, sample


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z][a-z0-9_]*$",
        r"https?://\S+",
        r"(.)\1{5,}",
        r"[\w.+-]+@[\w-]+\.[\w.]+",
        r"\+?\d(?:[\s-]?\d){8,14}",
        r"[^abc]x|y",
    ],
)
def test_a_sample_is_what_its_pattern_matches(pattern: str) -> None:
    text = sample(pattern)
    assert text is not None
    assert re.search(pattern, text)


def test_a_pattern_that_is_none_has_no_sample() -> None:
    assert sample("(") is None


def test_the_pool_holds_what_the_target_compares_with_and_not_its_prose() -> None:
    module = ModuleType("shop")
    module.__dict__["rules"] = {"insults": ["fool"]}
    text = '"""Prose."""\n'
    text += '@app.get("/path")\ndef a(x):\n    "More prose."\n    return x == "gold" and f"{x} text"\n    x > 10'
    pool = collect(ast.parse(text), module)
    assert pool.strings == ["fool", "gold"]
    assert pool.numbers == [10, 11, 9]
    assert pool.keys == ["insults"]
