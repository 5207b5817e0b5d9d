"""`expand_coverage_collection`: Jest measures more files, and nothing hides them again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.edits.actions.jest import FROM, JestConfig
from orchestrator.edits.actions.jest_globs import bare, base_of, directories_of, is_covered, is_negation
from orchestrator.edits.actions.parameters import ExpandCoverageCollection
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Path, Remove, Set, value_at
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.workspace import FileView

_SPARED: Final = re.compile(
    r"(?<![a-z0-9])(?:assets|bench(?:marks)?|bin|build|coverage|dist|docs|e2e|examples?|fixtures?|gen(?:erated)?|i18n"
    r"|locales|migrations?|mocks?|node_modules|proto|public|scripts|seeds?|snapshots|specs?|static|stories|storybook"
    r"|stubs?|styles|templates|tests?|testing|types|typings|vendor)(?![a-z0-9])"
)
"""Words in the names of directories that people leave out for a reason."""
_BOILERPLATE: Final = "An array of glob patterns indicating"
"""How the comment begins that `jest --init` writes there."""
_ENDING: Final = re.compile(r"\.(?:\w+|\{[\w,]+\}|[@?]?\([\w|]+\)\w*)\Z")
_TOPS: Final = ("src", "source", "sources", "lib", "app", "server")
_SOURCES: Final = ("ts", "tsx", "js", "jsx", "mjs", "cjs")


def expand_coverage_collection(
    document: Document, parameters: ExpandCoverageCollection, files: FileView
) -> Edited | Satisfied:
    """Make Jest measure all files of `include`.

    :raises Refusal: when the file does not say plainly what Jest measures.
    """
    config = JestConfig.of(document, files)
    _refuse_projects(config)
    include = parameters.include or _inferred(config)
    shown = ", ".join(f"`{glob}`" for glob in include)
    masks = set(_masks(config.globs, include, parameters))
    kept = [glob for glob in config.globs if glob not in masks]
    new = [glob for glob in include if not any(is_covered(glob, each) for each in kept if not is_negation(each))]
    out = [f"!{bare(glob)}" for glob in parameters.exclude if not _is_left_out(glob, kept)]
    if not (masks or new or out):
        return Satisfied(f"Jest measures {shown} already")
    result = _put(_without(document, config, masks), config, kept, new, out)
    warnings = [*(_told(config, JestConfig.of(result, files)) if masks or new else ()), *_comment(config)]
    return Edited(result, _summary(new, out, masks), tuple(warnings))


def _refuse_projects(config: JestConfig) -> None:
    if "projects" in config.settings:
        place = config.document.location((*config.path, "projects"))
        message = "with `projects`, each project says what is measured"
        raise Refusal("edit/conflict", message, hint="edit the configuration of the project", location=place)


def _inferred(config: JestConfig) -> Sequence[str]:
    """Return globs for all sources beside those that are measured; without any, for those in `src`."""
    measured = [glob for glob in config.globs if not is_negation(glob)]
    found = sorted({_widened(glob) for glob in measured}) or list(_all_of(config, "src"))
    if not found:
        place = config.document.location((*config.path, FROM))
        message = "nothing tells which files should be measured"
        hint = 'say it with `include`, such as `include: ["src/**/*.ts"]`'
        raise Refusal("edit/missing-parameter", message, hint=hint, location=place)
    return found


def _widened(glob: str) -> str:
    """Return `src/**/*.ts` for `src/services/**/*.ts`; what is no part of a directory for sources stays as it is."""
    ending = _ENDING.search(bare(glob))
    top = re.match(rf"({'|'.join(_TOPS)})/(?:[\w.-]+/)*(?:\*\*/)?[^/]*\Z", bare(glob))
    return f"{top[1]}/**/*{ending[0]}" if top and ending else bare(glob)


def _all_of(config: JestConfig, directory: str) -> Iterator[str]:
    found = {path.rpartition(".")[2] for path in config.collected([f"{directory}/**"])}
    endings = [ending for ending in _SOURCES if ending in found]
    if endings:
        yield f"{directory}/**/*.{endings[0] if len(endings) == 1 else '{' + ','.join(endings) + '}'}"


def _masks(globs: Sequence[str], include: Sequence[str], parameters: ExpandCoverageCollection) -> Iterator[str]:
    """Yield the negations that hide what should be measured."""
    wanted_out = {bare(glob) for glob in parameters.exclude}
    listed = parameters.unmask if not isinstance(parameters.unmask, str) else ()
    for index, glob in enumerate(globs):
        if not is_negation(glob) or bare(glob) in wanted_out or parameters.unmask == "off":
            continue
        hidden = [each for each in include if not _is_back(each, globs[index + 1 :])]
        is_listed = bare(glob) in {bare(each) for each in listed}
        if is_listed or (parameters.unmask == "auto" and any(_hides(glob, each) for each in hidden)):
            yield glob


def _is_back(glob: str, later: Sequence[str]) -> bool:
    return any(is_covered(glob, each) for each in later if not is_negation(each))


def _hides(negation: str, included: str) -> bool:
    """Say whether a negation takes out whole directories of sources, or all that is included."""
    if is_covered(included, bare(negation)):
        return True
    directories = directories_of(negation)
    return bool(directories) and all(_is_of_sources(each, included) for each in directories or ())


def _is_of_sources(directory: str, included: str) -> bool:
    base = base_of(included)
    inside = directory if directory.startswith("**/") or not base else directory.removeprefix(f"{base}/")
    if base and inside == directory and not directory.startswith("**/"):
        return False  # it is elsewhere
    return not _SPARED.search(inside.lower())


def _is_left_out(glob: str, kept: Sequence[str]) -> bool:
    """Say whether a negation takes out all that `exclude` names, and no later glob brings it back."""
    last = max((index for index, each in enumerate(kept) if not is_negation(each)), default=-1)
    return any(is_negation(each) and is_covered(glob, bare(each)) for each in kept[last + 1 :])


def _without(document: Document, config: JestConfig, masks: set[str]) -> Document:
    path = (*config.path, FROM)
    removed = [Remove((*path, index)) for index, glob in enumerate(config.globs) if glob in masks]
    return edited(document, removed) if removed else document


def _put(
    document: Document, config: JestConfig, kept: Sequence[str], new: Sequence[str], out: Sequence[str]
) -> Document:
    """Put new globs before the first negation, and new negations to the end."""
    path: Path = (*config.path, FROM)
    if FROM not in config.settings:
        config.refuse_if_spread(FROM)
        near = next((key for key in ("collectCoverage", "coverageDirectory") if key in config.settings), None)
        return edited(document, [Add(path, [*new, *out], after=near)])
    first = next((index for index, glob in enumerate(kept) if is_negation(glob)), len(kept))
    inserted: list[Mutation] = [Insert(path, first, glob) for glob in new]
    inserted += [Insert(path, len(kept), glob) for glob in out]
    result = edited(document, inserted) if inserted else document
    if _is_too_long(result, path, document):
        return edited(document, [Set(path, [*kept[:first], *new, *kept[first:], *out])])
    return result


def _is_too_long(document: Document, path: Path, before: Document) -> bool:
    """Say whether a list stands on one line, without comments, that is longer than the file's lines are."""
    items = [(*path, index) for index in range(len(value_at(document.data, path)))]
    lines = document.source.text.splitlines()
    numbers = {document.location(at).line for at in (path, *items)}
    if len(numbers) != 1 or any(document.comments(item) for item in items):
        return False
    usual = max(len(line) for line in before.source.text.splitlines())
    return len(lines[numbers.pop() - 1]) > min(max(usual, 80), 120)


def _told(before: JestConfig, after: JestConfig) -> Iterator[str]:
    """Yield a warning when no further file is measured."""
    found = after.collected(after.globs)
    if before.root is not None and not found - before.collected(before.globs):
        where = f"; globs are relative to `{before.root}`" if before.root and before.root != before.directory else ""
        yield f"no further file is measured{where}" if found else f"no file matches{where}"


def _comment(config: JestConfig) -> Iterator[str]:
    comment = config.document.comments((*config.path, FROM)) if FROM in config.settings else ""
    if comment and not comment.startswith(_BOILERPLATE):
        line = config.document.location((*config.path, FROM)).line
        yield f"see whether the comment at line {line} still holds: {comment.splitlines()[0]}"


def _summary(new: Sequence[str], out: Sequence[str], masks: set[str]) -> str:
    def listed(globs: Sequence[str]) -> str:
        return ", ".join(f"`{glob}`" for glob in globs)

    parts = [f"measures {listed(new)}"] if new else []
    parts += [f"no longer hides {listed(sorted(bare(mask) for mask in masks))}"] if masks else []
    parts += [f"leaves out {listed([bare(glob) for glob in out])}"] if out else []
    return ", ".join(parts)
