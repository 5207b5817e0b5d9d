"""Edits of JavaScript take over the style of what stands around them."""

from __future__ import annotations

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.js_document import JsDocument
from orchestrator.edits.mutation import Add, Insert, Mutation, Noted, Remove, Set
from orchestrator.edits.text import SourceText


def change(text: str, *mutations: Mutation) -> str:
    head = "module.exports = "
    return edited(JsDocument.parse(SourceText("a.js", head + text)), mutations).source.text.removeprefix(head)


@pytest.mark.parametrize(
    ("before", "mutation", "after"),
    [
        ("{\n  a: 1,\n}", Add(("b",), 2), "{\n  a: 1,\n  b: 2,\n}"),
        ("{\n  a: 1\n}", Add(("b",), 2), "{\n  a: 1,\n  b: 2\n}"),
        ("{\n  a: 1, // one\n}", Add(("b",), 2), "{\n  a: 1, // one\n  b: 2,\n}"),
        ("{\n  a: 1 // one\n}", Add(("b",), 2), "{\n  a: 1, // one\n  b: 2\n}"),
        ("{\n  a: 1 /* one */\n  // end\n}", Add(("b",), 2), "{\n  a: 1, /* one */\n  b: 2\n  // end\n}"),
        ("{\n  a: 1,\n\n  b: 2,\n}", Add(("c",), 3), "{\n  a: 1,\n\n  b: 2,\n\n  c: 3,\n}"),
        ("{\n  a: 1,\n\n  b: 2,\n}", Add(("c",), 3, before="b"), "{\n  a: 1,\n\n  c: 3,\n\n  b: 2,\n}"),
        (
            "{\n  // about a\n  a: 1,\n\n  // a chapter\n\n  // about b\n  b: 2,\n  c: 3\n}",
            Add(("x",), 0, before="b"),
            "{\n  // about a\n  a: 1,\n\n  // a chapter\n\n  x: 0,\n  // about b\n  b: 2,\n  c: 3\n}",
        ),
        (
            "{\n  a: 1, /* one */\n  // about b\n  b: 2,\n}",
            Add(("x",), 0, after="a"),
            "{\n  a: 1, /* one */\n  x: 0,\n  // about b\n  b: 2,\n}",
        ),
        ("{ a: 1 }", Add(("b",), 2), "{ a: 1, b: 2 }"),
        ("{a: 1, b: 2}", Add(("c",), 3, before="b"), "{a: 1, c: 3, b: 2}"),
        ("{ a: 1, }", Add(("b",), 2), "{ a: 1, b: 2, }"),
        ("{ a: 1 // one\n}", Add(("b",), 2), "{ a: 1, b: 2 // one\n}"),
        ("[1,2]", Insert((), 1, 3), "[1,3,2]"),
        ("[1, /* two */ 2]", Insert((), 1, 3), "[1, 3, /* two */ 2]"),
        ("[ 1,\n  2,\n  3 ]", Insert((), 3, 4), "[ 1,\n  2,\n  3,\n  4 ]"),
        ("[\n  1, 2,\n  3, 4,\n]", Insert((), 1, 9), "[\n  1, 9, 2,\n  3, 4,\n]"),
        ("[\n  1, 2,\n  3, 4,\n]", Insert((), 2, 9), "[\n  1, 2,\n  9,\n  3, 4,\n]"),
        ("[\n  1, 2,\n  3, 4,\n]", Insert((), 4, 9), "[\n  1, 2,\n  3, 4,\n  9,\n]"),
        ("{\n    a: 1\n  , b: 2\n}", Add(("c",), 3), "{\n    a: 1\n  , b: 2\n  , c: 3\n}"),
        ("{ a: 1\n, b: 2\n}", Add(("c",), 3, before="b"), "{ a: 1\n, c: 3\n, b: 2\n}"),
        ("[{\n  a: 1,\n}]", Insert((), 1, {"b": 2}), "[{\n  a: 1,\n}, {\n  b: 2,\n}]"),
        ("{}", Add(("a",), 1), "{\n  a: 1\n}"),
        ("[]", Insert((), 0, {"a": 1}), "[\n  {\n    a: 1\n  }\n]"),
        ("{\n  // nothing yet\n}", Add(("a",), 1), "{\n  // nothing yet\n  a: 1\n}"),
        ("{ /* nothing yet */ }", Add(("a",), 1), "{ /* nothing yet */ a: 1 }"),
        ("{\n  a: {},\n  b: [],\n}", Add(("a", "c"), 1), "{\n  a: {\n    c: 1,\n  },\n  b: [],\n}"),
        ("{\n  a: {},\n  b: [],\n}", Insert(("b",), 0, "c"), "{\n  a: {},\n  b: ['c'],\n}"),
        ("{ a: {}, b: [] }", Add(("a", "c"), {"d": []}), "{ a: { c: { d: [] } }, b: [] }"),
        ("{\n  a: {},\n  b: { c: 1 },\n}", Add(("a", "d"), 2), "{\n  a: { d: 2 },\n  b: { c: 1 },\n}"),
        (
            "{\n\ta: {\n\t\tb: 1,\n\t},\n}",
            Add(("c",), {"d": [{"e": 1}, {"f": 2}]}),
            "{\n\ta: {\n\t\tb: 1,\n\t},\n\tc: {\n\t\td: ["
            "\n\t\t\t{\n\t\t\t\te: 1,\n\t\t\t},\n\t\t\t{\n\t\t\t\tf: 2,\n\t\t\t},\n\t\t],\n\t},\n}",
        ),
        (
            "{\n    a: 'x',\n    'b-c': 'y',\n}",
            Add(("d",), "it's"),
            "{\n    a: 'x',\n    'b-c': 'y',\n    d: 'it\\'s',\n}",
        ),
        ('{\n  a: "x",\n}', Add(("b/c",), "d"), '{\n  a: "x",\n  "b/c": "d",\n}'),
        ("{ a: \"x\", b: 'y', c: 'z' }", Add(("d",), "e"), "{ a: \"x\", b: 'y', c: 'z', d: 'e' }"),
        ("{\n  'a': 'x',\n  'b': 'x',\n}", Add(("c",), 1), "{\n  'a': 'x',\n  'b': 'x',\n  'c': 1,\n}"),
        ("{\n  'a/': 1,\n  'b/': 2,\n}", Add(("c",), 1), "{\n  'a/': 1,\n  'b/': 2,\n  c: 1,\n}"),
        ("{\n  a:1,\n}", Add(("b",), 2), "{\n  a:1,\n  b:2,\n}"),
        ("{\n  list: ['a'],\n}", Add(("b",), ["c", "d"]), "{\n  list: ['a'],\n  b: ['c', 'd'],\n}"),
        (
            "{\n  list: [\n    'a',\n  ],\n}",
            Add(("b",), ["c", "d"]),
            "{\n  list: [\n    'a',\n  ],\n  b: [\n    'c',\n    'd',\n  ],\n}",
        ),
        (
            "{\n  a: 1,\n}",
            Add(("b",), ["x" * 40, "y" * 40]),
            f"{{\n  a: 1,\n  b: [\n    '{'x' * 40}',\n    '{'y' * 40}',\n  ],\n}}",
        ),
        (
            "{\n  g: { x: 1, y: 2 },\n}",
            Add(("h",), {"x": 1, "y": 2}),
            "{\n  g: { x: 1, y: 2 },\n  h: { x: 1, y: 2 },\n}",
        ),
        ("{\n  g: {x: 1},\n}", Add(("h",), {"x": 1, "y": 2}), "{\n  g: {x: 1},\n  h: {x: 1, y: 2},\n}"),
        ("{\n  a: 1,\n}", Add(("b",), Noted("v", "version 1")), "{\n  a: 1,\n  b: 'v', // version 1\n}"),
        ("{ a: 1 }", Add(("b",), Noted("v", "a */ b")), "{ a: 1, b: 'v' /* a * / b */ }"),
        (
            "{\n  a: 1,\n}",
            Add(("b",), [Noted("v", "why"), "w"]),
            "{\n  a: 1,\n  b: [\n    'v', // why\n    'w',\n  ],\n}",
        ),
    ],
)
def test_what_is_new_looks_like_its_neighbours(before: str, mutation: Mutation, after: str) -> None:
    assert change(before, mutation) == after


@pytest.mark.parametrize(
    ("before", "mutation", "after"),
    [
        ("{\n  a: 'x', // was y\n}", Set(("a",), "z"), "{\n  a: 'z', // was y\n}"),
        ("{\n  a: 'x', // v1\n}", Set(("a",), Noted("z", "v2")), "{\n  a: 'z', // v2\n}"),
        ("{\n  a: 'x',\n}", Set(("a",), Noted("z", "v2")), "{\n  a: 'z', // v2\n}"),
        ("{ a: \"x\", b: 'y' }", Set(("a",), 'it\'s "q"'), '{ a: "it\'s \\"q\\"", b: \'y\' }'),
        ("{ a: 'x' }", Set(("a",), 5), "{ a: 5 }"),
        ("{ a: 1, b: 'y' }", Set(("a",), "z"), "{ a: 'z', b: 'y' }"),
        ("{ a: `x` }", Set(("a",), "`${y}`"), "{ a: `\\`\\${y}\\`` }"),
        ("{ a: 60_000, b: 1 }", Set(("a",), 60000), "{ a: 60_000, b: 1 }"),
        ("{ a: 60_000, b: 1 }", Set(("a",), True), "{ a: true, b: 1 }"),
        ("{ a: ('x') }", Set(("a",), "y"), "{ a: ('y') }"),
        ("{\n  a: 1,\n}", Set(("a",), {"b": [1], "c": {}}), "{\n  a: {\n    b: [1],\n    c: {},\n  },\n}"),
        ("{ a: 1 }", Set(("a",), {"b": [1]}), "{ a: { b: [1] } }"),
    ],
)
def test_a_value_keeps_its_quotes_and_its_comment(before: str, mutation: Mutation, after: str) -> None:
    assert change(before, mutation) == after


@pytest.mark.parametrize(
    ("before", "mutation", "after"),
    [
        ("{\n  a: 1,\n  b: 2,\n}", Remove(("a",)), "{\n  b: 2,\n}"),
        ("{\n  a: 1,\n  b: 2\n}", Remove(("b",)), "{\n  a: 1\n}"),
        ("{\n  a: 1, // one\n  b: 2 // two\n}", Remove(("b",)), "{\n  a: 1 // one\n}"),
        ("{\n  a: 1,\n\n  // about b\n  b: 2, // two\n\n  c: 3,\n}", Remove(("b",)), "{\n  a: 1,\n\n  c: 3,\n}"),
        ("{\n  a: 1,\n\n  b: 2,\n}", Remove(("a",)), "{\n  b: 2,\n}"),
        ("{\n  a: 1,\n\n  b: 2,\n}", Remove(("b",)), "{\n  a: 1,\n}"),
        ("{\n  // a chapter\n\n  a: 1,\n}", Remove(("a",)), "{\n  // a chapter\n}"),
        ("{\n  a: 1,\n}", Remove(("a",)), "{}"),
        ("{ a: 1 }", Remove(("a",)), "{}"),
        ("{ /* stays */ a: 1, b: 2 }", Remove(("b",)), "{ /* stays */ a: 1 }"),
        ("{ a: 1 /* one */, /* two */ b: 2 /* two */ }", Remove(("b",)), "{ a: 1 /* one */ }"),
        ("[1, /* two */ 2, 3]", Remove((1,)), "[1, 3]"),
        ("[1, 2,]", Remove((1,)), "[1,]"),
        ("[1, // one\n 2]", Remove((1,)), "[1 // one\n]"),
        ("[\n  1, 2,\n  3, 4,\n]", Remove((1,)), "[\n  1, 3, 4,\n]"),
        ("[\n  1, 2,\n  3, 4,\n]", Remove((3,)), "[\n  1, 2,\n  3,\n]"),
        ("[ 1,\n  // two\n  2,\n  3 ]", Remove((0,)), "[ // two\n  2,\n  3 ]"),
        ("{ a: 1\n, b: 2\n}", Remove(("b",)), "{ a: 1\n}"),
        ("{\n  a: [1], b: 2,\n}", Remove(("a",)), "{\n  b: 2,\n}"),
    ],
)
def test_what_is_removed_takes_its_comma_and_its_comments_along(before: str, mutation: Mutation, after: str) -> None:
    assert change(before, mutation) == after


def test_the_quotes_of_the_file_are_taken_where_the_object_has_none() -> None:
    for quote in "'\"":
        source = SourceText("a.js", f"const a = require({quote}b{quote})\n// don't\nmodule.exports = {{ a: 1 }}")
        result = edited(JsDocument.parse(source), [Add(("c",), "d")])
        assert result.source.text.endswith(f"{{ a: 1, c: {quote}d{quote} }}")


def test_several_edits_keep_their_order() -> None:
    text = "{\n  a: 1,\n  b: [1],\n}"
    edits = (Add(("c",), 3), Add(("d",), 4), Insert(("b",), 1, 2), Insert(("b",), 1, 3), Set(("a",), 0))
    assert change(text, *edits) == "{\n  a: 0,\n  b: [1, 2, 3],\n  c: 3,\n  d: 4,\n}"


def test_a_list_that_is_exported_is_edited_like_any_other() -> None:
    text = "[\n  { files: ['a'] },\n]\n"
    assert change(text, Insert((), 1, {"files": ["b"]})) == "[\n  { files: ['a'] },\n  { files: ['b'] },\n]\n"


def test_places_behind_wide_characters_are_right() -> None:
    source = SourceText.read("a.ts", "\ufeff// 😀 é\r\nexport default {\r\n  ä: '😀', // ü\r\n} as const\r\n".encode())
    result = edited(JsDocument.parse(source), [Set(("ä",), "ß"), Add(("b",), 2)])
    expected = "\ufeff// 😀 é\r\nexport default {\r\n  ä: 'ß', // ü\r\n  b: 2,\r\n} as const\r\n"
    assert result.source.encode() == expected.encode()
