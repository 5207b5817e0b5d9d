"""`add_perf_checks`: a job runs the project's benchmark, and fails when it is much slower than it was.

What it was before is kept in the cache of GitHub Actions, which only pushes to the default branch write.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from orchestrator.edits.actions.benchmarks import Benchmark, find_command
from orchestrator.edits.actions.parameters import AddPerfChecks
from orchestrator.edits.actions.pins import uses
from orchestrator.edits.actions.setup_steps import Setup, find_setup
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow
from orchestrator.workspace import FileView

COMPARE: Final = "benchmark-action/github-action-benchmark"
JOB: Final = "benchmark"

_COMPARING: Final = (COMPARE, "bencherdev/bencher", "CodSpeedHQ/action", "boa-dev/criterion-compare-action")
_CACHE_KEY: Final = "benchmark-${{ runner.os }}-"
_STORED: Final = "github.event_name == 'push' && github.ref_name == github.event.repository.default_branch"
_SILENT: Final = {"npm": "NPM_CONFIG_LOGLEVEL", "pnpm": "NPM_CONFIG_LOGLEVEL", "yarn": "YARN_SILENT"}


def add_perf_checks(document: Document, parameters: AddPerfChecks, files: FileView) -> Edited | Satisfied:
    """Compare the benchmark of each change with what was measured before.

    :raises Refusal: when it is not plain what is to be run, or nothing would ever be compared.
    """
    workflow = Workflow.of(document)
    comparing = [job for job in workflow.jobs.values() if _compares(job)]
    if comparing and parameters.command is None:
        return Satisfied(f"`{comparing[0].id}` compares benchmarks")
    setup, benchmark = _benchmark(workflow, parameters, files)
    for job in workflow.jobs.values():
        if any(_runs(step, benchmark) for step in job.steps):
            return _present(job)
    name = parameters.job or JOB
    _refuse_job(workflow, name)
    benchmark.refuse_unknown(document.location(("jobs",)))
    form = parameters.tool or _known_form(workflow, benchmark)
    result = edited(document, [Add(("jobs", name), _job(workflow, parameters, setup, benchmark, form))])
    return Edited(result, f"adds the job `{name}`, which compares benchmarks", tuple(_told(workflow)))


def _compares(job: Job) -> bool:
    return any(step.action in _COMPARING for step in job.steps)


def _benchmark(workflow: Workflow, parameters: AddPerfChecks, files: FileView) -> tuple[Setup, Benchmark]:
    """Return what is run, and how a job gets ready for it."""
    program = Benchmark(parameters.command, "", files).program if parameters.command else "npm"
    setup = find_setup(workflow, program, files, parameters.pin)
    manager, directory = (setup.manager, setup.directory) if setup else ("npm", "")
    command = parameters.command or find_command(manager, directory, files)
    place = workflow.document.location(("jobs",))
    if command is None or not command.strip():
        hint = "say it with `command`, such as `npm run benchmark`"
        raise Refusal("edit/missing-parameter", "nothing tells how to run a benchmark", hint=hint, location=place)
    if setup is None:
        message = f"no job here installs what `{program}` needs"
        hint = "make the workflow that tests the project the `target`"
        raise Refusal("edit/no-match", message, hint=hint, location=place)
    return setup, Benchmark(command.strip(), directory, files)


def _runs(step: Step, benchmark: Benchmark) -> bool:
    script = step.script
    return script is not None and any(
        tuple(word.text for word in command.words if not word.text.startswith("-"))[: len(benchmark.words)]
        == benchmark.words
        for command in script.commands
    )


def _present(job: Job) -> Satisfied:
    if not _compares(job):
        message = f"the job `{job.id}` runs the benchmark, and compares it with nothing"
        hint = f"add a step with `{COMPARE}` to it, or remove the job"
        raise Refusal("edit/conflict", message, hint=hint, location=job.location)
    return Satisfied(f"`{job.id}` compares the benchmark")


def _refuse_job(workflow: Workflow, name: str) -> None:
    """Refuse where the new job would not be new, or would find nothing to compare with."""
    place = workflow.document.location(("jobs",))
    if name in workflow.document.data["jobs"]:
        place = workflow.document.location(("jobs", name))
        message = f"the job `{name}` is there, and does something else"
        raise Refusal("edit/conflict", message, hint="name the new one with `job`", location=place)
    rules = workflow.events.get("push")
    only_tags = isinstance(rules, dict) and "tags" in rules and "branches" not in rules
    if "push" not in workflow.events or only_tags:
        message = "no push to a branch starts this workflow, so there would be nothing to compare with"
        hint = "make a workflow the `target` that runs on `push`"
        raise Refusal("edit/conflict", message, hint=hint, location=workflow.document.location(("on",)))


def _known_form(workflow: Workflow, benchmark: Benchmark) -> str:
    form = benchmark.form()
    if form is None:
        message = f"nothing tells in which form `{benchmark.text}` prints its result"
        hint = "say it with `tool`; `customSmallerIsBetter` is a JSON list of `name`, `unit` and `value`"
        place = workflow.document.location(("jobs",))
        raise Refusal("edit/missing-parameter", message, hint=hint, location=place)
    return form


def _job(
    workflow: Workflow, parameters: AddPerfChecks, setup: Setup, benchmark: Benchmark, form: str
) -> dict[str, Any]:
    granted = workflow.document.data.get("permissions")
    is_narrow = isinstance(granted, dict) and granted == {"contents": "read"}
    return {
        "name": "Benchmark",
        "runs-on": setup.runs_on,
        **({} if is_narrow else {"permissions": {"contents": "read"}}),
        **({"defaults": {"run": {"working-directory": setup.directory}}} if setup.directory else {}),
        "steps": [*setup.steps, *_steps(workflow, parameters, benchmark, form)],
    }


def _steps(workflow: Workflow, parameters: AddPerfChecks, benchmark: Benchmark, form: str) -> Iterator[dict[str, Any]]:
    output = "benchmark.json" if form.startswith("custom") or form == "pytest" else "benchmark.txt"
    baseline = parameters.baseline or "benchmark-baseline.json"
    kept = {"path": baseline, "key": f"{_CACHE_KEY}${{{{ github.run_id }}}}"}
    yield _run_step(benchmark, form, output)
    yield {
        "name": "Restore the baseline",
        "uses": uses("actions/cache/restore", parameters.pin, workflow),
        "with": {**kept, "restore-keys": _CACHE_KEY},
    }
    settings = {
        "tool": form,
        "output-file-path": f"{benchmark.directory}/{output}" if benchmark.directory else output,
        "external-data-json-path": baseline,
        "alert-threshold": parameters.threshold or "150%",
        "fail-on-alert": True,
    }
    if set(workflow.events) - {"push", "pull_request", "pull_request_target"}:  # these say nothing of the commit
        settings["github-token"] = "${{ github.token }}"
    yield {
        "name": "Compare with the baseline",
        "uses": uses(COMPARE, parameters.pin, workflow),
        "with": settings,
    }
    yield {
        "name": "Store the baseline",
        "if": _STORED,
        "uses": uses("actions/cache/save", parameters.pin, workflow),
        "with": kept,
    }


def _run_step(benchmark: Benchmark, form: str, output: str) -> dict[str, Any]:
    """Return the step that runs the benchmark: its output is seen, and kept, and its failure fails the step."""
    step: dict[str, Any] = {"name": "Run the benchmark"}
    if form == "pytest":
        option = "" if "--benchmark-json" in benchmark.text else f" --benchmark-json={output}"
        return {**step, "run": f"{benchmark.text}{option}"}
    step |= {"run": f"{benchmark.text} | tee {output}", "shell": "bash"}  # which GitHub starts with `pipefail`
    variable = _SILENT.get(benchmark.program) if form.startswith("custom") else None
    if variable is not None:  # the result is all that may be printed
        step["env"] = {variable: "silent" if variable.startswith("NPM") else "1"}
    return step


def _told(workflow: Workflow) -> Iterator[str]:
    yield "only pushes to the default branch store a baseline; pull requests, from forks too, are only compared with it"
    if not {"pull_request", "pull_request_target"} & set(workflow.events):
        line = workflow.document.location(("on",)).line
        yield f"line {line}: pull requests do not start this workflow, so they are not compared"
