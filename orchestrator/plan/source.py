"""YAML text as plain data, with the line and column of every node.

Scalars are what `scalars` says. Never resolves tags, never expands an alias bomb.
"""

from __future__ import annotations

from typing import Any, Final

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the C parser has no types
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from orchestrator.errors import Location, PlanError
from orchestrator.plan.scalars import scalar
from orchestrator.plan.text import place_of

MAX_DEPTH: Final = 64
MAX_ALIASED_NODES: Final = 100_000

Key = str | int
Path_ = tuple[Key, ...]

_CAN_START_NON_TEXT: Final = frozenset("+-.0123456789tTfFnN~")


class Source:
    """One YAML file: `data` is dicts, lists and scalars; `locate` says where a part of it stands."""

    def __init__(self, file: str, text: str) -> None:
        """Parse `text`.

        :raises PlanError: with the place, for text that is no plan of ours at all.
        """
        self.file = file
        self._root = _compose(file, text)
        converter = _Converter(file)
        self.data: Any = converter.convert(self._root)
        self.problems = converter.problems
        """What is wrong with the text although it can be read, such as a key that is there twice."""
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


class _TooDeep(Exception):
    """The node whose content lies deeper than a plan may go."""


class _Parser(CParser):
    """libyaml's parser and composer with the cheapest resolver: was the scalar plain or quoted?

    The resolver is told of every step down and up, which is where the levels are counted: the composer itself recurses
    until the stack ends.
    """

    depth = -1

    def check_node(self) -> bool:
        return True

    def descend_resolver(self, current_node: Any, _current_index: Any) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep(current_node)

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, _kind: Any, _value: Any, implicit: Any) -> str:
        return "plain" if implicit is True or (implicit and implicit[0]) else "quoted"


def _compose(file: str, text: str) -> Node:
    try:
        root: Node | None = _Parser(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Location(file, mark.line + 1, mark.column + 1) if mark else None
        problem = error.problem or error.context or "it cannot be parsed"
        context = error.context or ""
        if "single document" in context:
            problem = "a plan is one document, here a second one starts"
        elif "duplicate anchor" in context:
            problem = "an anchor of this name is defined above"
        hint = _syntax_hint(problem)
        if hint is None and context.startswith("while") and error.context_mark:
            start = error.context_mark
            hint = f"{context} that starts at {file}:{start.line + 1}:{start.column + 1}"
        raise PlanError("plan/yaml-syntax", problem, location=where, hint=hint) from None
    except ReaderError as error:
        line, column = place_of(text.encode(), error.position)
        message = f"the character U+{error.character:04X} cannot stand in YAML"
        hint = 'write it as an escape in double quotes, such as "\\x07"'
        raise PlanError("plan/yaml-syntax", message, location=Location(file, line, column), hint=hint) from None
    except _TooDeep as error:
        raise _too_deep(file, error.args[0]) from None
    if root is None:
        raise PlanError("plan/empty", f"`{file}` holds only comments", location=Location(file, 1, 1))
    return root


def _syntax_hint(problem: str) -> str | None:
    if "cannot start any token" in problem:
        return "tabs cannot indent YAML, and a value that starts with a special character needs quotes"
    if "mapping values are not allowed" in problem:
        return "a value that holds `: ` needs quotes, and the keys of one mapping start in one column"
    if "undefined alias" in problem:
        return "define the anchor (&name) before the alias (*name)"
    return None


def _too_deep(file: str, node: Node) -> PlanError:
    where = Location(file, node.start_mark.line + 1, node.start_mark.column + 1)
    return PlanError("plan/yaml-syntax", f"more than {MAX_DEPTH} levels of nesting", location=where)


class _Converter:
    def __init__(self, file: str) -> None:
        self.problems: list[PlanError] = []
        self._file = file
        self._memo: dict[int, tuple[Any, int, int]] = {}
        self._open: set[int] = set()
        self._deepest = 0
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
            if node.tag != "quoted":
                self._report_tag(node)
            return node.value
        return self._convert_collection(node, depth)

    def _convert_collection(self, node: Node, depth: int) -> Any:
        known = self._memo.get(id(node))
        if known is not None:
            return self._reuse(node, depth, known)
        if node.tag not in ("plain", "quoted"):
            self._report_tag(node)
        if id(node) in self._open:
            raise self._error("plan/alias-bomb", "an alias stands inside its own anchor", node)
        self._open.add(id(node))
        before, deepest_before = self._count, self._deepest
        self._count += 1
        self._deepest = depth
        data: Any
        if isinstance(node, MappingNode):
            data = {}
            for key_node, value_node in node.value:
                key = self._key(key_node)
                if key == "<<" and key_node.tag == "plain":
                    hint = "YAML 1.2 has no merge keys; an alias stands for a whole value"
                    self._report("plan/unknown-key", "unknown key `<<`", key_node, hint)
                    continue
                if key in data:
                    first = next(other for other, _ in node.value if other.value == key).start_mark
                    hint = f"the first is at {self._file}:{first.line + 1}:{first.column + 1}"
                    self._report("plan/duplicate-key", f"the key `{key}` is there twice", key_node, hint)
                data[key] = self.convert(value_node, depth + 1)
        else:
            data = [self.convert(item, depth + 1) for item in node.value]
        self._open.discard(id(node))
        self._memo[id(node)] = (data, self._count - before, self._deepest - depth)
        self._deepest = max(self._deepest, deepest_before)
        return data

    def _reuse(self, node: Node, depth: int, known: tuple[Any, int, int]) -> Any:
        data, size, height = known
        if depth + height >= MAX_DEPTH:
            raise _too_deep(self._file, node)
        self._deepest = max(self._deepest, depth + height)
        self._count += size
        self._aliased += size
        if self._aliased > MAX_ALIASED_NODES:
            raise self._error("plan/alias-bomb", f"aliases stand for more than {MAX_ALIASED_NODES} values", node)
        return data

    def _key(self, node: Node) -> str:
        if type(node) is not ScalarNode:
            hint = "a value that starts with `{{` needs quotes" if isinstance(node, MappingNode) else None
            raise self._error("plan/wrong-type", "a key must be text", node, hint)
        if node.tag not in ("plain", "quoted"):
            self._report_tag(node)
        return str(node.value)

    def _report_tag(self, node: Node) -> None:
        shown = node.tag.replace("tag:yaml.org,2002:", "!!")
        self._report("plan/tag", f"the tag `{shown}` is not used in plans", node, "put the value in quotes")

    def _report(self, code: str, message: str, node: Node, hint: str) -> None:
        self.problems.append(self._error(code, message, node, hint))

    def _error(self, code: str, message: str, node: Node, hint: str | None = None) -> PlanError:
        mark = node.start_mark
        where = Location(self._file, mark.line + 1, mark.column + 1)
        return PlanError(code, message, location=where, hint=hint)
