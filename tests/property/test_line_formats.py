"""TOML, ini, .env, Dockerfile and line files: edits do exactly what they mean, however the file is formatted.

What a file means is known because it is generated with its data, so the formats' own reading is checked too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.edits.dockerfile_document import DockerfileDocument
from orchestrator.edits.document import Document, edited
from orchestrator.edits.env_document import EnvDocument
from orchestrator.edits.ini_document import IniDocument
from orchestrator.edits.line_document import LineDocument
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, applied, differences, value_at
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.edits.toml_document import TomlDocument

EXAMPLES = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
REFUSALS = {"edit/wrong-shape", "edit/conflict"}
"""What a random edit may be refused for. `edit/gate` is not among them: it would be a bug."""

words = st.sampled_from(
    ("a", "b1", "it's", 'say "x"', "two words", "é😀", "x=1", "a#b", "$A", "\\d", "[x]", "{y}", "-")
)
keys = st.sampled_from(("a", "b", "c_1", "d-e", "f"))
blanks = st.sampled_from(("", " ", "  "))
notes = st.sampled_from(("# about", "#", "# a = 1", "## ü"))


@st.composite
def fillings(draw: st.DrawFn, indent: str = "") -> list[str]:
    """Draw what stands between two things: comments and blank lines."""
    return draw(st.lists(st.just("") | notes.map(lambda note: indent + note), max_size=3))


@st.composite
def sources(draw: st.DrawFn, path: str, lines: list[str]) -> SourceText:
    text = "\n".join(lines) + ("\n" if lines and draw(st.booleans()) else "")
    text = text.replace("\n", draw(st.sampled_from(("\n", "\r\n"))))
    return SourceText.read(path, draw(st.sampled_from((b"", b"\xef\xbb\xbf"))) + text.encode())


@st.composite
def env_files(draw: st.DrawFn) -> tuple[SourceText, Any]:
    lines, data = [], {}
    for key in draw(st.lists(keys, unique=True)):
        lines += draw(fillings())
        text = draw(words)
        spellings = {
            f"'{text}'": text if "'" not in text and "\\" not in text else None,
            json.dumps(text, ensure_ascii=False): text,
            text: text if text[0] not in "'\"" else None,
            '"first\n# last"': "first\n# last",
            "": "",
        }
        written = draw(st.sampled_from([each for each, value in spellings.items() if value is not None]))
        sign = draw(blanks) + "=" + draw(blanks) * bool(written)
        head = draw(st.sampled_from(("", "export ", "  "))) + key
        lines.append(head + sign + written + draw(st.sampled_from(("", " # beside", "  "))))
        data[key] = spellings[written]
    return draw(sources(".env", lines + draw(fillings()))), data


@st.composite
def ini_files(draw: st.DrawFn) -> tuple[SourceText, Any]:
    lines, data = draw(fillings()), {}
    for name in draw(st.lists(st.sampled_from(("a", "tool:x", "DEFAULT", "b.*")), unique=True)):
        lines.append(f"[{name}]" + draw(st.sampled_from(("", " # beside"))))
        indent = draw(st.sampled_from(("", "", "  ")))
        data[name] = {}
        for key in draw(st.lists(keys, unique=True)):
            lines += draw(fillings(indent))
            sign = draw(blanks) + draw(st.sampled_from("=:")) + draw(blanks)
            items = draw(st.lists(words.filter(lambda text: "=" not in text), max_size=3))
            first = items[0] if items and draw(st.booleans()) else ""
            lines.append(indent + key + sign + first)
            for item in items[bool(first) :]:
                lines += [indent + "    " + note if note else "" for note in draw(fillings())]
                lines.append(indent + draw(st.sampled_from(("  ", "    ", "\t"))) + item)
            data[name][key] = items if len(items) > 1 or (items and not first) else "".join(items)
        lines += draw(fillings())
    return draw(sources("setup.cfg", lines)), data


@st.composite
def dockerfiles(draw: st.DrawFn) -> tuple[SourceText, Any]:
    lines, data = draw(st.sampled_from(([], ["# syntax=docker/dockerfile:1"]))), []
    lower = draw(st.booleans())
    for instruction in draw(st.lists(st.sampled_from(("FROM", "RUN", "COPY", "EXPOSE", "ENV", "CMD")))):
        lines = [*lines, *draw(fillings())]
        parts = draw(st.lists(words.filter(lambda text: "\\" not in text), min_size=1, max_size=4))
        lines.append(draw(blanks) + (instruction.lower() if lower else instruction) + " " + parts[0])
        for part in parts[1:]:
            continued = draw(st.sampled_from((None, " \\", "\\", " \\  ")))
            if continued is None:
                lines[-1] += f" {part}"
                continue
            lines[-1] = lines[-1].rstrip() + continued
            lines += draw(fillings("    "))
            lines.append("  " + part)
        value = " ".join(parts)
        if instruction == "RUN" and draw(st.booleans()):
            body = draw(st.lists(st.sampled_from(("x", "", "# y", "RUN z", "  é \\")), max_size=2))
            lines[-1] += " <<EOF"
            lines += [*body, "EOF"]
            value = "\n".join([value + " <<EOF", *body, "EOF"]) if _has_no_quote(value) else None
        data.append({"instruction": instruction, "value": value})
    return draw(sources("Dockerfile", lines)), data


def _has_no_quote(value: str) -> bool:
    """Quotes that do not end swallow the name of a here-document, so nobody knows what the file means."""
    return not set(value) & set("'\"")


scalars = st.integers() | st.booleans() | words | st.sampled_from((0.5, -1e30, "a\n# b", ""))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)


class TomlWriter:
    """Writes data as TOML, formatted at random."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def table(self, path: tuple[str, ...], data: dict[str, Any], *, is_row: bool = False) -> Iterator[str]:
        """Yield the lines of a table: entries first, then the tables inside it below headers."""
        inner = [key for key, item in data.items() if isinstance(item, dict) and self._draw(st.booleans())]
        rows = [key for key, item in data.items() if _are_tables(item) and self._draw(st.booleans())]
        entries = [key for key in data if key not in (*inner, *rows)]
        if path and (is_row or entries or not (inner or rows) or self._draw(st.booleans())):
            yield from self._draw(fillings())
            title = self._draw(blanks) + ".".join(path)
            yield (f"[[{title}]]" if is_row else f"[{title}]") + self._draw(st.sampled_from(("", " # beside")))
        for key in entries:
            yield from self._draw(fillings())
            yield from self._entry(key, data[key])
        yield from self._draw(fillings())
        for key in inner:
            yield from self.table((*path, key), data[key])
        for key in rows:
            for item in data[key]:
                yield from self.table((*path, key), item, is_row=True)

    def _entry(self, key: str, item: Any) -> Iterator[str]:
        if isinstance(item, dict) and item and self._draw(st.booleans()):
            for name, value in item.items():
                yield from self._entry(f"{key}.{name}", value)
        else:
            sign = self._draw(blanks) + "=" + self._draw(blanks)
            yield self._draw(blanks) + key + sign + self.value(item) + self._draw(st.sampled_from(("", " # beside")))

    def value(self, item: Any) -> str:
        match item:
            case str() if "'" not in item and "\n" not in item and self._draw(st.booleans()):
                return f"'{item}'"
            case str() if "\n" in item and self._draw(st.booleans()):
                return f'"""\n{item}"""'
            case dict():
                pairs = [f"{key}{self._draw(blanks)}={self.value(value)}" for key, value in item.items()]
                return "{" + self._draw(blanks) + ", ".join(pairs) + " }"
            case list():
                return self._array([self.value(each) for each in item])
            case _:
                return json.dumps(item, ensure_ascii=False)

    def _array(self, items: list[str]) -> str:
        comma = self._draw(st.sampled_from(("", ","))) if items else ""
        match self._draw(st.sampled_from(("line", "lines", "hanging"))):
            case "line":
                return "[" + self._draw(blanks) + ", ".join(items) + comma + self._draw(blanks) + "]"
            case "hanging":
                return "[" + ",\n     ".join(items) + comma + "]"
            case _:
                lines = ["["]
                for index, item in enumerate(items):
                    is_last = index == len(items) - 1
                    lines += self._draw(fillings("    "))
                    lines.append(f"  {item}{comma if is_last else ','}{self._draw(st.sampled_from(('', ' # beside')))}")
                return "\n".join([*lines, *self._draw(fillings()), "]"])


def _are_tables(item: Any) -> bool:
    return isinstance(item, list) and bool(item) and all(isinstance(each, dict) for each in item)


@st.composite
def toml_files(draw: st.DrawFn) -> tuple[SourceText, Any]:
    data = draw(st.dictionaries(keys, values, max_size=4))
    return draw(sources("a.toml", list(TomlWriter(draw).table((), data)))), data


@st.composite
def line_files(draw: st.DrawFn) -> tuple[SourceText, Any]:
    others = st.sampled_from(("", " ", "# x", "a\u2028b", "\x0c"))
    lines = draw(st.lists(words | others).filter(lambda each: each[-1:] != [""]))
    return draw(sources("CODEOWNERS", lines)), lines


def places(data: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from places(value, (*path, key))


@st.composite
def mutations(draw: st.DrawFn, data: Any, news: st.SearchStrategy[Any]) -> Mutation:
    path = draw(st.sampled_from(list(places(data))))
    here, new = value_at(data, path), draw(news)
    kinds: list[Callable[[], Mutation]] = [lambda: Set(path, new), lambda: Remove(path)] if path else []
    if isinstance(here, dict):
        near = draw(st.sampled_from([None, *here]))
        side = draw(st.sampled_from(("before", "after")))
        kinds.append(lambda: Add((*path, "new"), new, **{side: near}))
    if isinstance(here, list):
        kinds.append(lambda: Insert(path, draw(st.integers(0, len(here))), new))
    return draw(st.sampled_from(kinds))()


def check(document: Document, mutation: Mutation) -> None:
    """One edit does what it means, in the file's line ends, or is refused for a reason people can act on."""
    try:
        after = edited(document, [mutation])
    except Refusal as refusal:
        assert refusal.code in REFUSALS, refusal
        return
    old, new = document.source, after.source
    assert not list(differences(applied(document.data, [mutation]), after.data))
    assert new.has_bom == old.has_bom
    if "\n" in old.text:
        assert (new.text.count("\r\n") == new.text.count("\n")) == (old.newline == "\r\n" or "\n" not in new.text)
        assert (
            new.text.endswith("\n") == old.text.endswith("\n") or isinstance(mutation, Remove) or mutation.value == ""
        )
    document.comments(mutation.path if not isinstance(mutation, Add) else mutation.path[:-1])
    document.location(mutation.path)


@given(env_files(), st.data())
@EXAMPLES
def test_edits_of_variables_do_what_they_mean(file: tuple[SourceText, Any], data: st.DataObject) -> None:
    document = EnvDocument.parse(file[0])
    assert {key: value.replace("\r\n", "\n") for key, value in document.data.items() if value is not None} == file[1]
    check(document, data.draw(mutations(document.data, words | st.just("a\nb") | st.integers())))


@given(ini_files(), st.data())
@EXAMPLES
def test_edits_of_ini_files_do_what_they_mean(file: tuple[SourceText, Any], data: st.DataObject) -> None:
    document = IniDocument.parse(file[0])
    assert document.data == file[1]
    news = words | st.lists(words, max_size=3) | st.dictionaries(keys, words, max_size=2)
    check(document, data.draw(mutations(document.data, news)))


@given(toml_files(), st.data())
@EXAMPLES
def test_edits_of_toml_files_do_what_they_mean(file: tuple[SourceText, Any], data: st.DataObject) -> None:
    document = TomlDocument.parse(file[0])
    assert not list(differences(document.data, file[1]))
    check(document, data.draw(mutations(document.data, values)))


@given(dockerfiles(), st.data())
@EXAMPLES
def test_edits_of_dockerfiles_do_what_they_mean(file: tuple[SourceText, Any], data: st.DataObject) -> None:
    if any(step["value"] is None for step in file[1]):
        return
    document = DockerfileDocument.parse(file[0])
    assert document.data == file[1]
    steps = st.fixed_dictionaries({"instruction": st.sampled_from(("RUN", "USER")), "value": words})
    check(document, data.draw(mutations(document.data, words | steps)))


@given(line_files(), st.data())
@EXAMPLES
def test_edits_of_lists_of_lines_do_what_they_mean(file: tuple[SourceText, Any], data: st.DataObject) -> None:
    document = LineDocument.parse(file[0])
    assert document.data == file[1]
    check(document, data.draw(mutations(document.data, words | st.sampled_from(("", "a\nb")))))
