"""What plans may say to each named edit.

Annotations are what a plan is validated against, docstrings what the JSON Schema says. Nothing here is required: what
is not said is read from the file, and an edit that can know it neither way refuses with `edit/missing-parameter`.
A name that is a keyword of Python ends in `_` here, and not in a plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from orchestrator.edits.fields import KEYWORDS, Amount, Percent
from orchestrator.plan.fields import STRICT, Count, Flag, Seconds, Text, TextOrTexts, Texts

Metric = Literal["branches", "functions", "lines", "statements"]
BenchmarkForm = Literal[
    "benchmarkdotnet", "benchmarkjs", "benchmarkluau", "cargo", "catch2", "customBiggerIsBetter",
    "customSmallerIsBetter", "go", "googlecpp", "jmh", "julia", "pytest",
]  # fmt: skip
Severity = Literal["info", "low", "moderate", "high", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSelector:
    """Which step of a job: all that is said must hold."""

    __pydantic_config__: ClassVar[Any] = STRICT

    id: Text | None = None
    name: Text | None = None
    uses: Text | None = None
    """How its `uses` begins."""
    run_contains: Text | None = None
    index: int | None = None
    """Counts from 0; negative from the end."""

    def __post_init__(self) -> None:
        if all(getattr(self, name) is None for name in ("id", "name", "uses", "run_contains", "index")):
            raise ValueError("say which step: `id`, `name`, `uses`, `run_contains` or `index`")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandCoverageCollection:
    """Jest measures more files."""

    __pydantic_config__: ClassVar[Any] = STRICT

    include: Texts = ()
    """Globs of files to measure."""
    exclude: Texts = ()
    """Globs of files not to measure."""
    unmask: Literal["auto", "off"] | Texts = "auto"
    """Which negations that hide included files are removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDirectoryThresholds:
    """Jest demands an amount of coverage for each directory."""

    __pydantic_config__: ClassVar[Any] = STRICT

    thresholds: dict[str, Percent | dict[Metric, Percent]] = field(default_factory=dict)
    """By directory: one number for all metrics, or one for each."""
    base: Text = "src"
    """The directory they are in."""
    mode: Literal["at_least", "exact"] = "at_least"
    """`exact` also lowers what is higher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InWorkflow:
    """What every edit of a workflow takes."""

    __pydantic_config__: ClassVar[Any] = STRICT

    job: Text | None = None
    """Which job: an id or a glob."""
    pin: Literal["sha", "tag"] = "sha"
    """How a `uses:` that is added names its version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveContinueOnError(InWorkflow):
    """Failing steps fail the build."""

    kinds: tuple[Literal["key", "flag", "or_true"], ...] = ()
    """`key`: the YAML key; `flag`: a command's own flag; `or_true`: `|| true`."""
    step: StepSelector | Text | None = None
    """Only in this step."""
    command: Text | None = None
    """Only in commands that contain this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMigrationStep(InWorkflow):
    """The database is migrated before the tests."""

    __pydantic_config__: ClassVar[Any] = KEYWORDS

    run: Text | None = None
    """The command."""
    before: StepSelector | Text | None = None
    """The step that needs the tables."""
    after: StepSelector | Text | None = None
    """The step after which they can be made."""
    env: dict[str, Text] = field(default_factory=dict)
    """Variables of the new step."""
    env_from: Literal["anchor"] | None = None
    """Takes the environment of the step it goes before or after."""
    if_: Text | None = None
    """When the new step runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplementDeploy(InWorkflow):
    """A placeholder step becomes a deployment."""

    method: Literal["kubectl", "helm", "compose", "run"] | None = None
    """Absent = that of other jobs."""
    run: Text | None = None
    """The command of the method `run`."""
    environment: Text | None = None
    """Absent = that of the job, else of the action's name."""
    namespace: Text | None = None
    """That of Kubernetes."""
    services: Texts = ()
    """What is rolled out: Deployments, releases of Helm, services of Compose."""
    secrets: Texts = ()
    """Names of secrets the step needs; one with `KUBE` in its name is the cluster's configuration."""
    image: Text | None = None
    """Absent = the one that a job before has pushed, by its digest. With a tag: as it stands."""
    chart: Text | None = None
    """The chart of the method `helm`."""
    replace: Flag = False
    """Also a step that is no placeholder."""
    step: StepSelector | Text | None = None
    """The placeholder, where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDeployMigration(InWorkflow):
    """The database is migrated before each rollout."""

    __pydantic_config__: ClassVar[Any] = KEYWORDS

    command: Text | None = None
    """Absent = the one that another job of the workflow runs."""
    as_: Literal["step", "job"] = "step"
    """Before the rollout in its job, or a job that it waits for."""
    jobs: Texts = ()
    """Ids of the jobs that deploy."""
    secrets: Texts = ("DATABASE_URL",)
    """Names of secrets the command needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddApprovalGates(InWorkflow):
    """A person agrees before a job runs."""

    environment: Text | None = None
    """Absent = that of the job, else `production`."""
    url: Text | None = None
    """Where what is deployed can be seen."""
    reviewers: Texts = ()
    """Users, and teams as `organisation/team`."""
    wait_timer: Amount | None = None
    """Minutes."""
    prevent_self_review: Flag = False
    """Who starts a run cannot agree to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddHealthChecks(InWorkflow):
    """A rollout that does not answer fails."""

    url: Text | None = None
    """Absent = that of the environment of the job."""
    retries: Count | None = None
    """Absent = 10 in a workflow, 3 in a container."""
    timeout: Seconds | None = None
    """Of one request. Absent = 10 s in a workflow, 5 s in a container."""
    rollback: Flag | Text = False
    """A step for when it fails: `true`, or its command."""
    kind: Literal["workflow", "compose", "dockerfile"] | None = None
    """Absent = what the file is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelizePythonBuilds(InWorkflow):
    """A loop over services becomes a matrix."""

    services: Texts = ()
    """Absent = those of the loop."""
    fail_fast: Flag = False
    """One that fails ends the others."""
    max_parallel: Count | None = None
    """How many run at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPathFilters(InWorkflow):
    """Jobs run only when files they concern have changed."""

    filters: dict[str, TextOrTexts] = field(default_factory=dict)
    """By job: globs."""
    mode: Literal["jobs", "workflow"] = "jobs"
    """`workflow` filters the events of the whole file."""
    always: Texts = ()
    """Jobs that always run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeTrivyBlocking(InWorkflow):
    """What Trivy finds fails the build."""

    severity: Text = "CRITICAL,HIGH"
    """What counts."""
    ignore_unfixed: Flag | None = None
    """Whether what has no fix yet may stay. Absent = as the file says."""
    step: StepSelector | Text | None = None
    """Only this scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeAuditLevel(InWorkflow):
    """Audits of dependencies fail earlier."""

    level: Severity | None = None
    """The lowest severity that fails."""
    allow_looser: Flag = False
    """Also where audits fail at a lower one now."""
    step: StepSelector | Text | None = None
    """Only in this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSbomGeneration(InWorkflow):
    """An image gets a bill of materials."""

    tool: Literal["syft", "buildkit"] = "syft"
    """`syft` makes a file, `buildkit` puts it beside the image in the registry."""
    format: Text | None = None
    """As Syft names it; absent = `spdx-json`."""
    artifact_name: Text | None = None
    """Under which the file is kept."""
    image: Text | None = None
    """Absent = the one that the job builds."""
    path: Text | None = None
    """A directory of the repository, instead of an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContainerScanning(InWorkflow):
    """An image is scanned before it is deployed."""

    severity: Text = "CRITICAL,HIGH"
    """What counts."""
    blocking: Flag = True
    """What is found fails the build."""
    image: Text | None = None
    """Absent = the one that the job builds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddBlueGreen(InWorkflow):
    """A rollout goes to the idle colour first."""

    method: Literal["kubectl"] | None = None
    service: Text | None = None
    """The Deployment, where there are several."""
    colours: Texts = ("blue", "green")
    """Two names."""
    switch: Text | None = None
    """The command that switches."""
    smoke: Text | None = None
    """The command that tries the idle colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCanary(InWorkflow):
    """A rollout meets a part of the requests first."""

    percent: Percent | None = None
    """Its share of all pods; absent = 10."""
    wait: Text | None = None
    """How long it serves, such as `90s`; absent = `5m`."""
    check: Text | None = None
    """The command that judges the canary."""
    abort: Text | None = None
    """The command that takes it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPerfChecks(InWorkflow):
    """What makes a benchmark slower fails the build."""

    tool: BenchmarkForm | None = None
    """The form of the result, as github-action-benchmark names it."""
    command: Text | None = None
    """Absent = the script of package.json that is called a benchmark."""
    baseline: Text | None = None
    """The file in which the runs before are kept, in the cache of GitHub Actions."""
    threshold: Text | None = None
    """How much of the former value is too much; absent = `150%`."""

    def __post_init__(self) -> None:
        said = (self.threshold or "100%").removesuffix("%")
        if self.threshold is not None and not (said.isdigit() and int(said) >= 100 and self.threshold.endswith("%")):
            raise ValueError("`threshold` is a share of the former value, `100%` or more: `150%` is half as slow again")
