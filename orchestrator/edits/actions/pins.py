"""Which version of an action an edit adds: one that cannot move, unless the workflow has chosen another.

A tag is a name that its owner, or who has taken the owner's place, can move; a commit is not. The commits are those
that the tags named in August 2026.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Literal, NamedTuple

from orchestrator.edits.mutation import Noted
from orchestrator.edits.workflow import Step, Workflow

PinKind = Literal["sha", "tag"]

_TRIVY: Final = "aquasecurity/trivy-action"
_VERSION: Final = re.compile(r"v?(\d{1,3})(?:\.\d+)*")
_SINCE: Final = {"actions/cache/restore": 4, "actions/cache/save": 4}


class Pin(NamedTuple):
    """A release of an action."""

    tag: str
    commit: str


PINS: Final = {
    "actions/cache": Pin("v5.0.5", "27d5ce7f107fe9357f9df03efb73ab90386fccae"),
    "actions/cache/restore": Pin("v5.0.5", "27d5ce7f107fe9357f9df03efb73ab90386fccae"),
    "actions/cache/save": Pin("v5.0.5", "27d5ce7f107fe9357f9df03efb73ab90386fccae"),
    "actions/checkout": Pin("v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    "actions/download-artifact": Pin("v8.0.1", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"),
    "actions/setup-node": Pin("v7.0.0", "820762786026740c76f36085b0efc47a31fe5020"),
    "actions/setup-python": Pin("v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"),
    "actions/upload-artifact": Pin("v7.0.0", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"),
    "anchore/sbom-action": Pin("v0.24.0", "e22c389904149dbc22b58101806040fa8d37a610"),
    _TRIVY: Pin("v0.36.0", "ed142fd0673e97e23eac54620cfb913e5ce36c25"),
    "azure/setup-helm": Pin("v5.0.1", "9bc31f4ebc9c6b171d7bfbaa5d006ae7abdb4310"),
    "azure/setup-kubectl": Pin("v5.1.0", "829323503d1be3d00ca8346e5391ca0b07a9ab0d"),
    "benchmark-action/github-action-benchmark": Pin("v1.22.0", "a60cea5bc7b49e15c1f58f411161f99e0df48372"),
    "docker/build-push-action": Pin("v7.3.0", "53b7df96c91f9c12dcc8a07bcb9ccacbed38856a"),
    "docker/login-action": Pin("v4.1.0", "4907a6ddec9925e35a0a9e82d7399ccc52663121"),
    "docker/metadata-action": Pin("v6.2.0", "dc802804100637a589fabce1cb79ff13a1411302"),
    "docker/setup-buildx-action": Pin("v4.3.0", "37fe631027851001ddb9b187196cc803df7f5f0e"),
    "dorny/paths-filter": Pin("v4.0.2", "7b450fff21473bca461d4b92ce414b9d0420d706"),
    "github/codeql-action/upload-sarif": Pin("v4.36.2", "8aad20d150bbac5944a9f9d289da16a4b0d87c1e"),
}


def uses(action: str, pin: PinKind, workflow: Workflow) -> str | Noted:
    """Return what the `uses` of a new step says: the version that the workflow has of it, else that of the table."""
    repository = action.split("/")[:2]
    there = [step for step in workflow.steps if step.action.lower().split("/")[:2] == repository]
    there = [step for step in there if not doubt(step.uses) and _knows(action, step)]
    if there:
        ((version, _),) = Counter(step.uses.partition("@")[2] for step in there).most_common(1)
        step = next(step for step in there if step.uses.endswith(f"@{version}"))
        comment = _version_beside(step)
        return Noted(f"{action}@{version}", comment) if comment else f"{action}@{version}"
    tag, commit = PINS[action]
    return Noted(f"{action}@{commit}", tag) if pin == "sha" else f"{action}@{tag}"


def noted(step: Step) -> str | Noted:
    """Return a step's `uses`, with the version that a comment beside it tells."""
    comment = _version_beside(step)
    return Noted(step.uses, comment) if comment else step.uses


def doubt(used: str) -> str | None:
    """Return why a version should not be trusted, if there is a reason to say so."""
    action, _, version = used.partition("@")
    if action.lower() != _TRIVY:
        return None
    if version in ("master", "main"):
        return f"`{used}` runs whatever is newest there; pin a release from 0.35.0 on by its commit"
    if re.fullmatch(r"v?0\.\d+(\.\d+)?", version) and int(version.split(".")[1]) < 35:
        return f"`{used}` is a tag that was rewritten in March 2026; pin a release from 0.35.0 on by its commit"
    return None


def _knows(action: str, step: Step) -> bool:
    """Say whether the version a step uses has the action: a part of a repository may be younger than the rest."""
    version = step.uses.partition("@")[2]
    told = _VERSION.fullmatch(_version_beside(step) or version)
    oldest = _SINCE.get(action, 0)
    return bool(version) and (not oldest or (told is not None and int(told[1]) >= oldest))


def _version_beside(step: Step) -> str:
    """Return the version that a comment beside a step's `uses` tells."""
    comment = step.document.comments((*step.path, "uses")).rpartition("\n")[2].strip()
    return comment if _VERSION.fullmatch(comment) else ""
