"""Ini files keep their signs, indents and comments, and mean what configparser says."""

from __future__ import annotations

import configparser

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.ini_document import IniDocument
from orchestrator.edits.mutation import Add, Insert, Mutation, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText

FILE = """\
# top

[one]
# about k
k = 1
hanging =
    p
    # about q
    q

beside=x
  y
  z

[DEFAULT]
Colon: v ; part of it
"""


def read(text: str, path: str = "setup.cfg") -> IniDocument:
    return IniDocument.parse(SourceText(path, text))


def change(text: str, *mutations: Mutation, path: str = "setup.cfg") -> str:
    return edited(read(text, path), mutations).source.text


def test_a_value_of_several_lines_is_a_list() -> None:
    assert read(FILE).data == {
        "one": {"k": "1", "hanging": ["p", "q"], "beside": ["x", "y", "z"]},
        "DEFAULT": {"Colon": "v ; part of it"},
    }


@pytest.mark.parametrize(
    "text",
    [
        "[a]\nk =\n  x\n\n  y\n# c\n  z\n\n# d\n  w\nj = 1\n",
        "[a]\nk =\n  x\n# c\n\n  z\nj=1\n",
        "[a]\nk = v\n  # c\n\n  ; d\nj=2",
        "[a] # x\n  k = 1\n  j = x # 2\n    3\n",
        "[a]\nk = [x]\n  [y]\n  z = 1\n",
        "[a]\n\nlong key : a=b:c\n\n\n  2\n\n",
        "[a]\nempty =\nother:\n",
    ],
)
def test_lines_belong_to_the_value_configparser_says(text: str) -> None:
    """Each item can be replaced, which shows that it stands where it is thought to stand."""
    reference = configparser.RawConfigParser(default_section="")
    reference.read_string(text)
    document = read(text)
    for key, value in document.data["a"].items():
        lines = [line for line in reference["a"][key].split("\n") if line]
        assert (value if isinstance(value, list) else [value] if value else []) == lines
        for index in range(len(lines)) if isinstance(value, list) else ():
            edited(document, [Set(("a", key, index), "new")])
            edited(document, [Insert(("a", key), index, "new")])
        edited(document, [Set(("a", key), "new")])
        edited(document, [Remove(("a", key))])


@pytest.mark.parametrize(
    ("mutation", "old", "new"),
    [
        (Set(("one", "k"), "2"), "k = 1\n", "k = 2\n"),
        (Set(("one", "k"), ""), "k = 1\n", "k =\n"),
        (Set(("one", "k"), ["2", "3"]), "k = 1\n", "k =\n    2\n    3\n"),
        (Set(("one", "hanging"), "n"), "hanging =\n    p\n    # about q\n    q\n", "hanging = n\n"),
        (Set(("one", "hanging", 1), "Q"), "    q\n", "    Q\n"),
        (Set(("one", "beside"), ["n"]), "beside=x\n  y\n  z\n", "beside=\n  n\n"),
        (Set(("one", "beside"), "n"), "beside=x\n  y\n  z\n", "beside=n\n"),
        (Set(("one", "beside", 0), "n"), "beside=x\n", "beside=n\n"),
        (Set(("DEFAULT", "Colon"), "n"), "Colon: v ; part of it\n", "Colon: n\n"),
        (Add(("one", "n"), "1"), "  z\n", "  z\nn=1\n"),
        (Add(("one", "n"), ["1"]), "  z\n", "  z\nn=\n  1\n"),
        (Add(("one", "n"), "1", before="k"), "# about k\n", "n = 1\n# about k\n"),
        (Add(("one", "n"), "1", after="hanging"), "    q\n", "    q\nn = 1\n"),
        (Add(("DEFAULT", "n"), "1"), "part of it\n", "part of it\nn: 1\n"),
        (Insert(("one", "hanging"), 0, "n"), "    p\n", "    n\n    p\n"),
        (Insert(("one", "hanging"), 1, "n"), "    p\n", "    p\n    n\n"),
        (Insert(("one", "hanging"), 2, "n"), "    q\n", "    q\n    n\n"),
        (Insert(("one", "beside"), 0, "n"), "beside=x\n", "beside=n\n  x\n"),
        (Insert(("one", "beside"), 3, "n"), "  z\n", "  z\n  n\n"),
        (Remove(("one", "k")), "k = 1\n", ""),
        (Remove(("one", "hanging", 0)), "    p\n", ""),
        (Remove(("one", "hanging", 1)), "    # about q\n    q\n", ""),
        (Remove(("one", "beside", 0)), "beside=x\n", "beside=\n"),
        (Remove(("one", "beside", 1)), "  y\n", ""),
        (Remove(("one", "hanging")), "hanging =\n    p\n    # about q\n    q\n", ""),
        (Remove(("DEFAULT",)), "\n[DEFAULT]\nColon: v ; part of it\n", ""),
        (Add(("n",), {"a": "1", "b": ["2"]}), "part of it\n", "part of it\n\n[n]\na = 1\nb =\n    2\n"),
        (Add(("n",), {"a": "1"}, before="one"), "[one]\n", "[n]\na = 1\n\n[one]\n"),
        (Add(("n",), {}, after="one"), "[DEFAULT]\n", "[n]\n\n[DEFAULT]\n"),
        (Add(("n",), {}, after="DEFAULT"), "part of it\n", "part of it\n\n[n]\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_place_changes_and_no_other(mutation: Mutation, old: str, new: str, newline: str) -> None:
    assert FILE.count(old) == 1
    after = FILE.replace(old, new)
    assert change(FILE.replace("\n", newline), mutation) == after.replace("\n", newline)


@pytest.mark.parametrize(
    ("before", "mutation", "after"),
    [
        ("", Add(("a",), {"k": "1"}), "[a]\nk = 1\n"),
        ("[a]\n\n", Add(("b",), {}), "[a]\n\n[b]\n"),
        ("[a]", Add(("b",), {}), "[a]\n\n[b]"),
        ("[a]", Add(("a", "k"), "1"), "[a]\nk = 1"),
        ("[a]\nk=1", Add(("a", "j"), "1"), "[a]\nk=1\nj=1"),
        ("[a]\n  k = 1\n", Add(("a", "j"), ["1"]), "[a]\n  k = 1\n  j =\n      1\n"),
        ("[a]\nk=1\n[b]\nj=2", Remove(("b", "j")), "[a]\nk=1\n[b]"),
        ("[a]\n# both\nk=1\nj=2\n", Remove(("a", "k")), "[a]\n# both\nj=2\n"),
        ("[a]\nk =\n    x\n    # of k\nj = 1\n", Remove(("a", "j")), "[a]\nk =\n    x\n    # of k\n"),
        ("[a]\nk = x\n    y\n", Remove(("a", "k", 1)), "[a]\nk =\n    x\n"),
        ("# of a\n[a]\nk=1\n# k=2\n\n[b]\n", Remove(("a",)), "[b]\n"),
        ("[a]\nk=1\n# of b\n[b]\n", Remove(("a",)), "# of b\n[b]\n"),
    ],
)
def test_the_ends_of_files_and_sections(before: str, mutation: Mutation, after: str) -> None:
    assert change(before, mutation) == after


@pytest.mark.parametrize(
    ("before", "mutation", "after"),
    [
        ("# e\nroot = true\n\n[*]\nx = 1\n", Set(("root",), "false"), "# e\nroot = false\n\n[*]\nx = 1\n"),
        ("root = true\n\n[*]\nx = 1\n", Set(("*", "x"), "2"), "root = true\n\n[*]\nx = 2\n"),
        ("root = true\n\n[*]\n", Add(("*.{js,ts}",), {"y": "2"}), "root = true\n\n[*]\n\n[*.{js,ts}]\ny = 2\n"),
        ("root = true\n\n[*]\n", Add(("a",), {}, before="root"), "root = true\n\n[*]\n\n[a]\n"),
        ("root = true\n\n[*]\n", Add(("a",), {}, after="root"), "root = true\n\n[*]\n\n[a]\n"),
        ("root = true\n", Add(("y",), "2"), "root = true\ny = 2\n"),
        ("# of all\n[*]\nx=1\n", Add(("root",), "true"), "root=true\n\n# of all\n[*]\nx=1\n"),
        ("root = true\n\n[*]\n", Remove(("root",)), "[*]\n"),
        ("", Add(("root",), "true"), "root = true\n"),
    ],
)
def test_an_editorconfig_has_keys_above_its_sections(before: str, mutation: Mutation, after: str) -> None:
    assert change(before, mutation, path="sub/.editorconfig") == after


def test_comments_right_above_belong_to_a_key() -> None:
    document = read(FILE)
    assert document.comments(("one", "k")) == "about k"
    assert document.comments(("one",)) == ""
    assert document.comments(("one", "hanging", 1)) == "about q"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("one",), "3:1"),
        (("one", "k"), "5:1"),
        (("one", "hanging", 1), "9:5"),
        (("one", "new"), "3:1"),
        (("new",), "1:1"),
        (("one", "hanging", 7), "6:1"),
    ],
)
def test_the_place_of_what_is_not_there_is_that_of_what_would_hold_it(path: tuple[str | int, ...], place: str) -> None:
    assert str(read(FILE).location(path)) == f"setup.cfg:{place}"


ONE = "\n  hint: remove one of them"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "tox.ini",
            "a = 1\n[b]\n",
            "error[edit/syntax]: `tox.ini`: a key before the first `[section]`\n  --> tox.ini:1:1",
        ),
        ("tox.ini", "[b]\n\nkey\n", "error[edit/syntax]: `tox.ini`: no `key = value`\n  --> tox.ini:3:1"),
        (".editorconfig", "a = 1\n[b]\nkey\n", "error[edit/syntax]: `.editorconfig`: no `key = value`\n"
         "  --> .editorconfig:3:1"),
        ("tox.ini", "[b]\nx=1\n[b]\n", "error[edit/duplicate-key]: `[b]` is there twice\n  --> tox.ini:3:1" + ONE),
        ("tox.ini", "[b]\nx=1\nx=2\n", "error[edit/duplicate-key]: `x` is there twice\n  --> tox.ini:3:1" + ONE),
        (".editorconfig", "x=1\nx=2\n", "error[edit/duplicate-key]: `x` is there twice\n  --> .editorconfig:2:1" + ONE),
        (
            ".editorconfig",
            "x=1\n[x]\n",
            "error[edit/conflict]: `x` is both a key and a section\n  --> .editorconfig:2:1",
        ),
        (
            "setup.cfg",
            "[a]\n{%- if b %}\nx=1\n",
            "error[edit/template]: `setup.cfg` is a template\n  --> setup.cfg:2:1\n"
            "  hint: edit what the template is rendered to, or the template by hand",
        ),
    ],
)  # fmt: skip
def test_a_file_that_breaks_the_rules_is_refused_with_the_place(path: str, text: str, expected: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(text, path)
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    ("mutation", "code", "message"),
    [
        (Set(("one",), {}), "edit/wrong-shape", "a section is no value"),
        (Set(("one", "k"), 2), "edit/wrong-shape", "a value of `setup.cfg` cannot be 2"),
        (Set(("one", "k"), "a\nb"), "edit/wrong-shape", "a value of `setup.cfg` cannot be 'a\\nb'"),
        (Set(("one", "k"), []), "edit/wrong-shape", "a value of `setup.cfg` cannot be []"),
        (Set(("one", "k"), ["# x"]), "edit/wrong-shape", "a value of `setup.cfg` cannot be '# x'"),
        (Insert(("one", "k"), 0, "x"), "edit/wrong-shape", "the place is no list"),
        (Add(("one", "K"), "2"), "edit/conflict", "the key `k` is there already"),
        (Add(("DEFAULT", "colon"), "2"), "edit/conflict", "the key `Colon` is there already"),
        (Add(("one", "k=j"), "2"), "edit/wrong-shape", "a key of `setup.cfg` cannot be 'k=j'"),
        (Add(("one", "# j"), "2"), "edit/wrong-shape", "a key of `setup.cfg` cannot be '# j'"),
        (Add(("new",), "2"), "edit/wrong-shape", "`setup.cfg` has sections with keys"),
        (Add(("one", "k", "x"), "2"), "edit/wrong-shape", "the place has no keys"),
        (Set(("one", "k", "x", "y"), "2"), "edit/wrong-shape", "`setup.cfg` has sections with keys"),
    ],
)
def test_what_cannot_stand_there_is_refused(mutation: Mutation, code: str, message: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(FILE).splices(mutation)
    assert (refusal.value.code, refusal.value.message) == (code, message)


def test_the_last_item_of_a_list_goes_with_its_key() -> None:
    with pytest.raises(Refusal) as refusal:
        change("[a]\nk =\n  x\n", Remove(("a", "k", 0)))
    assert str(refusal.value) == (
        "error[edit/wrong-shape]: the list would be empty\n  --> setup.cfg:2:1\n  hint: remove `k`"
    )


@pytest.mark.parametrize("mutation", [Insert(("a", "k"), 0, "x"), Remove(("a", "k", 1))])
def test_a_value_that_would_become_a_comment_stays_beside_its_key(mutation: Mutation) -> None:
    with pytest.raises(Refusal) as refusal:
        change("[a]\nk = # 1\n  2\n", mutation)
    assert refusal.value.message == "a value of `setup.cfg` cannot be '# 1'"
