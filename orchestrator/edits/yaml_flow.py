"""How entries of a flow collection, such as `[main, dev]`, come and go, as long as it stands on one line."""

from __future__ import annotations

from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText, Splice
from orchestrator.edits.yaml_tree import Mapping, Sequence


class Flow:
    """The entries of a flow mapping or list as spans."""

    def __init__(self, source: SourceText, node: Mapping | Sequence) -> None:
        """Find the entries.

        :raises Refusal: when the collection spans several lines.
        """
        self._text = source.text
        self._node = node
        if "\n" in self._text[node.start : node.end]:
            message = "this is written in brackets over several lines"
            hint = "write it as a block, one entry below the other"
            raise Refusal("edit/flow-style", message, location=source.location(node.start), hint=hint)
        if isinstance(node, Mapping):
            self._spans = [(key.start, max(key.end, value.end)) for key, value in node.entries]
        else:
            self._spans = [(item.start, item.end) for item in node.items]

    def insertion(self, index: int, text: str) -> Splice:
        """Put an entry before the one at `index`."""
        if not self._spans:
            opening = self._text.index("[" if isinstance(self._node, Sequence) else "{", self._node.start)
            return Splice(opening + 1, self._node.end - 1, text)
        if index == 0:
            start = self._spans[0][0]
            return Splice(start, start, text + self._separator)
        end = self._spans[index - 1][1]
        return Splice(end, end, self._separator + text)

    def removal(self, index: int) -> Splice:
        """Take out one of several entries."""
        if index == len(self._spans) - 1:
            return Splice(self._spans[index - 1][1], self._spans[index][1], "")
        return Splice(self._spans[index][0], self._spans[index + 1][0], "")

    @property
    def _separator(self) -> str:
        if len(self._spans) < 2:
            return ", "
        return self._text[self._spans[0][1] : self._spans[1][0]]
