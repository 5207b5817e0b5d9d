from __future__ import annotations

import pytest

from orchestrator.errors import TaskError
from orchestrator.generation.python.foreseen import foresee


def test_public_functions_and_methods_are_foreseen_and_private_ones_are_not() -> None:
    text = "def a(): ...\ndef _b(): ...\nclass C:\n    def d(self): ...\n    def _e(self): ...\n"
    text += "class _F:\n    def g(self): ...\n"
    assert foresee(text).functions == ("a", "C.d")


def test_every_decision_is_another_case() -> None:
    assert foresee("def a(x):\n    if x and x > 1:\n        raise ValueError\n    return [y for y in x]\n").cases == 5


def test_an_endpoint_has_cases_for_what_it_refuses() -> None:
    assert foresee("@app.get('/')\ndef a(): ...\n").cases == 4


def test_a_class_that_checks_itself_is_a_subject() -> None:
    assert foresee("class A:\n    def __post_init__(self): ...\n").functions == ("A",)


def test_a_text_that_is_not_python_is_refused_with_its_place() -> None:
    with pytest.raises(TaskError) as caught:
        foresee("def a(:\n", "shop.py")
    assert (caught.value.code, str(caught.value.location)) == ("generation/target-broken", "shop.py:1:7")


def test_a_text_that_cannot_even_be_read_as_tokens_is_refused() -> None:
    with pytest.raises(TaskError, match="null bytes"):
        foresee("a = \0")


def test_a_text_of_many_megabytes_is_refused() -> None:
    with pytest.raises(TaskError, match="is larger than"):
        foresee("#" * 2_000_001)
