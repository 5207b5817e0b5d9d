"""What a YAML file says, where it says it, and what an edit does not touch."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.edits.yaml_document import YamlDocument


def parse(text: str) -> YamlDocument:
    return YamlDocument.parse(SourceText("f.yml", text))


def refusal_of(text: str, *mutations: Mutation) -> tuple[str, str, str, str | None]:
    with pytest.raises(Refusal) as raised:
        edited(parse(text), mutations)
    refusal = raised.value
    assert refusal.location is not None
    return refusal.code, refusal.message, f"{refusal.location.line}:{refusal.location.column}", refusal.hint


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("on: yes\n", {"on": "yes"}),
        ("a: 'true'\nb: true\n1: 1\n", {"a": "true", "b": True, "1": 1}),
        ("a: |\n  x\n\n\nb: >-\n  x\n  y\n", {"a": "x\n", "b": "x y"}),
        ("a: &x [1, 2]\nb: *x\n", {"a": [1, 2], "b": [1, 2]}),
        ("b: &b {x: 1}\nc:\n  <<: *b\n  y: 2\n", {"b": {"x": 1}, "c": {"<<": {"x": 1}, "y": 2}}),
        ("# nothing\n", None),
        ("", None),
        ("- a\n-\n- ~\n", ["a", None, None]),
        ("? a\n: b\n? [c, d]\n: e\n", {"a": "b", "[c, d]": "e"}),
        ("a: !!str 1\n", {"a": "1"}),
        ("é: 😀\n", {"é": "😀"}),
    ],
)
def test_the_data_are_those_of_the_core_schema(text: str, data: Any) -> None:
    assert parse(text).data == data


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (2, 1)),
        (("a",), (2, 1)),
        (("a", "é"), (3, 3)),
        (("a", "é", 1), (4, 7)),
        (("a", "é", 1, "k"), (4, 7)),
        (("a", "é", 5), (3, 3)),
        (("z",), (2, 1)),
    ],
)
def test_a_place_is_where_a_key_or_item_starts_or_the_deepest_part_that_is_there(
    path: Path, place: tuple[int, int]
) -> None:
    assert parse("# c\na:\n  é: [😀,\n      k: v]\n").location(path)[1:] == place


@pytest.mark.parametrize(
    ("path", "comment"),
    [
        (("a",), "beside a"),
        (("b",), "of b,\nand more\nbeside b"),
        (("b", 0), "of the item"),
        (("b", 0, "x"), "v1"),
        (("t",), "beside the bar"),
        (("f",), "f"),
        (("f", 0), ""),
        (("last",), ""),
        ((), ""),
    ],
)
def test_comments_above_and_beside_belong_to_a_node(path: Path, comment: str) -> None:
    text = (
        "# the licence\na: 1  # beside a\n# far\n\n# of b,\n#   and more\nb:  # beside b\n  # of the item\n"
        "  - x: y # v1\n    # deeper\nt: | # beside the bar\n  # no comment\nf: [x] # f\n#\nlast:\n"
    )
    assert parse(text.replace("#   and", "# and")).comments(path) == comment


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "a: 1\n---\nb: 1\n",
            (
                "edit/multi-document",
                "a second YAML document starts here",
                "2:1",
                "keep one document in each file, or edit this one by hand",
            ),
        ),
        (
            "a: [1\n",
            (
                "edit/syntax",
                "did not find expected ',' or ']'",
                "2:1",
                "while parsing a flow sequence that starts at f.yml:1:4",
            ),
        ),
        (
            "a:\n\tb: 1\n",
            ("edit/tabs", "a tab indents this line", "2:1", "indent with spaces: tabs cannot indent YAML"),
        ),
        ("a: *x\n", ("edit/syntax", "no anchor `&x` stands above this alias", "1:4", None)),
        ("a: &x\n  b: *x\n", ("edit/syntax", "no anchor `&x` stands above this alias", "2:6", None)),
        ("é: \x01\n", ("edit/syntax", "the character U+0001 cannot stand in YAML", "1:4", None)),
        ("[" * 101, ("edit/syntax", "more than 100 levels of nesting", "1:101", None)),
    ],
)
def test_what_is_no_single_document_is_refused(text: str, refusal: tuple[str, str, str, str | None]) -> None:
    assert refusal_of(text) == refusal


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{% if x %}\na: 1\n{% endif %}\n", "1:1"),
        ("a: 1\n# {%- for x in y %}\n", "2:3"),
        ("a: '{{ cookiecutter.name }}'\n", "1:5"),
        ("a: {{ name }}\n", "1:4"),
        ("a: 1\nb: {{ x }} y\n", "2:4"),
        ("{{- if .Values.x }}\na: 1\n{{- end }}\n", "1:1"),
    ],
)
def test_a_template_is_refused(text: str, place: str) -> None:
    code, message, found, hint = refusal_of(text)
    assert (code, found) == ("edit/template", place)
    assert message.endswith("makes this file a template of another")
    assert hint == "edit the file that is made of it, or the template by hand"


@pytest.mark.parametrize("text", ["a: ${{ x }}\n", "a: '{{version}}'\n", "run: |\n  docker inspect -f '{{.Id}}'\n"])
def test_an_expression_or_a_format_makes_no_template(text: str) -> None:
    assert parse(text).data


def test_aliases_that_multiply_are_refused() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 9))
    code, message, place, _ = refusal_of(f"l0: &l0 x\n{levels}")
    assert (code, message) == ("edit/alias", "aliases stand for more than 100,000 values")
    assert place.startswith("6:")


@pytest.mark.parametrize(
    ("text", "mutation", "refusal"),
    [
        (
            "a: &x {k: 1}\nb: *x\n",
            Set(("b", "k"), 2),
            ("edit/alias", "`*x` stands for what is written elsewhere", "2:4"),
        ),
        ("a: &x {k: 1}\nb: *x\n", Set(("a", "k"), 2), ("edit/anchor", "an alias elsewhere stands for `&x`", "1:4")),
        ("s: &s\n  - 1\nt: *s\n", Insert(("s",), 0, 0), ("edit/anchor", "an alias elsewhere stands for `&s`", "1:4")),
        ("a:\n  k: &x 1\nb: *x\n", Remove(("a",)), ("edit/anchor", "an alias elsewhere stands for `&x`", "2:6")),
        ("a:\n  k: &x 1\nb: *x\n", Set(("a",), 1), ("edit/anchor", "an alias elsewhere stands for `&x`", "2:6")),
        (
            "a: &x {k: 1}\nb:\n  <<: *x\n",
            Add(("b", "l"), 2),
            ("edit/merge-key", "`<<` takes over the keys of another mapping", "3:3"),
        ),
        ("a: !x {k: 1}\n", Set(("a", "k"), 2), ("edit/tag", "a tag says how this value is read", "1:4")),
        ("a: 1\nb: 2\n'a': 3\n", Set(("b",), 2), ("edit/duplicate-key", "the key `'a'` is there twice", "3:1")),
        ("a:\n", Add(("a", "k"), 1), ("edit/null", "there is a key here, but no value", "1:3")),
        ("# c\n", Add(("k",), 1), ("edit/null", "there is nothing but comments here", "2:1")),
        ("a: ~\n", Insert(("a",), 0, 1), ("edit/null", "there is a key here, but no value", "1:4")),
        ("a: 1\n", Add(("a", "k"), 1), ("edit/wrong-shape", "a mapping is needed here", "1:4")),
        ("a: {}\n", Insert(("a",), 0, 1), ("edit/wrong-shape", "a list is needed here", "1:4")),
        ("a: 1\n", Add(("a",), 1), ("edit/conflict", "the key `a` is there already", "1:1")),
        ("a: 1\n", Add(("b",), 1, after="c"), ("edit/no-match", "there is no `c` here", "1:1")),
        ("a: [1]\n", Set(("a", 1), 1), ("edit/no-match", "there is no `1` here", "1:4")),
        ("a: [1]\n", Set(("a", "b"), 1), ("edit/no-match", "there is no `b` here", "1:4")),
        ("a: 1\n", Set((), 1), ("edit/wrong-shape", "an edit changes parts of a file, not all of it", "1:1")),
        (
            "a: [1]\n",
            Insert(("a",), 2, 1),
            ("edit/no-match", "nothing can come to place 2 of a list with a length of 1", "1:4"),
        ),
        ("a:\n- k: 1\n", Remove(("a", 0, "k")), ("edit/null", "nothing would be left beside `k`", "2:3")),
        ("a:\n- k: 1\n", Remove(("a", 0)), ("edit/null", "nothing would be left beside `0`", "2:3")),
        (
            "a: [\n  1, 2]\n",
            Insert(("a",), 0, 1),
            ("edit/flow-style", "this is written in brackets over several lines", "1:4"),
        ),
        (
            "a: [1, 2]\n",
            Insert(("a",), 0, {"k": 1}),
            ("edit/flow-style", "this stands in brackets, and what is added to it needs lines of its own", "1:4"),
        ),
        ("a: [[1,\n  2]]\n", Set(("a", 0), 1), ("edit/flow-style", "this value stands in brackets", "1:5")),
        (
            "- z: 1\n  k:\n  - y\n  - a: |\n      x",
            Insert((), 1, 1),
            (
                "edit/not-text",
                "the file ends inside this text, without the line break that an addition would make part of it",
                "4:8",
            ),
        ),
    ],
)
def test_what_cannot_be_edited_safely_is_refused(text: str, mutation: Mutation, refusal: tuple[str, str, str]) -> None:
    assert refusal_of(text, mutation)[:3] == refusal


@pytest.mark.parametrize("text", ["a: &x 1\nb: 2\n", "b: 2\nc: {d: &x 1, e: *x}\nf: 1\n", "b: 2\nb2: {k: 1, k: 2}\n"])
def test_what_is_unusual_elsewhere_does_not_hinder(text: str) -> None:
    assert edited(parse(text), [Set(("b",), 3)]).source.text == text.replace("b: 2", "b: 3")


def test_an_anchor_may_go_with_all_its_aliases() -> None:
    assert edited(parse("a: {k: &x 1, l: *x}\nb: 2\n"), [Remove(("a",))]).source.text == "b: 2\n"


@pytest.mark.parametrize(
    ("text", "mutation", "hint"),
    [
        ("a: &x 1\nb: *x\n", Set(("b",), 2), "edit what is written at the anchor, or write it out here"),
        (
            "a: &x {k: 1}\nb:\n  <<: *x\n",
            Set(("b", "k"), 2),
            "edit what is written at the anchor, or write it out here",
        ),
        ("a: 1\nb: 2\na: 3\n", Set(("b",), 2), "remove one of them"),
    ],
)
def test_what_does_not_stand_alone_is_refused_with_what_to_do(text: str, mutation: Mutation, hint: str) -> None:
    assert refusal_of(text, mutation)[3] == hint
