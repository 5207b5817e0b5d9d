"""Whatever a YAML text looks like, an edit does exactly what it means, or declines and says where."""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml
import yaml_edit
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestrator.edits.document import edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, applied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.edits.yaml_document import YamlDocument
from tests.support.yaml_texts import Oracle, yaml_texts

plain_texts = ["new", "on", "12", "it's", "a: b", " led by a space", "x #y", "", "- x", "é", "true", "[a", "'", "1.10"]
long_texts = [
    "one\ntwo\n",
    "one\ntwo",
    "  deeper\nand not\n",
    "one\n\n\ntwo\n",
    "one\n\n",
    "\n",
    "tab\there\n",
    "a \nb\n",
    "\na\nb\n",
]
scalars = st.sampled_from([*plain_texts, *long_texts, 12, -1, 1.5, True, False, None])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["run", "a b", "on", "x", "12"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def paths_of(data: Any, path: Path = ()) -> list[Path]:
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(each for key, value in below for each in paths_of(value, (*path, key)))]


def value_at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


@st.composite
def mutations(draw: Any, data: Any) -> Mutation:
    path = draw(st.sampled_from(paths_of(data)))
    there = value_at(data, path)
    if isinstance(there, list) and draw(st.booleans()):
        return Insert(path, draw(st.integers(0, len(there))), draw(values))
    if isinstance(there, dict) and draw(st.booleans()):
        neighbour = draw(st.sampled_from([None, *there]))
        where = draw(st.sampled_from(["before", "after"]))
        return Add((*path, "added"), draw(values), **({where: neighbour} if neighbour else {}))
    assume(path)
    return Remove(path) if draw(st.booleans()) else Set(path, draw(values))


def as_oracle_reads(text: str) -> Any:
    return yaml.load(text, Oracle)


def comparable(value: Any) -> Any:
    """Tell apart what Python holds for equal, and take keys for text; an order of keys means nothing."""
    if isinstance(value, dict):
        return {written(key): comparable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return written(value)


def written(value: Any) -> str:
    kinds = (str, bool, int, float)
    kind = next((kind for kind in kinds if isinstance(value, kind)), type(None))
    return f"{kind.__name__} {value + 0 if kind in (int, float) else value}"


def check_edit(text: str, draw: Any) -> None:
    document = YamlDocument.parse(SourceText("x.yml", text))
    mutation = draw(mutations(document.data))
    try:
        after = edited(document, [mutation]).source.text
    except Refusal as refusal:
        assert refusal.code != "edit/gate"
        assert refusal.location is not None
        return
    assert comparable(as_oracle_reads(after)) == comparable(applied(as_oracle_reads(text), [mutation]))
    if isinstance(mutation, Insert | Add) and value_at(document.data, document_path(mutation)):
        assert is_spliced(text, after), "text was lost"
    if isinstance(mutation, Remove):
        assert is_spliced(after, text), "text was added"
    if "\r\n" in text:
        assert after.count("\n") == after.count("\r\n")


def document_path(mutation: Insert | Add) -> Path:
    return mutation.path if isinstance(mutation, Insert) else mutation.path[:-1]


def is_spliced(less: str, more: str) -> bool:
    """Whether `more` is `less` with one text put in."""
    start = len(os.path.commonprefix([less, more]))  # noqa: RUF071  # the texts are no paths
    return more.endswith(less[start:])


@given(yaml_texts(), st.data())
@settings(max_examples=500, deadline=None)
def test_an_edit_does_exactly_what_it_means_or_declines(text: str, data: st.DataObject) -> None:
    check_edit(text, data.draw)


@pytest.mark.long
@pytest.mark.parametrize("_quarter", range(4))  # which several processes can share
@given(yaml_texts(), st.data())
@settings(max_examples=25_000, deadline=None)
def test_an_edit_of_a_hundred_thousand_does_exactly_what_it_means(
    _quarter: int, text: str, data: st.DataObject
) -> None:
    check_edit(text, data.draw)


@given(yaml_texts())
@settings(max_examples=200, deadline=None)
def test_the_tree_means_what_pyyaml_reads(text: str) -> None:
    assert comparable(YamlDocument.parse(SourceText("x.yml", text)).data) == comparable(as_oracle_reads(text))


def edited_by_another(text: str, mutation: Mutation) -> str:
    """Make the same edit with yaml-edit, a lossless editor with another parser."""
    document = yaml_edit.Document.parse(text)
    *above, last = mutation.path
    holder = document
    for part in above:
        holder = inside(holder, part)[part]
    match mutation:
        case Insert(index=index, value=value):
            inside(holder, last)[last].as_sequence().insert(index, value)
        case Remove():
            del inside(holder, last)[last]
        case Set(value=value):
            inside(holder, last)[last] = value
    return str(document)


def inside(node: Any, part: str | int) -> Any:
    if isinstance(node, yaml_edit.Document):
        return node
    return node.as_mapping() if isinstance(part, str) else node.as_sequence()


@given(yaml_texts(), st.data())
@settings(max_examples=200, deadline=None)
def test_another_editor_comes_to_the_same(text: str, data: st.DataObject) -> None:
    document = YamlDocument.parse(SourceText("x.yml", text))
    path = data.draw(st.sampled_from(paths_of(document.data)[1:]))
    there = value_at(document.data, path)
    replacing: Mutation = Insert(path, 0, "new") if isinstance(there, list) else Set(path, "new")
    mutation = data.draw(st.sampled_from([Remove(path), *([] if isinstance(there, dict) else [replacing])]))
    assume(not text.startswith("#") or "---" not in text)  # yaml-edit declines a comment above the document
    try:
        ours = edited(document, [mutation]).source.text
    except Refusal:
        return
    assert comparable(as_oracle_reads(ours)) == comparable(as_oracle_reads(edited_by_another(text, mutation)))
