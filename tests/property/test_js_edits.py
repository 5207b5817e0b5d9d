"""Edits of JavaScript and JSON files do exactly what they mean, however the file is formatted."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any, Final, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.edits.document import edited
from orchestrator.edits.js_document import JsDocument
from orchestrator.edits.json_document import JsonDocument
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, applied, differences
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText

EXAMPLES = settings(
    max_examples=max(500, settings().max_examples), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
KEYS = ("a", "b2", "$c", "_d", "src/x/", "./é", "it's", '"', "class", "1", "", "^.+\\.ts$", "...e", "[f]")
texts = st.sampled_from(
    ("", "a", "src/**/*.ts", "!x", "it's", '"q"', "`${x}`", "\\.", "é", "😀", "a\nb", "//", "/*", "\u2028")
)
numbers = st.integers(-9, 10**6) | st.sampled_from((0.5, -1.25, 1e30, 1e-7, 80.0))
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)


class Writer:
    """Writes data as JavaScript or JSON, formatted at random."""

    def __init__(self, draw: st.DrawFn, *, is_json: bool) -> None:
        self._draw = draw
        self._is_json = is_json
        self._newline = draw(st.sampled_from(("\n", "\r\n")))
        self._unit = draw(st.sampled_from(("  ", "    ", "\t", "")))
        self._comments = draw(st.booleans())
        self._trailing = draw(st.booleans())

    def text(self, value: Any, indent: str = "") -> str:
        match value:
            case dict() if value:
                return self._container("{}", [self._pair(key, item, indent) for key, item in value.items()], indent)
            case list() if value:
                return self._container("[]", [self.text(item, indent + self._unit) for item in value], indent)
            case dict() | list():
                return self._draw(st.sampled_from(("{}", "{ }") if isinstance(value, dict) else ("[]", "[ ]")))
            case str():
                return self._string(value)
            case _:
                return json.dumps(value)

    def _pair(self, key: str, value: Any, indent: str) -> str:
        is_name = not self._is_json and key.isidentifier() and self._draw(st.booleans())
        colon = self._draw(st.sampled_from((": ", ":", " : ")))
        return (key if is_name else self._string(key)) + colon + self.text(value, indent + self._unit)

    def _string(self, text: str) -> str:
        double = json.dumps(text, ensure_ascii=self._draw(st.booleans()))
        if self._is_json or self._draw(st.booleans()):
            return double
        return "'" + double[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"

    def _container(self, brackets: str, entries: list[str], indent: str) -> str:
        inner, nl, opening, closing = indent + self._unit, self._newline, brackets[0], brackets[1]
        layout = self._draw(st.sampled_from(("line", "lines", "spaced", "leading", "wild")))
        if layout == "line":
            return (
                opening
                + self._space()
                + ("," + self._space()).join(entries)
                + self._comma(" ")
                + self._space()
                + closing
            )
        if layout == "leading":
            return opening + " " + f"{nl}{inner}, ".join(entries) + nl + indent + closing
        if layout == "wild":
            body = "".join(self._gap(inner) + each + self._gap(inner) + "," for each in entries[:-1])
            return opening + body + self._gap(inner) + entries[-1] + self._comma("") + self._gap(inner) + closing
        lines = [self._above(inner) + inner + each for each in entries]
        joined = "".join(f"{line},{self._beside()}{nl * (1 + (layout == 'spaced'))}" for line in lines[:-1])
        last = lines[-1] + self._comma("") + self._beside() + nl + self._above(inner)
        return f"{opening}{nl}{joined}{last}{indent}{closing}"

    def _comma(self, before: str) -> str:
        return before * self._draw(st.booleans()) + "," if self._trailing and self._draw(st.booleans()) else ""

    def _space(self) -> str:
        return self._draw(st.sampled_from(("", " ", "  ")))

    def _above(self, indent: str) -> str:
        if not (self._comments and self._draw(st.booleans())):
            return ""
        notes = (
            "// above, {",
            "/* above */",
            f"/*{self._newline} * two lines{self._newline} */",
            "// a\n// b".replace("\n", self._newline),
        )
        return indent + self._draw(st.sampled_from(notes)) + self._newline * self._draw(st.integers(1, 2))

    def _beside(self) -> str:
        return self._draw(st.sampled_from(("", " // it's beside", " /* beside */", "  "))) if self._comments else ""

    def _gap(self, indent: str) -> str:
        notes = (" // gap }" + self._newline, "/* gap */", f"{self._newline}{indent}/* g */ ") if self._comments else ()
        return self._draw(st.sampled_from(("", " ", self._newline + indent, self._newline * 2 + indent, *notes)))


FRAMES: Final = (
    "module.exports = {};",
    "// é\nconst config = {};\nmodule.exports = config;\n",
    "'use strict'\nmodule.exports = () => ({});",
    "module.exports = defineConfig({})",
    "module.exports = function () {\n  return {};\n}\n",
)


@st.composite
def files(draw: st.DrawFn, *, is_json: bool) -> tuple[SourceText, Any]:
    data = draw(objects)
    text = Writer(draw, is_json=is_json).text(data)
    if is_json:
        return SourceText("a.json", text + draw(st.sampled_from(("", "\n")))), data
    head, tail = draw(st.sampled_from(FRAMES)).rsplit("{}", 1)
    return SourceText("a.config.js", head + text + tail), data


def places(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, data
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from places(value, (*path, key))


@st.composite
def mutations(draw: st.DrawFn, data: Any) -> Mutation:
    path, value = draw(st.sampled_from(list(places(data))))
    new = draw(values)
    kinds = ["set", "remove"] if path else []
    if isinstance(value, dict):
        keys = [None, *value]
        side = draw(st.sampled_from(("before", "after")))
        kinds += ["add"] * 3
        add = Add((*path, "added key"), new, **{side: draw(st.sampled_from(keys))})
    elif isinstance(value, list):
        kinds += ["insert"] * 3
    match draw(st.sampled_from(kinds)):
        case "set":
            return Set(path, new)
        case "remove":
            return Remove(path)
        case "add":
            return add
        case _:
            return Insert(path, draw(st.integers(0, len(value))), new)


def npm_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\u2028", "\\u2028") + "\n"


class Node:
    """Runs configuration files of CommonJS, all in one process."""

    _PROGRAM = """
        require("readline").createInterface({input: process.stdin}).on("line", line => {
            const module = {exports: {}}
            new Function("module", "defineConfig", JSON.parse(line))(module, config => config)
            const value = module.exports
            console.log(JSON.stringify(typeof value === "function" ? value() : value))
        })
    """

    def __init__(self) -> None:
        command = ["node", "-e", self._PROGRAM]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, text: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(text), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline(), parse_int=float)


def with_javascript_numbers(data: Any) -> Any:
    return json.loads(json.dumps(data), parse_int=float)


def is_same(one: Any, other: Any) -> bool:
    return list(differences(one, other)) == []


@EXAMPLES
@given(st.data(), st.booleans())
def test_a_file_is_read_as_what_it_was_written_from(data: st.DataObject, is_json: bool) -> None:
    source, value = data.draw(files(is_json=is_json))
    document = (JsonDocument if is_json else JsDocument).parse(source)
    assert is_same(document.data, value)
    assert list(document.data) == list(value)


@EXAMPLES
@given(st.data(), st.booleans())
def test_an_edit_means_what_it_means_on_data_and_keeps_all_comments_it_does_not_own(
    data: st.DataObject, is_json: bool
) -> None:
    source, value = data.draw(files(is_json=is_json))
    document = (JsonDocument if is_json else JsDocument).parse(source)
    mutation = data.draw(mutations(value))
    result = edited(document, [mutation])
    assert is_same(result.data, applied(value, [mutation]))
    if isinstance(mutation, Add | Insert):
        assert removed_characters(source.text, document.splices(mutation)).strip() == ""
    assert ("\r\n" in source.text) or ("\r" not in result.source.text)


def removed_characters(text: str, splices: Any) -> str:
    return "".join(text[splice.start : splice.end] for splice in splices)


@EXAMPLES
@given(st.data())
def test_json_stays_json_for_its_own_parser(data: st.DataObject) -> None:
    value = data.draw(objects)
    indent = data.draw(st.sampled_from((None, 0, 1, 2, 4, "\t")))
    source = SourceText("package.json", json.dumps(value, indent=indent, ensure_ascii=data.draw(st.booleans())))
    mutation = data.draw(mutations(value))
    result = edited(JsonDocument.parse(source), [mutation])
    assert is_same(json.loads(result.source.text), applied(value, [mutation]))


@EXAMPLES
@given(st.data())
def test_json_as_npm_writes_it_stays_as_npm_would_write_it(data: st.DataObject) -> None:
    value = data.draw(objects.filter(bool))
    mutation = data.draw(mutations(value))
    result = edited(JsonDocument.parse(SourceText("package.json", npm_text(value))), [mutation])
    assert result.source.text == npm_text(applied(value, [mutation]))


@EXAMPLES
@given(st.data())
def test_several_edits_at_once_are_made_exactly_or_not_at_all(data: st.DataObject) -> None:
    value = data.draw(objects)
    source = SourceText("a.json", json.dumps(value, indent=data.draw(st.sampled_from((None, 2)))))
    chosen = [data.draw(mutations(value)) for _ in range(data.draw(st.integers(2, 3)))]
    try:
        result = edited(JsonDocument.parse(source), chosen)
    except (Refusal, LookupError):
        return
    assert is_same(json.loads(result.source.text), applied(value, chosen))


@EXAMPLES
@given(st.data(), st.booleans())
def test_what_is_added_can_be_removed_again(data: st.DataObject, is_json: bool) -> None:
    source, value = data.draw(files(is_json=is_json))
    document = (JsonDocument if is_json else JsDocument).parse(source)
    changed = edited(document, [Add(("added key",), data.draw(values))])
    assert is_same(edited(changed, [Remove(("added key",))]).data, value)


@EXAMPLES
@given(st.data(), st.booleans())
def test_a_damaged_file_is_read_or_refused_at_a_place(data: st.DataObject, is_json: bool) -> None:
    source, _ = data.draw(files(is_json=is_json))
    start = data.draw(st.integers(0, len(source.text)))
    end = data.draw(st.integers(start, min(start + 4, len(source.text))))
    garbage = data.draw(st.text("{}[]()'\"`,:;/*\\\n.a1=>$\u2028\u00a0", max_size=3))
    text = source.text[:start] + garbage + source.text[end:]
    try:
        document = (JsonDocument if is_json else JsDocument).parse(SourceText(source.path, text))
        for path, _ in places(document.data):
            document.guard(path)
            assert document.location(path).file == source.path
            document.comments(path)
    except Refusal as refusal:
        assert refusal.location is not None
        assert refusal.code != "edit/gate"


@pytest.mark.long
def test_node_reads_an_edited_file_as_the_model_says() -> None:
    with Node() as node:

        @settings(EXAMPLES, max_examples=5000)
        @given(st.data())
        def check(data: st.DataObject) -> None:
            source, value = data.draw(files(is_json=False))
            assert is_same(node.run(source.text), with_javascript_numbers(value))
            mutation = data.draw(mutations(value))
            result = edited(JsDocument.parse(source), [mutation])
            assert is_same(node.run(result.source.text), with_javascript_numbers(applied(value, [mutation])))

        check()
