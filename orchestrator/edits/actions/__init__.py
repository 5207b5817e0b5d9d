"""The named edits: what each is called in plans, where its recipe is, and which parameters it takes.

Nothing is imported before it is asked for. A recipe is a function of a document and its parameters; see `recipe`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from orchestrator.edits.recipe import Edited, Recipe, Satisfied

if TYPE_CHECKING:
    from orchestrator.workspace import FileView


class Action(NamedTuple):
    """A named edit."""

    parameters: str
    """The class in `parameters` that a plan's parameters become."""
    recipe: str
    """`module:function`, the module being one of this package."""
    sees_files: bool = False
    """Whether it must know other files of the project. It is given them as `files`."""


ACTIONS: Final = {
    "expand_coverage_collection": Action(
        "ExpandCoverageCollection", "expand_coverage_collection:expand_coverage_collection", sees_files=True
    ),
    "add_directory_thresholds": Action(
        "AddDirectoryThresholds", "add_directory_thresholds:add_directory_thresholds", sees_files=True
    ),
    "remove_continue_on_error": Action("RemoveContinueOnError", "remove_continue_on_error:remove_continue_on_error"),
    "add_migration_step": Action("AddMigrationStep", "add_migration_step:add_migration_step", sees_files=True),
    "implement_staging_deploy": Action("ImplementDeploy", "implement_deploy:implement_staging_deploy"),
    "implement_production_deploy": Action("ImplementDeploy", "implement_deploy:implement_production_deploy"),
    "add_deploy_migration": Action("AddDeployMigration", "add_deploy_migration:add_deploy_migration"),
    "add_approval_gates": Action("AddApprovalGates", "add_approval_gates:add_approval_gates"),
    "add_health_checks": Action("AddHealthChecks", "add_health_checks:add_health_checks"),
    "parallelize_python_builds": Action(
        "ParallelizePythonBuilds", "parallelize_python_builds:parallelize_python_builds"
    ),
    "add_path_filters": Action("AddPathFilters", "add_path_filters:add_path_filters"),
    "make_trivy_blocking": Action("MakeTrivyBlocking", "make_trivy_blocking:make_trivy_blocking"),
    "upgrade_audit_level": Action("UpgradeAuditLevel", "upgrade_audit_level:upgrade_audit_level"),
    "add_sbom_generation": Action("AddSbomGeneration", "add_sbom_generation:add_sbom_generation"),
    "add_container_scanning": Action("AddContainerScanning", "add_container_scanning:add_container_scanning"),
    "add_blue_green": Action("AddBlueGreen", "add_blue_green:add_blue_green"),
    "add_canary": Action("AddCanary", "add_canary:add_canary"),
    "add_perf_checks": Action("AddPerfChecks", "add_perf_checks:add_perf_checks", sees_files=True),
}


def parameters_of(name: str) -> type[Any]:
    """Return the class of an action's parameters."""
    from orchestrator.edits.actions import parameters

    found: type[Any] = getattr(parameters, ACTIONS[name].parameters)
    return found


def recipe_of(name: str, parameters: Any, files: FileView) -> Recipe:
    """Return the recipe of an action, its parameters bound, and the project's files where it must know them."""
    _, path, sees_files = ACTIONS[name]
    module, _, function = path.partition(":")
    recipe: Callable[..., Edited | Satisfied] = getattr(import_module(f"{__name__}.{module}"), function)
    return partial(recipe, parameters=parameters, **({"files": files} if sees_files else {}))
