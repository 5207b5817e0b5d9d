"""What a Jest configuration measures: where it stands in its file, and which files of the project count.

The rules are those of Jest's `shouldInstrument`. Decides nothing; makes no edits.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from orchestrator.edits.actions.jest_globs import base_of, is_kept, is_match, is_negation
from orchestrator.edits.document import Document
from orchestrator.edits.js_value import Opaque
from orchestrator.edits.mutation import Path
from orchestrator.edits.refusal import Refusal
from orchestrator.workspace import FileView

FROM: Final = "collectCoverageFrom"

_EXTENSIONS: Final = ("js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "json", "node")
_TESTS: Final = ("**/__tests__/**/*.?([mc])[jt]s?(x)", "**/?(*.)+(spec|test).?([mc])[jt]s?(x)")


@dataclass(frozen=True)
class JestConfig:
    """The settings of Jest in a file."""

    document: Document
    files: FileView
    path: Path
    """Where they stand."""
    settings: dict[str, Any]

    @classmethod
    def of(cls, document: Document, files: FileView) -> JestConfig:
        """Return the settings that a file holds.

        :raises Refusal: when it holds none.
        """
        name = document.source.path
        path: Path = ("jest",) if posixpath.basename(name) == "package.json" else ()
        data = document.data
        if path and isinstance(data, dict) and "jest" not in data:
            raise Refusal("edit/no-match", f"`{name}` has no `jest`", hint="`target` must be the configuration of Jest")
        settings = data.get("jest") if path and isinstance(data, dict) else data
        if isinstance(settings, str):
            message = f"`jest` in `{name}` names another file, `{settings}`"
            hint = "make that one the `target`"
            raise Refusal("edit/wrong-shape", message, hint=hint, location=document.location(path))
        if not isinstance(settings, dict):
            message = f"`{name}` has no settings of Jest"
            raise Refusal("edit/wrong-shape", message, location=document.location(path))
        return cls(document, files, path, settings)

    @property
    def directory(self) -> str:
        """The directory that Jest is started in, as far as can be told: that of the file."""
        return posixpath.dirname(self.document.source.path)

    @property
    def root(self) -> str | None:
        """The directory that globs are relative to; None when it is computed."""
        said = self.settings.get("rootDir", "")
        if isinstance(said, Opaque) and said.text == "__dirname":
            said = ""
        return _normal(posixpath.join(self.directory, said)) if isinstance(said, str) else None

    @cached_property
    def globs(self) -> list[str]:
        """The globs of what is measured; none where the file does not say.

        :raises Refusal: when they are no plain list.
        """
        said = self.settings.get(FROM, [])
        place = self.document.location((*self.path, FROM))
        if isinstance(said, Opaque):
            raise Refusal("edit/not-literal", f"`{FROM}` is computed: `{_short(said.text)}`", location=place)
        if not isinstance(said, list):
            raise Refusal("edit/wrong-shape", f"`{FROM}` is no list", hint="make it a list of globs", location=place)
        for index, glob in enumerate(said):
            if not isinstance(glob, str):
                place = self.document.location((*self.path, FROM, index))
                message = f"an item of `{FROM}` is computed: `{_short(str(glob))}`"
                raise Refusal("edit/not-literal", message, hint="write it as text", location=place)
        return said

    def collected(self, globs: Sequence[str]) -> set[str]:
        """Return the files that Jest would measure for a list of globs."""
        root = self.root
        if root is None:
            return set()
        bases = {_normal(posixpath.join(root, base_of(glob))) for glob in globs if not is_negation(glob)}
        found = {path for base in bases for path in self.files.match(posixpath.join(base, "**"))}
        return {path for path in found if is_kept(posixpath.relpath(path, root or "."), globs) and self._counts(path)}

    def refuse_if_spread(self, key: str) -> None:
        """Refuse to add a setting that another object in the file may bring along.

        :raises Refusal: naming that object.
        """
        for other, value in self.settings.items():
            if isinstance(value, Opaque) and value.is_entry and other.startswith(("...", "[")):
                place = self.document.location((*self.path, other))
                message = f"`{key}` may come from `{_short(str(other))}`"
                hint = "make the file that this comes from the `target`"
                raise Refusal("edit/not-literal", message, hint=hint, location=place)

    def _counts(self, path: str) -> bool:
        """Say whether Jest would measure a file that the globs keep."""
        name = "/" + path
        has_extension = path.rpartition(".")[2] in self._texts("moduleFileExtensions", _EXTENSIONS)
        is_in_roots = any(_is_in(name, root) for root in self._regexes("roots", ("<rootDir>",), is_text=True))
        ignored = self._regexes("coveragePathIgnorePatterns", ("/node_modules/",))
        setup = [*self._regexes("setupFiles", (), is_text=True), *self._regexes("setupFilesAfterEnv", (), is_text=True)]
        is_apart = name in setup or "/__mocks__/" in name or path.endswith(".json")
        is_wanted = has_extension and is_in_roots and not is_apart
        return is_wanted and not _is_found(ignored, name) and not self._is_test(name)

    def _is_test(self, name: str) -> bool:
        if _is_found(self._regexes("testPathIgnorePatterns", ("/node_modules/",)), name):
            return False
        regexes = self._regexes("testRegex", ())
        globs = self._regexes("testMatch", () if regexes else _TESTS, is_text=True)
        return _is_found(regexes, name) or any(is_match(name.lstrip("/"), glob) for glob in globs)

    def _regexes(self, key: str, default: Sequence[str], *, is_text: bool = False) -> Sequence[str]:
        """Return texts or regular expressions, their `<rootDir>` replaced by the root as `_counts` spells it."""
        root = f"/{self.root}".rstrip("/")
        return [text.replace("<rootDir>", root if is_text else re.escape(root)) for text in self._texts(key, default)]

    def _texts(self, key: str, default: Sequence[str]) -> Sequence[str]:
        said = self.settings.get(key, default)
        if isinstance(said, str):
            return [said]
        return [text for text in said if isinstance(text, str)] if isinstance(said, list) else list(default)


def warn_of_projects(config: JestConfig) -> Iterator[str]:
    """Yield a warning where several projects have settings of their own."""
    if "projects" in config.settings:
        line = config.document.location((*config.path, "projects")).line
        yield f"with `projects` (line {line}) it is not known which files are measured"


def _is_found(patterns: Sequence[str], name: str) -> bool:
    for pattern in patterns:
        try:
            if re.search(pattern, name):
                return True
        except re.error:  # what only JavaScript understands
            continue
    return False


def _is_in(name: str, root: str) -> bool:
    return name.startswith(f"{root.rstrip('/')}/")


def _normal(path: str) -> str:
    normal = posixpath.normpath(path) if path else ""
    return "" if normal == "." else normal


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else f"{words[:39]}…"
