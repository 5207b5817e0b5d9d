"""`scenario snapshot review`: a person decides about each screen that differs from its snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer

from orchestrator.cli import screen
from orchestrator.errors import UsageError
from orchestrator.reporters.text import number_of
from orchestrator.scenarios.snapshots import Proposal, find_proposals

COLOURS: Final = {"+": "green", "-": "red", "@": "cyan"}


def review(files: Sequence[Path], accept_all: bool, *, compat: bool, plugins: bool, state_dir: Path | None) -> int:
    """Play scenarios, then ask about what differs; return the exit code: 0 when all is accepted.

    :raises UsageError: when nobody can be asked.
    """
    failed = bool(files) and _play(files, compat=compat, plugins=plugins, state_dir=state_dir)
    places = [path if path.is_dir() else path.absolute().parent for path in files] or [Path()]
    proposals = find_proposals(places)
    if proposals and not accept_all and not screen.can_ask():
        hint = "accept all with `--accept-all`"
        message = f"{number_of(len(proposals), 'screen')} wait, and nobody can be asked"
        raise UsageError("usage/confirm", message, hint=hint)
    decisions = [_decide(proposal, accept_all) for proposal in proposals]
    counts = [(decisions.count(word), word) for word in ("accepted", "rejected", "skipped")]
    typer.echo(", ".join(f"{count} {word}" for count, word in counts if count) or "no screen differs from its snapshot")
    return 1 if failed or {"rejected", "skipped"} & {*decisions} else 0


def _play(files: Sequence[Path], *, compat: bool, plugins: bool, state_dir: Path | None) -> bool:
    """Play scenarios so that they leave what differs; return whether one failed for another reason."""
    from orchestrator.cli import scenario as command

    how = command.How(
        dry_run=False,
        strict=False,
        junit=None,
        state_dir=state_dir,
        verbose=False,
        caller=command.caller(plugins=plugins, proposes=True),
    )
    return command.run(command.wanted(files, None, "adaptive", "verify", compat=compat), how) != 0


def _decide(proposal: Proposal, accept_all: bool) -> str:
    name = f"{proposal.path.parent.name}/{proposal.path.stem}"
    if accept_all:
        proposal.accept()
        typer.echo(f"accepted {name}")
        return "accepted"
    typer.echo(f"\n{name}")
    for line in proposal.diff():
        typer.secho(f"  {line}", fg=COLOURS.get(line[:1]))
    said = _ask(name)
    if said == "accepted":
        proposal.accept()
    elif said == "rejected":
        proposal.reject()
    return said


def _ask(name: str) -> str:
    import questionary

    choices = {
        "Accept: the screen is right": "accepted",
        "Reject: the snapshot is right": "rejected",
        "Skip: ask again next time": "skipped",
    }
    said: str = choices[questionary.select(name, choices=list(choices)).unsafe_ask()]
    return said
