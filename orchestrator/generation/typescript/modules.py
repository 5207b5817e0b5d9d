"""The modules of a directory that nobody has tested yet. Reads names and texts; runs nothing."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from orchestrator.errors import TaskError
from orchestrator.workspace import FileView

_MOST: Final = 30
_SOURCE: Final = re.compile(r"\.[cm]?[jt]sx?\Z")
_NOT_TESTED: Final = re.compile(r"(\.(test|spec|d)\.[cm]?[jt]sx?|(^|/)(__\w+__|node_modules|migrations)/.*)\Z")
_KIND: Final = re.compile(r"(\.generated|\.integration)?\.(test|spec)\.\w+\Z")
_MAKER: Final = re.compile(rb"\bfastify\s*(<[^>]*>)?\(", re.IGNORECASE)
_ASIDE: Final = re.compile(r"(^|/)(tests?|e2e|fixtures)/|^(scripts|dist|build|coverage)/")
_TEST: Final = re.compile(r"\.(test|spec)\.[cm]?[jt]sx?\Z")


def untested_in(directory: str, test_file: str, files: FileView) -> tuple[str, ...]:
    """Return the modules below a directory that have no test file of their own; `test_file` is nobody's own.

    :raises TaskError: when there are none, or too many for one file.
    """
    below = directory.rstrip("/")
    found = [path for path in files.match(f"{below}/**/*") if _SOURCE.search(path)]
    tested = {_subject_of(path) for path in found if _TEST.search(path) and path != test_file}
    modules = [path for path in found if not _NOT_TESTED.search(path.removeprefix(f"{below}/")) and path != test_file]
    untested = [path for path in modules if _SOURCE.sub("", path) not in tested]
    if not untested:
        reason = "has tests for all of its modules" if modules else "has no modules"
        raise TaskError("generation/target-missing", f"the directory `{below}` {reason}")
    if len(untested) > _MOST:
        message = f"`{below}` has {len(untested)} modules without tests; at most {_MOST} fit into one file"
        raise TaskError("generation/not-covered", message, hint="name a smaller directory")
    return tuple(untested)


def sources_in(files: FileView) -> tuple[str, ...]:
    """Return the modules of the application: all beside and below those that make its server, but for tests."""
    found = [path for path in files.match("**/*") if _SOURCE.search(path) and not _NOT_TESTED.search(path)]
    found = [path for path in found if not _ASIDE.search(path)]
    makers = [path for path in found if _MAKER.search(files.read(path) or b"")]
    places = {posixpath.dirname(path) for path in makers}
    return tuple(path for path in found if any(path.startswith(f"{place}/") for place in places))


def _subject_of(test: str) -> str:
    """Return the module that a test file is about by its name, such as `src/a` for `src/__tests__/a.more.test.ts`."""
    place = posixpath.dirname(test).removesuffix("__tests__").rstrip("/")
    return posixpath.join(place, _KIND.sub("", posixpath.basename(test)))
