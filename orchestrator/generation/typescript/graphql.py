"""Which modules of a directory make a GraphQL schema, and which operations it has. Reads texts; runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from orchestrator.workspace import FileView

_SOURCE: Final = re.compile(r"\.[cm]?[jt]sx?\Z")
_NOT_TESTED: Final = re.compile(r"(\.(test|spec|d)\.[cm]?[jt]sx?|(^|/)(__\w+__|node_modules)/.*)\Z")
_EXECUTABLE: Final = re.compile(
    r"^export .*(= |default )(makeExecutableSchema|buildSchema|buildASTSchema|createSchema|new GraphQLSchema)\b",
    re.MULTILINE,
)
_DEFINITIONS: Final = re.compile(r"\btype (Query|Mutation)\b[^{`]*\{")
_ROOT: Final = re.compile(r"\btype (Query|Mutation)\b[^{]*\{(.*?)\n\s*\}", re.DOTALL)
_FIELD: Final = re.compile(r"^\s*(\w+)\s*(?:\([^)]*\))?\s*:", re.MULTILINE)


def schema_in(directory: str, files: FileView) -> tuple[str, ...]:
    """Return the modules below a directory with a schema, the one that exports it first; none without one."""
    below = directory.rstrip("/")
    found = [path for path in files.match(f"{below}/**/*") if _SOURCE.search(path)]
    modules = [path for path in found if not _NOT_TESTED.search(path.removeprefix(below))]
    texts = {path: (files.read(path) or b"").decode("utf-8", "replace") for path in modules}
    entry = next((path for way in (_EXECUTABLE, _DEFINITIONS) for path in modules if way.search(texts[path])), None)
    return (entry, *(path for path in modules if path != entry)) if entry else ()


def operations_in(text: str) -> Iterator[str]:
    """Yield the operations that type definitions allow, such as `query member`."""
    for root, fields in _ROOT.findall(text):
        for name in _FIELD.findall(fields):
            yield f"{root.lower()} {name}"
