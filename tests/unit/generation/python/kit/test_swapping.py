from __future__ import annotations

from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from orchestrator.generation.python.kit.swapping import Swap

TEXT = """
def rate(count):
    return 2 if count < 3 else 1

def counter(start):
    def step(): return start + 1
    return step

class Cart:
    def total(self): return rate(1)
"""


def compiled(text: str) -> CodeType:
    return compile(text, "/shop/shop.py", "exec")


@pytest.fixture
def shop() -> Any:
    module = ModuleType("shop")
    exec(compiled(TEXT), module.__dict__)
    return module


def test_functions_run_changed_code_for_a_while_wherever_they_are_kept(shop: Any) -> None:
    kept, method = {"by a framework": shop.rate}, shop.Cart().total
    with Swap(Path("/shop/shop.py"), shop).swapped(compiled(TEXT.replace("< 3", ">= 3"))):
        assert (kept["by a framework"](1), method()) == (1, 1)
    assert (kept["by a framework"](1), method()) == (2, 2)


def test_the_own_code_is_back_after_a_failure(shop: Any) -> None:
    with pytest.raises(KeyError), Swap(Path("/shop/shop.py"), shop).swapped(compiled(TEXT.replace("2 if", "5 if"))):
        assert shop.rate(1) == 5
        raise KeyError
    assert shop.rate(1) == 2


def test_a_function_that_remembers_something_is_changed_too_if_it_remembers_the_same(shop: Any) -> None:
    step = shop.counter(4)
    swap = Swap(Path("/shop/shop.py"), shop)
    with swap.swapped(compiled(TEXT.replace("start + 1", "start - 1"))):
        assert step() == 3
    with swap.swapped(compiled(TEXT.replace("start + 1", "9"))):
        assert step() == 5


def test_functions_of_other_files_stay(shop: Any) -> None:
    with Swap(Path("/shop/other.py"), shop).swapped(compiled(TEXT.replace("2 if", "5 if"))):
        assert shop.rate(1) == 2


def test_another_copy_of_the_module_runs_its_own_code(shop: Any) -> None:
    copy: Any = ModuleType("shop")
    exec(compiled(TEXT), copy.__dict__)
    with Swap(Path("/shop/shop.py"), shop).swapped(compiled(TEXT.replace("< 3", ">= 3"))):
        assert (shop.rate(1), copy.rate(1)) == (1, 2)
