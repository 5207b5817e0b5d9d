"""`config_edit`: a byte-exact edit of a configuration file. Plans with it load; it cannot run yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.change import Change
from orchestrator.errors import TaskError
from orchestrator.handler import Applied, ApplyContext, Claims, FileHandler, PlanContext
from orchestrator.plan.fields import Flag, ProjectPath, Text, Texts
from orchestrator.plan.model import Task

Action = Literal[
    "expand_coverage_collection",
    "add_directory_thresholds",
    "remove_continue_on_error",
    "add_migration_step",
    "implement_staging_deploy",
    "implement_production_deploy",
    "add_deploy_migration",
    "add_approval_gates",
    "add_health_checks",
    "parallelize_python_builds",
    "add_path_filters",
    "make_trivy_blocking",
    "upgrade_audit_level",
    "add_sbom_generation",
    "add_container_scanning",
    "add_blue_green",
    "add_canary",
    "add_perf_checks",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEditTask(Task):
    """One thing to change in a configuration file."""

    type: Literal["config_edit"]
    target: ProjectPath
    """The file."""
    action: Action | None = None
    """A named edit."""
    job: Text | None = None
    """Which job: an id or a glob."""
    step: dict[str, Any] | None = None
    """Which step: by `id`, `name`, `uses`, `run_contains` or `index`."""
    on_missing: Literal["refuse", "warn"] = "refuse"
    pin: Literal["sha", "tag"] = "sha"
    """How a `uses:` that is added names its version."""
    include: Texts = ()
    exclude: Texts = ()
    unmask: Text | Texts = "auto"
    thresholds: dict[str, Any] | None = None
    """By directory: a number, or a mapping of metrics."""
    base: Text = "src"
    mode: Text | None = None
    kinds: Texts = ()
    command: Text | None = None
    run: Text | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    env_from: Text | None = None
    method: Text | None = None
    environment: Text | None = None
    namespace: Text | None = None
    services: Texts = ()
    image: Text | None = None
    replace: Flag = False
    jobs: Texts = ()
    reviewers: Texts = ()
    wait_timer: int | None = None
    prevent_self_review: Flag = False
    url: Text | None = None
    retries: int | None = None
    rollback: Flag | Text | None = None
    kind: Text | None = None
    max_parallel: int | None = None
    filters: dict[str, Any] | None = None
    always: Texts = ()
    severity: Text | None = None
    ignore_unfixed: Flag = False
    level: Text | None = None
    allow_looser: Flag = False
    tool: Text | None = None
    format: Text | None = None
    artifact_name: Text | None = None
    path: Text | None = None
    blocking: Flag = True
    service: Text | None = None
    colours: Texts = ()
    switch: Text | None = None
    smoke: Text | None = None
    percent: int | None = None
    wait: Text | None = None
    check: Text | None = None
    abort: Text | None = None
    baseline: Text | None = None
    threshold: Text | None = None
    fail_fast: Flag = False
    secrets: Texts = ()
    edits: tuple[dict[str, Any], ...] = ()
    """Generic operations instead of a named edit."""
    verify: Text | None = None


class ConfigEdit(FileHandler):
    """Shown in plans; fails in runs, because a success would be a lie."""

    type = "config_edit"
    model = ConfigEditTask

    def claims(self, task: ConfigEditTask) -> Claims:
        return Claims(writes=(task.target,))

    def plan(self, task: ConfigEditTask, _context: PlanContext) -> Change:
        return Change("cannot run in this version", actions=(f"edit `{task.target}`",), exact=False)

    async def apply(self, _task: ConfigEditTask, _change: Change, _context: ApplyContext) -> Applied:
        raise TaskError("task/not-built", "`config_edit` cannot run in this version")
