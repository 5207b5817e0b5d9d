"""The command `orchestrate`: what there is to ask for, in the order in which `--help` shows it.

What can be typed after each command is in `commands`; what it does is in the modules beside this one.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator import __version__
from orchestrator.cli.commands import files, plans, record, scenarios, setup
from orchestrator.cli.options import command_line
from orchestrator.cli.words import WordsCommand

app = command_line(
    "orchestrate", "Run an engineering roadmap from YAML: see what would change, run it, prove it, take it back."
)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        typer.echo(f"orchestrate {__version__}")
        raise typer.Exit


app.command()(plans.run)
app.command()(plans.plan)
app.command()(record.status)
app.command()(plans.validate)
app.command()(record.approve)
app.command()(record.reject)
app.command()(record.explain)
app.command()(record.logs)
app.command()(record.rollback)
app.command()(record.history)
app.command(cls=WordsCommand)(files.edit)
app.command()(setup.init)
app.command()(setup.schema)
app.command()(setup.doctor)
app.add_typer(files.generate, name="generate")
app.add_typer(scenarios.app, name="scenario")
