"""Drawings of the plan's graph: Mermaid, Graphviz, SVG."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection
from typing import Final

from orchestrator.plan.graph import build_graph, to_networkx
from orchestrator.plan.model import Plan

Edges = list[tuple[str, str]]


def mermaid(plan: Plan, selected: Collection[str]) -> str:
    """Return a Mermaid flowchart, with a box for each group."""
    names = {task_id: f"t{number}" for number, task_id in enumerate(plan.tasks)}
    lines = ["flowchart LR"]
    for title, members in _boxes(plan, selected):
        lines.append(f'  subgraph "{_quiet(title)}"')
        lines += [f'    {names[task_id]}["{task_id} {_quiet(plan.tasks[task_id].name)}"]' for task_id in members]
        lines.append("  end")
    lines += [f"  {names[before]} --> {names[after]}" for before, after in _edges(plan, selected)]
    return "\n".join(lines)


def dot(plan: Plan, selected: Collection[str]) -> str:
    """Return a graph in Graphviz's language."""
    lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"]
    for number, (title, members) in enumerate(_boxes(plan, selected)):
        lines.append(f'  subgraph cluster_{number} {{ label="{_quiet(title)}";')
        lines += [f'    "{task_id}" [label="{task_id} {_quiet(plan.tasks[task_id].name)}"];' for task_id in members]
        lines.append("  }")
    lines += [f'  "{before}" -> "{after}";' for before, after in _edges(plan, selected)]
    return "\n".join([*lines, "}"])


def svg(plan: Plan, selected: Collection[str]) -> str:
    """Return an SVG picture: a column for each step of the order, a row for each task in it."""
    import networkx

    edges = _edges(plan, selected)
    graph: networkx.DiGraph[str] = networkx.DiGraph(edges)
    graph.add_nodes_from(task_id for task_id in plan.tasks if task_id in selected)
    width, height, gap = 190, 34, 60
    spots: dict[str, tuple[int, int]] = {}
    columns = list(networkx.topological_generations(graph))
    for column, members in enumerate(columns):
        for row, task_id in enumerate(sorted(members, key=list(plan.tasks).index)):
            spots[task_id] = (20 + column * (width + gap), 20 + row * (height + 12))
    across = 40 + len(columns) * (width + gap)
    down = 40 + max((len(members) for members in columns), default=0) * (height + 12)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{down}" font-family="sans-serif" '
        'font-size="11">'
    ]
    for before, after in edges:
        (x1, y1), (x2, y2) = spots[before], spots[after]
        x1, y1, y2 = x1 + width, y1 + height // 2, y2 + height // 2
        parts.append(f'<path d="M{x1} {y1} C{x1 + 30} {y1} {x2 - 30} {y2} {x2} {y2}" fill="none" stroke="#99a"/>')
    for task_id, (x, y) in spots.items():
        name = html.escape(plan.tasks[task_id].name[:28])
        parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="#eef" stroke="#557"/>')
        parts.append(f'<text x="{x + 8}" y="{y + 14}" font-weight="bold">{html.escape(task_id)}</text>')
        parts.append(f'<text x="{x + 8}" y="{y + 27}">{name}</text>')
    return "\n".join([*parts, "</svg>"])


FORMATS: Final[dict[str, Callable[[Plan, Collection[str]], str]]] = {"mermaid": mermaid, "dot": dot, "svg": svg}


def _boxes(plan: Plan, selected: Collection[str]) -> list[tuple[str, list[str]]]:
    boxes = []
    for phase in plan.phases:
        for group in phase.groups:
            members = [task_id for task_id in group.tasks if task_id in selected]
            if members:
                boxes.append((f"{phase.name}: {group.name}", members))
        if phase.checkpoint in selected and phase.checkpoint is not None:
            boxes.append((f"{phase.name}: checkpoint", [phase.checkpoint]))
    return boxes


def _edges(plan: Plan, selected: Collection[str]) -> Edges:
    """Return which selected task directly follows which: no gates, nothing that follows from the rest."""
    import networkx

    graph = build_graph(plan)
    whole = to_networkx(graph)
    kept = {graph.index[task_id] for task_id in selected}
    for node in [node for node in whole if node not in kept]:
        whole.add_edges_from([(a, b) for a in whole.predecessors(node) for b in whole.successors(node)])
        whole.remove_node(node)
    reduced = networkx.transitive_reduction(whole)
    return [(graph.tasks[before].id, graph.tasks[after].id) for before, after in sorted(reduced.edges)]


def _quiet(text: str) -> str:
    return text.replace('"', "'").replace("\n", " ")
