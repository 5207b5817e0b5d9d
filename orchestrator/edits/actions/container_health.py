"""Health checks of containers: `healthcheck` of a Compose service, `HEALTHCHECK` of a Dockerfile.

The container asks itself, with whichever of `curl` and `wget` its image has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from orchestrator.edits.actions.parameters import AddHealthChecks
from orchestrator.edits.document import Document, edited
from orchestrator.edits.mutation import Add, Insert
from orchestrator.edits.recipe import Edited, Satisfied
from orchestrator.edits.refusal import Refusal
from orchestrator.errors import did_you_mean

RETRIES: Final = 3
INTERVAL: Final = 30
TIMEOUT: Final = 5
START: Final = 30
"""Seconds, and how often a container may fail in a row: what people give a service that starts in less."""
_NO_SLOT: Final = frozenset(
    {"ports", "expose", "environment", "env_file", "image", "build", "command", "container_name"}
)


def is_compose(data: Any) -> bool:
    """Say whether data is that of a Compose file."""
    return isinstance(data, dict) and isinstance(data.get("services"), dict)


def is_dockerfile(data: Any) -> bool:
    """Say whether data is that of a Dockerfile."""
    return isinstance(data, list) and any(isinstance(each, dict) and each.get("instruction") == "FROM" for each in data)


def check_compose(document: Document, parameters: AddHealthChecks) -> Edited | Satisfied:
    """Let Compose ask services whether they are well.

    :raises Refusal: when it is not plain which ones, or at which address.
    """
    if not is_compose(document.data):
        message = f"`{document.source.path}` has no `services`"
        raise Refusal(
            "edit/wrong-shape", message, hint="`target` must be a Compose file", location=document.location(())
        )
    services = document.data["services"]
    names = _chosen(document, services, parameters.job)
    lacking = [name for name in names if not _asks(services[name].get("healthcheck"), parameters.url)]
    told = " and ".join(f"`{name}`" for name in names)
    if not lacking:
        return Satisfied(f"Compose asks {told} already")
    url = _url(document, parameters, ("services",))
    check = {
        "test": _command(url),
        "interval": f"{INTERVAL}s",
        "timeout": f"{_seconds(parameters)}s",
        "retries": parameters.retries or RETRIES,
        "start_period": f"{START}s",
    }
    return Edited(edited(document, [_added(document, name, services[name], check) for name in lacking]), f"asks {told}")


def check_dockerfile(document: Document, parameters: AddHealthChecks) -> Edited | Satisfied:
    """Let Docker ask containers of an image whether they are well.

    :raises Refusal: when no address is known, or something else is asked.
    """
    if not is_dockerfile(document.data):
        message = f"`{document.source.path}` is no Dockerfile"
        raise Refusal("edit/wrong-shape", message, hint="`target` must be a Dockerfile", location=document.location(()))
    last = max(at for at, each in enumerate(document.data) if each["instruction"] == "FROM")
    stage = list(enumerate(document.data))[last + 1 :]
    for at, each in stage:
        if each["instruction"] == "HEALTHCHECK":
            if each["value"] != "NONE" and (parameters.url is None or parameters.url in each["value"]):
                return Satisfied("Docker asks already")
            message = "the image has another `HEALTHCHECK`"
            hint = "change that one by hand: Docker takes the last one alone"
            raise Refusal("edit/conflict", message, hint=hint, location=document.location((at,)))
    url = _url(document, parameters, (last,))
    options = f"--interval={INTERVAL}s --timeout={_seconds(parameters)}s --start-period={START}s"
    value = f"{options} --retries={parameters.retries or RETRIES} CMD {_command(url)}"
    starts = [at for at, each in stage if each["instruction"] in ("ENTRYPOINT", "CMD")]
    index = min(starts, default=len(document.data))
    return Edited(
        edited(document, [Insert((), index, {"instruction": "HEALTHCHECK", "value": value})]), "asks the container"
    )


def _chosen(document: Document, services: dict[str, Any], pattern: str | None) -> Sequence[str]:
    """Return the services that a pattern means, else the one that is built here."""
    known = {name: each for name, each in services.items() if isinstance(each, dict)}
    found = [name for name, each in known.items() if fnmatchcase(name, pattern or "*") and (pattern or "build" in each)]
    place = document.location(("services",))
    if not found:
        message = f"no service matches `{pattern}`" if pattern else "no service is built here"
        hint = did_you_mean(pattern or "", list(known)) or "name a service with `job`"
        raise Refusal("edit/no-match", message, hint=hint, location=place)
    if len(found) > 1 and pattern is None:
        message = f"several services are built here: {', '.join(f'`{name}`' for name in found)}"
        raise Refusal("edit/ambiguous", message, hint="name one with `job`", location=place)
    return found


def _asks(check: Any, url: str | None) -> bool:
    return isinstance(check, dict) and "test" in check and (url is None or url in str(check["test"]))


def _added(document: Document, name: str, service: dict[str, Any], check: dict[str, Any]) -> Add:
    path = ("services", name, "healthcheck")
    if "healthcheck" in service:
        message = f"`{name}` has another `healthcheck`"
        raise Refusal("edit/conflict", message, hint="change that one by hand", location=document.location(path))
    behind = [key for key in service if key in _NO_SLOT]
    return Add(path, check, after=behind[-1] if behind else None)


def _url(document: Document, parameters: AddHealthChecks, path: tuple[str | int, ...]) -> str:
    if parameters.url is None:
        message = "at which address the container answers is not known"
        hint = "say it with `url`, such as `http://localhost:3000/health`"
        raise Refusal("edit/missing-parameter", message, hint=hint, location=document.location(path))
    if re.search(r"""["'\\\s`$]""", parameters.url):
        message = f"{json.dumps(parameters.url)} cannot be written in a command of the container"
        raise Refusal("edit/wrong-shape", message, hint="write the address plainly", location=document.location(path))
    return parameters.url


def _command(url: str) -> str:
    return f"curl -fsS -o /dev/null {url} || wget -q -O /dev/null {url} || exit 1"


def _seconds(parameters: AddHealthChecks) -> str:
    return f"{parameters.timeout or TIMEOUT:g}"
