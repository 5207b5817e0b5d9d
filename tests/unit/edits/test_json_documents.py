"""Edits of JSON, with and without comments, and what is refused as no JSON."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.json_document import JsonDocument
from orchestrator.edits.mutation import Add, Insert, Mutation, Noted, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText


def read(text: str, path: str = "tsconfig.json") -> JsonDocument:
    return JsonDocument.parse(SourceText(path, text))


def change(text: str, *mutations: Mutation, path: str = "tsconfig.json") -> str:
    return edited(read(text, path), mutations).source.text


def refusal(text: str, *mutations: Mutation, path: str = "tsconfig.json") -> str:
    with pytest.raises(Refusal) as caught:
        change(text, *mutations, path=path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"a": [1, 2.5, -3e2, true, null, "\\u00e9\\/"]}', {"a": [1, 2.5, -300.0, True, None, "é/"]}),
        (
            '// c\n{ /* d */ "a": "// no comment", "b": "/* nor */, }", }\n// e',
            {"a": "// no comment", "b": "/* nor */, }"},
        ),
        ('["a",\r\n]', ["a"]),
        ('"text"', "text"),
        (" 1\n", 1),
    ],
)
def test_a_file_holds_one_value(text: str, data: Any) -> None:
    assert read(text).data == data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expecting value\n  --> tsconfig.json:1:1"),
        ("// only a comment", "expecting value\n  --> tsconfig.json:1:18"),
        ('{"a": 1 "b": 2}', "expecting ',' delimiter\n  --> tsconfig.json:1:9"),
        ('{\n  "a": [1,\n}', "expecting ',' delimiter\n  --> tsconfig.json:3:1"),
        ("{'a': 1}", "expecting property name enclosed in double quotes\n  --> tsconfig.json:1:2"),
        ("{a: 1}", "expecting property name enclosed in double quotes\n  --> tsconfig.json:1:2"),
        ('{"a": 0x1F}', "expecting ',' delimiter\n  --> tsconfig.json:1:8"),
        ('{"a": NaN}', "`NaN` is no value\n  --> tsconfig.json:1:7"),
        ('{"a": -Infinity}', "`-Infinity` is no value\n  --> tsconfig.json:1:7"),
        ('{"a": [,]}', "a comma with nothing before it\n  --> tsconfig.json:1:8"),
        ('{"a": 1,,}', "expecting property name enclosed in double quotes\n  --> tsconfig.json:1:10"),
        ("{,}", "a comma with nothing before it\n  --> tsconfig.json:1:2"),
        ('{"a": 1}\n{"b": 2}', "extra data\n  --> tsconfig.json:2:1"),
        ('{"a": `b`}', "expecting value\n  --> tsconfig.json:1:7"),
        ('{"a": "b\tc"}', "invalid control character at\n  --> tsconfig.json:1:9"),
        ('{"é": "b", "ü": }', "expecting value\n  --> tsconfig.json:1:17"),
    ],
)
def test_what_is_no_json_is_refused_at_its_place(text: str, message: str) -> None:
    assert refusal(text) == f"error[edit/syntax]: `tsconfig.json` is not JSON: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n  "a": 1, // why\n}', "expecting property name enclosed in double quotes\n  --> package.json:2:11"),
        ('{\n  "a": 1,\n}', "expecting property name enclosed in double quotes\n  --> package.json:3:1"),
    ],
)
def test_npm_reads_neither_comments_nor_trailing_commas(text: str, message: str) -> None:
    assert refusal(text, path="package.json") == f"error[edit/syntax]: `package.json` is not JSON: {message}"
    assert read(text).data == {"a": 1}


def test_a_template_is_refused() -> None:
    assert refusal('{\n  "a": {{ b }}\n}') == (
        "error[edit/template]: `tsconfig.json` is a template, not JSON\n  --> tsconfig.json:2:8"
    )


@pytest.mark.parametrize("text", ["[" * 500 + "]" * 500, "[" * 100_000])
def test_endless_nesting_is_refused(text: str) -> None:
    assert refusal(text).startswith("error[edit/too-large]: `tsconfig.json` nests ")


@pytest.mark.parametrize(
    ("text", "mutation", "message"),
    [
        (
            '{"a": 1, "a": 2}',
            Set(("a",), 3),
            "[edit/duplicate-key]: `a` stands twice\n  --> package.json:1:10\n  hint: remove one of them",
        ),
        (
            '{"jest": "config/jest.json"}',
            Add(("jest", "collectCoverageFrom"), []),
            "[edit/wrong-shape]: `jest` is not a mapping\n  --> package.json:1:10",
        ),
        ('{"a": null}', Add(("a", "b"), []), "[edit/wrong-shape]: `a` is not a mapping\n  --> package.json:1:7"),
        ("1", Add(("a",), 1), "[edit/wrong-shape]: `$` is not a mapping\n  --> package.json:1:1"),
        ('{"a": 1e999}', Set(("a",), 1), "[edit/not-literal]: `a` is computed: `1e999`\n  --> package.json:1:7"),
        (
            '{"a": 1}',
            Set(("a",), float("nan")),
            "[edit/wrong-shape]: `nan` cannot be written in JSON\n  --> package.json:1:1",
        ),
    ],
)
def test_a_place_that_cannot_be_edited_is_refused(text: str, mutation: Mutation, message: str) -> None:
    assert refusal(text, mutation, path="package.json") == f"error{message}"


def test_a_duplicate_key_elsewhere_does_no_harm() -> None:
    assert change('{"a": 1, "a": 2, "b": 3}', Set(("b",), 4)) == '{"a": 1, "a": 2, "b": 4}'


PACKAGE = """\
{
  "name": "a",
  "jest": {},
  "files": [
    "dist"
  ],
  "scripts": { "test": "jest" }
}
"""


@pytest.mark.parametrize(
    ("mutation", "removed", "added"),
    [
        (Set(("name",), "it's \"b\""), '  "name": "a",\n', '  "name": "it\'s \\"b\\"",\n'),
        (Add(("jest", "preset"), "ts"), '"jest": {}', '"jest": { "preset": "ts" }'),
        (Insert(("files",), 1, "src"), '    "dist"\n', '    "dist",\n    "src"\n'),
        (Insert(("files",), 0, "src"), '    "dist"\n', '    "src",\n    "dist"\n'),
        (Remove(("files", 0)), '[\n    "dist"\n  ]', "[]"),
        (Remove(("scripts",)), '  ],\n  "scripts": { "test": "jest" }\n', "  ]\n"),
        (Remove(("scripts", "test")), '{ "test": "jest" }', "{}"),
        (Add(("scripts", "lint"), "eslint"), ' "jest" }', ' "jest", "lint": "eslint" }'),
        (Add(("private",), True, after="name"), '"a",\n', '"a",\n  "private": true,\n'),
        (
            Add(("new",), {"list": ["a", "b"], "deep": {"none": []}}),
            '"jest" }\n',
            '"jest" },\n  "new": {\n    "list": [\n      "a",\n      "b"\n    ],\n    "deep": { "none": [] }\n  }\n',
        ),
    ],
)  # fmt: skip
def test_a_package_is_edited_in_the_style_of_npm(mutation: Mutation, removed: str, added: str) -> None:
    assert change(PACKAGE, mutation, path="package.json") == PACKAGE.replace(removed, added)


def test_an_empty_key_is_a_neighbour_like_any_other() -> None:
    text = '{"": {"integrity": 1}, "a": 2}'
    assert change(text, Add(("b",), 3, before="")) == '{"b": 3, "": {"integrity": 1}, "a": 2}'
    assert change(text, Add(("b",), 3, after="")) == '{"": {"integrity": 1}, "b": 3, "a": 2}'


def test_json_gets_no_trailing_comma() -> None:
    assert change("{}", Add(("a",), [1])) == '{\n  "a": [\n    1\n  ]\n}'


def test_trailing_commas_are_a_habit() -> None:
    text = '{\n  "a": 1, // why\n  "b": {},\n}\n'
    assert change(text, Add(("c",), [1])) == '{\n  "a": 1, // why\n  "b": {},\n  "c": [\n    1,\n  ],\n}\n'
    assert change(text, Add(("b", "c"), 1)) == '{\n  "a": 1, // why\n  "b": {\n    "c": 1,\n  },\n}\n'


def test_a_comment_goes_only_where_there_are_comments() -> None:
    assert change('{\n  "a": 1\n}', Add(("b",), Noted(2, "why"))) == '{\n  "a": 1,\n  "b": 2\n}'
    assert change('{\n  "a": 1 // x\n}', Add(("b",), Noted(2, "why"))) == '{\n  "a": 1, // x\n  "b": 2 // why\n}'


def test_short_lists_follow_those_of_the_file() -> None:
    text = '{\n  "lib": ["dom", "es2022"],\n  "types": []\n}'
    assert change(text, Insert(("types",), 0, "jest")) == text.replace("[]", '["jest"]')
    long = "x" * 100
    assert change(text, Insert(("types",), 0, long)) == text.replace("[]", f'[\n    "{long}"\n  ]')


@pytest.mark.parametrize("text", ["[1,2,3]", "[\n  1,\n  2,\n  3\n]"])
@pytest.mark.parametrize("removed", [(0, 1), (1, 2), (0, 2), (0, 1, 2)])
def test_several_removals_leave_no_comma_behind(text: str, removed: tuple[int, ...]) -> None:
    mutations = [Remove((index,)) for index in removed]
    try:
        result = change(text, *mutations)
    except Refusal as told:
        assert told.code == "edit/gate"
    else:
        assert "".join(result.split()) == f"[{','.join(str(each) for each in (1, 2, 3) if each - 1 not in removed)}]"


@pytest.mark.parametrize("has_bom", [False, True])
def test_line_endings_and_the_mark_at_the_start_stay(has_bom: bool) -> None:
    content = b"\xef\xbb\xbf" * has_bom + '{\r\n\t"ä": "😀",\r\n\t"b": [\r\n\t\t1\r\n\t]\r\n}'.encode()
    document = JsonDocument.parse(SourceText.read("a.json", content))
    result = edited(document, [Insert(("b",), 1, 2), Add(("c",), {"d": 1})]).source.encode()
    assert result == content.replace(b"\t\t1\r\n\t]", b'\t\t1,\r\n\t\t2\r\n\t],\r\n\t"c": {\r\n\t\t"d": 1\r\n\t}')
