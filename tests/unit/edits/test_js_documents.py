"""What a configuration file in JavaScript or TypeScript says, and which places no edit may touch."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.js_document import JsDocument
from orchestrator.edits.js_value import Opaque
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText


def read(text: str, path: str = "jest.config.js") -> JsDocument:
    return JsDocument.parse(SourceText(path, text))


def refusal(text: str, *mutations: Mutation, path: str = "jest.config.js") -> str:
    with pytest.raises(Refusal) as caught:
        edited(read(text, path), mutations)
    return str(caught.value)


EXPORTS = [
    "module.exports = {a: 1};",
    "exports.default = {a: 1}",
    "exports = module.exports = {a: 1}",
    "export default {a: 1}",
    "export default defineConfig({a: 1})",
    "export default defineConfig(({mode}) => ({a: 1}))",
    "module.exports = ({a: 1})",
    "module.exports = async () => ({a: 1})",
    "module.exports = async () => { const b = await c(); return {a: 1} }",
    "module.exports = () => { if (b) log('b'); const c = {a: 1}; return c }",
    "module.exports = () => { const b = () => { return 2 }; return {a: 1} }",
    "export default function () { return {a: 1} }",
    "export default function config() { return {a: 1} }",
    "function config() { return {a: 1} }\nmodule.exports = config",
    "const config = {a: 1};\nmodule.exports = config;",
    "export const config = {a: 1};\nexport default config;",
    "const config = {a: 1};\nexport { config as default, other };",
    "const config = {a: 1};\nmodule.exports = wrap(config);",
    "#!/usr/bin/env node\n'use strict'\n/* a */ const b = require('c')\nmodule.exports = /* d */ {a: 1} // e",
]
TYPED_EXPORTS = [
    "const config: Config = {a: 1}; export default config;",
    "export default {a: 1} satisfies Config",
    "export default {a: 1} as const",
    "export default <Config>{a: 1}",
    "export default ({a: 1} as Config)!",
    "export = {a: 1};",
    "import type { Config } from 'jest'\ntype A = typeof config\nconst config: Config = {a: 1}\nexport default config",
]


@pytest.mark.parametrize("text", EXPORTS)
def test_a_file_is_about_what_it_exports(text: str) -> None:
    assert read(text).data == {"a": 1}


@pytest.mark.parametrize("text", TYPED_EXPORTS)
@pytest.mark.parametrize("suffix", ["ts", "mts", "cts"])
def test_types_around_the_export_do_not_matter(text: str, suffix: str) -> None:
    assert read(text, f"jest.config.{suffix}").data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "[edit/no-match]: `jest.config.js` exports nothing\n  --> jest.config.js:1:1"),
        ("const a = {}", "[edit/no-match]: `jest.config.js` exports nothing\n  --> jest.config.js:1:1"),
        ("module.exports = require('./a')", "[edit/not-literal]: the export is no object written down here: `'./a'`"),
        ("export default merge(a, {b: 1})", "the export is no object written down here: `merge(a, {b: 1})`"),
        ("export default f(...a)", "the export is no object written down here: `f(...a)`"),
        ("export default make()", "the export is no object written down here: `make()`"),
        ("export default a ? {} : {b: 1}", "the export is no object written down here: `a ? {} : {b: 1}`"),
        ("export default class {}", "the export is no object written down here: `class {}`"),
        ("const a = a\nexport default a", "the export is no object written down here: `a`\n  --> jest.config.js:1:11"),
        ("export default unknown", "the export is no object written down here: `unknown`\n  --> jest.config.js:1:16"),
        ("const c = {}\nexport default (c) => c", "is no object written down here: `c`\n  --> jest.config.js:2:23"),
        ("export default function* () { return {} }", "the export is no object written down here: `function* () {"),
        (
            "module.exports = () => {\n  if (a) return {}\n  return {b: 1}\n}",
            "[edit/not-literal]: the exported function has branches, so what it returns is not one object\n"
            "  --> jest.config.js:1:18\n  hint: write it as an object, or make the change by hand",
        ),
        ("module.exports = () => { if (a) { return {} } }", "the exported function has branches"),
        ("module.exports = () => {}", "the exported function has branches"),
        ("module.exports = {}\nmodule.exports = {}", "`jest.config.js` has several exports\n  --> jest.config.js:2:18"),
        ("export { default } from './a'", "exports nothing"),
    ],
)  # fmt: skip
def test_an_export_that_is_no_object_is_refused(text: str, message: str) -> None:
    assert message in refusal(text, Add(("x",), 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("module.exports = {\n  a: [1, 2,\n}", "`]` is missing\n  --> jest.config.js:2:12"),
        ("module.exports = {a: 'b\nc'}", "`c'}` is not expected here\n  --> jest.config.js:2:1"),
        ("module.exports = {a: 1 b: 2}", "`b:` is not expected here\n  --> jest.config.js:1:24"),
        ("module.exports = {,}", "a comma with nothing before it\n  --> jest.config.js:1:19"),
        ("é = {\r\n'é': 1, ]}", "`]}` is not expected here\n  --> jest.config.js:2:9"),
    ],
)
def test_what_is_no_javascript_is_refused_at_its_place(text: str, message: str) -> None:
    assert refusal(text) == f"error[edit/syntax]: `jest.config.js` is not JavaScript: {message}"


@pytest.mark.parametrize(
    "text", ["{% if a %}\nmodule.exports = {}", "module.exports = {\n  a: {{ cookiecutter.a }},\n}", "<%= a %>"]
)
def test_a_template_is_refused(text: str) -> None:
    assert refusal(text).startswith("error[edit/template]: `jest.config.js` is a template, not JavaScript\n  --> jest")


@pytest.mark.parametrize(
    "text", ["module.exports = " + "[" * 500 + "]" * 500, "export default " + "f(" * 3000 + "{}" + ")" * 3000]
)
def test_endless_nesting_is_refused(text: str) -> None:
    assert refusal(text).startswith("error[edit/too-large]: `jest.config.js` nests ")


def test_types_are_no_javascript() -> None:
    assert "edit/syntax" in refusal("const a: B = {}\nmodule.exports = a")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'a'", "a"),
        ("`a`", "a"),
        ("('a')", "a"),
        ("-1", -1),
        ("- 0x10", -16),
        ("true", True),
        ("null", None),
        ("[1, [2], /* three */ 3,]", [1, [2], 3]),
        ("{ b: {}, 'c-d': [], 2: 3 }", {"b": {}, "c-d": [], "2": 3}),
        ("undefined", Opaque("undefined")),
        ("-b", Opaque("-b")),
        ("+1", Opaque("+1")),
        ("`a${b}`", Opaque("`a${b}`")),
        ("'a' + 'b'", Opaque("'a' + 'b'")),
        ("/a+/", Opaque("/a+/")),
        ("() => 1", Opaque("() => 1")),
        ("[1,,2]", Opaque("[1,,2]")),
        ("[...b, 'c']", [Opaque("...b"), "c"]),
        ("{ ...b }", {"...b": Opaque("...b", is_entry=True)}),
        ("{ [b]: 1 }", {"[b]": Opaque("[b]: 1", is_entry=True)}),
        ("{ b }", {"b": Opaque("b", is_entry=True)}),
        ("{ async b() {} }", {"b": Opaque("async b() {}", is_entry=True)}),
        ("{ 0x10: 1 }", {"0x10": Opaque("0x10: 1", is_entry=True)}),
    ],
)
def test_literals_are_data_and_the_rest_is_opaque(written: str, value: Any) -> None:
    assert read(f"module.exports = {{ a: {written} }}").data == {"a": value}


def test_what_is_opaque_reads_as_it_is_written() -> None:
    assert str(read("module.exports = { a: f( x ) }").data["a"]) == "f( x )"


COMMENTED = """\
// é is two bytes
module.exports = {
  /* the first
   * of all */
  a: 1, // beside a

  // not about b

  // about b,
  // twice
  b: { c: [1, /* two */ 2] }
}
"""


@pytest.mark.parametrize(
    ("path", "place", "comments"),
    [
        (("a",), (5, 3), "the first\nof all\nbeside a"),
        (("b",), (11, 3), "about b,\ntwice"),
        (("b", "c"), (11, 8), ""),
        (("b", "c", 1), (11, 25), "two"),
        ((), (2, 18), ""),
    ],
)
def test_each_node_has_a_place_and_its_comments(path: Path, place: tuple[int, int], comments: str) -> None:
    document = read(COMMENTED)
    assert document.location(path)[1:] == place
    assert document.comments(path) == comments


def test_a_path_that_leads_nowhere_has_the_place_where_it_ends() -> None:
    assert read(COMMENTED).location(("b", "x", 3))[1:] == (11, 3)


@pytest.mark.parametrize(
    ("text", "mutation", "message"),
    [
        ("{ a: f() }", Set(("a",), 1), "[edit/not-literal]: `a` is computed: `f()`\n  --> jest.config.js:1:23"),
        ("{ a: b }", Add(("a", "c"), 1), "[edit/not-literal]: `a` is computed: `b`\n  --> jest.config.js:1:23"),
        ("{ a: b.c }", Insert(("a",), 0, 1), "[edit/not-literal]: `a` is computed: `b.c`"),
        ("{ a }", Set(("a",), 1), "[edit/not-literal]: `a` is computed: `a`"),
        ("{ a: [f] }", Set(("a", 0), 1), "[edit/not-literal]: `a[0]` is computed: `f`"),
        ("{ a: { b: f } }", Set(("a",), {}), "[edit/not-literal]: `a` is computed: `f`\n  --> jest.config.js:1:28"),
        ("{ a: [...b] }", Set(("a",), ["c"]), "[edit/not-literal]: `a` is computed: `...b`"),
        ("{ ...a }", Remove(("...a",)), "[edit/not-literal]: `'...a'` is computed: `...a`"),
        ("{ [a]: { b: 1 } }", Set(("[a]", "b"), 2), "[edit/not-literal]: `'[a]'` is computed: `[a]: { b: 1 }`"),
        (
            "{ a: { b: 1 }, ...c }",
            Set(("a", "b"), 2),
            "[edit/not-literal]: `a` may be given another value by `...c` after it\n  --> jest.config.js:1:33",
        ),
        ("{ a: 1, [c]: 2 }", Remove(("a",)), "`a` may be given another value by `[c]: 2` after it"),
        ("{ a: 1, ...c }", Add(("b",), 2, after="a"), "`b` may be given another value by `...c` after it"),
        ("{ ...c }", Add(("b",), 2, before="...c"), "`b` may be given another value by `...c` after it"),
        ("{ a: 1, b: 2, 'a': 3 }", Set(("a",), 2), "[edit/duplicate-key]: `a` stands twice\n  --> jest.config.js:1:32"),
        ("{ a: { b: 1 }, a: {} }", Add(("a", "c"), 2), "[edit/duplicate-key]: `a` stands twice"),
        ("{ a: 1 }", Set(("b",), 2), "[edit/no-match]: `b` is not there\n  --> jest.config.js:1:18"),
        ("{ a: [1] }", Remove(("a", 1)), "[edit/no-match]: `a[1]` is not there\n  --> jest.config.js:1:20"),
        ("{ a: [1] }", Insert(("a",), 2, 2), "[edit/no-match]: `a` has 1 items, so none goes in at 2"),
        ("{ a: 1 }", Add(("a",), 2), "[edit/conflict]: `a` is there already"),
        ("{ a: 1 }", Add(("b",), 2, after="c"), "[edit/no-match]: `c` is not there to go beside"),
        ("{ a: 'b' }", Add(("a", "c"), 2), "[edit/wrong-shape]: `a` is not a mapping\n  --> jest.config.js:1:23"),
        ("{ a: null }", Add(("a", "c"), 2), "[edit/wrong-shape]: `a` is not a mapping"),
        ("{ a: {} }", Insert(("a",), 0, 2), "[edit/wrong-shape]: `a` is not a list"),
        ("{ a: 1 }", Set(("a", 0), 2), "[edit/wrong-shape]: `a` is not a list"),
        ("{ a: 1 }", Set((), 2), "[edit/wrong-shape]: an edit needs a place within the file"),
        ("{ a: 1 }", Set(("a",), float("inf")), "[edit/wrong-shape]: `inf` cannot be written in JavaScript"),
        ("{ a: 1 }", Set(("a",), {1: 2}), "[edit/wrong-shape]: `1` cannot be written in JavaScript"),
    ],
)
def test_a_place_that_cannot_be_edited_is_refused(text: str, mutation: Mutation, message: str) -> None:
    assert message in refusal(f"module.exports = {text}", mutation)


def with_code(code: str) -> str:
    return f"let config = {{ a: {{ b: 1, c: [] }} }};\n{code};\nmodule.exports = config;"


INTO_A = [Set(("a", "b"), 5), Add(("a", "new"), 5), Insert(("a", "c"), 0, 5), Remove(("a",))]


@pytest.mark.parametrize(
    "code",
    [
        "config.a = {}",
        "config[key] = 2",
        "config?.a.assign(2)",
        "delete config.a",
        "Object.assign(config, other)",
        "config = other",
        "const alias = config",
        "module.exports.a = {}",
        "if (x) { module.exports = {} }",
        "extend(module.exports)",
    ],
)
@pytest.mark.parametrize("mutation", INTO_A)
def test_code_that_changes_the_holder_of_a_place_is_in_the_way(code: str, mutation: Mutation) -> None:
    told = refusal(with_code(code), mutation)
    assert told.startswith("error[edit/not-literal]: `a")
    assert "` is changed again by code elsewhere in the file\n  --> jest.config.js:2:" in told


@pytest.mark.parametrize("code", ["config.a.b = 2", "config['a'].b += 2", "config.a.b++", "config.a.b.c = 2"])
def test_code_that_changes_one_key_is_in_the_way_of_that_key_only(code: str) -> None:
    assert "`a.b` is changed again" in refusal(with_code(code), Set(("a", "b"), 5))
    assert "`a` is changed again" in refusal(with_code(code), Remove(("a",)))
    edited(read(with_code(code)), [Insert(("a", "c"), 0, 5), Add(("a", "new"), 5)])
    assert "`a.new` is changed again" in refusal(with_code("config.a.new = 2"), Add(("a", "new"), 5))


@pytest.mark.parametrize(
    "code",
    [
        "config.z.b = 2",
        "config['z'] = 2",
        "module.exports.z = {}",
        "console.log(config.a)",
        "other.b = config.a.b",
        "const other = { ...config, a: 1 }",
        "const other = { config: 1 }; other.config.a = 2",
        "if (!config.a) throw 1",
    ],
)
@pytest.mark.parametrize("mutation", INTO_A)
def test_code_that_reads_is_in_nobody_s_way(code: str, mutation: Mutation) -> None:
    edited(read(with_code(code)), [mutation])


def test_a_key_may_be_added_behind_a_spread() -> None:
    result = edited(read("module.exports = { ...base }"), [Add(("a",), 1)])
    assert result.source.text == "module.exports = { ...base, a: 1 }"


def test_computed_parts_stay_when_their_holder_is_written_anew() -> None:
    document = read("module.exports = { a: { ...b, [c]: 1, d() {}, e: f(g), h } }")
    result = edited(document, [Set(("a",), {**document.data["a"], "i": 2})])
    assert result.source.text == "module.exports = { a: { ...b, [c]: 1, d() {}, e: f(g), h, i: 2 } }"
