"""Module names as a test file must write them. Pure functions over paths; no file is looked at."""

from __future__ import annotations

import os
import posixpath
import re


def from_test(specifier: str, target: str, test_file: str) -> str:
    """Return a module name of the target as the test must write it."""
    if not specifier.startswith("."):
        return specifier
    return relative(posixpath.join(posixpath.dirname(target), specifier), test_file)


def relative(path: str, test_file: str) -> str:
    """Return the module name of a path from the root."""
    name = os.path.relpath(path, posixpath.dirname(test_file) or ".").replace(os.sep, "/")
    return name if name.startswith(".") else f"./{name}"


def without_suffix(path: str) -> str:
    """Return the path of a module without the suffix that an import leaves out."""
    return re.sub(r"\.[cm]?[jt]sx?\Z", "", path)
