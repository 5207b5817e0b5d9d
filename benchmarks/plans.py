"""Writes the plans that the benches run, and the same work for their floors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

LAYERS = 10
DEPENDENCIES = 10


def edges(tasks: int) -> Iterator[tuple[str, list[str]]]:
    """Yield each task with what it depends on: ten layers, ten dependencies in the layer before."""
    per = tasks // LAYERS
    for layer in range(LAYERS):
        for number in range(per):
            before = [f"{layer - 1}.{(number * 7 + step) % per}" for step in range(DEPENDENCIES)] if layer else []
            yield f"{layer}.{number}", before


def write_milestones(directory: Path, tasks: int) -> tuple[Path, Path]:
    """Write a plan of milestones and the same graph as JSON; return both."""
    lines = [
        f"        - {{id: {json.dumps(name)}, name: task {name}, type: milestone, depends_on: {json.dumps(before)}}}"
        for name, before in edges(tasks)
    ]
    graph = directory / "graph.json"
    graph.write_text(json.dumps(dict(edges(tasks))))
    return _write(directory, lines), graph


def write_commands(directory: Path, tasks: int) -> tuple[Path, Path]:
    """Write a plan that runs /bin/true many times and the same for ninja; return both."""
    lines = [
        f'        - {{id: "{number}", name: task {number}, type: shell, run: [/bin/true], parallel_safe: true}}'
        for number in range(tasks)
    ]
    builds = "".join(f"build out{number}: true\n" for number in range(tasks))
    everything = " ".join(f"out{number}" for number in range(tasks))
    ninja = directory / "build.ninja"
    ninja.write_text(f"rule true\n  command = /bin/true\n{builds}build all: phony {everything}\ndefault all\n")
    return _write(directory, lines), ninja


def write_fingerprinted(directory: Path, tasks: int) -> Path:
    """Write a plan whose tasks each read one file and write one; return it."""
    for folder in ("in", "out"):
        (directory / folder).mkdir()
    for number in range(tasks):
        (directory / "in" / f"{number}").write_text(str(number))
    lines = [
        f'        - {{id: "{number}", name: task {number}, type: shell, run: [cp, in/{number}, out/{number}], '
        f'inputs: ["in/{number}"], outputs: ["out/{number}"]}}'
        for number in range(tasks)
    ]
    return _write(directory, lines)


def _write(directory: Path, lines: list[str]) -> Path:
    head = [
        'orchestrator: {name: bench, version: "1", project_root: ".", settings: {max_parallel_tasks: 8}}',
        "phase_1:",
        "  name: everything",
        "  groups:",
        "    group_a:",
        "      execution: parallel",
        "      max_parallel: 8",
        "      tasks:",
    ]
    plan = directory / "plan.yaml"
    plan.write_text("\n".join([*head, *lines]) + "\n")
    return plan
