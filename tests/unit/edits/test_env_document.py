"""Files of environment variables keep their comments, quotes and `export`s."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.document import edited
from orchestrator.edits.env_document import EnvDocument
from orchestrator.edits.mutation import Add, Insert, Mutation, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText


def read(text: str) -> EnvDocument:
    return EnvDocument.parse(SourceText(".env", text))


def test_variables_are_read_as_programs_read_them() -> None:
    text = (
        '# top\n\nA=1\nexport B = two words # beside\nC=\'${A} #\'\nD="x\\n\\"y\\""\n'
        'E=\nF\nG= # nothing\nH=a#b\nI="first\nsecond"\nJ=${A}'
    )
    assert read(text).data == {
        "A": "1",
        "B": "two words",
        "C": "${A} #",
        "D": 'x\n"y"',
        "E": "",
        "F": None,
        "G": "",
        "H": "a#b",
        "I": "first\nsecond",
        "J": "${A}",
    }


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("A=1 # one\n", "2", "A=2 # one\n"),
        ("A = 1\r\nB=2", "3", "A = 3\r\nB=2"),
        ("export A='1'\n", "it is", "export A='it is'\n"),
        ("A='1'\n", "it's", 'A="it\'s"\n'),
        ('A="1" # one\n', 'say "no"\n', 'A="say \\"no\\"\\n" # one\n'),
        ("A=1\n", "two words", 'A="two words"\n'),
        ("A=two words\n", "a & b", 'A="a & b"\n'),
        ("A=1\n", "pa$$word", "A='pa$$word'\n"),
        ('A="1"\n', "pa$$word", "A='pa$$word'\n"),
        ("A=1\n", "${HOME}/bin", "A=${HOME}/bin\n"),
        ("A=1\n", "${HOME}/my bin", 'A="${HOME}/my bin"\n'),
        ("A=1\n", "", "A=\n"),
        ("A=1\n", "#1", 'A="#1"\n'),
        ("A=1\n", "C:\\x", 'A="C:\\\\x"\n'),
        ("A=\n", "1", "A=1\n"),
        ("A= # empty\n", "1", "A=1 # empty\n"),
        ("A # empty\n", "1", "A=1 # empty\n"),
        ("export A", "1", "export A=1"),
        ('A="one\ntwo" # both\nB=1\n', "x", 'A="x" # both\nB=1\n'),
        ("'A'=1\n", "ü", "'A'=ü\n"),
    ],
)
def test_a_new_value_stands_where_the_old_one_stood(before: str, value: str, after: str) -> None:
    assert edited(read(before), [Set(("A",), value)]).source.text == after


@pytest.mark.parametrize(
    ("before", "mutation", "after"),
    [
        ("", Add(("A",), "1"), "A=1\n"),
        ("# only this\n", Add(("A",), "1"), "# only this\nA=1\n"),
        ("B=2\n\n# end\n", Add(("A",), "1"), "B=2\nA=1\n\n# end\n"),
        ("B=2", Add(("A",), "1"), "B=2\nA=1"),
        ("export B='2'\r\n", Add(("A",), "1"), "export B='2'\r\nexport A='1'\r\n"),
        ("# c\nC=3\n# b\nB=2\n", Add(("A",), "1", before="B"), "# c\nC=3\nA=1\n# b\nB=2\n"),
        ("# c\nC=3\n# b\nB=2\n", Add(("A",), "1", after="C"), "# c\nC=3\nA=1\n# b\nB=2\n"),
        ('C="a\n# b"\nB=2\n', Add(("A",), "1", before="B"), 'C="a\n# b"\nA=1\nB=2\n'),
        ('C="a\nb" # c\nB=2\n', Add(("A",), "1", after="C"), 'C="a\nb" # c\nA="1"\nB=2\n'),
    ],
)
def test_a_new_variable_is_spelled_like_its_neighbour(before: str, mutation: Add, after: str) -> None:
    new = edited(read(before), [mutation])
    assert new.source.text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nB=2\n", "B=2\n"),
        ("B=2\nA=1", "B=2"),
        ("B=2\r\nA=1", "B=2"),
        ("# top\n\n# about a\n# more\nA=1\n", "# top\n"),
        ("# about a\nA=1\n# about b\nB=2\n", "# about b\nB=2\n"),
        ("# about both\nA=1\nB=2\n", "# about both\nB=2\n"),
        ("C=3\n\nA=1\n\nB=2\n", "C=3\n\nB=2\n"),
        ('A="one\n# two"\nB=2\n', "B=2\n"),
        ('B="one\n# two"\nA=1\n', 'B="one\n# two"\n'),
    ],
)
def test_a_variable_goes_with_the_comments_that_are_its_own(before: str, after: str) -> None:
    assert edited(read(before), [Remove(("A",))]).source.text == after


@pytest.mark.parametrize(
    ("text", "line"), [("A=1\nB=2\nexport C=3\n", "NEW=true"), ("export A=1\nexport B=2\nC=3\n", "export NEW=true")]
)
def test_a_new_variable_is_exported_where_most_are(text: str, line: str) -> None:
    assert edited(read(text), [Add(("NEW",), "true")]).source.text == f"{text}{line}\n"


def test_comments_above_and_beside_belong_to_a_variable() -> None:
    document = read("# no\n\n# one\n#two\nexport A=1 # three\n")
    assert document.comments(("A",)) == "one\ntwo\nthree"
    assert str(document.location(("A",))) == ".env:5:1"
    assert str(document.location(("B",))) == ".env:1:1"


def test_a_variable_that_is_there_twice_is_left_alone() -> None:
    document = read("A=1\nB=2\n A=3\n")
    assert document.data == {"A": "3", "B": "2"}
    assert edited(document, [Set(("B",), "4")]).source.text == "A=1\nB=4\n A=3\n"
    for mutation in (Set(("A",), "4"), Remove(("A",))):
        with pytest.raises(Refusal) as refusal:
            edited(document, [mutation])
        assert str(refusal.value) == (
            "error[edit/duplicate-key]: the variable `A` is there twice\n  --> .env:3:2\n"
            "  hint: remove one; the other is in line 1"
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\n  - x y\n", "error[edit/syntax]: `.env`: no variable: `KEY=value`\n  --> .env:2:3"),
        ("A='x\nB=1\n", "error[edit/syntax]: `.env`: no variable: `KEY=value`\n  --> .env:1:1"),
        (
            "{% if prod %}\nA=1\n{% endif %}\n",
            "error[edit/template]: `.env` is a template\n  --> .env:1:1\n"
            "  hint: edit what the template is rendered to, or the template by hand",
        ),
    ],
)
def test_what_is_no_variable_is_refused_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(text)
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    ("mutation", "expected"),
    [
        (
            Set(("A",), 1),
            "error[edit/wrong-shape]: a variable of `.env` is text, not 1\n  hint: put it in quotes",
        ),
        (Add(("A",), "1"), "error[edit/conflict]: the variable `A` is there already\n  --> .env:1:1"),
        (Add(("1 b",), "1"), "error[edit/wrong-shape]: '1 b' is no name of a variable"),
        (
            Insert(("A",), 0, "1"),
            "error[edit/wrong-shape]: `.env` is a list of variables\n"
            "  hint: a path in such a file is the name of a variable",
        ),
        (
            Set(("A", "b"), "1"),
            "error[edit/wrong-shape]: `.env` is a list of variables\n"
            "  hint: a path in such a file is the name of a variable",
        ),
    ],
)
def test_what_cannot_stand_there_is_refused(mutation: Mutation, expected: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        edited(read("A=1\n"), [mutation])
    assert str(refusal.value) == expected
