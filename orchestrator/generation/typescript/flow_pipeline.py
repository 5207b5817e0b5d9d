"""From a task's words to a test of a flow through the whole application, run where its services are named.

Nothing is written into the project. Without the services the test is compiled and skipped, and never said to hold.
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestrator.errors import TaskError
from orchestrator.generation.request import Request, RunCommand
from orchestrator.generation.result import Funnel, Generated
from orchestrator.generation.typescript import flow_emission
from orchestrator.generation.typescript.flows import Flow, derive
from orchestrator.generation.typescript.jest import Jest, Proof, cause_in, check_tools, environ_of
from orchestrator.generation.typescript.nodes import Nodes, state_of
from orchestrator.templates import Templates, shipped_directory


async def generate(
    request: Request,
    command: RunCommand,
    directory: Path,
    progress: Callable[[str], None],
    environ: Mapping[str, str],
    nodes: Nodes,
) -> Generated:
    """Return a test of the flow that a request's words describe.

    :raises TaskError: `generation/...`, when no route fits the words, or when the flow does not hold.
    """
    started = time.monotonic()
    check_tools(request.root, environ)
    stem = posixpath.basename(request.test_file).partition(".")[0]
    own = environ_of(environ)
    async with nodes.lent("explore", state_of(request.root, own), command) as explorer:
        facts = await Jest(request, directory, explorer, explorer).flow()
    flow = _derived(request, facts, stem)
    missing = tuple(name for name in facts["needs"] if not environ.get(name))
    services = {} if missing else {"E2E": "1", **{name: environ[name] for name in facts["needs"]}}
    text = Templates([shipped_directory("templates") / "tests"]).render(
        flow_emission.TEMPLATE, flow_emission.parts(facts, flow, stem, request.test_file)
    )
    state = state_of(request.root, {**own, **services})
    async with nodes.lent("prove", state, command) as prover:
        jest = Jest(request, directory, prover, prover)
        suite = await nodes.known(state, jest.suite)
        progress(f"proving a flow of {len(flow.steps)} steps")
        proof = await jest.prove({request.test_file: text}, suite)
    _check(request, proof)
    cases = 1 + sum(bool(step.who) for step in flow.steps)
    return Generated(
        text=proof.texts[request.test_file],
        funnel=Funnel(cases, cases),
        seconds=round(time.monotonic() - started, 1),
        is_flow=True,
        needs=missing,
    )


def _derived(request: Request, facts: Mapping[str, object], stem: str) -> Flow:
    """:raises TaskError: when there is no application, or no route that fits."""
    if not facts["file"]:
        hint = "a function that is exported and returns a Fastify server is needed"
        raise TaskError("generation/not-covered", "no module of the project builds an application", hint=hint)
    flow = derive(facts["routes"], stem, request.words)  # type: ignore[arg-type]  # JSON
    if flow is None:
        message = f"no route of `{facts['file']}` fits `{stem}`"
        hint = "name the test file after a part of the paths, and the steps in the task's description"
        raise TaskError("generation/target-missing", message, hint=hint)
    return flow


def _check(request: Request, proof: Proof) -> None:
    """:raises TaskError: when the file does not compile, or the flow does not hold against the services."""
    if proof.stage == "unseen":
        message = f"the project's Jest does not look for tests at `{request.test_file}`"
        raise TaskError("generation/nothing-holds", message, hint="see `testMatch`, `testRegex` and `roots` of Jest")
    if proof.stage is not None or proof.breaks:
        cause = next((cause_in(one) for one in (*proof.broken, *proof.breaks)), "") or ", ".join(proof.failed)
        raise TaskError("generation/nothing-holds", f"the flow of `{request.test_file}` does not hold: {cause}")
