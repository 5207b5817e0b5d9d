"""Plans that were loaded before, as plain data by the hash of everything they were made from.

A cached plan loads without YAML, pydantic or Jinja2. One that took a value from the environment is not kept, since that
value may be a secret; one that asked for values that are not there is kept for as long as they are not. One that lists
files is kept with the list, which is compared when it is read.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator import globs
from orchestrator.errors import Location
from orchestrator.plan.model import Plan, Task, written_fields
from orchestrator.plan.scalars import WrittenBool, WrittenFloat, WrittenInt, scalar
from orchestrator.plan.text import read_text

if TYPE_CHECKING:
    from orchestrator.plan.loader import Loaded
    from orchestrator.plan.tasks import TaskTypes

FORMAT: Final = 3
# Keys that no plan can have, since those are text: what stands in a plan is never taken for a name to import.
_MODEL: Final = b"model"
_WRITTEN: Final = b"written"


def load_plan(
    path: Path,
    types: TaskTypes,
    *,
    project: Path | None = None,
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str],
) -> Plan:
    """Return the plan in the file at `path`, from the cache where possible. Parameters as for `loader.load`.

    :raises PlanError: or PlanErrors, with everything that is wrong.
    """
    name = str(path)
    text = read_text(path, name)
    key = _key(text, path, project, overrides or {})
    entry = _directory(environ) / key
    cached = _read(entry, path, environ)
    if cached is not None:
        return cached
    from orchestrator.plan.loader import load
    from orchestrator.plan.source import Source

    loaded = load(Source(name, text), path, types, project=project, overrides=overrides, environ=environ)
    if not loaded.plan.problems and not any(map(environ.get, loaded.environment)):
        _write(entry, loaded)
    return loaded.plan


def _key(text: str, path: Path, project: Path | None, overrides: Mapping[str, str]) -> str:
    from orchestrator import __version__

    made_from = [
        FORMAT,
        __version__,
        sys.version,
        str(path.absolute()),
        str(project and project.absolute()),
        sorted(overrides.items()),
    ]
    return hashlib.sha256(f"{made_from}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _directory(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME", "/nonexistent"), ".cache")
    return Path(base) / "orchestrate" / "plans"


def _read(entry: Path, path: Path, environ: Mapping[str, str]) -> Plan | None:
    """Return the cached plan, None if there is none that still fits."""
    try:
        sealed = entry.read_bytes()
        stored = sealed[hashlib.sha256().digest_size :]
        if sealed != _seal(stored) + stored:
            return None
        head, tasks, patterns, absent = marshal.loads(stored)  # noqa: S302  # what we wrote, to the byte
        root = Path(head["project_root"])
        if any(globs.match_files(root, pattern) != found for pattern, found in patterns):
            return None
        if any(map(environ.get, absent)):
            return None
        return _thaw(head, tasks, path)
    except (OSError, ValueError, TypeError, KeyError, EOFError, AttributeError, ImportError):
        return None


def _write(entry: Path, loaded: Loaded) -> None:
    """Keep a plan; a cache that cannot be written is no cache."""
    root = loaded.plan.project_root
    found = [(pattern, globs.match_files(root, pattern)) for pattern in loaded.patterns]
    try:
        stored = marshal.dumps((*_freeze(loaded.plan), found, sorted(loaded.environment)))
    except TypeError:  # a plugin's task holds more than plain data
        return
    temporary = entry.with_suffix(f".{os.getpid()}")
    try:
        entry.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.touch(mode=0o600)
        temporary.write_bytes(_seal(stored) + stored)
        temporary.replace(entry)
    except OSError:
        return


def _seal(stored: bytes) -> bytes:
    return hashlib.sha256(stored).digest()


def _freeze(plan: Plan) -> tuple[dict[str, Any], list[Any]]:
    head = {
        "name": plan.name,
        "version": plan.version,
        "description": plan.description,
        "project_root": str(plan.project_root),
        "settings": _plain(plan.settings),
        "variables": _plain(dict(plan.variables)),
        "secrets": plan.secrets,
        "phases": [_plain(phase) for phase in plan.phases],
        "digest": plan.digest,
    }
    models: dict[type[Task], str] = {}
    tasks = []
    for task in plan.tasks.values():
        model = models.setdefault(type(task), f"{type(task).__module__}:{type(task).__name__}")
        where = task.location
        assert where is not None
        own, nested = written_fields(task), []
        try:
            marshal.dumps(own)
        except ValueError:
            own = {name: _plain(value) for name, value in own.items()}
            nested = [name for name, value in own.items() if _holds_model(value)]
        tasks.append((model, own, nested, task.phase, task.group, task.digest, where.line, where.column))
    return head, tasks


def _thaw(head: dict[str, Any], frozen: list[Any], path: Path) -> Plan:
    file = str(path)
    models: dict[str, type[Task]] = {}
    tasks: dict[str, Task] = {}
    set_field = object.__setattr__
    for name, own, nested, phase, group, digest, line, column in frozen:
        model = models.get(name)
        if model is None:
            model = models[name] = _find(name)
        for key in nested:
            own[key] = _thawed(own[key])
        task = model(**own)
        set_field(task, "phase", phase)
        set_field(task, "group", group)
        set_field(task, "digest", digest)
        set_field(task, "location", Location(file, line, column))
        tasks[task.id] = task
    return Plan(
        name=head["name"],
        version=head["version"],
        description=head["description"],
        path=path,
        project_root=Path(head["project_root"]),
        settings=_thawed(head["settings"]),
        variables=_thawed(head["variables"]),
        secrets=head["secrets"],
        phases=tuple(_thawed(phase) for phase in head["phases"]),
        tasks=tasks,
        digest=head["digest"],
    )


def _plain(value: Any) -> Any:
    """Return plain data that `_thawed` turns back into the same value."""
    if is_dataclass(value) and not isinstance(value, type):
        own = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.init}
        return {_MODEL: f"{type(value).__module__}:{type(value).__name__}", **own}
    match value:
        case WrittenBool() | WrittenInt() | WrittenFloat():
            return {_WRITTEN: str(value)}
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case tuple():
            return tuple(_plain(item) for item in value)
        case list():
            return [_plain(item) for item in value]
        case bool() | None:
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case float():
            return float(value)
        case _:
            raise TypeError(f"{type(value).__name__} is no plain data")


def _holds_model(value: Any) -> bool:
    match value:
        case dict():
            return _MODEL in value or _WRITTEN in value or any(map(_holds_model, value.values()))
        case tuple() | list():
            return any(map(_holds_model, value))
        case _:
            return False


def _thawed(value: Any) -> Any:
    match value:
        case {b"written": str(text)}:
            return scalar(text)
        case {b"model": str(name)}:
            return _find(name)(**{key: _thawed(item) for key, item in value.items() if key != _MODEL})
        case dict():
            return {key: _thawed(item) for key, item in value.items()}
        case tuple():
            return tuple(_thawed(item) for item in value)
        case list():
            return [_thawed(item) for item in value]
        case _:
            return value


def _find(name: str) -> Any:
    module, _, model = name.partition(":")
    return getattr(import_module(module), model)
