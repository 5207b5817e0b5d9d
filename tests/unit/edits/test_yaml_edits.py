"""An edit of a YAML file changes what it means and nothing else, in the file's own style."""

from __future__ import annotations

from textwrap import dedent

import pytest
import yaml

from orchestrator.edits.document import edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Noted, Path, Remove, Set
from orchestrator.edits.text import SourceText
from orchestrator.edits.yaml_document import YamlDocument


def edit(text: str, *mutations: Mutation) -> str:
    """Edit a text with LF and with CRLF, which must come to the same."""
    with_lf = edited(YamlDocument.parse(SourceText("f.yml", text)), mutations).source.text
    with_crlf = edited(YamlDocument.parse(SourceText("f.yml", text.replace("\n", "\r\n"))), mutations).source.text
    assert with_crlf == with_lf.replace("\n", "\r\n")
    return with_lf


WORKFLOW = dedent("""\
    # the licence
    name: ci   # beside
    on: [push, pull_request]

    jobs:
      # builds it
      build:
        runs-on:   ubuntu-latest   # cheap
        steps:
          # fetches it
          - uses: actions/checkout@v4 # v4.0

          - name: "Test"
            run: |
              npm ci
              npm test
            # env:
            #   CI: 1

          # the last
          - run: echo
    """)
STEPS: Path = ("jobs", "build", "steps")


def changed(*mutations: Mutation, text: str = WORKFLOW) -> str:
    """Return the lines that an edit takes out and puts in."""
    before, after = text.splitlines(), edit(text, *mutations).splitlines()
    start = next(i for i in range(len(before) + 1) if before[: i + 1] != after[: i + 1] or i == len(before))
    end = next(
        i
        for i in range(len(before) + 1)
        if i + start >= min(len(before), len(after)) or before[-1 - i] != after[-1 - i]
    )
    removed, added = before[start : len(before) - end], after[start : len(after) - end]
    return "".join([f"{start + 1}:\n", *(f"-{line}\n" for line in removed), *(f"+{line}\n" for line in added)])


def test_a_scalar_keeps_its_alignment_and_the_comment_beside_it() -> None:
    assert changed(Set(("jobs", "build", "runs-on"), "macos-15")) == (
        "8:\n-    runs-on:   ubuntu-latest   # cheap\n+    runs-on:   macos-15   # cheap\n"
    )


def test_a_scalar_keeps_its_quotes() -> None:
    assert (
        edit("a: 'x'\nb: \"y\"\n", Set(("a",), "it's"), Set(("b",), 'say "hi"'))
        == "a: 'it''s'\nb: \"say \\\"hi\\\"\"\n"
    )


def test_a_quoted_scalar_that_becomes_a_number_loses_its_quotes() -> None:
    assert edit("a: '1'\n", Set(("a",), 2)) == "a: 2\n"


def test_a_text_that_looks_like_something_else_gets_quotes() -> None:
    assert edit('a: 1\nb: "x"\n', Set(("a",), "2")) == 'a: "2"\nb: "x"\n'


def test_a_new_comment_takes_the_place_of_the_one_beside() -> None:
    assert changed(Set((*STEPS, 0, "uses"), Noted("actions/checkout@abc", "v5"))) == (
        "11:\n-      - uses: actions/checkout@v4 # v4.0\n+      - uses: actions/checkout@abc # v5\n"
    )


def test_a_comment_comes_beside_a_value_that_had_none() -> None:
    assert edit("a: 1\n", Set(("a",), Noted(2, "two"))) == "a: 2 # two\n"


def test_a_key_without_a_value_gets_one() -> None:
    assert edit(
        "a:\nb: # c\nc:  \nd:\n", Set(("a",), 1), Set(("b",), "x"), Set(("c",), [1]), Set(("d",), {"e": 1})
    ) == ("a: 1\nb: x # c\nc:  \n  - 1\nd:\n  e: 1\n")


def test_a_text_block_keeps_its_indicator_and_indentation() -> None:
    assert edit("a: |\n    one\nb: >\n    one\n", Set(("a",), "1\n2\n"), Set(("b",), "1\n2\n")) == (
        "a: |\n    1\n    2\nb: >\n    1\n\n    2\n"
    )


def test_a_text_of_several_lines_becomes_a_block() -> None:
    assert edit("a: x # c\nb: 1\n", Set(("a",), "one\n\ntwo\n")) == "a: | # c\n  one\n\n  two\nb: 1\n"


def test_a_text_block_says_how_it_ends_and_how_deep_it_is() -> None:
    assert edit("a: 1\nb: 1\n", Set(("a",), "one\ntwo"), Set(("b",), "  deep\nx\n")) == (
        "a: |-\n  one\n  two\nb: |2\n    deep\n  x\n"
    )


def test_a_text_that_ends_in_blank_lines_is_quoted_so_that_it_takes_in_no_others() -> None:
    assert edit("a: 1\n\nb: 1\n", Set(("a",), "one\n\n")) == 'a: "one\\n\\n"\n\nb: 1\n'


def test_a_text_block_does_not_take_in_a_comment_below() -> None:
    assert edit("a: 1\n  # deeper\nb: 1\n", Set(("a",), "one\ntwo\n")) == 'a: "one\\ntwo\\n"\n  # deeper\nb: 1\n'


def test_a_block_that_keeps_its_blank_lines_is_replaced_with_them() -> None:
    assert edit("a: |+\n  x\n\n\nb: 1\n", Set(("a",), "y\n\n")) == "a: |+\n  y\n\nb: 1\n"


def test_a_block_that_ends_a_file_without_a_line_break_takes_one_for_each_of_its_blank_lines() -> None:
    assert edit("a:\n- |+\n  x", Set(("a", 0), "y\n\n")) == "a:\n- |+\n  y\n\n"


def test_a_blank_line_at_the_head_of_a_folded_text_is_one() -> None:
    assert edit("a: >\n  x\n", Set(("a",), "\ny\nz\n")) == "a: >\n\n  y\n\n  z\n"


@pytest.mark.parametrize("indicator", ["|", "|-", "|+", ">", ">-", ">+"])
def test_a_block_can_become_any_text_wherever_it_ends(indicator: str) -> None:
    texts = [
        text + end
        for text in ("", "\n", "y", "y\nz", "\ny\nz", " y\nz", "y\n\nz")
        for end in ("", "\n", "\n\n", "\n\n\n")
    ]
    for below in ("", "\n", "\n\n", "\n\n\n", "\nb: 1\n", "\n\nb: 1\n", "\n# c", "\n  # c\n"):
        for text in texts:
            after = edit(f"a: {indicator}\n    x{below}", Set(("a",), text))
            assert yaml.safe_load(after)["a"] == text


def test_a_text_block_becomes_another_kind_of_value() -> None:
    assert edit("a: | # c\n  x\n\nb: 1\n", Set(("a",), True)) == "a: true # c\n\nb: 1\n"


def test_a_list_becomes_another() -> None:
    assert edit("a: # c\n    - x # gone\n    - y\nb: 1\n", Set(("a",), ["z", {"k": 1, "l": 2}])) == (
        "a: # c\n    - z\n    - k: 1\n      l: 2\nb: 1\n"
    )


def test_an_item_becomes_another() -> None:
    assert edit("-   a: 1\n    b: 2\n-   c\n", Set((0,), {"x": 1, "y": 2}), Set((1,), {"x": [1]})) == (
        "-   x: 1\n    y: 2\n-   x:\n      -   1\n"
    )


def test_an_unused_anchor_stays_before_a_scalar() -> None:
    assert edit("a: &x 1\nb: &y 'z'\n", Set(("a",), 2), Set(("b",), "w")) == "a: &x 2\nb: &y 'w'\n"


def test_a_value_in_brackets_changes_in_place() -> None:
    assert edit("a: [x, {b: 'c'}]\n", Set(("a", 1, "b"), "d, e"), Set(("a", 0), "f, g")) == "a: ['f, g', {b: 'd, e'}]\n"


def test_an_item_comes_first_above_the_comment_of_the_old_first() -> None:
    assert changed(Insert(STEPS, 0, {"run": "x"})) == "10:\n+      - run: x\n+\n"


def test_an_item_comes_between_with_blank_lines_as_its_neighbours_have() -> None:
    assert changed(Insert(STEPS, 1, {"run": "x"})) == "13:\n+      - run: x\n+\n"


def test_an_item_comes_above_the_comment_of_the_next_and_below_deeper_comments_of_the_one_before() -> None:
    assert changed(Insert(STEPS, 2, {"run": "x"})) == "20:\n+      - run: x\n+\n"


def test_an_item_comes_last() -> None:
    assert changed(Insert(STEPS, 3, {"name": "New", "run": "a\nb\n", "with": {"k": "v"}})) == (
        "22:\n+\n+      - name: New\n+        run: |\n+          a\n+          b\n+        with:\n+          k: v\n"
    )


def test_no_blank_line_comes_where_neighbours_have_none() -> None:
    assert edit("a:\n- x: 1\n- y: 1\n", Insert(("a",), 1, {"z": 1})) == "a:\n- x: 1\n- z: 1\n- y: 1\n"


def test_dashes_and_items_are_indented_as_in_the_list() -> None:
    assert edit("a:\n    -   x: 1\n", Insert(("a",), 1, {"z": 1, "y": {"k": [1]}})) == (
        "a:\n    -   x: 1\n    -   z: 1\n        y:\n            k:\n                -   1\n"
    )


def test_an_item_is_quoted_as_all_others_are() -> None:
    assert edit("a:\n- 'x'\n- 'y'\nb: ['x']\n", Insert(("a",), 2, "z"), Insert(("b",), 1, "z")) == (
        "a:\n- 'x'\n- 'y'\n- 'z'\nb: ['x', 'z']\n"
    )


def test_the_comment_of_a_new_item_that_is_a_mapping_stands_above_it() -> None:
    assert edit("- a\n", Insert((), 1, Noted({"b": 1}, "why"))) == "- a\n# why\n- b: 1\n"


def test_an_item_comes_into_brackets() -> None:
    assert changed(Insert(("on",), 2, "a, b"), Insert(("on",), 0, "x")) == (
        '3:\n-on: [push, pull_request]\n+on: [x, push, pull_request, "a, b"]\n'
    )


def test_brackets_keep_their_spacing() -> None:
    assert edit("a: [ x,y ]\nb: []\nc: [ ]\n", Insert(("a",), 1, "z"), Insert(("b",), 0, 1), Insert(("c",), 0, 1)) == (
        "a: [ x,z,y ]\nb: [1]\nc: [1]\n"
    )


def test_an_empty_collection_in_brackets_becomes_a_block_when_it_must() -> None:
    assert edit("a: {} # c\nb: []\n", Add(("a", "k"), "v"), Insert(("b",), 0, {"x": 1})) == (
        "a: # c\n  k: v\nb:\n  - x: 1\n"
    )


def test_a_key_comes_last_above_what_is_commented_out_in_its_column() -> None:
    assert edit("e:\n  A: 1\n  # B: 2\n\nf: 1\n", Add(("e", "C"), "x")) == "e:\n  A: 1\n  C: x\n  # B: 2\n\nf: 1\n"


def test_a_key_comes_close_behind_another_and_right_before_another() -> None:
    text = "a: 1 # c\n\n# of b\nb: 2\nc: 3\n"
    assert edit(text, Add(("n",), 0, after="a")) == "a: 1 # c\nn: 0\n\n# of b\nb: 2\nc: 3\n"
    assert edit(text, Add(("n",), 0, before="b")) == "a: 1 # c\n\nn: 0\n# of b\nb: 2\nc: 3\n"


def test_two_keys_come_in_the_order_given() -> None:
    assert edit("a: 1\nz: 0", Add(("b",), 2), Add(("c",), 3)) == "a: 1\nz: 0\nb: 2\nc: 3"


def test_a_key_comes_before_the_first_of_an_item() -> None:
    assert edit("- a: 1\n  b: 2\n", Add((0, "n"), {"k": 1}, before="a")) == "- n:\n    k: 1\n  a: 1\n  b: 2\n"


def test_a_key_never_comes_above_what_heads_the_file() -> None:
    assert changed(Add(("n",), 0, before="name")) == "2:\n+n: 0\n"


def test_jobs_are_parted_by_blank_lines_where_they_are() -> None:
    text = "jobs:\n  a:\n    x: 1\n\n  b:\n    x: 1\n"
    assert edit(text, Add(("jobs", "c"), {"x": 1})) == text + "\n  c:\n    x: 1\n"


def test_a_key_comes_into_braces() -> None:
    assert edit(
        "a: { b: 1 }\n", Add(("a", "c"), "d"), Add(("a", "0"), 0, before="b")
    ) == 'a: { "0": 0, b: 1, c: d }\n'.replace('"', "'")


def test_a_key_without_a_value_is_written_without_one() -> None:
    assert edit("on:\n  push:\n", Add(("on", "pull_request"), None)) == "on:\n  push:\n  pull_request:\n"


def test_keys_that_look_like_something_else_are_quoted_and_on_is_not() -> None:
    assert edit("a: 1\n", Add(("18",), 1), Add(("on",), 1), Add(("x: y",), 1)) == "a: 1\n'18': 1\non: 1\n'x: y': 1\n"


def test_a_step_goes_with_its_comment_and_one_blank_line() -> None:
    assert changed(Remove((*STEPS, 0))) == ("10:\n-      # fetches it\n-      - uses: actions/checkout@v4 # v4.0\n-\n")


def test_a_step_in_the_middle_goes_with_the_deeper_comments_below_it() -> None:
    assert (
        edit(WORKFLOW, Remove((*STEPS, 1)))
        == WORKFLOW[: WORKFLOW.index("      - name")] + WORKFLOW[WORKFLOW.index("      # the last") :]
    )


def test_the_last_step_goes_with_the_blank_line_above_it() -> None:
    assert changed(Remove((*STEPS, 2))) == "19:\n-\n-      # the last\n-      - run: echo\n"


def test_the_first_key_of_an_item_goes_and_the_next_takes_its_place() -> None:
    assert edit("- a: 1 # c\n\n  # of b\n  b: 2\n", Remove((0, "a"))) == "- # of b\n  b: 2\n"


def test_items_of_brackets_go_with_their_commas() -> None:
    assert edit("a: [x, y, z]\nb: {k: 1, l: 2}\n", Remove(("a", 0)), Remove(("a", 2)), Remove(("b", "l"))) == (
        "a: [y]\nb: {k: 1}\n"
    )


def test_neighbours_go_together() -> None:
    assert edit("a: 1\n\nb: 2\n\n# c\nc: 3\n\nd: 4\n", Remove(("b",)), Remove(("c",))) == "a: 1\n\nd: 4\n"


def test_blank_lines_that_a_text_above_would_take_in_go_too() -> None:
    assert edit("a: |\n  x\nb: 1\n     \n\nc: 1\n", Remove(("b",))) == "a: |\n  x\nc: 1\n"
    assert edit("a: |+\n  x\nb: 1\n\nc: 1\n", Remove(("b",))) == "a: |+\n  x\nc: 1\n"


def test_a_text_comes_below_blank_lines_that_it_would_take_in() -> None:
    assert edit("a:\n  b: 1\n      \nc: 1\n", Add(("a", "t"), "x\ny\n")) == (
        "a:\n  b: 1\n      \n  t: |\n    x\n    y\nc: 1\n"
    )


def test_nothing_comes_between_a_text_and_the_blank_lines_it_keeps() -> None:
    assert edit("- |+\n  x\n\n- y\n", Insert((), 1, "z")) == "- |+\n  x\n\n- z\n- y\n"


@pytest.mark.parametrize("value", [{"b": 1}, "x", ["x"]])
def test_a_file_without_a_last_line_break_stays_without(value: object) -> None:
    text = edit("a: 1\nl:\n- x", Insert(("l",), 1, value))
    assert text.startswith("a: 1\nl:\n- x\n- ")
    assert not text.endswith("\n")


def test_a_text_that_ends_in_a_line_break_gives_the_file_one() -> None:
    assert edit("- w\n- x", Insert((), 2, "a\nb\n")) == "- w\n- x\n- |\n  a\n  b\n"
    assert edit("- w\n- x", Insert((), 2, "a\nb")) == "- w\n- x\n- |-\n  a\n  b"


def test_a_last_text_without_a_line_break_is_replaced_as_a_whole() -> None:
    assert edit("a: |\n  x", Set(("a",), "y")) == "a: |-\n  y"
    assert edit("a: |\n  x", Set(("a",), "y\n")) == "a: |\n  y\n"


def test_marks_of_documents_and_a_byte_order_mark_stay() -> None:
    source = SourceText.read("f.yml", b"\xef\xbb\xbf---\na: 1\n...\n")
    assert edited(YamlDocument.parse(source), [Add(("b",), 2)]).source.encode() == b"\xef\xbb\xbf---\na: 1\nb: 2\n...\n"


def test_lists_stand_on_one_line_where_the_file_has_them_so() -> None:
    assert edit("a: [x, y]\nb: z\n", Set(("b",), ["z", "w"])) == "a: [x, y]\nb: [z, w]\n"
    assert edit("a:\n- x\nb: z\n", Set(("b",), ["z", "w"])) == "a:\n- x\nb:\n- z\n- w\n"


def test_keys_in_quotes_and_words_beyond_ascii_are_found() -> None:
    assert edit("'a b': é😀\n\"on\": 1\n", Set(("a b",), "ü"), Set(("on",), 2)) == "'a b': ü\n\"on\": 2\n"


def test_a_text_over_several_lines_is_replaced_as_a_whole() -> None:
    assert edit("a: one\n  two # c\nb: 'x\n\n  y'\n", Set(("a",), "z"), Set(("b",), "w")) == "a: z # c\nb: 'w'\n"


def test_a_text_ends_with_its_last_line_even_if_that_is_spaces() -> None:
    assert edit("a: |\n  x\n     \nb: 1\n", Add(("n",), 0, after="a")) == "a: |\n  x\n     \nn: 0\nb: 1\n"
    assert edit("a: |\n  x\n  \nb: 1\n", Add(("n",), 0, after="a")) == "a: |\n  x\nn: 0\n  \nb: 1\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: 1\n\nb: 2\nc: 3\n", "a: 1\n\nc: 3\n"),
        ("a: 1\nb: 2\n\nc: 3\n", "a: 1\n\nc: 3\n"),
        ("a: |\n  x\nb: 2\n\nc: 3\n", "a: |\n  x\n\nc: 3\n"),
        ("a: 1\n\n\nb: 2\n\nc: 3\n", "a: 1\n\n\nc: 3\n"),
    ],
)
def test_one_gap_stays_where_a_key_was(text: str, after: str) -> None:
    assert edit(text, Remove(("b",))) == after


def test_an_item_is_parted_as_its_nearest_neighbours_are() -> None:
    text = "- a\n\n- b\n- c\n"
    assert edit(text, Insert((), 0, "n")) == "- n\n\n" + text
    assert edit(text, Insert((), 1, "n")) == "- a\n\n- n\n\n- b\n- c\n"
    assert edit(text, Insert((), 2, "n")) == "- a\n\n- b\n- n\n- c\n"
    assert edit(text, Insert((), 3, "n")) == text + "- n\n"


def test_a_key_is_parted_as_most_are_and_a_short_one_not_for_a_single_gap() -> None:
    text = "a: 1\n\nb: 2\n"
    assert edit(text, Add(("n",), 0)) == text + "n: 0\n"
    assert edit(text, Add(("n",), {"x": 1})) == text + "\nn:\n  x: 1\n"
    assert edit(text + "\nc: 3\n", Add(("n",), 0)) == text + "\nc: 3\n\nn: 0\n"
    assert edit(text + "c: 3\n", Add(("n",), {"x": 1})) == text + "c: 3\nn:\n  x: 1\n"


def test_a_text_in_the_middle_of_a_file_without_a_last_line_break_does_not_hinder() -> None:
    assert edit("- |\n  x\n- y", Insert((), 1, "n")) == "- |\n  x\n- n\n- y"


def test_empty_values_end_with_their_key_or_dash() -> None:
    text = "x:\n  - -\n    -\n  -\nc: 1\n"
    assert edit(text, Add(("n",), 0, before="c")) == text.replace("c:", "n: 0\nc:")


def test_an_empty_item_is_followed_by_a_new_one() -> None:
    assert edit("x:\n  - -\n    -\nc: 1\n", Insert(("x", 0), 2, "n")) == "x:\n  - -\n    -\n    - n\nc: 1\n"


def test_no_blank_line_parts_an_item_from_a_text_that_would_keep_it() -> None:
    assert edit("- a\n\n- |+\n  x\n", Insert((), 2, "n")) == "- a\n\n- |+\n  x\n- n\n"


def test_a_new_text_takes_in_no_line_of_spaces_below() -> None:
    text = "a: 1\n      \nb: 1\n"
    assert edit(text, Set(("a",), "x\ny\n")) == text.replace("1\n ", '"x\\ny\\n"\n ')
    assert edit(text, Set(("a",), ["x\ny\n"])) == "a:\n      \n  - |\n    x\n    y\nb: 1\n"


def test_an_empty_text_gets_lines() -> None:
    assert edit("a: |\nb: 1\n", Set(("a",), "x\n")) == "a: |\n  x\nb: 1\n"
    assert edit("b: 1\na: |", Set(("a",), "x\n")) == "b: 1\na: |\n  x\n"


def test_an_unused_anchor_stays_before_a_block() -> None:
    text = "a: &x # c\n  k: 1\nb:\n- &y z\n"
    assert edit(text, Set(("a",), "v"), Set(("b", 0), "w")) == "a: &x v # c\nb:\n- &y w\n"
    assert edit(text, Set(("a",), {"l": 2}), Set(("b", 0), {"k": 1})) == "a: &x # c\n  l: 2\nb:\n- k: 1\n"


def test_an_item_below_its_dash_becomes_one_beside_it() -> None:
    assert edit("-\n    k: 1\n-\n", Set((0,), {"a": 1, "b": 2}), Set((1,), {"a": 1, "b": 2})) == (
        "- a: 1\n  b: 2\n- a: 1\n  b: 2\n"
    )


def test_lists_in_lists_are_written_as_the_file_has_them() -> None:
    assert edit("a: [x]\nb: z\n", Set(("b",), [["p", "q"], {"k": 1}])) == "a: [x]\nb:\n  - [p, q]\n  - k: 1\n"
    assert edit("a:\n- x\nb: z\n", Set(("b",), [["p", "q"]])) == "a:\n- x\nb:\n- - p\n  - q\n"


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("a:\n- x: 1\n- y: 1\nb:\n-   x: 1\n", "-   k: 1\n    l: 2\n"),
        ("a:\n-   x: 1\nb:\n-\n  x: 1\n", "-   k: 1\n    l: 2\n"),
        ("b:\n-\n- x: 1\n", "- k: 1\n  l: 2\n"),
    ],
)
def test_an_item_stands_behind_its_dash_as_the_first_does(text: str, added: str) -> None:
    count = len(YamlDocument.parse(SourceText("f", text)).data["b"])
    assert edit(text, Insert(("b",), count, {"k": 1, "l": 2})) == text + added


def test_steps_that_are_added_are_parted_as_those_of_the_file_are() -> None:
    steps = [{"uses": "a"}, {"run": "b"}]
    text = "jobs:\n  one:\n    steps:\n      - uses: x\n{gap}      - run: y\n"
    added = "\n  two:\n    steps:\n      - uses: a\n{gap}      - run: b\n"
    for gap in ("", "\n"):
        after = edit(text.format(gap=gap), Add(("jobs", "two"), {"steps": steps}))
        assert after.endswith(added.format(gap=gap).lstrip("\n"))


def test_a_key_between_two_that_touch_touches_both() -> None:
    text = "name: x\nruns-on: y\n\nenv: z\n\nsteps: w\n"
    assert edit(text, Add(("if",), "v", after="name")).startswith("name: x\nif: v\nruns-on: y\n\n")


def test_a_text_within_a_new_list_is_quoted_where_deeper_blanks_below_would_become_part_of_it() -> None:
    text = "name:\n  -   two words\n        \n  - plain\n"
    assert edit(text, Set(("name", 0), ["one\ntwo\n"])) == 'name:\n  -   -   "one\\ntwo\\n"\n        \n  - plain\n'
