"""YAML text as plain data, with the line and column of every node.

Scalars follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema): `no`, `on`, `010` and dates
stay text. A number that is not written the canonical way (`1.10`, `0x1F`) keeps its text, so that a field that wants
text gets what stands in the file. Never resolves tags, never expands an alias bomb.
"""

from __future__ import annotations

import errno
import re
import stat
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from orchestrator.errors import Location, PlanError

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_LINE: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_ALIASED_NODES: Final = 100_000

Key = str | int
Path_ = tuple[Key, ...]

_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z"
)
_WORDS: Final[dict[str, bool | None]] = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip
_CAN_START_NON_TEXT: Final = frozenset("+-.0123456789tTfFnN~")


class WrittenInt(int):
    """An integer that remembers how it was written, such as `0x1F`."""

    text: str

    def __str__(self) -> str:
        return self.text


class WrittenFloat(float):
    """A number that remembers how it was written, such as `1.10`."""

    text: str

    def __str__(self) -> str:
        return self.text


class WrittenBool(str):
    """A truth value written as `True` or `FALSE`: text for who wants text, a truth value for who wants that."""

    __slots__ = ()

    @property
    def value(self) -> bool:
        return self.lower() == "true"


class Source:
    """One YAML file: `data` is dicts, lists and scalars; `locate` says where a part of it stands."""

    def __init__(self, file: str, text: str) -> None:
        """Parse `text`.

        :raises PlanError: with the place, for text that is no plan of ours at all.
        """
        self.file = file
        self._root = _compose(file, text)
        self.data: Any = _Converter(file).convert(self._root)
        self.has_expressions = "{{" in text

    def locate(self, path: Path_, *, key: bool = False) -> Location:
        """Return the place of the value at `path` (or of its key), or of the deepest part of it that exists."""
        node, place = self._root, self._root.start_mark
        for part in path:
            match node:
                case MappingNode():
                    found = next((kv for kv in node.value if kv[0].value == str(part)), None)
                    if found is None:
                        break
                    place, node = found[0].start_mark, found[1]
                case SequenceNode() if isinstance(part, int) and part < len(node.value):
                    node = node.value[part]
                    place = node.start_mark
                case _:
                    break
        else:
            if not key:
                place = node.start_mark
        return Location(self.file, place.line + 1, place.column + 1)


def read_text(path: Path, name: str) -> str:
    """Return the text of the YAML file at `path`, called `name` in errors.

    :raises PlanError: for anything that is not a readable UTF-8 file of reasonable size.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a directory" if path.is_dir() else "not a regular file"
            raise PlanError("plan/unreadable", f"`{name}` is {kind}", hint="name a YAML file")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise PlanError(
            "plan/not-found",
            f"`{name}` does not exist",
            hint="name a plan with --config, or write one with `orchestrate init`",
        ) from None
    except OSError as error:
        reason = "it is a loop of links" if error.errno == errno.ELOOP else (error.strerror or str(error))
        raise PlanError("plan/unreadable", f"`{name}` cannot be read: {reason.lower()}") from error
    return _decode(raw, name)


def scalar(text: str) -> Any:
    """Return what a plain scalar means in the core schema."""
    if text in _WORDS:
        value = _WORDS[text]
        return WrittenBool(text) if isinstance(value, bool) and text != text.lower() else value
    if _INT.match(text):
        number = int(text, 0) if text[:2] in ("0x", "0o") else _parse_int(text)
        if number is None or str(number) == text:
            return text if number is None else number
        written = WrittenInt(number)
        written.text = text
        return written
    if _FLOAT.match(text):
        value_ = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if repr(value_) == text:
            return value_
        written_float = WrittenFloat(value_)
        written_float.text = text
        return written_float
    return text


def _decode(raw: bytes, name: str) -> str:
    if len(raw) > MAX_BYTES:
        raise PlanError("plan/too-large", f"`{name}` has {len(raw)} bytes; a plan may have {MAX_BYTES}")
    if b"\0" in raw:
        line, column = _place_of(raw, raw.index(b"\0"))
        raise PlanError(
            "plan/not-text", f"`{name}` is a binary file", location=Location(name, line, column)
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place_of(raw, error.start)
        raise PlanError(
            "plan/not-text",
            f"`{name}` is not UTF-8: byte 0x{raw[error.start]:02x}",
            location=Location(name, line, column),
            hint="save it as UTF-8",
        ) from error
    for number, line_text in enumerate(text.splitlines(), 1) if len(text) > MAX_LINE else ():
        if len(line_text) > MAX_LINE:
            raise PlanError(
                "plan/too-large",
                f"a line has {len(line_text)} characters; a plan's may have {MAX_LINE}",
                location=Location(name, number, 1),
            )
    if not text.strip():
        raise PlanError("plan/empty", f"`{name}` is empty", location=Location(name, 1, 1))
    return text


class _Parser(yaml.cyaml.CParser):
    """libyaml's parser and composer with the cheapest resolver: was the scalar plain or quoted?"""

    def check_node(self) -> bool:
        return True

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass

    def resolve(self, _kind: Any, _value: Any, implicit: Any) -> str:
        return "plain" if implicit is True or (implicit and implicit[0]) else "quoted"


def _compose(file: str, text: str) -> Node:
    try:
        root = _Parser(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Location(file, mark.line + 1, mark.column + 1) if mark else None
        problem = error.problem or error.context or "it cannot be parsed"
        if "single document" in str(error.context or ""):
            problem = "a plan is one document, here a second one starts"
        raise PlanError("plan/yaml-syntax", problem, location=where, hint=_syntax_hint(problem)) from None
    except yaml.YAMLError as error:
        problem = str(error).strip().splitlines()[0]
        raise PlanError("plan/yaml-syntax", problem, location=Location(file, 1, 1)) from None
    if root is None:
        raise PlanError("plan/empty", f"`{file}` holds only comments", location=Location(file, 1, 1))
    return root


def _syntax_hint(problem: str) -> str | None:
    if "cannot start any token" in problem:
        return "tabs cannot indent YAML, and a value that starts with a special character needs quotes"
    if "mapping values are not allowed" in problem:
        return "a value that holds `: ` needs quotes"
    if "undefined alias" in problem:
        return "define the anchor (&name) before the alias (*name)"
    return None


class _Converter:
    def __init__(self, file: str) -> None:
        self._file = file
        self._memo: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._count = 0
        self._aliased = 0
        self._scalars: dict[str, Any] = {}

    def convert(self, node: Node, depth: int = 0) -> Any:
        if type(node) is ScalarNode:
            self._count += 1
            if node.tag == "plain":
                value = node.value
                if value and value[0] not in _CAN_START_NON_TEXT:
                    return value
                if value not in self._scalars:
                    self._scalars[value] = scalar(value)
                return self._scalars[value]
            if node.tag == "quoted":
                return node.value
            raise self._tag(node)
        return self._convert_collection(node, depth)

    def _convert_collection(self, node: Node, depth: int) -> Any:
        known = self._memo.get(id(node))
        if known is not None:
            return self._reuse(node, known)
        if node.tag not in ("plain", "quoted"):
            raise self._tag(node)
        if id(node) in self._open:
            raise self._error("plan/alias-bomb", "an alias stands inside its own anchor", node)
        if depth >= MAX_DEPTH:
            raise self._error("plan/yaml-syntax", f"more than {MAX_DEPTH} levels of nesting", node)
        self._open.add(id(node))
        before = self._count
        self._count += 1
        data: Any
        if isinstance(node, MappingNode):
            data = {}
            for key_node, value_node in node.value:
                key = self._key(key_node)
                if key in data:
                    raise self._error("plan/duplicate-key", f"the key `{key}` is there twice", key_node)
                data[key] = self.convert(value_node, depth + 1)
        else:
            data = [self.convert(item, depth + 1) for item in node.value]
        self._open.discard(id(node))
        self._memo[id(node)] = (data, self._count - before)
        return data

    def _reuse(self, node: Node, known: tuple[Any, int]) -> Any:
        data, size = known
        self._count += size
        self._aliased += size
        if self._aliased > MAX_ALIASED_NODES:
            raise self._error(
                "plan/alias-bomb", f"aliases stand for more than {MAX_ALIASED_NODES} values", node
            )
        return data

    def _key(self, node: Node) -> str:
        if type(node) is not ScalarNode:
            raise self._error("plan/wrong-type", "a key must be text", node)
        if node.tag not in ("plain", "quoted"):
            raise self._tag(node)
        return str(node.value)

    def _tag(self, node: Node) -> PlanError:
        return self._error(
            "plan/tag", f"the tag `{node.tag}` is not used in plans", node, hint="write the value without it"
        )

    def _error(self, code: str, message: str, node: Node, hint: str | None = None) -> PlanError:
        mark = node.start_mark
        where = Location(self._file, mark.line + 1, mark.column + 1)
        return PlanError(code, message, location=where, hint=hint)


def _parse_int(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts: nobody counts that far, so it is text
        return None


def _place_of(raw: bytes, offset: int) -> tuple[int, int]:
    before = raw[:offset]
    start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1
