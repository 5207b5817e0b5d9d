"""Dockerfiles keep their continued lines, comments, here-documents and directives."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.edits.dockerfile_document import DockerfileDocument
from orchestrator.edits.document import edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText

FILE = """\
# syntax=docker/dockerfile:1
# the base
FROM node:20 AS build

# what it needs
RUN apt-get update \\
    # comments do not end it

 && apt-get install \\
\tcurl

FROM build
RUN <<-EOF bash
  echo FROM here
\tEOF
EXPOSE 80
CMD ["node"]
"""


def read(text: str) -> DockerfileDocument:
    return DockerfileDocument.parse(SourceText("Dockerfile", text))


def step(instruction: str, value: str) -> dict[str, str]:
    return {"instruction": instruction, "value": value}


def test_a_file_is_a_list_of_instructions() -> None:
    assert read(FILE).data == [
        step("FROM", "node:20 AS build"),
        step("RUN", "apt-get update && apt-get install curl"),
        step("FROM", "build"),
        step("RUN", "<<-EOF bash\n  echo FROM here\n\tEOF"),
        step("EXPOSE", "80"),
        step("CMD", '["node"]'),
    ]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", []),
        ("# only this\n\n", []),
        ("from a\r\n  run b \\\r\n  c", [step("FROM", "a"), step("RUN", "b c")]),
        ("RUN a\\\n  b\n", [step("RUN", "a b")]),
        ("RUN a\\\nb\n", [step("RUN", "ab")]),
        ("RUN a \\\n\n# c\n\nb\nRUN c\n", [step("RUN", "a b"), step("RUN", "c")]),
        ("RUN a \\  \n b", [step("RUN", "a b")]),
        ("RUN a \\\\\nRUN b", [step("RUN", "a \\\\"), step("RUN", "b")]),
        ("RUN a \\", [step("RUN", "a")]),
        ("# escape=`\nRUN a \\\nRUN b `\n c", [step("RUN", "a \\"), step("RUN", "b c")]),
        ("# no directive\n# escape=`\nRUN a `\nRUN b", [step("RUN", "a `"), step("RUN", "b")]),
        ("COPY <<'A' <<B /x/\na\nA\nb\nB\nUSER x", [step("COPY", "<<'A' <<B /x/\na\nA\nb\nB"), step("USER", "x")]),
        ("ONBUILD RUN <<E\nx\nE\n", [step("ONBUILD", "RUN <<E\nx\nE")]),
        ("RUN sh -c 'cat <<E'\nUSER x", [step("RUN", "sh -c 'cat <<E'"), step("USER", "x")]),
        ("RUN cat <<<here\nUSER x", [step("RUN", "cat <<<here"), step("USER", "x")]),
        ("LABEL a=<<E\nUSER x", [step("LABEL", "a=<<E"), step("USER", "x")]),
        ("RUN", [step("RUN", "")]),
    ],
)
def test_lines_belong_to_the_instruction_docker_says(text: str, data: list[dict[str, str]]) -> None:
    assert read(text).data == data


@pytest.mark.parametrize(
    ("index", "value", "old", "new"),
    [
        (0, "node:22 AS build", "node:20", "node:22"),
        (1, "apt-get update && apt-get install curl jq", "curl", "curl jq"),
        (1, "apt-get update -q && apt-get install curl", "update", "update -q"),
        (1, "apt-get update && apt-get install jq", "curl", "jq"),
        (1, "apt update && apt-get install curl", "apt-get update", "apt update"),
        (
            1,
            "true",
            "apt-get update \\\n    # comments do not end it\n\n && apt-get install \\\n\tcurl",
            "true",
        ),
        (1, "apt-get update  && apt-get install curl", "update \\\n", "update  \\\n"),
        (3, "<<-EOF bash\n  echo FROM here\n  echo again\n\tEOF", "here\n", "here\n  echo again\n"),
        (3, "<<-EOF bash\n\tEOF", "  echo FROM here\n", ""),
        (5, '["node", "x"]', '["node"]', '["node", "x"]'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_of_a_value_only_what_differs_is_replaced(index: int, value: str, old: str, new: str, newline: str) -> None:
    assert FILE.count(old) == 1
    document = read(FILE.replace("\n", newline))
    after = edited(document, [Set((index, "value"), value)])
    assert after.source.text == FILE.replace(old, new).replace("\n", newline)


def test_a_here_document_keeps_its_last_line() -> None:
    with pytest.raises(Refusal) as refusal:
        edited(read("RUN <<E\nx\nE\n"), [Set((0, "value"), "<<E\nx\nEE")])
    assert refusal.value.hint == "a here-document ends with its name on a line of its own"


@pytest.mark.parametrize(("value", "after"), [("a  b", "RUN a  b"), ("a c", "RUN a\\\n  c"), ("a  c", "RUN a  c")])
def test_what_indents_a_continued_line_is_one_blank_of_the_value(value: str, after: str) -> None:
    assert edited(read("RUN a\\\n  b"), [Set((0, "value"), value)]).source.text == after
    assert edited(read("RUN a \\\n  b"), [Set((0, "value"), value)]).data == [step("RUN", value)]


def test_a_value_that_is_cut_short_leaves_no_line_to_continue() -> None:
    document = edited(read("FROM a\\\n  a a a\nFROM a"), [Set((0, "value"), "a")])
    assert document.source.text == "FROM a\nFROM a"


def test_a_value_is_put_where_there_is_none() -> None:
    assert edited(read("RUN\nUSER x"), [Set((0, "value"), "true")]).source.text == "RUN true\nUSER x"


def test_a_keyword_is_replaced_in_the_case_of_the_file() -> None:
    assert edited(read("from a\ncmd x"), [Set((1, "instruction"), "RUN")]).source.text == "from a\nrun x"


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("", 0, "USER me\n"),
        ("# syntax=x\n# base\nFROM a\n", 0, "# syntax=x\nUSER me\n# base\nFROM a\n"),
        ("# syntax=x\nFROM a\n", 0, "# syntax=x\nUSER me\nFROM a\n"),
        ("FROM a\nRUN b\n", 1, "FROM a\nUSER me\nRUN b\n"),
        ("FROM a\r\nRUN b", 2, "FROM a\r\nRUN b\r\nUSER me"),
        ("from a\n", 1, "from a\nuser me\n"),
        ("FROM a\n\n# b\nRUN b\n", 1, "FROM a\n\nUSER me\n\n# b\nRUN b\n"),
        ("FROM a\n\nRUN b\n\n# c\nRUN c\n", 2, "FROM a\n\nRUN b\n\nUSER me\n\n# c\nRUN c\n"),
        ("FROM a\n\nRUN b\n\nRUN c\n", 3, "FROM a\n\nRUN b\n\nRUN c\n\nUSER me\n"),
        ("FROM a\nRUN b\n\nFROM c\n", 2, "FROM a\nRUN b\nUSER me\n\nFROM c\n"),
        ("FROM a\n\nEXPOSE 1\nCMD b\n", 2, "FROM a\n\nEXPOSE 1\nUSER me\nCMD b\n"),
        ("FROM a\nRUN b \\\n  c\nRUN <<E\nE\n", 3, "FROM a\nRUN b \\\n  c\nRUN <<E\nE\nUSER me\n"),
    ],
)
def test_an_instruction_comes_behind_the_one_before_it(before: str, index: int, after: str) -> None:
    assert edited(read(before), [Insert((), index, step("USER", "me"))]).source.text == after


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("# syntax=x\n# base\nFROM a\n# b\nRUN b\n", 0, "# syntax=x\n# b\nRUN b\n"),
        ("FROM a\n\n# b\nRUN b \\\n # c\n c\n\nRUN d\n", 1, "FROM a\n\nRUN d\n"),
        ("FROM a\n# both\nRUN b\nRUN c\n", 1, "FROM a\n# both\nRUN c\n"),
        ("FROM a\nRUN <<E\nb\nE\nRUN c\n", 1, "FROM a\nRUN c\n"),
        ("FROM a\n\nRUN b", 1, "FROM a"),
    ],
)
def test_an_instruction_goes_with_its_lines_and_its_own_comments(before: str, index: int, after: str) -> None:
    assert edited(read(before), [Remove((index,))]).source.text == after


def test_places_and_comments() -> None:
    document = read(FILE)
    places = [document.location(path) for path in ((), (1,), (1, "value"), (3, "instruction"), (9,))]
    assert [place[1:] for place in places] == [(1, 1), (6, 1), (6, 5), (13, 1), (1, 1)]
    assert [document.comments((index,)) for index in (0, 1, 2)] == ["the base", "what it needs", ""]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\n  FETCH b\n", "error[edit/syntax]: `Dockerfile`: `FETCH` is no instruction\n  --> Dockerfile:2:3"),
        ("FROM a\nname: b\n", "error[edit/syntax]: `Dockerfile`: `name:` is no instruction\n  --> Dockerfile:2:1"),
        ("RUN\u00a0b\n", "error[edit/syntax]: `Dockerfile`: `RUN\u00a0b` is no instruction\n  --> Dockerfile:1:1"),
        (
            "FROM a\nRUN <<EOF\nRUN b\n",
            "error[edit/syntax]: `Dockerfile`: the here-document `EOF` does not end\n  --> Dockerfile:2:1",
        ),
        (
            "FROM a\n{{ if .b }}\nRUN b\n",
            "error[edit/template]: `Dockerfile` is a template\n  --> Dockerfile:2:1\n"
            "  hint: edit what the template is rendered to, or the template by hand",
        ),
    ],
)
def test_what_docker_would_not_read_is_refused_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(text)
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    ("mutation", "hint"),
    [
        (Set((0, "value"), "a\nb"), "write the value in one line"),
        (Set((0, "value"), 3), "a value is text without blanks around it"),
        (Set((0, "value"), ""), "a value is text without blanks around it"),
        (Set((0, "instruction"), "FETCH"), "'FETCH' is no instruction"),
        (Set((0,), step("RUN", "x")), "its instructions can be inserted and removed, their values set"),
        (Remove((0, "value")), "its instructions can be inserted and removed, their values set"),
        (Add((0, "stage"), "x"), "its instructions can be inserted and removed, their values set"),
        (Insert((), 0, "RUN x"), "give `instruction` and `value`"),
        (Insert((), 0, {**step("RUN", "x"), "stage": "a"}), "give `instruction` and `value`"),
        (Insert((), 0, step("RUN", "a\nb")), "write the value in one line"),
        (Insert((), 0, step("run", "a")), "'run' is no instruction"),
    ],
)
def test_what_cannot_stand_there_is_refused(mutation: Mutation, hint: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        edited(read("FROM a\n"), [mutation])
    assert str(refusal.value) == (f"error[edit/wrong-shape]: `Dockerfile` is a list of instructions\n  hint: {hint}")
