from __future__ import annotations

import ast
import sys
from typing import Any

import pytest

from orchestrator.generation.python.kit.tracing import TooManySteps, Trace, mark

PATH = "/shop/shop.py"
TEXT = """
def plain(x):
    '''Has a docstring.'''
    if x:
        return 1
    return 2

def short(x): return x

def both(x):
    value = plain(x)
    return short(value)

def many(x):
    for each in range(x):
        yield each

def forever():
    while True:
        pass

def failing():
    raise ValueError("full")

async def later(wait):
    await wait
    return 1

def documented():
    '''Does nothing.'''
"""


def loaded(text: str = TEXT) -> dict[str, Any]:
    tree = ast.parse(text)
    mark(tree)
    names: dict[str, Any] = {}
    exec(compile(tree, PATH, "exec"), names)
    return names


def lines(function: str, *arguments: Any, consume: Any = lambda value: value) -> set[int]:
    trace, names = Trace(PATH), loaded()
    with trace.on():
        consume(names[function](*arguments))
        assert sys.gettrace() is None
    return trace.lines


def test_the_lines_that_run_are_collected_without_the_marks() -> None:
    assert lines("plain", True) == {4, 5}
    assert lines("plain", False) == {4, 6}
    assert lines("short", 1) == {8}
    assert lines("documented") == set()


def test_what_a_function_calls_is_collected_alike_whoever_calls_it() -> None:
    trace, names = Trace(PATH), loaded()
    with trace.on():
        names["plain"](True)
    alone = trace.arcs
    with trace.on():
        names["both"](True)
    assert alone < trace.arcs
    assert trace.lines == {11, 12, 4, 5, 8}


def test_a_generator_is_followed_while_others_consume_it() -> None:
    assert lines("many", 2, consume=list) == {15, 16}


def test_a_coroutine_is_followed_when_it_goes_on() -> None:
    def run(coroutine: Any) -> None:
        coroutine.send(None)
        with pytest.raises(StopIteration):
            coroutine.send(None)

    class Once:
        def __await__(self) -> Any:
            yield

    assert lines("later", Once(), consume=run) == {26, 27}


def test_nothing_is_traced_any_more_after_a_failure() -> None:
    trace, names = Trace(PATH), loaded()
    with trace.on():
        with pytest.raises(ValueError, match="full"):
            names["failing"]()
        assert sys.gettrace() is None
    assert trace.lines == {23}


def test_a_loop_without_an_end_is_ended_after_a_count_of_steps() -> None:
    with Trace(PATH, most=100).on(), pytest.raises(TooManySteps):
        loaded()["forever"]()


def test_marked_functions_run_as_they_are_while_nothing_is_traced() -> None:
    assert loaded()["both"](False) == 2
    assert sys.gettrace() is None


def test_everywhere_collects_what_has_no_mark() -> None:
    trace = Trace(PATH)
    with trace.everywhere():
        exec(compile("x = 1\nif x:\n    y = 2\n", PATH, "exec"), {})
    assert trace.lines == {1, 2, 3}
