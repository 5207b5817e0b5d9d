"""What checkers say of an edited file. Only what they did not say before counts: many files have findings already.

GitHub's workflows are held against their JSON Schema; `actionlint`, `zizmor` and `node --check` look where they are on
PATH. Never runs anything that belongs to the project.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Final, NamedTuple

from orchestrator.edits.document import Document
from orchestrator.edits.formats import is_workflow
from orchestrator.edits.mutation import Path
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow_rules import breaches
from orchestrator.errors import Location, did_you_mean
from orchestrator.plan.scalars import WrittenBool

SECONDS: Final = 20
"""How long a checker may take; one that takes longer has found nothing."""
_SCRIPT: Final = re.compile(r".+\.[cm]?js")
_SYNTAX_ERROR: Final = re.compile(r"^\[stdin\]:(\d+)$.*^(SyntaxError: .*?)$", re.MULTILINE | re.DOTALL)
_SCHEMA: Final = FilePath(__file__).parent / "schemas" / "github-workflow.json"


class Finding(NamedTuple):
    """Something a checker does not like."""

    what: str
    where: str = ""
    """Where it stands, told so that it stays the same when lines or items come before it."""
    location: Location | None = None
    hint: str | None = None


Checker = Callable[[Document], Sequence[Finding]]


def check(before: Document, after: Document) -> None:
    """Compare what checkers find before and after an edit.

    :raises Refusal: `edit/validator` when there is more than before.
    """
    for name, checker in _checkers(after.source.path):
        found = checker(after)
        if not found:
            continue
        earlier = checker(before)
        known = Counter((finding.where, finding.what) for finding in earlier)
        lines = {(finding.what, _line(before, finding)) for finding in earlier if not finding.where}
        for finding in found:
            known[finding.where, finding.what] -= 1
            is_copy = not finding.where and (finding.what, _line(after, finding)) in lines
            if known[finding.where, finding.what] < 0 and not is_copy:
                message = f"{name} would find something new in `{after.source.path}`: {finding.what}"
                place = "the place is that in the file as it would be"
                hint = f"{finding.hint}; {place}" if finding.hint else place
                raise Refusal("edit/validator", message, hint=hint, location=finding.location)


def _line(document: Document, finding: Finding) -> str:
    """Return the text of a finding's line. A line that is there already, such as a `uses`, may come once more."""
    lines = document.source.text.splitlines()
    number = finding.location.line if finding.location else 0
    return lines[number - 1].strip(" -") if 0 < number <= len(lines) else ""


def _checkers(path: str) -> Iterator[tuple[str, Checker]]:
    if is_workflow(path):
        yield "the schema of GitHub's workflows", _follow_schema
        yield "the rules of GitHub's workflows", _follow_rules
        yield "`actionlint`", _actionlint
        yield "`zizmor`", _zizmor
    elif _SCRIPT.fullmatch(path):
        yield "`node --check`", _node


def _follow_schema(document: Document) -> Sequence[Finding]:
    validator = _validator()
    data = _exact(document.data)
    if validator.is_valid(data):
        return ()
    return [_as_finding(leaf, document) for error in validator.iter_errors(data) for leaf in _leaves(error)]


@cache
def _validator() -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(_schema())


@cache
def _schema() -> Any:
    return json.loads(_SCHEMA.read_bytes())


def _exact(value: Any) -> Any:
    """Return plain data of exactly JSON's types: the validator knows no scalar that remembers how it was written."""
    match value:
        case dict():
            return {key: _exact(item) for key, item in value.items()}
        case list():
            return [_exact(item) for item in value]
        case bool() | None:
            return value
        case WrittenBool():
            return value.value
        case int():
            return int(value)
        case float():
            return float(value)
        case _:
            return str(value)


def _leaves(error: Any) -> Iterator[Any]:
    """Yield what is wrong in the end: of the alternatives that do not fit, the one that comes nearest."""
    branches = getattr(error.kind, "context", None)
    if not branches:
        yield error
        return
    for inner in max(branches, key=_nearness):
        yield from _leaves(inner)


def _nearness(branch: Sequence[Any]) -> tuple[int, int]:
    return max((len(error.instance_path) for error in branch), default=0), -len(branch)


def _as_finding(error: Any, document: Document) -> Finding:
    path: Path = tuple(error.instance_path)
    where = ".".join("*" if isinstance(part, int) else part for part in path)
    place = document.location(path) if path else document.source.location(0)
    return Finding(f"{_brief(error.message)} (`{where or '$'}`)", where, place, _near(error))


def _near(error: Any) -> str | None:
    """Return a hint where a key that is not allowed looks like one that is."""
    unexpected = getattr(error.kind, "unexpected", None)
    if not unexpected:
        return None
    holder = _schema()
    for part in error.schema_path[:-1]:
        holder = holder[part]
    return did_you_mean(unexpected[0], list(holder.get("properties", ())))


def _brief(message: str) -> str:
    return message if len(message) <= 160 else f"{message[:120]} ... {message[-36:]}"


def _follow_rules(document: Document) -> Sequence[Finding]:
    return [Finding(what, "", document.location(path), hint) for what, path, hint in breaches(document)]


def _actionlint(document: Document) -> Sequence[Finding]:
    path = document.source.path
    arguments = ["-no-color", "-format", "{{json .}}", "-stdin-filename", path, "-"]
    return [
        Finding(f"{found['message']} [{found['kind']}]", location=Location(path, found["line"], found["column"]))
        for found in _told("actionlint", arguments, document)
    ]


def _zizmor(document: Document) -> Sequence[Finding]:
    arguments = ["--offline", "--no-config", "--no-progress", "--quiet", "--format=json", "-"]
    return [
        Finding(f"{found['desc']} [{found['ident']}]", location=_zizmor_place(found, document))
        for found in _told("zizmor", arguments, document)
    ]


def _zizmor_place(found: Any, document: Document) -> Location:
    at = found["locations"][0]["concrete"]["location"]["start_point"]
    return Location(document.source.path, at["row"] + 1, at["column"] + 1)


def _told(program: str, arguments: Iterable[str], document: Document) -> Sequence[Any]:
    """Return the list of findings that a program prints as JSON."""
    done = _run(program, arguments, document)
    try:
        return json.loads(done.stdout) or () if done is not None else ()
    except ValueError:
        return ()


def _node(document: Document) -> Sequence[Finding]:
    """A script is a module or it is not; only what is neither is wrong."""
    found = []
    for kind in ("commonjs", "module"):
        done = _run("node", ["--check", f"--input-type={kind}", "-"], document)
        problem = _SYNTAX_ERROR.search(done.stderr) if done is not None and done.returncode != 0 else None
        if problem is None:
            return ()
        found.append(Finding(problem[2], location=Location(document.source.path, int(problem[1]), 1)))
    return found


def _run(program: str, arguments: Iterable[str], document: Document) -> subprocess.CompletedProcess[str] | None:
    """Run a checker on a text; None where there is none, or it does not come to an end."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        return subprocess.run(
            [path, *arguments], input=document.source.text, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
