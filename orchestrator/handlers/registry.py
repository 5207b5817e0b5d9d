"""Which task types there are: ours by name, others' through the entry-point group `orchestrator.handlers`.

A module is imported when a plan first uses its type.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from orchestrator import plugins
from orchestrator.errors import EnvironmentProblem
from orchestrator.handler import Handler
from orchestrator.plan.model import Task
from orchestrator.templates import project_templates

GROUP: Final = "orchestrator.handlers"
BUILT_IN: Final = {
    "config_edit": "orchestrator.handlers.config_edit:ConfigEdit",
    "file_generation": "orchestrator.handlers.file_generation:FileGeneration",
    "manual": "orchestrator.handlers.manual:Manual",
    "milestone": "orchestrator.handlers.milestone:Milestone",
    "scenario": "orchestrator.handlers.scenario:Scenario",
    "shell": "orchestrator.handlers.shell:Shell",
    "test_generation": "orchestrator.handlers.test_generation:TestGeneration",
}
CHECKPOINT: Final = "checkpoint"
_GATE: Final = "orchestrator.handlers.checkpoint:Checkpoint"
_NEEDS: Final = {"type": str, "model": type, "claims": None, "sources": None, "plan": None, "apply": None}


class Registry:
    """Finds handlers and their models."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler[Any]] = {}

    def handler(self, type_name: str) -> Handler[Any]:
        """Return the handler of a type.

        :raises EnvironmentProblem: when a plugin that provides it is broken.
        :raises LookupError: when nobody provides it.
        """
        known = self._handlers.get(type_name)
        if known is None:
            known = self._handlers[type_name] = self._find(type_name)
        return known

    def model(self, type_name: str) -> type[Task] | None:
        if type_name not in BUILT_IN and type_name not in self._plugins:
            return None
        return self.handler(type_name).model

    def checkpoint(self) -> type[Task]:
        return self.handler(CHECKPOINT).model

    def names(self) -> Sequence[str]:
        return sorted({*BUILT_IN, *self._plugins})

    def writes(self, task: Task) -> Iterable[str]:
        return self.handler(task.type).claims(task).writes

    def templates(self, project_root: Path) -> Collection[str]:
        return set(project_templates(project_root).names())

    @cached_property
    def _plugins(self) -> dict[str, Any]:
        return dict(plugins.entry_points(GROUP))

    def _find(self, type_name: str) -> Handler[Any]:
        path = _GATE if type_name == CHECKPOINT else BUILT_IN.get(type_name)
        if path is not None:
            module, _, name = path.partition(":")
            made: Handler[Any] = getattr(import_module(module), name)()
            return made
        made = plugins.load(self._plugins[type_name], _NEEDS)
        if not issubclass(made.model, Task) or made.type != type_name:
            message = f"the plugin `{type_name}` must name its type so and have a model made from `Task`"
            raise EnvironmentProblem("environment/plugin", message)
        return made
