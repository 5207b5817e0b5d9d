"""Plan files: what a preview announced, so that a run can do exactly that or refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from orchestrator.app.preview import Preview
from orchestrator.app.project import Options
from orchestrator.change import Change, digest
from orchestrator.errors import UsageError, raise_os_error
from orchestrator.plan.select import Selection

FORMAT: Final = "orchestrate-plan-1"


def save(preview: Preview, options: Options, path: Path) -> None:
    """Write what `preview`, made with `options`, announced.

    :raises EnvironmentProblem: when the file cannot be written.
    """
    data = {
        "format": FORMAT,
        "plan": str(preview.plan.path),
        "plan_digest": preview.plan.digest,
        "selection": {
            **asdict(options.selection),
            "with_deps": options.with_deps,
            "no_deps": options.no_deps,
        },
        "graph": _order(preview),
        "tasks": {task.id: _announced(preview, task.id) for task in preview.graph.tasks if task.id in preview.selected},
    }
    try:
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise_os_error(error, path)


def load(path: Path) -> dict[str, Any]:
    """Return a saved plan.

    :raises UsageError: for anything else.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError("usage/bad-option", f"`{path}` cannot be read: {error.strerror}") from None
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        hint = "make one with `orchestrate plan --out`"
        raise UsageError("usage/bad-option", f"`{path}` is no saved plan", hint=hint)
    return data


def options_of(saved: Mapping[str, Any], options: Options) -> Options:
    """Return `options` with the selection that the saved plan was made for."""
    selection = dict(saved["selection"])
    deps = {name: selection.pop(name) for name in ("with_deps", "no_deps")}
    named = {name: tuple(values) for name, values in selection.items()}
    return replace(options, selection=Selection(**named), **deps)


def check(saved: Mapping[str, Any], preview: Preview) -> None:
    """Check that a run would now do what was announced.

    :raises UsageError: `usage/plan-moved`, naming what differs.
    """
    then: Mapping[str, Any] = saved["tasks"]
    now = {task_id: _announced(preview, task_id) for task_id in preview.selected}
    moved = [f"task `{task_id}` is gone" for task_id in then if task_id not in now]
    moved += [f"task `{task_id}` is new" for task_id in now if task_id not in then]
    if not moved and saved["graph"] != _order(preview):
        moved.append("the order of the tasks has changed")
    for task_id in sorted(then.keys() & now.keys()):
        moved += _differences(task_id, then[task_id], now[task_id])
    if moved:
        shown = "\n".join(f"    {line}" for line in moved[:20])
        more = f"\n    and {len(moved) - 20} more" if len(moved) > 20 else ""
        message = f"the project is no longer what the plan was made for:\n{shown}{more}"
        raise UsageError("usage/plan-moved", message, hint="make a new one with `orchestrate plan --out`")


def edits_of(change: Change) -> list[list[str | None]]:
    """Return path, digest before and digest after of each edit."""
    return [[edit.path, digest(edit.before), digest(edit.after)] for edit in change.edits]


def _order(preview: Preview) -> list[list[str]]:
    """Return the edges of the graph, by the names of tasks and gates."""
    graph = preview.graph
    names = [task.id for task in graph.tasks]
    names += [
        f"{name} {'ends' if graph.gates.get(gate - 1) == name else 'begins'}"
        for gate, name in sorted(graph.gates.items())
    ]
    return [[names[before], names[after]] for before, after in graph.edges()]


def _announced(preview: Preview, task_id: str) -> dict[str, Any]:
    change = preview.changes.get(task_id)
    result = preview.results.get(task_id)
    return {
        "digest": preview.digests.get(task_id, preview.plan.tasks[task_id].digest),
        "status": result.status if result else "blocked",
        "edits": edits_of(change) if change else [],
    }


def _differences(task_id: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    if then["digest"] != now["digest"]:
        return [f"task `{task_id}` is defined differently"]
    before = {path: (old, new) for path, old, new in then["edits"]}
    after = {path: (old, new) for path, old, new in now["edits"]}
    paths = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    if paths:
        return [f"`{path}`, which task `{task_id}` writes, has changed" for path in sorted(paths)]
    if then["status"] != now["status"]:
        return [f"task `{task_id}` was {then['status']}, now it is {now['status']}"]
    return []
