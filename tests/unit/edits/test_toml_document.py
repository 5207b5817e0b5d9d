"""TOML tables are changed in the form they have: below a header, with dotted keys, or inline."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.edits.toml_document import TomlDocument

FILE = """\
# head
title = 'ü'

[project]
name = "a"   # the name
dependencies = [
    "one", # first
    # about two
    "two"
]
keywords = ["a", "b"]
urls.home = "x"
urls.docs = "y"

[tool.a]
# about k
k   = 1
kk  = 2

# ----

[tool.b.c]
z = { a = 1, b.d = 2 }
text = \"\"\"
x
y\"\"\"

[[tool.rows]]
n = 1

[[tool.rows]]
n = 2
[tool.rows.sub]
q = 1
"""


def read(text: str) -> TomlDocument:
    return TomlDocument.parse(SourceText("pyproject.toml", text))


def change(text: str, *mutations: Mutation) -> str:
    return edited(read(text), mutations).source.text


@pytest.mark.parametrize(
    ("mutation", "old", "new"),
    [
        (Set(("title",), "y"), "title = 'ü'\n", "title = 'y'\n"),
        (Set(("title",), "it's"), "title = 'ü'\n", 'title = "it\'s"\n'),
        (Set(("project", "name"), "b"), 'name = "a"', 'name = "b"'),
        (Set(("project", "dependencies", 0), "1"), '"one",', '"1",'),
        (Set(("project", "keywords"), ["c"]), '["a", "b"]', '["c"]'),
        (
            Set(("project", "dependencies"), ["c", "d"]),
            '    "one", # first\n    # about two\n    "two"\n',
            '    "c",\n    "d",\n',
        ),
        (Set(("tool", "b", "c", "z"), 1), "z = { a = 1, b.d = 2 }", "z = 1"),
        (Set(("tool", "b", "c", "z", "b", "d"), True), "b.d = 2", "b.d = true"),
        (Set(("tool", "b", "c", "text"), "p\nq"), '"""\nx\ny"""', '"""\np\nq"""'),
        (Set(("tool", "b", "c", "text"), "p"), '"""\nx\ny"""', '"p"'),
        (Set(("tool", "rows", 1, "n"), 3), "n = 2", "n = 3"),
        (Insert(("project", "dependencies"), 0, "n"), '    "one"', '    "n",\n    "one"'),
        (Insert(("project", "dependencies"), 1, "n"), "    # about two", '    "n",\n    # about two'),
        (Insert(("project", "dependencies"), 2, "n"), '    "two"\n', '    "two",\n    "n"\n'),
        (Insert(("project", "keywords"), 0, "n"), '["a"', '["n", "a"'),
        (Insert(("project", "keywords"), 1, "n"), '["a"', '["a", "n"'),
        (Insert(("project", "keywords"), 2, "n"), '"b"]', '"b", "n"]'),
        (Remove(("project", "dependencies", 0)), '    "one", # first\n', ""),
        (
            Remove(("project", "dependencies", 1)),
            '    "one", # first\n    # about two\n    "two"\n',
            '    "one" # first\n',
        ),
        (Remove(("project", "keywords", 0)), '["a", "b"]', '["b"]'),
        (Remove(("project", "keywords", 1)), '["a", "b"]', '["a"]'),
        (Remove(("project", "name")), 'name = "a"   # the name\n', ""),
        (Remove(("project", "urls")), 'urls.home = "x"\nurls.docs = "y"\n', ""),
        (Remove(("project", "urls", "home")), 'urls.home = "x"\n', ""),
        (Remove(("tool", "a", "k")), "k   = 1\n", ""),
        (Remove(("tool", "a")), "[tool.a]\n# about k\nk   = 1\nkk  = 2\n\n", ""),
        (Remove(("tool", "b", "c", "z", "a")), "{ a = 1, b.d = 2 }", "{ b.d = 2 }"),
        (Remove(("tool", "b", "c", "z", "b")), "{ a = 1, b.d = 2 }", "{ a = 1 }"),
        (Remove(("tool", "rows", 0)), "[[tool.rows]]\nn = 1\n\n", ""),
        (Remove(("tool", "rows", 1)), "\n[[tool.rows]]\nn = 2\n[tool.rows.sub]\nq = 1\n", ""),
        (
            Remove(("tool", "rows")),
            "\n[[tool.rows]]\nn = 1\n\n[[tool.rows]]\nn = 2\n[tool.rows.sub]\nq = 1\n",
            "",
        ),
        (Add(("new",), 1), "title = 'ü'\n", "title = 'ü'\nnew = 1\n"),
        (Add(("new",), 1, before="title"), "# head\n", "new = 1\n# head\n"),
        (Add(("project", "new"), "x", after="name"), "# the name\n", '# the name\nnew = "x"\n'),
        (Add(("project", "new"), 1, before="urls"), "urls.home", "new = 1\nurls.home"),
        (Add(("new",), 1, before="project"), "title = 'ü'\n", "title = 'ü'\nnew = 1\n"),
        (Add(("project", "urls", "new one"), 1), '"y"\n', '"y"\nurls."new one" = 1\n'),
        (Add(("project", "urls", "n"), {"a": 1}, before="docs"), "urls.docs", "urls.n = { a = 1 }\nurls.docs"),
        (Add(("project", "authors"), [{"name": "A"}]), '"y"\n', '"y"\nauthors = [{ name = "A" }]\n'),
        (Add(("tool", "a", "n"), True), "kk  = 2\n", "kk  = 2\nn   = true\n"),
        (Add(("tool", "a", "longer"), []), "kk  = 2\n", "kk  = 2\nlonger = []\n"),
        (Add(("tool", "a", "n"), {"a": 1}), "# ----\n", "[tool.a.n]\na = 1\n\n# ----\n"),
        (Add(("tool", "n"), 3), "[tool.a]\n", "[tool]\nn = 3\n\n[tool.a]\n"),
        (Add(("tool", "b", "n"), 3), "[tool.b.c]\n", "[tool.b]\nn = 3\n\n[tool.b.c]\n"),
        (Add(("tool", "n"), {"k": 1}, before="a"), "[tool.a]\n", "[tool.n]\nk = 1\n\n[tool.a]\n"),
        (Add(("tool", "n"), {"k": 1}, after="b"), "[[tool.rows]]\nn = 1", "[tool.n]\nk = 1\n\n[[tool.rows]]\nn = 1"),
        (
            Add(("tool", "n"), {"a": {"b": [1]}, "c": {}}),
            "q = 1\n",
            "q = 1\n\n[tool.n.a]\nb = [1]\n\n[tool.n.c]\n",
        ),
        (Add(("bin",), [{"a": 1}, {"b": 2}]), "q = 1\n", "q = 1\n\n[[bin]]\na = 1\n\n[[bin]]\nb = 2\n"),
        (Add(("tool", "b", "c", "n"), {"a": 1}), '\ny"""\n', '\ny"""\nn = { a = 1 }\n'),
        (Add(("tool", "b", "c", "z", "n"), "x"), "b.d = 2 }", 'b.d = 2, n = "x" }'),
        (Add(("tool", "b", "c", "z", "n"), 1, before="a"), "{ a = 1", "{ n = 1, a = 1"),
        (Add(("tool", "b", "c", "z", "b", "n"), 1), "b.d = 2 }", "b.d = 2, b.n = 1 }"),
        (Add(("tool", "rows", 0, "m"), 2), "n = 1\n", "n = 1\nm = 2\n"),
        (
            Add(("tool", "rows", 0, "sub"), {"q": 0}),
            "[[tool.rows]]\nn = 2",
            "[tool.rows.sub]\nq = 0\n\n[[tool.rows]]\nn = 2",
        ),
        (Insert(("tool", "rows"), 0, {"n": 0}), "[[tool.rows]]\nn = 1", "[[tool.rows]]\nn = 0\n\n[[tool.rows]]\nn = 1"),
        (Insert(("tool", "rows"), 2, {"n": 3, "sub": {"q": 2}}), "q = 1\n",
         "q = 1\n\n[[tool.rows]]\nn = 3\n\n[tool.rows.sub]\nq = 2\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_place_changes_and_no_other(mutation: Mutation, old: str, new: str, newline: str) -> None:
    assert FILE.count(old) == 1
    assert change(FILE.replace("\n", newline), mutation) == FILE.replace(old, new).replace("\n", newline)


@pytest.mark.parametrize(
    ("value", "written"),
    [(["b\nc"], '["""\r\nb\r\nc"""]'), ({"k": "b\nc"}, '{ k = """\r\nb\r\nc""" }')],
)
def test_lines_of_a_text_within_a_value_end_as_those_of_the_file(value: Any, written: str) -> None:
    """Regression: a text below a list or an inline table got bare line feeds in a file with CRLF."""
    before = 'a = ["""\r\nb"""]\r\n'
    assert change(before, Set(("a", 0), value)) == f"a = [{written}]\r\n"


@pytest.mark.parametrize(
    ("before", "mutation", "after"),
    [
        ("", Add(("a",), 1), "a = 1\n"),
        ("", Add(("a",), {"b": 1}), "[a]\nb = 1\n"),
        ("# only this\n", Add(("a",), 1), "# only this\na = 1\n"),
        ("a = 1\n\n# free\n", Add(("b",), {"c": 1}), "a = 1\n\n# free\n\n[b]\nc = 1\n"),
        ("[a]", Add(("a", "b"), 1), "[a]\nb = 1"),
        ("[a]\n", Add(("b",), 1), "b = 1\n\n[a]\n"),
        ("[a]\nx = 1", Add(("b",), {"c": 1}), "[a]\nx = 1\n\n[b]\nc = 1"),
        ("[a]\n[b]\n", Add(("c",), {}), "[a]\n[b]\n[c]\n"),
        ("[a]\n[b]\n", Add(("c",), {}, after="a"), "[a]\n[c]\n[b]\n"),
        ("a=1", Add(("b",), 2), "a=1\nb=2"),
        ("[a]\n  b = 1\n", Add(("a", "c"), 2), "[a]\n  b = 1\n  c = 2\n"),
        ("a = {}\n", Add(("a", "b"), 1), "a = { b = 1 }\n"),
        ("a = {b=1}\n", Add(("a", "c"), 2), "a = {b=1, c=2}\n"),
        ("a = []\n", Insert(("a",), 0, 1), "a = [1]\n"),
        ("a = [\n]\n", Insert(("a",), 0, 1), "a = [1]\n"),
        ("a = [\n  # none\n]\n", Insert(("a",), 0, 1), "a = [\n  # none\n    1,\n]\n"),
        ("a = [\n  1,\n]\n", Insert(("a",), 1, 2), "a = [\n  1,\n  2,\n]\n"),
        ("a = [\n  1, # one\n]\n", Insert(("a",), 1, 2), "a = [\n  1, # one\n  2,\n]\n"),
        ("a = [\n  1 # one\n]\n", Insert(("a",), 1, 2), "a = [\n  1, # one\n  2\n]\n"),
        ("a = [\n  1, 2,\n  3, 4\n]\n", Insert(("a",), 1, 9), "a = [\n  1, 9, 2,\n  3, 4\n]\n"),
        ("a = [\n  1, 2,\n  3, 4\n]\n", Insert(("a",), 2, 9), "a = [\n  1, 2,\n  9,\n  3, 4\n]\n"),
        ("a = [\n  1, 2,\n  3, 4\n]\n", Insert(("a",), 4, 9), "a = [\n  1, 2,\n  3, 4,\n  9\n]\n"),
        ('a = ["x",\n     "y"]\n', Insert(("a",), 2, "z"), 'a = ["x",\n     "y",\n     "z"]\n'),
        ('a = ["x",\n     "y"]\n', Insert(("a",), 1, "z"), 'a = ["x",\n     "z",\n     "y"]\n'),
        ('a = ["x",\n     "y"]\n', Insert(("a",), 0, "z"), 'a = ["z", "x",\n     "y"]\n'),
        ("a = ['x', 'y']\nb = \"z\"\n", Insert(("a",), 2, "z"), "a = ['x', 'y', 'z']\nb = \"z\"\n"),
        ("a = [1, 2,]\n", Insert(("a",), 2, 3), "a = [1, 2, 3,]\n"),
        ("a = [\n  1\n  , 2\n]\n", Insert(("a",), 1, 9), "a = [\n  1\n  , 9, 2\n]\n"),
        ("a = [1]\n", Remove(("a", 0)), "a = []\n"),
        ("a = [1,]\n", Remove(("a", 0)), "a = []\n"),
        ("a = [\n  1,\n]\n", Remove(("a", 0)), "a = [\n]\n"),
        ("a = [1, 2,]\n", Remove(("a", 1)), "a = [1,]\n"),
        ("a = [\n  1, 2,\n  3, 4,\n]\n", Remove(("a", 1)), "a = [\n  1, 3, 4,\n]\n"),
        ("a = [\n  1, 2,\n  3, 4,\n]\n", Remove(("a", 2)), "a = [\n  1, 2,\n  4,\n]\n"),
        ("a = [\n  1,\n  2,\n]\n", Remove(("a", 1)), "a = [\n  1,\n]\n"),
        ('a = ["x", # one\n     "y"]\n', Remove(("a", 1)), 'a = ["x", # one\n     ]\n'),
        ('a = ["x",\n     "y"]\n', Remove(("a", 1)), 'a = ["x"]\n'),
        ('a = ["x",\n     "y"]\n', Remove(("a", 0)), 'a = ["y"]\n'),
        ("a = { b = 1 }\n", Remove(("a", "b")), "a = {}\n"),
        ("a = [[1], [2]]\n", Insert(("a", 1), 0, 3), "a = [[1], [3, 2]]\n"),
        ("a = { b.c = 1, b.d = 2, e = 3 }\n", Remove(("a", "b", "d")), "a = { b.c = 1, e = 3 }\n"),
        ('a = """\n# x\n# y"""\nb = 2\n', Remove(("b",)), 'a = """\n# x\n# y"""\n'),
        ('a = """\n# y"""\nb = 2\n', Add(("c",), 3, before="b"), 'a = """\n# y"""\nc = 3\nb = 2\n'),
        ('a = """\n# y"""\n[b]\n', Remove(("b",)), 'a = """\n# y"""\n'),
        ("a = 1\nb = 2", Remove(("b",)), "a = 1"),
        ("a.b = 1\na.c = 2\n[d]\n", Remove(("a",)), "[d]\n"),
        ("[t]\n  # of a\n  a = 1\n\n  b = 2\n", Remove(("t", "a")), "[t]\n\n  b = 2\n"),
        ("# of both\na.b = 1\n# of c\na.c = 2\n\nd = 3\n", Remove(("a",)), "d = 3\n"),
        ("# of both\na = 1\nb = 2\n", Remove(("a",)), "# of both\nb = 2\n"),
        ("# of a\na = 1\n\nb = 2\n", Remove(("a",)), "b = 2\n"),
        ("# of a\n[a]\nb = 1\n# c = 1\n\n# d\n[d]\n", Remove(("a",)), "# d\n[d]\n"),
        ("[a]\nb = 1\n\n\n[c]\nd = 1", Remove(("c",)), "[a]\nb = 1"),
        ("[a]\n\n\n[b]\n\n\n[c]\n", Remove(("b",)), "[a]\n\n\n[c]\n"),
        ("[a.b]\n[c]\n[a.d]\n[a]\nx.y = 1\n", Remove(("a",)), "[c]\n"),
        ("[p]\n[p.a]\nk = 1\n[q]\n[p.a.b]\n", Remove(("p", "a")), "[p]\n[q]\n"),
        ("['a.b']\n\"c d\" = 1\n", Set(("a.b", "c d"), 2), "['a.b']\n\"c d\" = 2\n"),
        ("a = '''\nx\n'''\n", Set(("a",), 'p\n"q"'), 'a = """\np\n"q\\""""\n'),
    ],
)
def test_the_ends_of_lists_tables_and_files(before: str, mutation: Mutation, after: str) -> None:
    assert change(before, mutation) == after


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1, "1"),
        (True, "true"),
        (1.5, "1.5"),
        (1e22, "1e+22"),
        (-math.inf, "-inf"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC), "2026-01-02T03:04:05+00:00"),
        (datetime.time(3, 4), "03:04:00"),
        ('say "a\\b"\t\x00\x7f\n', '"say \\"a\\\\b\\"\\t\\u0000\\u007f\\n"'),
        ("é\u2028", '"é\u2028"'),
        ([], "[]"),
        ({}, "{}"),
        ({"a b": [{"": 1}]}, '{ "a b" = [{ "" = 1 }] }'),
        (["a" * 84], f'["{"a" * 84}"]'),
        (["a" * 85], f'[\n    "{"a" * 85}",\n]'),
        (["a" * 50, "b" * 50], f'[\n    "{"a" * 50}",\n    "{"b" * 50}",\n]'),
    ],
)
def test_values_are_written_as_toml_has_them(value: Any, written: str) -> None:
    assert change("a = 0\n", Set(("a",), value)) == f"a = {written}\n"


def test_new_strings_take_the_quotes_most_others_have() -> None:
    assert change("a = 'x'\nb = 'y'\nc = \"z\"\n", Add(("d",), "v")).endswith("d = 'v'\n")
    assert change("a = 'x'\nb = \"z\"\n", Add(("d",), "v")).endswith('d = "v"\n')


def test_comments_above_and_beside_belong_to_a_key() -> None:
    document = read(FILE)
    assert document.comments(("project", "name")) == "the name"
    assert document.comments(("project", "dependencies", 0)) == "first"
    assert document.comments(("project", "dependencies", 1)) == "about two"
    assert document.comments(("tool", "a", "k")) == "about k"
    assert document.comments(("tool", "b", "c")) == ""
    assert read("# one\n[a] # two\nb=1 # three\n").comments(("a",)) == "one\ntwo"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), "1:1"),
        (("title",), "2:1"),
        (("project", "dependencies", 1), "9:5"),
        (("project", "urls"), "12:1"),
        (("project", "urls", "docs"), "13:1"),
        (("tool",), "15:1"),
        (("tool", "b", "c", "z", "b", "d"), "23:14"),
        (("tool", "rows", 1), "31:1"),
        (("tool", "rows", 1, "new"), "31:1"),
        (("new", "x"), "1:1"),
    ],
)
def test_the_place_of_what_is_not_there_is_that_of_what_would_hold_it(path: tuple[str | int, ...], place: str) -> None:
    assert str(read(FILE).location(path)) == f"pyproject.toml:{place}"


TWICE = "error[edit/duplicate-key]: `{}` is there twice\n  --> pyproject.toml:{}\n  hint: remove one of them"
TWO_FORMS = (
    "error[edit/conflict]: the table `{}` is spelled both with dotted keys and with a header\n"
    "  --> pyproject.toml:{}\n  hint: spell it in one way first"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nb = 2\na = 2\n", TWICE.format("a", "3:1")),
        ("[a]\nx = 1\n[a]\n", TWICE.format("a", "3:1")),
        ("a = {b = 1, b = 2}\n", TWICE.format("a.b", "1:13")),
        ("a = {b = 1}\n[a]\n", TWICE.format("a", "2:1")),
        ("a = {b = 1}\na.c = 1\n", TWICE.format("a", "2:1")),
        ("a = []\n[[a]]\n", TWICE.format("a", "2:1")),
        ("[a.b]\n[a]\nb = 1\n", TWICE.format("a.b", "3:1")),
        ("a.b = 1\n[a]\nc = 1\n", TWO_FORMS.format("a", "2:1")),
        ("[a.b]\n[a]\nb.c = 1\n", TWO_FORMS.format("a.b", "3:1")),
        (
            "a = 1\nb\n",
            "error[edit/syntax]: `pyproject.toml`: expected '=' after a key in a key/value pair\n"
            "  --> pyproject.toml:2:2",
        ),
        ("a = 1\r\nb =\r\n", "error[edit/syntax]: `pyproject.toml`: invalid value\n  --> pyproject.toml:2:4"),
        ("é = 1\n", "error[edit/syntax]: `pyproject.toml`: invalid statement\n  --> pyproject.toml:1:1"),
        (
            "a = 1\n{% if b %}\nc = 1\n{% endif %}\n",
            "error[edit/template]: `pyproject.toml` is a template\n  --> pyproject.toml:2:1\n"
            "  hint: edit what the template is rendered to, or the template by hand",
        ),
    ],
)
def test_a_file_that_breaks_the_rules_is_refused_with_the_place(text: str, expected: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(text)
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    "mutation",
    [Add(("t", "a", "b", "new"), 1), Remove(("t", "a", "b")), Set(("t", "a", "b", "c"), 2), Remove(("t", "a"))],
)
def test_a_table_in_two_forms_is_left_alone(mutation: Mutation) -> None:
    document = read("[t.a]\nb.c = 1\n[t.a.b.d]\nx = 1\n")
    if mutation == Remove(("t", "a")):
        mutation = Remove(("t", "a", "b", "d"))
    with pytest.raises(Refusal) as refusal:
        edited(document, [mutation])
    assert str(refusal.value) == TWO_FORMS.format("t.a.b", "3:1")


def test_what_stands_beside_a_table_in_two_forms_can_be_edited() -> None:
    text = "[t.a]\nb.c = 1\n[t.a.b.d]\nx = 1\n"
    assert change(text, Add(("t", "a", "new"), 1)) == "[t.a]\nb.c = 1\nnew = 1\n[t.a.b.d]\nx = 1\n"


@pytest.mark.parametrize(
    ("mutation", "code", "message"),
    [
        (Set(("tool", "b"), 1), "edit/wrong-shape", "`tool.b` is a table"),
        (Set(("project", "urls"), {}), "edit/wrong-shape", "`project.urls` is a table"),
        (Set(("title",), None), "edit/wrong-shape", "TOML cannot say None"),
        (Add(("project", "name"), 1), "edit/conflict", "`project.name` is there already"),
        (Add(("project", "urls"), {}), "edit/conflict", "`project.urls` is there already"),
        (Insert(("title",), 0, "x"), "edit/wrong-shape", "`title` is no list"),
        (Insert(("tool", "rows"), 0, "x"), "edit/wrong-shape", "an item of `tool.rows` is a table"),
        (Remove(("tool", "b", "c")), "edit/wrong-shape", "`tool.b` would be gone too"),
        (Remove(("tool", "b", "c", "z", "b", "d")), "edit/wrong-shape", "`tool.b.c.z.b` would be gone too"),
    ],
)
def test_what_cannot_stand_there_is_refused(mutation: Mutation, code: str, message: str) -> None:
    with pytest.raises(Refusal) as refusal:
        edited(read(FILE), [mutation])
    assert (refusal.value.code, refusal.value.message) == (code, message)


def test_several_edits_mean_the_file_as_it_was() -> None:
    mutations = [Remove(("a", 0)), Insert(("a",), 2, 3), Set(("b",), 5), Add(("c",), 6), Add(("d",), 7)]
    assert change("a = [1, 2]\nb = 4\n", *mutations) == "a = [2, 3]\nb = 5\nc = 6\nd = 7\n"
