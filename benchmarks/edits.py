"""Edits of real workflow files: is each exactly what was meant, and what does it cost?

    python benchmarks/edits.py DIRECTORY

Takes every workflow below the directory (`jobs` with `steps`) through every edit, as it stands, with CRLF, with a
byte-order mark and without its final line break. The judge is PyYAML's own reading of the files before and after, not
the tree that the edits are made with. Prints one row per edit:

exact       the file means what it meant, changed as intended
other       it means something else, or no longer parses
outside     text beside the edit changed
refused     declined, with a code and a place
"""

from __future__ import annotations

import argparse
import codecs
import copy
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from orchestrator.edits.document import edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Remove, Set
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.edits.yaml_document import YamlDocument

STEP = {"name": "Added: a step", "run": "echo one\necho two\n", "env": {"CI": "1"}}
VARIANTS: dict[str, Callable[[bytes], bytes]] = {
    "LF": lambda content: content,
    "CRLF": lambda content: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "BOM": lambda content: codecs.BOM_UTF8 + content.removeprefix(codecs.BOM_UTF8),
    "no final newline": lambda content: content.rstrip(b"\r\n"),
}


class Case(NamedTuple):
    """One edit, and the same on what PyYAML read."""

    name: str
    mutation: Mutation
    model: Callable[[Any], object]
    keeps: str
    """`old`: all old text stands in the new; `new`: nothing is added; `line`: one line changes."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--show", action="store_true", help="name every edit that is not exact, and every refusal")
    options = parser.parse_args()
    files = [path for path in find_files(options.directory) if is_workflow(path.read_bytes())]
    print(f"{len(files)} workflows")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path in files:
        for variant, change in VARIANTS.items():
            check_file(str(path), change(path.read_bytes()), variant, counts, shows=options.show)
    print_table(counts)
    measure_cost([(str(path), path.read_bytes()) for path in files])


def find_files(directory: Path) -> list[Path]:
    """Return all YAML files below a directory."""
    found = (Path(folder) / name for folder, _, names in os.walk(directory) for name in names)
    return sorted(path for path in found if path.suffix in (".yml", ".yaml"))


def is_workflow(content: bytes) -> bool:
    """Whether PyYAML reads this as a workflow with steps."""
    try:
        return any(True for _ in jobs_with_steps(yaml.load(content, yaml.CSafeLoader)))
    except (yaml.YAMLError, ValueError):
        return False


def jobs_with_steps(data: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the jobs that have steps."""
    jobs = data.get("jobs") if isinstance(data, dict) else None
    for name, job in jobs.items() if isinstance(jobs, dict) else ():
        if isinstance(job, dict) and isinstance(job.get("steps"), list) and job["steps"]:
            yield name, job


def check_file(path: str, content: bytes, variant: str, counts: dict[str, Counter[str]], *, shows: bool) -> None:
    """Make every edit of one file."""
    before = yaml.load(content, yaml.CSafeLoader)
    for case in cases(before):
        result, why = outcome(path, content, before, case)
        counts[case.name][result] += 1
        counts[f"variant {variant}"][result] += 1
        if shows and result != "exact":
            print(f"{result}: {variant}: {case.name} {case.mutation.path}: {why}")


def cases(data: Any) -> Iterator[Case]:
    """Yield the edits that fit a workflow."""
    for name, job in jobs_with_steps(data):
        at = ("jobs", name)
        count = len(job["steps"])
        for where, index in (("first", 0), ("middle", count // 2), ("last", count)):
            model = lambda data, name=name, index=index: data["jobs"][name]["steps"].insert(index, STEP)  # noqa: E731
            yield Case(f"insert step {where}", Insert((*at, "steps"), index, STEP), model, "old")
        yield put("set job env", data, (*at, "env"), "ADDED", "it's 1: one")
        if isinstance(job.get("runs-on"), str):
            yield put("replace runs-on", data, at, "runs-on", "macos-15")
        for key in job:
            yield delete(at, key)
        for index in {0, count // 2, count - 1}:
            yield from cases_of_step(data, (*at, "steps", index), job["steps"][index])


def cases_of_step(data: Any, at: tuple[str | int, ...], step: dict[str, Any]) -> Iterator[Case]:
    """Yield the edits that fit a step."""
    yield put("set step key", data, at, "name", "Build & test")
    yield put("set step key", data, at, "timeout-minutes", 10)
    for key in step:
        yield delete(at, key)
    for key in step.get("with") or {}:
        yield put("set `with` key", data, (*at, "with"), key, "18")


def put(name: str, data: Any, at: tuple[str | int, ...], key: str, value: Any) -> Case:
    """Return the edit that gives a key a value, whether or not it, or what holds it, is there."""
    holder = value_of(data, at)
    if holder is None:
        *above, last = at
        return put(name, data, tuple(above), str(last), {key: value})

    def model(data: Any) -> None:
        value_of(data, at)[key] = value

    is_there = key in holder
    mutation = Set((*at, key), value) if is_there else Add((*at, key), value)
    return Case(name, mutation, model, "line" if is_there else "old")


def delete(at: tuple[str | int, ...], key: str) -> Case:
    """Return the edit that takes a key out."""
    return Case("delete key", Remove((*at, key)), lambda data: value_of(data, at).pop(key), "new")


def value_of(data: Any, at: tuple[str | int, ...]) -> Any:
    """Return what stands at a path, or None."""
    for part in at:
        data = data.get(part) if isinstance(data, dict) else data[int(part)]
    return data


def outcome(path: str, content: bytes, before: Any, case: Case) -> tuple[str, str]:
    """Make one edit and judge it."""
    try:
        after = edited(YamlDocument.parse(SourceText.read(path, content)), [case.mutation]).source.encode()
    except Refusal as refusal:
        return ("other" if refusal.code == "edit/gate" else "refused"), str(refusal).replace("\n", " ")
    expected = copy.deepcopy(before)
    case.model(expected)
    try:
        if repr(yaml.load(after, yaml.CSafeLoader)) != repr(sorted_like(expected, yaml.load(after, yaml.CSafeLoader))):
            return "other", path
    except yaml.YAMLError as error:
        return "other", f"{path}: {error}"
    return ("exact", "") if is_kept(content, after, case.keeps) else ("outside", path)


def sorted_like(expected: Any, found: Any) -> Any:
    """Return `expected` with the order of keys of `found`, since an order of keys means nothing."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        return {key: sorted_like(expected[key], found[key]) for key in found}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [sorted_like(left, right) for left, right in zip(expected, found, strict=True)]
    return expected


def is_kept(before: bytes, after: bytes, keeps: str) -> bool:
    """Whether nothing beside the edit changed, seen from the texts alone."""
    start = len(os.path.commonprefix([before, after]))  # noqa: RUF071  # the bytes are no paths
    tail = len(os.path.commonprefix([before[start:][::-1], after[start:][::-1]]))  # noqa: RUF071
    if keeps == "old":
        return start + tail == len(before)
    if keeps == "new":
        return start + tail == len(after)
    return before[start : len(before) - tail].count(b"\n") == 0 or b"|" in before or b">" in before


def print_table(counts: dict[str, Counter[str]]) -> None:
    """Print a row for each edit and each variant, and their sum."""
    columns = ("exact", "other", "outside", "refused")
    print(f"{'':<26}" + "".join(f"{column:>10}" for column in columns))
    for name, row in sorted(counts.items(), key=lambda item: item[0].startswith("variant")):
        print(f"{name:<26}" + "".join(f"{row[column]:>10,}" for column in columns))
    total = sum((row for name, row in counts.items() if name.startswith("variant")), Counter[str]())
    print(f"{'all':<26}" + "".join(f"{total[column]:>10,}" for column in columns))
    done = total.total() - total["refused"]
    print(f"{100 * total['exact'] / done:.3f} % of those not refused are exact")


def measure_cost(files: list[tuple[str, bytes]]) -> None:
    """Print what 400 workflows cost: read, insert a step, read again, compare."""
    planned = [files[index % len(files)] for index in range(400)]
    start = time.process_time()
    for path, content in planned:
        document = YamlDocument.parse(SourceText.read(path, content))
        name, job = next(jobs_with_steps(document.data))
        try:
            edited(document, [Insert(("jobs", name, "steps"), len(job["steps"]), STEP)])
        except Refusal:
            continue
    print(f"400 workflows planned in {time.process_time() - start:.2f} s cpu")


if __name__ == "__main__":
    main()
