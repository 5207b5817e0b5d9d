"""The two runners, made for a project: one plans over files in memory, the other applies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from orchestrator.app.answers import answers_so_far
from orchestrator.app.project import Project
from orchestrator.engine.preview import PreviewRunner
from orchestrator.engine.runner import ApplyRunner
from orchestrator.handler import Answer
from orchestrator.known import Known
from orchestrator.preparing import Preparations
from orchestrator.process import Children
from orchestrator.record.journal import SqliteJournal
from orchestrator.workspace import Overlay, Workspace


def preview_runner(project: Project, known: Known) -> PreviewRunner:
    """Return a runner that writes nothing and runs nothing."""
    files = Overlay(project.ports.workspace(project.root))
    return PreviewRunner(**_planning(project, known, answers_so_far(project, known)), files=files)


def apply_runner(
    project: Project, known: Known, answers: Mapping[str, Answer], journal: SqliteJournal, workspace: Workspace
) -> ApplyRunner:
    """Return a runner that does what tasks say; what is added to `answers` later counts, too."""
    preparations = Preparations(journal, workspace)
    return ApplyRunner(
        **_planning(project, known, answers),
        workspace=workspace,
        objects=project.store.objects,
        children=Children(journal.run_id),
        masker=project.masker,
        run_directory=project.store.run_directory(journal.run_id),
        run_id=journal.run_id,
        is_prepared=preparations.is_done,
        prepared=preparations.note,
        strict=project.options.strict,
        announced=project.announced,
    )


def _planning(project: Project, known: Known, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Return what both runners are made with."""
    return {
        "plan": project.plan,
        "handlers": project.registry,
        "templates": project.templates,
        "clock": project.ports.clock,
        "answers": answers,
        "previous": known.previous,
        "facts": cache(project.facts),
        "environ": project.ports.environ,
    }
