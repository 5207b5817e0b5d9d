"""`add_migration_step`: the database has its tables before the tests ask for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from orchestrator.edits.actions.parameters import AddMigrationStep
from orchestrator.edits.actions.rollout import migrates
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Insert
from orchestrator.edits.programs import invoked, is_install, is_test
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Command, Script
from orchestrator.edits.workflow import Step, Workflow
from orchestrator.errors import TaskError
from orchestrator.workspace import FileView

_NAME: Final = "Migrate the database"
_DATABASE: Final = re.compile(r"postg|mysql|maria|mssql|sql-?server|oracle|mongo|cockroach|timescale", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"(\w+_)?(DATABASE|DB|PG|POSTGRES|MYSQL|MARIADB|MONGO|MSSQL)(_?[A-Z]+)*")
_SCRIPT: Final = re.compile(r"(db[:_-])?migrat(e|ions?)([:_-](latest|up|run|deploy|dev))?")
_MANAGERS: Final = ("npm", "yarn", "pnpm", "bun")


def add_migration_step(document: Document, parameters: AddMigrationStep, files: FileView) -> Edited | Satisfied:
    """Run the migrations before the step that tests.

    :raises Refusal: when it is not plain which step that is, or what migrates.
    """
    workflow = Workflow.of(document)
    anchors = _anchors(workflow, parameters)
    if all(_is_migrated(anchor, parameters) for anchor in anchors):
        names = " and ".join(f"`{anchor.label}`" for anchor in anchors)
        return Satisfied(f"the database is migrated {_side(parameters)} {names}")
    anchor = workflow.one_step(anchors, "steps test", hint="name one with `before`, or its job with `job`")
    run = parameters.run or _known_command(workflow, anchor, files)
    _refuse_elsewhere(anchor, run, parameters)
    index = anchor.index + (_side(parameters) == "after")
    mutation = Insert((*anchor.job.path, "steps"), index, _new_step(anchor, run, parameters))
    told = f"migrates the database {_side(parameters)} `{anchor.label}` in the job `{anchor.job.id}`"
    return Edited(edited(document, [mutation]), told, tuple(_warnings(anchor, run, files)))


def _side(parameters: AddMigrationStep) -> str:
    """Return on which side of the anchor the migration belongs."""
    return "after" if parameters.before is None and parameters.after is not None else "before"


def _anchors(workflow: Workflow, parameters: AddMigrationStep) -> Sequence[Step]:
    """Return the step that is named, else those that test, where there is a database if that tells them apart."""
    jobs = workflow.select_jobs(parameters.job)
    selector = parameters.after if parameters.before is None else parameters.before
    if selector is not None:
        found = [step for step in workflow.select_steps(selector, jobs) if not _is_own(step, parameters)]
        what = f"step is what `{_side(parameters)}` says"
        return [workflow.one_step(found, what, hint="say more of it, or which `job`")]
    tests = [step for job in jobs for step in job.steps if any(is_test(command) for command in _commands(step))]
    if not tests:
        place = workflow.document.location(("jobs",))
        hint = "name the step that needs the tables with `before`"
        raise Refusal("edit/no-match", "no step is known to test", hint=hint, location=place)
    likely = [step for step in tests if _has_service(step)] or [step for step in tests if _has_database(step)]
    return likely or tests


def _is_own(step: Step, parameters: AddMigrationStep) -> bool:
    """Say whether a step is the one that this edit makes."""
    return step.data.get("name") == _NAME and step.run.strip() == (parameters.run or "").strip()


def _commands(step: Step) -> Sequence[Command]:
    """Return what a step runs: such simple commands look alike in every shell."""
    return (step.script or Script(step.run)).commands


def _has_service(step: Step) -> bool:
    services = step.job.data.get("services")
    return isinstance(services, dict) and any(_DATABASE.search(str(service)) for service in services.values())


def _has_database(step: Step) -> bool:
    is_started = any("compose" in earlier.run for earlier in _neighbours(step)[0])
    return _has_service(step) or is_started or any(_database_variables(step))


def _database_variables(step: Step) -> Iterator[str]:
    for holder in (step.job.document.data, step.job.data, step.data):
        env = holder.get("env")
        yield from (name for name in (env if isinstance(env, dict) else ()) if _VARIABLE.fullmatch(name))


def _is_migrated(anchor: Step, parameters: AddMigrationStep) -> bool:
    before, after = _neighbours(anchor)
    side = after if _side(parameters) == "after" else before
    if any(_migrates(step, parameters.run) for step in side):
        return True
    return _holds(_commands_before_test(anchor), parameters.run)


def _commands_before_test(anchor: Step) -> Sequence[Command]:
    commands = _commands(anchor)
    first = next((at for at, command in enumerate(commands) if is_test(command)), 0)
    return commands[:first]


def _neighbours(anchor: Step) -> tuple[Sequence[Step], Sequence[Step]]:
    steps = anchor.job.steps
    at = steps.index(anchor)
    return steps[:at], steps[at + 1 :]


def _migrates(step: Step, run: str | None) -> bool:
    return any(map(migrates, _commands(step))) if run is None else _holds(_commands(step), run)


def _holds(commands: Sequence[Command], run: str | None) -> bool:
    """Say whether commands follow each other, however they are written."""
    wanted = [_plain(command) for command in Script(run or "").commands]
    there = [_plain(command) for command in commands]
    starts = range(len(there) - len(wanted) + 1)
    return bool(wanted) and any(there[at : at + len(wanted)] == wanted for at in starts)


def _plain(command: Command) -> Sequence[str]:
    return [word.text for word in command.words]


def _known_command(workflow: Workflow, anchor: Step, files: FileView) -> str:
    """Return what migrates elsewhere in the workflow, else the script of the package that does.

    :raises Refusal: when neither is there.
    """
    elsewhere = {step.run.strip() for step in workflow.steps if _migrates(step, None) and len(_commands(step)) == 1}
    if len(elsewhere) == 1:
        return elsewhere.pop()
    manager = next((command.program for command in _commands(anchor) if command.program in _MANAGERS), None)
    scripts = [name for name in _package_scripts(anchor, files) or () if _SCRIPT.fullmatch(name)]
    if manager and len(scripts) == 1:
        return f"{manager} run {scripts[0]}"
    hint = "say the command with `run`, such as `run: npm run migrate`"
    raise Refusal("edit/missing-parameter", "nothing tells what migrates", hint=hint, location=anchor.location)


def _package_scripts(anchor: Step, files: FileView) -> Sequence[str] | None:
    """Return the names of the scripts of the package a step works in, None where there is none."""
    folder = str(anchor.data.get("working-directory") or anchor.job.default_run.get("working-directory") or "")
    try:
        content = files.read(f"{folder.strip('./')}/package.json".lstrip("/"))
        package = json.loads(content) if content is not None else None
    except (TaskError, ValueError):
        return None
    scripts = package.get("scripts", {}) if isinstance(package, dict) else None
    return list(scripts) if isinstance(scripts, dict) else None


def _refuse_elsewhere(anchor: Step, run: str, parameters: AddMigrationStep) -> None:
    """Refuse to migrate twice, and where nothing is installed yet."""
    is_after = _side(parameters) == "after"
    if parameters.before is None and not is_after and any(map(is_install, _commands_before_test(anchor))):
        message = f"`{anchor.label}` installs and tests in one step, and the migration belongs between"
        raise Refusal(
            "edit/conflict", message, hint="make two steps of it, or insist with `before`", location=anchor.location
        )
    right, wrong = reversed(_neighbours(anchor)) if is_after else _neighbours(anchor)
    other = "before" if is_after else "after"
    for step in wrong:
        if _migrates(step, run):
            message = f"`{step.label}` migrates the database {other} `{anchor.label}`"
            raise Refusal("edit/conflict", message, hint="move that step", location=step.location)
    for step in right:
        if _migrates(step, None) and parameters.before is None and parameters.after is None:
            message = f"`{step.label}` migrates the database already, with another command than `{run}`"
            hint = "say its command with `run`, or insist with `before`"
            raise Refusal("edit/conflict", message, hint=hint, location=step.location)


def _new_step(anchor: Step, run: str, parameters: AddMigrationStep) -> dict[str, Any]:
    there = anchor.data.get("env")
    given = there if isinstance(there, dict) else {}
    if parameters.env_from is None:
        given = {name: value for name, value in given.items() if _VARIABLE.fullmatch(name) and not parameters.env}
    step = {
        "name": _NAME,
        "if": parameters.if_,
        "working-directory": anchor.data.get("working-directory"),
        "env": {**given, **parameters.env},
        "run": run,
    }
    return {key: value for key, value in step.items() if value}


def _warnings(anchor: Step, run: str, files: FileView) -> Iterator[str]:
    if not _has_database(anchor):
        yield f"line {anchor.job.location.line}: nothing starts a database for the job `{anchor.job.id}`"
    scripts = _package_scripts(anchor, files)
    for command in Script(run).commands if scripts is not None else ():
        name = (*invoked(command), "")[0]
        if command.program in _MANAGERS and command.begins(command.program, "run") and name not in (scripts or ()):
            yield f"`package.json` has no script `{name}`"
