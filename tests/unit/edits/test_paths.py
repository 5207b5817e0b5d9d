"""Paths as people write them: how they are read, what they find, and what is said of those that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.edits.paths import Every, Filter, Index, Key, PathSyntax, find, parse, show

DATA: dict[str, Any] = {
    "on": {"push": {"branches": ["main", "next"]}, "workflow_dispatch": None},
    "jobs": {
        "test": {
            "runs-on": "ubuntu-latest",
            "timeout-minutes": 10,
            "steps": [
                {"uses": "actions/checkout@v4"},
                {"run": "npm test", "with": {"exit-code": "0"}, "continue-on-error": True},
                "odd",
            ],
        },
        "lint": {"runs-on": "self-hosted", "steps": [{"uses": "actions/setup-node@v4", "with": {"exit-code": 0}}]},
    },
    "a.b": {"$schema": 1, "it's": 2},
}


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("$", ()),
        ("jobs", (Key("jobs"),)),
        ("$.jobs", (Key("jobs"),)),
        ("$[0]", (Index(0),)),
        ("$schema", (Key("$schema"),)),
        ("jobs.test.runs-on", (Key("jobs"), Key("test"), Key("runs-on"))),
        ("a[0][-1].b", (Key("a"), Index(0), Index(-1), Key("b"))),
        ("*.a[*]", (Every(), Key("a"), Every())),
        ("'a.b'.c", (Key("a.b"), Key("c"))),
        ("'$'.a", (Key("$"), Key("a"))),
        ('a["b]"]', (Key("a"), Key("b]"))),
        (r"'it\'s'", (Key("it's"),)),
        ("@scope/pkg", (Key("@scope/pkg"),)),
        ("node.20", (Key("node"), Key("20"))),
        ("a[?b]", (Key("a"), Filter(("b",)))),
        ("a[?@=='x']", (Key("a"), Filter((), "==", "x"))),
        ("a[?@.b == x]", (Key("a"), Filter(("b",), "==", "x"))),
        ("a[?with.'exit.code'!='1']", (Key("a"), Filter(("with", "exit.code"), "!=", "1"))),
        ("a[?$k$='v']", (Key("a"), Filter(("$k",), "$=", "v"))),
    ],
)
def test_a_path_is_read(path: str, parts: tuple[object, ...]) -> None:
    assert parse(path) == parts
    assert parse(show(parse(path))) == parts


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "column 1: a path names something; `$` is the whole file"),
        ("a.", "column 3: a key is missing; one with other characters is put in quotes"),
        ("a..b", "column 3: a key is missing; one with other characters is put in quotes"),
        ("a b", "column 2: a `.` or `[` is missing"),
        ("deploy-*", "column 8: a `.` or `[` is missing"),
        ("*x", "column 2: `*` stands alone; a key that has one is put in quotes"),
        ("a[1", "column 4: a `]` is missing"),
        ("a[x]", "column 3: within `[ ]` stands a number, `*`, a `?filter` or a key in quotes"),
        ("a[?==1]", "column 4: a key is missing; one with other characters is put in quotes"),
        ("a[?b==]", "column 7: a value to compare with is missing"),
        ("a[?b='c']", "column 5: a `]` is missing"),
        ("a.'b", "column 3: the quote does not end"),
    ],
)
def test_a_path_that_cannot_be_read_names_the_column(path: str, problem: str) -> None:
    with pytest.raises(PathSyntax) as caught:
        parse(path)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", [()]),
        ("on.workflow_dispatch", [("on", "workflow_dispatch")]),
        ("jobs.*.runs-on", [("jobs", "test", "runs-on"), ("jobs", "lint", "runs-on")]),
        ("jobs.test.steps[-1]", [("jobs", "test", "steps", 2)]),
        ("jobs.test.steps[3]", []),
        ("jobs.test.steps[-4]", []),
        ("jobs.test.steps.run", []),
        ("jobs.build", []),
        ("on.push.branches[*]", [("on", "push", "branches", 0), ("on", "push", "branches", 1)]),
        ("on.push.branches[?@=='next']", [("on", "push", "branches", 1)]),
        ("jobs.*.steps[?uses^='actions/']", [("jobs", "test", "steps", 0), ("jobs", "lint", "steps", 0)]),
        ("jobs.test.steps[?uses$='@v4']", [("jobs", "test", "steps", 0)]),
        ("jobs.test.steps[?run*=test]", [("jobs", "test", "steps", 1)]),
        ("jobs.test.steps[?run]", [("jobs", "test", "steps", 1)]),
        ("jobs.test.steps[?run!='npm test']", [("jobs", "test", "steps", 0), ("jobs", "test", "steps", 2)]),
        ("jobs.test.steps[?continue-on-error==true]", [("jobs", "test", "steps", 1)]),
        ("jobs[?runs-on=='self-hosted'].steps", [("jobs", "lint", "steps")]),
        ("jobs[?timeout-minutes=='10']", [("jobs", "test")]),
        ("jobs[?steps=='x']", []),
        ("jobs[?steps!='x'].timeout-minutes", [("jobs", "test", "timeout-minutes")]),
        ("on[?@==null]", [("on", "workflow_dispatch")]),
        ("'a.b'.$schema", [("a.b", "$schema")]),
    ],
)
def test_a_path_finds_places_in_the_order_of_the_file(path: str, found: list[object]) -> None:
    assert find(parse(path), DATA) == found


def test_a_number_and_its_text_are_the_same_to_a_filter() -> None:
    assert len(find(parse("jobs.*.steps[?with.exit-code=='0']"), DATA)) == 2


@given(st.lists(st.one_of(st.text(min_size=1), st.integers(0, 99)), max_size=5))
def test_any_place_can_be_written_and_read_again(place: list[str | int]) -> None:
    parts = parse(show(tuple(place)))
    assert [part.number if isinstance(part, Index) else part.name for part in parts] == place  # type: ignore[union-attr]


@given(st.text(alphabet="ab.[]*?'\"=!^$@\\ -0", max_size=20))
def test_what_cannot_be_read_is_always_told_with_a_column(text: str) -> None:
    try:
        parts = parse(text)
    except PathSyntax as error:
        assert 1 <= error.column <= len(text) + 1
    else:
        assert parse(show(parts)) == parts
