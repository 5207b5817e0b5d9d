"""YAML texts as people write them: every indentation, quote, comment and blank line, drawn at random."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from hypothesis import strategies as st

KEYS = ["name", "on", "jobs", "steps", "run", "with", "env", "'quoted key'", '"a.b"', "needs", "é", "node-version"]
SCALARS = [
    "plain", "two words", "'it''s'", '"with \\"quotes\\""', "12", "1.10", "0x1F", "true", "yes", "null", "~", "",
    "${{ a.b }}", "'#no comment'", "a#b", "[]", "{}", "[a, 'b', 3]", "[ x ]", "{ k: v, l: w }", "http://x/y:z",
    "'é 😀'", "[a,\n b]",
    "'over\n\n  lines'",
]  # fmt: skip
HEADERS = ["|", ">", "|-", ">-", "|+", "| # beside", "|-  # beside"]
BODIES = [["one"], ["one", "two"], ["one", "", "two", ""], ["one", "  deeper", "# no comment"], ["a ", "", "", "b"], []]
COMMENTS = ["# comment", "#", "# key: value", "#- item", "#   'quote"]


class Oracle(yaml.CSafeLoader):
    """PyYAML's own reading, with the plain scalars of YAML 1.2 that the tests use."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


for tag, pattern in {
    "bool": "true|false",
    "null": "~|null|",
    "int": r"-?[0-9]+|0x[0-9A-F]+",
    "float": r"-?[0-9]+\.[0-9]+",
}.items():
    Oracle.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), None)


@dataclass
class Writer:
    """Writes one text; `draw` decides everything."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    step: int
    dash: int
    item: int
    lines: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        """Whether something rare happens."""
        return bool(self.draw(st.integers(1, 100)) > 100 - percent)

    def mapping(self, column: int, depth: int, head: str | None = None) -> None:
        """Write a mapping; `head` is what its first line starts with instead of spaces."""
        for key in self.draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True)):
            if head is None:
                self.between(column)
            self.value(f"{' ' * column if head is None else head}{key}:", column, depth, is_item=False)
            head = None

    def sequence(self, column: int, depth: int) -> None:
        """Write a list in block style."""
        for _ in range(self.draw(st.integers(1, 3))):
            self.between(column)
            dash = f"{' ' * column}-"
            if depth and self.chance(50):
                self.mapping(column + self.item, depth - 1, dash + " " * (self.item - 1))
            else:
                self.value(dash, column, depth, is_item=True)

    def between(self, column: int) -> None:
        """Write what may stand between two entries."""
        if self.chance(20):
            self.lines.append(self.draw(st.sampled_from(["", "", "  ", " " * (column + 6)])))
        if self.chance(20):
            indent = self.draw(st.sampled_from([column, column, column + 2, 0]))
            self.lines.append(" " * indent + self.draw(st.sampled_from(COMMENTS)))

    def value(self, head: str, column: int, depth: int, *, is_item: bool) -> None:
        """Write what stands behind a key or dash."""
        anchor = f" &a{len(self.lines)}" if self.chance(6) else ""
        head += anchor
        kind = self.draw(st.sampled_from(["scalar", "scalar", "scalar", "block", "mapping", "sequence"]))
        if kind == "block":
            self.block(head, column)
        elif kind == "mapping" and depth:
            self.lines.append(head + self.beside())
            self.mapping(column + (self.item if is_item else self.step), depth - 1)
        elif kind == "sequence" and depth:
            self.lines.append(head + self.beside())
            self.sequence(column + (self.item if is_item else self.dash), depth - 1)
        else:
            self.scalar(head, column, is_anchored=bool(anchor))
        self.anchors += [anchor] if anchor else []

    def scalar(self, head: str, column: int, *, is_anchored: bool) -> None:
        """Write a scalar or a flow collection, sometimes over several lines, sometimes an alias."""
        text = self.draw(st.sampled_from(SCALARS))
        if self.anchors and not is_anchored and self.chance(10):
            text = self.draw(st.sampled_from(self.anchors)).replace("&", "*")
        if text == "two words" and self.chance(30):
            text = "two\n words"
        first, *rest = text.split("\n")
        space = self.draw(st.sampled_from([" ", " ", " ", "   "])) if first else ""
        self.lines.append(head + space + first + ("" if rest else self.beside()))
        self.lines += [" " * (column + 1) + line if line else "" for line in rest]

    def block(self, head: str, column: int) -> None:
        """Write a block scalar."""
        self.lines.append(f"{head} {self.draw(st.sampled_from(HEADERS))}")
        indent = " " * (column + self.draw(st.sampled_from([self.step, 2])))
        self.lines += [indent + line if line else "" for line in self.draw(st.sampled_from(BODIES))]

    def beside(self) -> str:
        """Return what may stand at the end of a line."""
        if self.chance(15):
            return "  " + self.draw(st.sampled_from(COMMENTS))
        return "   " if self.chance(5) else ""


@st.composite
def yaml_texts(draw: Any) -> str:
    """Draw a text whose top is a mapping."""
    step = draw(st.sampled_from([2, 2, 2, 4, 3]))
    writer = Writer(draw, step, dash=draw(st.sampled_from([step, 2, 0])), item=draw(st.sampled_from([2, 2, 4])))
    if writer.chance(15):
        writer.lines += ["# a licence", ""][: draw(st.integers(1, 2))]
    if writer.chance(10):
        writer.lines.append("---")
    writer.mapping(0, depth=3)
    if writer.chance(10):
        writer.lines.append("...")
    text = "\n".join(writer.lines) + draw(st.sampled_from(["\n", "\n", "\n\n", ""]))
    return text.replace("\n", "\r\n") if writer.chance(30) else text
