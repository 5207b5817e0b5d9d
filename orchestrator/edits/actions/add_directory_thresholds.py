"""`add_directory_thresholds`: Jest demands an amount of coverage of each directory, beside that of the whole."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from orchestrator.edits.actions.jest import FROM, JestConfig, warn_of_projects
from orchestrator.edits.actions.parameters import AddDirectoryThresholds
from orchestrator.edits.document import Document, edited
from orchestrator.edits.js_value import Opaque
from orchestrator.edits.mutation import Add, Mutation, Path, Set
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.workspace import FileView

KEY: Final = "coverageThreshold"

_METRICS: Final = ("branches", "functions", "lines", "statements")


class _Group(NamedTuple):
    """What is demanded of a directory."""

    directory: str
    """Relative to the one that Jest is started in."""
    key: str
    """As it stands in the file, or as it will."""
    wanted: Mapping[str, float]


def add_directory_thresholds(
    document: Document, parameters: AddDirectoryThresholds, files: FileView
) -> Edited | Satisfied:
    """Demand of each directory at least what is said.

    :raises Refusal: when Jest would find nothing that it measures in one of them, and fail for that reason.
    """
    config = JestConfig.of(document, files)
    present = _present(config)
    groups = _groups(config, present, parameters)
    for group in groups:
        _refuse_unmeasured(config, group)
    is_exact = parameters.mode == "exact"
    changes = [list(_changes(config, present, group, is_exact=is_exact)) for group in groups]
    changed = [group for group, made in zip(groups, changes, strict=True) if made]
    if not changed:
        return Satisfied(f"{_listed(groups)} must be covered that well already")
    result = _made(config, changed, [mutation for made in changes for mutation in made])
    return Edited(result, f"demands coverage of {_listed(changed)}", tuple(_told(config, present, changed)))


def _present(config: JestConfig) -> Mapping[str, Any]:
    """Return what is demanded now.

    :raises Refusal: when that is no plain mapping.
    """
    said = config.settings.get(KEY, {})
    place = config.document.location((*config.path, KEY))
    if isinstance(said, Opaque):
        raise Refusal("edit/not-literal", f"`{KEY}` is computed", hint="write it as an object", location=place)
    if not isinstance(said, dict):
        raise Refusal("edit/wrong-shape", f"`{KEY}` is no mapping", hint="make it an object", location=place)
    return said


def _groups(config: JestConfig, present: Mapping[str, Any], parameters: AddDirectoryThresholds) -> Sequence[_Group]:
    place = config.document.location((*config.path, KEY))
    groups = [_group(config, present, parameters, name) for name in parameters.thresholds]
    if not groups:
        hint = "say it with `thresholds`, such as `thresholds: {services: 70}`"
        raise Refusal("edit/missing-parameter", "nothing tells how much to demand", hint=hint, location=place)
    if len({group.directory for group in groups}) < len(groups):
        hint = "name each directory once"
        raise Refusal("edit/ambiguous", "`thresholds` names a directory twice", hint=hint, location=place)
    return groups


def _group(config: JestConfig, present: Mapping[str, Any], parameters: AddDirectoryThresholds, name: str) -> _Group:
    directory = posixpath.normpath(posixpath.join(parameters.base, name))
    if directory.startswith((".", "/")):
        message = f"`{name}` leads out of `{parameters.base}`" if directory != "." else f"`{name}` is the whole project"
        hint = "name directories below `base`; the whole project is `global` in the file"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=config.document.location(config.path))
    said = parameters.thresholds[name]
    wanted = said if isinstance(said, dict) else dict.fromkeys(_order(present), said)
    key = next((key for key in present if _directory_of(key) == directory), f"./{directory}/")
    return _Group(directory, key, {str(metric): amount for metric, amount in wanted.items()})


def _directory_of(key: str) -> str | None:
    """Return the directory that a key of the file means; None for `global` and for globs."""
    is_path = key != "global" and not any(sign in key for sign in "*?{[(!")
    return posixpath.normpath(key) if is_path else None


def _order(present: Mapping[str, Any]) -> Sequence[str]:
    """Return the metrics, in the order that the file has them elsewhere."""
    for group in present.values():
        if isinstance(group, dict) and sorted(group) == list(_METRICS):
            return list(group)
    return _METRICS


def _refuse_unmeasured(config: JestConfig, group: _Group) -> None:
    """Refuse a directory of which Jest measures nothing: it fails with `coverage data was not found`."""
    path = posixpath.normpath(posixpath.join(config.directory, group.directory))
    place = config.document.location((*config.path, KEY))
    if not config.files.is_directory(path):
        hint = "`thresholds` names directories below `base`"
        raise Refusal("edit/no-match", f"there is no directory `{path}`", hint=hint, location=place)
    if config.root is None or "projects" in config.settings:
        return
    relative = posixpath.relpath(path, config.root or ".")
    measured = config.collected(config.globs or [f"{relative}/**"])
    if not any(file.startswith(f"{path}/") for file in measured):
        if config.globs:
            place = config.document.location((*config.path, FROM))
        message = f"Jest measures no file in `{path}`, and would fail for that"
        hint = f"add `{relative}/**` to `{FROM}` first, as `expand_coverage_collection` does"
        raise Refusal("edit/conflict", message, hint=hint, location=place)


def _changes(config: JestConfig, present: Mapping[str, Any], group: _Group, *, is_exact: bool) -> Iterator[Mutation]:
    """Yield what a group lacks."""
    path: Path = (*config.path, KEY, group.key)
    if group.key not in present:
        yield Add(path, dict(group.wanted))
        return
    there = present[group.key]
    if not isinstance(there, dict):
        raise Refusal("edit/not-literal", f"`{group.key}` is no plain mapping", location=config.document.location(path))
    for metric, amount in group.wanted.items():
        if metric not in there:
            yield Add((*path, metric), amount)
        elif not _is_enough(config, (*path, metric), there[metric], amount, is_exact=is_exact):
            yield Set((*path, metric), amount)


def _is_enough(config: JestConfig, path: Path, there: Any, amount: float, *, is_exact: bool) -> bool:
    if isinstance(there, bool) or not isinstance(there, int | float):
        place = config.document.location(path)
        raise Refusal("edit/not-literal", f"`{path[-1]}` is no plain number", hint="write a number", location=place)
    if there < 0 and not is_exact:
        place = config.document.location(path)
        message = f"`{path[-1]}: {there}` limits how many are not covered, which cannot be compared with {amount} %"
        raise Refusal("edit/conflict", message, hint="`mode: exact` replaces it", location=place)
    return there == amount if is_exact else there >= amount


def _made(config: JestConfig, changed: Sequence[_Group], mutations: Sequence[Mutation]) -> Document:
    if KEY in config.settings:
        return edited(config.document, mutations)
    config.refuse_if_spread(KEY)
    groups = {group.key: dict(group.wanted) for group in changed}
    near = [key for key in config.settings if key.startswith(("collectCoverage", "coverage"))]
    return edited(config.document, [Add((*config.path, KEY), groups, after=near[-1] if near else None)])


def _told(config: JestConfig, present: Mapping[str, Any], changed: Sequence[_Group]) -> Iterator[str]:
    """Yield what a person should know."""
    new = [group for group in changed if group.key not in present]
    if new and "global" in present:
        line = config.document.location((*config.path, KEY, "global")).line
        yield f"files of {_listed(new)} no longer count for `global` (line {line})"
    if not config.globs and "projects" not in config.settings:
        yield f"without `{FROM}`, Jest fails when no test loads a file of {_listed(changed)}"
    yield from warn_of_projects(config)


def _listed(groups: Sequence[_Group]) -> str:
    return ", ".join(f"`{group.directory}`" for group in groups)
