"""`parallelize_python_builds`: services that are built one after the other, in a loop, are built side by side.

The loop's job gets a matrix where it does nothing else; otherwise the loop moves to a job of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions.parameters import ParallelizePythonBuilds
from orchestrator.edits.actions.service_loop import ServiceLoop, is_build, loops_in, read_loop
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Insert, Mutation, Noted, Remove, Set
from orchestrator.edits.programs import is_image_build, is_install
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.workflow import Job, Step, Workflow, placed

_PREPARES: Final = re.compile(
    r"actions/(checkout|setup-.+|cache)|docker/(setup-.+|login-action)|\./.+|aws-actions/.+|google-github-actions/.+|"
    r"azure/login|astral-sh/setup-uv|pnpm/action-setup|oven-sh/setup-bun",
)
_MACHINES: Final = re.compile(r"version|os|node|python|arch|platform|runner|target|toolchain", re.IGNORECASE)
_STAYS: Final = ("name", "outputs", "steps", "strategy")


def parallelize_python_builds(document: Document, parameters: ParallelizePythonBuilds) -> Edited | Satisfied:
    """Turn a loop over services into a matrix.

    :raises Refusal: when there is no such loop, or it is more than the same for each service.
    """
    workflow = Workflow.of(document)
    jobs = workflow.select_jobs(parameters.job)
    steps = [step for job in jobs for step in job.steps if any(loops_in(step))]
    if not steps:
        return _satisfied(workflow, jobs, parameters)
    job = steps[0].job
    loops = [read_loop(step, _only_loop(step), parameters.services) for step in steps]
    _check_alike(loops)
    _check_job(job)
    key = _key(loops[0])
    others = [step for step in job.steps if step not in steps and not _prepares(step)]
    mutations = list(
        _in_place(job, loops, key, parameters) if not others else _apart(job, loops, key, parameters, others)
    )
    warnings = (f"the checks of `{job.id}` get other names: tell branch protection where it requires them",)
    told = f"builds {len(loops[0].services)} services side by side, with a matrix instead of a loop"
    return Edited(edited(document, mutations), told, warnings)


def _satisfied(workflow: Workflow, jobs: Sequence[Job], parameters: ParallelizePythonBuilds) -> Satisfied:
    for job in jobs:
        for key, values in job.matrix.items():
            is_list = isinstance(values, list) and len(values) > 1 and all(isinstance(each, str) for each in values)
            builds = any(is_build(step) and f"matrix.{key}" in str(step.data) for step in job.steps)
            if is_list and builds and not _MACHINES.search(key):
                missing = [service for service in parameters.services if service not in values]
                if not missing:
                    return Satisfied(f"the matrix of `{job.id}` builds {', '.join(f'`{each}`' for each in values)}")
    place = workflow.document.location(("jobs",))
    hint = "the loop must be a `for` in a step's `run`; name its job with `job`"
    raise Refusal("edit/no-match", "no step builds services in a loop", hint=hint, location=place)


def _only_loop(step: Step) -> Any:
    first, *more = loops_in(step)
    if more:
        message = "the step has several loops"
        raise Refusal(
            "edit/ambiguous", message, hint="give each a step of its own", location=step.place_of(more[0].start)
        )
    return first


def _check_alike(loops: Sequence[ServiceLoop]) -> None:
    """Refuse several loops that are not over the same services in one job."""
    for other in loops[1:]:
        if other.step.job.id != loops[0].step.job.id:
            message = f"the jobs `{loops[0].step.job.id}` and `{other.step.job.id}` both build services in a loop"
            raise Refusal("edit/ambiguous", message, hint="name one with `job`", location=other.step.location)
        if (other.services, other.loop.variable) != (loops[0].services, loops[0].loop.variable):
            message = "the loops of the job are not over the same services"
            hint = "give each a job of its own"
            raise Refusal("edit/ambiguous", message, hint=hint, location=other.step.place_of(other.loop.start))


def _check_job(job: Job) -> None:
    strategy = job.data.get("strategy")
    if strategy is not None and (not isinstance(strategy, dict) or not isinstance(strategy.get("matrix", {}), dict)):
        place = job.document.location((*job.path, "strategy"))
        raise Refusal("edit/expression", "the matrix is computed", hint="edit it where it is", location=place)
    if job.matrix.keys() & {"include", "exclude"}:
        message = f"the matrix of `{job.id}` has exceptions, which services would have to be part of"
        place = job.document.location((*job.path, "strategy", "matrix"))
        raise Refusal("edit/conflict", message, hint="give the loop a job of its own", location=place)
    if job.data.get("outputs"):
        message = f"`{job.id}` has outputs, and of several machines only one would be heard"
        place = job.document.location((*job.path, "outputs"))
        raise Refusal("edit/conflict", message, hint="give the loop a job of its own", location=place)


def _key(loop: ServiceLoop) -> str:
    """Return the name of the services in the matrix; one letter tells nobody what it is."""
    variable = loop.loop.variable.lower()
    return variable if len(variable) > 3 else "service"


def _prepares(step: Step) -> bool:
    """Say whether a step makes a machine ready, so that every machine needs it."""
    if step.uses:
        return bool(_PREPARES.fullmatch(step.action))
    commands = step.script.commands if step.script else ()
    return all(
        is_install(command) or command.begins("docker", "login") or command.begins("echo") for command in commands
    )


def _in_place(
    job: Job, loops: Sequence[ServiceLoop], key: str, parameters: ParallelizePythonBuilds
) -> Iterator[Mutation]:
    strategy = _strategy(loops[0], key, parameters)
    there = job.data.get("strategy")
    if there is None:
        yield Set((*job.path, "strategy"), strategy) if "strategy" in job.data else placed(job, "strategy", strategy)
    elif "matrix" in there:
        yield Add((*job.path, "strategy", "matrix", key), list(loops[0].services))
    else:
        yield Add((*job.path, "strategy", "matrix"), strategy["matrix"])
    for loop in loops:
        step = loop.step
        variable = loop.loop.variable
        yield Set((*step.path, "run"), _run(loop))
        env = step.data.get("env")
        if isinstance(env, dict):
            yield Add((*step.path, "env", variable), f"${{{{ matrix.{key} }}}}")
        else:
            yield placed(step, "env", {variable: f"${{{{ matrix.{key} }}}}"})


def _strategy(loop: ServiceLoop, key: str, parameters: ParallelizePythonBuilds) -> dict[str, Any]:
    limit = {} if parameters.max_parallel is None else {"max-parallel": parameters.max_parallel}
    return {"fail-fast": parameters.fail_fast, **limit, "matrix": {key: list(loop.services)}}


def _run(loop: ServiceLoop) -> str:
    """Return the new script, on one line where it was so before."""
    return loop.run if "\n" in loop.step.run else loop.run.strip()


def _apart(
    job: Job, loops: Sequence[ServiceLoop], key: str, parameters: ParallelizePythonBuilds, others: Sequence[Step]
) -> Iterator[Mutation]:
    """Yield what moves loops to a job of their own, which waits for the same, and is waited for."""
    for other in others:
        if not _is_independent(other):
            message = f"`{other.label}` may need what the loop makes, or make what it needs"
            raise Refusal("edit/conflict", message, hint="give the loop a job of its own", location=other.location)
    workflow = Workflow.of(job.document)
    name = f"{job.id}-{key}s"
    if name in workflow.jobs:
        message = f"the loop would move to the job `{name}`, which is there already"
        raise Refusal("edit/conflict", message, hint="edit it by hand", location=workflow.jobs[name].location)
    first = loops[0].step.index
    steps = [_copied(step) for step in job.steps if step.index < first and _prepares(step)]
    yield Add(("jobs", name), _new_job(job, loops, key, parameters, steps), after=job.id)
    yield from (Remove(loop.step.path) for loop in loops)
    for dependent in workflow.dependents(job.id):
        path = (*dependent.path, "needs")
        is_list = isinstance(dependent.data["needs"], list)
        yield Insert(path, len(dependent.needs), name) if is_list else Set(path, [job.id, name])


def _is_independent(step: Step) -> bool:
    """Say whether a step only builds an image of its own."""
    commands = step.script.commands if step.script else ()
    builds = all(is_image_build(command) or command.begins("docker", "push") for command in commands)
    return step.action == "docker/build-push-action" or (bool(commands) and builds)


def _copied(step: Step) -> dict[str, Any]:
    comment = step.document.comments((*step.path, "uses")).rpartition("\n")[2].strip() if step.uses else ""
    return {**step.data, "uses": Noted(step.uses, comment)} if comment else dict(step.data)


def _new_job(
    job: Job, loops: Sequence[ServiceLoop], key: str, parameters: ParallelizePythonBuilds, steps: Sequence[Any]
) -> dict[str, Any]:
    built = []
    for loop in loops:
        env = loop.step.data.get("env")
        variables = {**(env if isinstance(env, dict) else {}), loop.loop.variable: f"${{{{ matrix.{key} }}}}"}
        head = {name: value for name, value in loop.step.data.items() if name not in ("env", "run")}
        built.append({**head, "env": variables, "run": _run(loop)})
    kept = {name: value for name, value in job.data.items() if name not in _STAYS}
    named = {"name": f"{job.data['name']} ({key}s)"} if isinstance(job.data.get("name"), str) else {}
    return {**named, **kept, "strategy": _strategy(loops[0], key, parameters), "steps": [*steps, *built]}
