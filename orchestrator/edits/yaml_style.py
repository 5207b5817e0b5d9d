"""How a value is written in YAML, in the style of the file it goes to: indentation, dashes, quotes."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

import yaml
from yaml.emitter import Emitter

from orchestrator.edits.mutation import Noted, plain
from orchestrator.edits.text import SourceText
from orchestrator.edits.yaml_tree import Mapping, Node, Scalar, Sequence
from orchestrator.plan.scalars import WrittenBool, scalar

_NOT_IN_QUOTES: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff]")
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\r?\n")
_TOO_RICH_TO_FOLD: Final = re.compile(r"(?m)^[ \t]|\n\n")
_NOT_IN_BLOCKS: Final = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class Written(NamedTuple):
    """A value as text: what stands behind the key or dash, and the whole lines below, without line breaks."""

    head: str
    body: list[str]


@dataclass(frozen=True)
class Style:
    """What a file does by habit."""

    step: int = 2
    """How much deeper the keys of a mapping stand than the key that holds it."""
    dash: int = 2
    """How much deeper the dashes of a list stand than its key; 0 when they stand below it."""
    item: int = 2
    """How much deeper an item stands than its dash."""
    quote: str = "'"
    lists_are_flow: bool = False
    """Whether lists of plain values stand on one line."""
    items_are_parted: bool = False
    """Whether blank lines part the items of lists of mappings, such as the steps of a job."""
    has_blocks: bool = True
    """Whether texts of several lines may be written as blocks, which take in what stands deeper below them."""

    def value(self, value: Any, column: int, *, quote: str = "") -> Written:
        """Write what belongs to the key at `column`."""
        match value:
            case Noted():
                written = self.value(value.value, column, quote=quote)
                return Written(f"{written.head} # {value.comment}".lstrip(" "), written.body)
            case dict() if value:
                return Written("", self.mapping(value, column + self.step))
            case list() | tuple() if value and not self._is_one_line(value):
                return Written("", self.sequence(value, column + self.dash))
            case dict() | list() | tuple():
                return Written(self.flow(value), [])
            case str() if (
                self.has_blocks and "\n" in value and not value.endswith("\n\n")
            ):  # `|+` would take blank lines below for its own
                block = block_scalar(value, column, column + self.step)
                if block:
                    return block
        return Written(scalar_text(value, quote or self.quote, is_quoted=bool(quote)), [])

    def mapping(self, mapping: dict[str, Any], column: int) -> list[str]:
        """Write the entries of a mapping as lines."""
        return [line for key, value in mapping.items() for line in self.entry(key, value, column)]

    def entry(self, key: str, value: Any, column: int, *, quote: str = "") -> list[str]:
        """Write one entry as lines. A key without a value has none, as in `push:`."""
        head, body = self.value(value, column, quote=quote) if value is not None else Written("", [])
        return [f"{' ' * column}{key_text(key, self.quote)}:{' ' * bool(head)}{head}", *body]

    def sequence(self, items: list[Any] | tuple[Any, ...], column: int) -> list[str]:
        """Write the items of a list as lines, with their dashes at `column`."""
        first, *rest = (self.item_lines(value, column) for value in items)
        is_parted = self.items_are_parted and any(isinstance(plain(value), dict) for value in items)
        return [*first, *(line for lines in rest for line in ([""] * is_parted + lines))]

    def item_lines(self, value: Any, column: int, *, quote: str = "") -> list[str]:
        """Write one item as lines. The comment of an item that is a mapping goes above it."""
        indent = " " * column
        if isinstance(value, Noted) and isinstance(value.value, dict):
            return [f"{indent}# {value.comment}", *self.item_lines(value.value, column)]
        head, body = self.item_value(value, column, quote=quote)
        return [f"{indent}-{' ' * (self.item - 1) if head else ''}{head}", *body]

    def item_value(self, value: Any, column: int, *, quote: str = "") -> Written:
        """Write what stands behind the dash at `column`: the first key of a mapping stands in the line of the dash."""
        inner = column + self.item
        match value:
            case Noted():
                return self.value(value, column, quote=quote)
            case dict() if value:
                first, *rest = self.mapping(value, inner)
                return Written(first[inner:], rest)
            case list() | tuple() if value and not self._is_one_line(value):
                first, *rest = self.sequence(value, inner)
                return Written(first[inner:], rest)
            case _:
                return self.value(value, column, quote=quote)

    def flow(self, value: Any, quote: str = "") -> str:
        """Write a value for a place on one line, where comments have no room."""
        match value:
            case Noted():
                return self.flow(value.value, quote)
            case dict():
                entries = (f"{key_text(key, self.quote)}: {self.flow(item)}" for key, item in value.items())
                return f"{{{', '.join(entries)}}}" if not value else f"{{ {', '.join(entries)} }}"
            case list() | tuple():
                return f"[{', '.join(self.flow(item, quote) for item in value)}]"
            case _:
                return scalar_text(value, quote or self.quote, is_quoted=bool(quote), in_flow=True)

    def _is_one_line(self, items: list[Any] | tuple[Any, ...]) -> bool:
        return self.lists_are_flow and all(_is_short(item) for item in items)


def style_of(source: SourceText, root: Node) -> Style:
    """Return what the file does most often."""
    seen = _Habits(source)
    seen.look(root)
    dash = _most_common(seen.dashes, 2)
    return Style(
        step=_most_common(seen.steps, dash or 2),
        dash=dash,
        item=_most_common(seen.items, 2),
        quote='"' if seen.quotes['"'] > seen.quotes["'"] else "'",
        lists_are_flow=seen.lists[True] > seen.lists[False],
        items_are_parted=seen.gaps[True] > seen.gaps[False],
    )


def scalar_text(value: Any, quote: str, *, is_quoted: bool = False, in_flow: bool = False) -> str:
    """Write a scalar on one line: plain where that means the same, else in quotes."""
    if not isinstance(value, str) or isinstance(value, WrittenBool):
        return _literal(value)
    text = str(value)
    if not is_quoted and _is_plain(text, in_flow):
        return text
    if quote == "'" and _analysis(text).allow_single_quoted and "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    return _NOT_IN_QUOTES.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def key_text(key: str, quote: str) -> str:
    """Write a key. `on` stays plain, as everybody writes it."""
    analysis = _analysis(key)
    is_plain = type(scalar(key)) is str and analysis.allow_block_plain and analysis.allow_flow_plain
    return key if is_plain and not analysis.multiline else scalar_text(key, quote, is_quoted=True)


def block_scalar(text: str, parent: int, column: int, indicator: str = "|") -> Written | None:
    """Write a text as lines at `column`, for a key or dash at `parent`; None for a text that cannot be written so."""
    content = text.rstrip("\n")
    breaks = len(text) - len(content)
    if not content.strip() or column <= parent or _NOT_IN_BLOCKS.search(text):
        return None
    if indicator == ">" and not _TOO_RICH_TO_FOLD.search(content):
        content = content[:1] + content[1:].replace("\n", "\n\n")  # a blank line that comes first is kept as it is
    else:
        indicator = "|"
    starts_with_space = content.lstrip("\n").startswith((" ", "\t"))
    depth = str(column - parent) if starts_with_space else ""
    chomping = "-" if breaks == 0 else "+" if breaks > 1 else ""
    lines = [" " * column + line if line else "" for line in content.split("\n")]
    return Written(indicator + depth + chomping, lines + [""] * (breaks - 1))


@cache
def _emitter() -> Emitter:
    return Emitter(io.StringIO(), allow_unicode=True)


def _analysis(text: str) -> Any:
    return _emitter().analyze_scalar(text)


@cache
def _resolver() -> yaml.resolver.Resolver:
    return yaml.resolver.Resolver()


def _is_plain(text: str, in_flow: bool) -> bool:
    """Whether a text means itself without quotes, also to those who read YAML 1.1 (`yes`, `12:30`)."""
    if type(scalar(text)) is not str:
        return False
    tag: str = _resolver().resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # by its stub
    if tag != "tag:yaml.org,2002:str":
        return False
    analysis = _analysis(text)
    return bool(not analysis.multiline and (analysis.allow_flow_plain if in_flow else analysis.allow_block_plain))


def _literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _is_short(value: Any) -> bool:
    return not isinstance(value, Noted | dict | list | tuple) and "\n" not in str(value)


def _most_common(counted: Counter[int], default: int) -> int:
    return counted.most_common(1)[0][0] if counted else default


class _Habits:
    def __init__(self, source: SourceText) -> None:
        self._source = source
        self.steps: Counter[int] = Counter()
        self.dashes: Counter[int] = Counter()
        self.items: Counter[int] = Counter()
        self.quotes: Counter[str] = Counter()
        self.lists: Counter[bool] = Counter()
        self.gaps: Counter[bool] = Counter()

    def look(self, root: Node) -> None:
        waiting = [root]
        while waiting:
            match waiting.pop():
                case Mapping(entries=entries, is_flow=is_flow):
                    for key, value in entries:
                        if not is_flow:
                            self._look_at_entry(key, value)
                        waiting.append(value)
                case Sequence() as node:
                    self._look_at_list(node)
                    waiting += node.items
                case Scalar(style=style) if style in ("'", '"'):
                    self.quotes[style] += 1

    def _look_at_entry(self, key: Node, value: Node) -> None:
        match value:
            case Mapping(is_flow=False, entries=[(first, _), *_]):
                self.steps[self._column(first) - self._column(key)] += 1
            case Sequence(is_flow=False, anchor=None, tag=None):
                self.dashes[self._column(value) - self._column(key)] += 1

    def _look_at_list(self, node: Sequence) -> None:
        if node.items and all(isinstance(item, Scalar) for item in node.items):
            self.lists[node.is_flow] += 1
        for one, other in pairwise(node.items):
            if isinstance(one, Mapping) and not node.is_flow:
                self.gaps[_BLANK_LINE.search(self._source.text, one.end, other.start) is not None] += 1
        if not node.is_flow and node.anchor is None and node.tag is None and node.items:
            offset = node.items[0].start - node.start
            if 1 < offset < 9 and "\n" not in self._source.text[node.start : node.items[0].start]:
                self.items[offset] += 1

    def _column(self, node: Node) -> int:
        return node.start - self._source.line_start(node.start)
