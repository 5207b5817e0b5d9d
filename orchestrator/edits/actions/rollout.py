"""Which steps of a job deploy, migrate a database, or ask a service for an answer. Reads; makes no edits.

There is no word for it in a workflow: a step deploys when it runs a command or uses an action that people deploy with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile
from typing import Any, Final

from orchestrator.edits.refusal import Refusal
from orchestrator.edits.script import Command, Script
from orchestrator.edits.workflow import Job, Step, Workflow

_VALUED: Final = frozenset({
    "-n", "--namespace", "--context", "--kube-context", "--kubeconfig", "--cluster", "--user", "-s", "--server", "--as",
    "--token", "-f", "--file", "-p", "--project-name", "--env-file", "--profile", "-H", "--host", "--region", "-u",
    "--project", "-a", "--app", "-c", "--config", "-C", "--directory", "--prefix", "--cwd", "--filter", "-w",
})  # fmt: skip
"""Options of these programs that may stand before the verb, and take the next word."""
_WRAPPERS: Final = frozenset({"sudo", "env", "time", "timeout", "nohup", "exec", "npx", "bunx", "xargs"})
_DEPLOYING: Final = re.compile(
    r"kubectl (apply|patch|replace|set image|rollout restart)\b"
    r"|(helm|helmfile) (upgrade|install|apply|sync)\b"
    r"|(docker compose|docker-compose) up\b|docker (stack deploy|service update)\b"
    r"|aws (ecs update-service|deploy|lambda update-function-code|s3 sync|cloudformation deploy|apprunner)\b"
    r"|gcloud (run|app|functions|beta run) deploy\b|gcloud run services update\b|az (webapp|containerapp|functionapp)\b"
    r"|(flyctl|fly|netlify|wrangler|serverless|sls|cdk|sam|eb|firebase|kamal|skaffold) (deploy|publish|up|run)\b"
    r"|vercel( |$)(?!pull|build|env|link|inspect)|heroku container:release\b|terraform apply\b|pulumi up\b"
    r"|ansible-playbook\b|argocd app (sync|set)\b|git push (heroku|dokku|production|staging)\b|(scp|rsync|ssh) "
    r"|(make|just|task|rake|npm run|npm run-script|yarn|yarn run|pnpm|pnpm run|bun run|bundle exec)"
    r" \S*(deploy|rollout)"
)
_WAITING: Final = re.compile(r"kubectl (rollout status|wait)\b|helm status\b|aws ecs wait\b")
_DEPLOY_SCRIPT: Final = re.compile(r"(^|[/_-])(deploy|rollout)([._-][\w.-]*)?$")
_DEPLOY_ACTION: Final = re.compile(
    r"[^/]+/(?!.*(deployment|preview|status)).*\bdeploy(er)?\b.*|superfly/flyctl-actions|amondnet/vercel-action"
    r"|appleboy/ssh-action|cloudflare/(wrangler|pages)-action|nwtgck/actions-netlify|peaceiris/actions-gh-pages"
    r"|burnett01/rsync-deployments|digitalocean/app_action|azure/(functions|container-apps)[^/]*"
    r"|aws-actions/amazon-ecs-deploy-task-definition",
    re.IGNORECASE,
)
_MIGRATING: Final = re.compile(r"migrat|\b(alembic upgrade|dbmate up|goose .*\bup\b|prisma db push|flyway|liquibase)\b")
_ASKING: Final = frozenset({"curl", "wget", "http", "https", "xh"})
_TELLING: Final = re.compile(r"-[A-Za-z]*[XdFT]|--(data|form|json|upload-file|post-data|request)\b.*|POST|PUT|DELETE")
"""What makes a request one that changes something, such as a hook that is called."""


def commands(step: Step) -> Iterator[Command]:
    """Yield the commands of a step's script, those it runs over SSH in their place."""
    if step.script is not None:
        yield from _all_commands(step.script)


def spoken(command: Command) -> str:
    """Return a command as a person would say it: no directory, no wrapper, no option before the verb."""
    words = [word.text for word in command.words]
    while len(words) > 1 and words[0].rpartition("/")[2] in _WRAPPERS:
        words = _unwrapped(words)
    if not words:
        return ""
    return " ".join([words[0].rpartition("/")[2], *_without_options(words[1:])])


def is_rollout(step: Step) -> bool:
    """Say whether a step changes what runs somewhere."""
    if step.uses:
        return bool(_DEPLOY_ACTION.fullmatch(step.action))
    return any(_is_deploying(command) for command in commands(step))


def rollouts(job: Job) -> Sequence[Step]:
    """Return the steps of a job that deploy."""
    return [step for step in job.steps if is_rollout(step)]


def end_of_rollout(job: Job) -> int:
    """Return the place behind the steps that deploy, and those that wait for it."""
    first = rollouts(job)[0].index
    return 1 + max(
        step.index
        for step in job.steps
        if is_rollout(step) or (step.index > first and any(_WAITING.match(spoken(each)) for each in commands(step)))
    )


def placeholders(job: Job) -> Sequence[Step]:
    """Return the steps of a job that only print what they ought to do."""
    return [step for step in job.steps if step.script is not None and step.script.is_placeholder]


def needed_rollouts(job: Job) -> Sequence[Step]:
    """Return the steps of a job that deploy.

    :raises Refusal: when none does.
    """
    found = rollouts(job)
    if found:
        return found
    if job.is_reusable_call:
        message = f"the job `{job.id}` uses another workflow, and has no steps"
        hint = f"edit the jobs of `{job.data['uses']}`"
        raise Refusal("edit/conflict", message, hint=hint, location=job.document.location((*job.path, "uses")))
    printing = placeholders(job)
    if printing:
        message = f"the job `{job.id}` only prints that it deploys"
        hint = "make it deploy first, with `implement_staging_deploy` or `implement_production_deploy`"
        raise Refusal("edit/conflict", message, hint=hint, location=printing[0].location)
    message = f"no step of the job `{job.id}` is known to deploy"
    raise Refusal("edit/no-match", message, hint=Workflow.of(job.document).job_hint(job), location=job.location)


def condition(job: Job) -> dict[str, Any]:
    """Return the `if` of the steps that deploy, as the entry that a step beside them needs.

    :raises Refusal: when they run under different ones.
    """
    found = rollouts(job)
    if len({str(step.data.get("if")) for step in found}) > 1:
        message = f"the steps of `{job.id}` deploy under different conditions"
        hint = "give each place that is deployed to a job of its own"
        raise Refusal("edit/ambiguous", message, hint=hint, location=found[1].location)
    return {"if": found[0].data["if"]} if found and "if" in found[0].data else {}


def is_migration(step: Step) -> bool:
    """Say whether a step migrates a database."""
    return any(migrates(command) for command in commands(step))


def migrates(command: Command) -> bool:
    """Say whether a command migrates a database."""
    return command.program != "echo" and bool(_MIGRATING.search(" ".join(word.text for word in command.words)))


def asks(step: Step, url: str | None) -> bool:
    """Say whether a step requests a URL; any for None."""
    if url is None:
        return any(_is_request(command) for command in commands(step))
    if step.uses:
        return any(_is_same_url(url, value) for value in step.with_.values())
    known = environ(step.job, step)
    return any(
        _is_same_url(url, substituted(word.text, known))
        for command in commands(step)
        for word in command.words
        if command.program not in ("echo", "printf") and not _tells(command)
    )


def environ(job: Job, step: Step | None = None) -> dict[str, str]:
    """Return the environment variables that the workflow sets for a job, and for one of its steps."""
    said: dict[str, str] = {}
    for holder in (job.document.data, job.data, step.data if step else {}):
        env = holder.get("env")
        if isinstance(env, Mapping):
            said |= {name: str(value) for name, value in env.items()}
    return said


def substituted(text: str, known: Mapping[str, str]) -> str:
    """Put the variables of a workflow into a word: `$NAME`, `${NAME}`, `${NAME%/}`."""
    return re.sub(r"\$(?:(\w+)|\{(\w+)(?:%/)?\})", lambda found: known.get(found[1] or found[2], found[0]), text)


def _all_commands(script: Script) -> Iterator[Command]:
    for command in script.commands:
        yield command
        if command.program == "ssh" and " " in command.words[-1].text:
            yield from _all_commands(Script(command.words[-1].text))


def _unwrapped(words: Sequence[str]) -> list[str]:
    """Return the words from the command that `sudo`, `env`, `timeout` or the like runs."""
    own = re.compile(r"-.*|\w+=.*|\d+[smhd]?")
    return list(dropwhile(own.fullmatch, words[1:]))


def _without_options(words: Sequence[str]) -> list[str]:
    """Return the words of a command, the options and what belongs to those before the verb left out."""
    kept: list[str] = []
    skipped = False
    for word in words:
        if skipped:
            skipped = False
        elif word.startswith("-"):
            skipped = word in _VALUED and len(kept) < 2
        else:
            kept.append(word)
    return kept


def _is_deploying(command: Command) -> bool:
    text = spoken(command)
    program, _, rest = text.partition(" ")
    if program in ("bash", "sh"):
        program = rest.partition(" ")[0]
    return not migrates(command) and bool(_DEPLOYING.match(f"{text} ") or _DEPLOY_SCRIPT.search(program))


def _is_request(command: Command) -> bool:
    return command.program in _ASKING and not _tells(command)


def _tells(command: Command) -> bool:
    return any(_TELLING.fullmatch(word.text) for word in command.words[1:])


def _is_same_url(one: str, other: object) -> bool:
    return isinstance(other, str) and _normal(one) == _normal(other)


def _normal(url: str) -> str:
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", r"${{\1}}", url).strip().rstrip("/")
