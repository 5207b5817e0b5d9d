"""The steps that deploy with `kubectl`, Helm or Compose, as people write them. Texts only: no decision is made here.

Values of the workflow reach the scripts as environment variables, so that none of them can become a command.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from orchestrator.edits.actions.image import Image

TIMEOUT: Final = "5m"
"""How long a rollout may take. People give their services a few minutes."""
_SECONDS: Final = 300


class Rollout(NamedTuple):
    """What is rolled out, and where."""

    services: Sequence[str]
    namespace: str | None
    image: Image


def secret(name: str) -> str:
    """Return the expression that is a secret's value."""
    return f"${{{{ secrets.{name} }}}}"


def connect(secret_name: str, environment: str) -> dict[str, Any]:
    """Return the step that lets `kubectl` and Helm reach a cluster. What it writes goes with the runner."""
    where = f"The environment {environment}" if re.fullmatch(r"[\w. -]+", environment) else "The environment"
    return {
        "name": "Connect to the cluster",
        "env": {"KUBE_CONFIG": secret(secret_name)},
        "run": "\n".join(
            (
                'if [ -z "$KUBE_CONFIG" ]; then',
                f'  echo "::error::{where} has no secret {secret_name}."',
                "  exit 1",
                "fi",
                "umask 077",
                """printf '%s' "$KUBE_CONFIG" > "$RUNNER_TEMP/kubeconfig\"""",
                'echo "KUBECONFIG=$RUNNER_TEMP/kubeconfig" >> "$GITHUB_ENV"\n',
            )
        ),
    }


def kubectl(rollout: Rollout) -> str:
    """Return the script that gives Deployments the image, and waits for them."""
    call = f"kubectl{_in(rollout.namespace)}"
    image = rollout.image.reference
    set_images = [f'{call} set image deployment/{name} "{name}={image}"' for name in rollout.services]
    wait = [f"{call} rollout status deployment/{name} --timeout={TIMEOUT}" for name in rollout.services]
    return "\n".join((*set_images, *wait, ""))


def helm(rollout: Rollout, chart: str) -> str:
    """Return the script that upgrades releases. In `tag@digest` the digest decides, and the tag is for people."""
    image = rollout.image
    tag = "$GITHUB_SHA@$DIGEST" if image.digest else "$TAG"
    return "".join(
        f"helm upgrade {name} {chart}{_in(rollout.namespace)} --install \\\n"
        f'  --set-string image.repository="{image.shell_name}" \\\n'
        f'  --set-string image.tag="{tag}" \\\n'
        f"  --wait --timeout {TIMEOUT}\n"
        for name in rollout.services
    )


def compose(rollout: Rollout) -> str:
    """Return the script that lets Compose pull the image and start it."""
    names = " ".join(rollout.services)
    return (
        f'export IMAGE="{rollout.image.reference}"\n'
        f"docker compose pull {names}\n"
        f"docker compose up --detach --no-build --wait --wait-timeout {_SECONDS} {names}\n"
    )


def _in(namespace: str | None) -> str:
    return f" --namespace {namespace}" if namespace else ""
