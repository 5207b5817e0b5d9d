from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from orchestrator.generation.python.kit.samples import Pool
from orchestrator.generation.python.kit.settings import exports, find_needed, fresh, load_cases, surrounded, watched


class Failure(Exception):
    pass


def needing(*names: str, number: str = "") -> Any:
    def attempt() -> str:
        try:
            found = [os.environ[name] for name in names]
            return str(int(os.environ[number])) if number else " ".join(found)
        except (KeyError, ValueError) as error:
            raise Failure from error

    return attempt


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SHOP_A", "SHOP_B", "SHOP_C"):
        monkeypatch.setenv(name, "before")
        monkeypatch.delenv(name)


def test_what_a_module_cannot_do_without_is_found_by_what_it_asks_for_last() -> None:
    assert find_needed(needing("SHOP_A", "SHOP_B"), Failure) == ("1 1", {"SHOP_A": "1", "SHOP_B": "1"})


def test_nothing_is_needed_where_nothing_fails() -> None:
    assert find_needed(needing(), Failure) == ("", {})


def test_what_no_value_helps_fails_as_before_and_leaves_the_environment_as_it_was() -> None:
    def attempt() -> None:
        os.environ.get("SHOP_C")
        raise Failure

    with pytest.raises(Failure):
        find_needed(attempt, Failure)
    assert "SHOP_C" not in os.environ


def test_the_names_that_one_file_asks_for_are_told_from_others() -> None:
    with watched(__file__) as ours:
        os.environ.get("SHOP_A")
    with watched("/elsewhere.py") as others:
        os.environ.get("SHOP_A")
    assert (ours, others) == (["SHOP_A"], [])


def test_an_environment_lasts_for_a_while() -> None:
    os.environ["SHOP_A"] = "outside"
    with surrounded(["SHOP_A", "SHOP_B"], {"SHOP_B": "inside"}):
        assert ("SHOP_A" in os.environ, os.environ["SHOP_B"]) == (False, "inside")
        os.environ["SHOP_C"] = "left behind"
    assert os.environ["SHOP_A"] == "outside"
    assert not {"SHOP_B", "SHOP_C"} & os.environ.keys()


def test_each_name_has_other_values_and_is_missing_where_it_is_needed() -> None:
    cases = list(load_cases(["SHOP_A", "SHOP_B"], {"SHOP_A": "1"}, Pool(strings=["SHOP_A", "eu"])))
    environments = [each["act"]["environment"] for each in cases]
    assert environments[:2] == [{"SHOP_A": "1"}, {}]
    assert {"SHOP_A": "1", "SHOP_B": "eu"} in environments
    assert {"SHOP_A": "1", "SHOP_B": "SHOP_A"} not in environments


def test_a_fresh_copy_shows_its_values_and_what_its_own_instances_hold() -> None:
    text = "import os\nclass Kept:\n    def __init__(self): self.port, self._secret = 1, 2\nkept = Kept()\nNAME = 'a'\n"
    module = ModuleType("shop")
    module.__file__ = str(Path(__file__).with_name("shop.py"))
    copy = fresh(module, compile(text, "shop.py", "exec"))
    assert copy is not module
    assert exports(copy) == {"kept.port": 1, "NAME": "a"}


def test_what_takes_too_long_lacks_no_name() -> None:
    class Late(Failure):
        is_late = True

    def attempt() -> None:
        if "SHOP_C" not in os.environ:
            raise Late

    with pytest.raises(Late):
        find_needed(lambda: (os.environ.get("SHOP_C"), attempt()), Failure)
