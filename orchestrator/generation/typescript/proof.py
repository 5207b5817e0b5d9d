"""Proves cases under the project's own configuration, and leaves out those that do not hold; never weakens one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.errors import TaskError
from orchestrator.generation.request import Request
from orchestrator.generation.result import Funnel
from orchestrator.generation.typescript import blame, emission
from orchestrator.generation.typescript.jest import Jest, Proof, Suite, cause_in
from orchestrator.templates import Templates, shipped_directory

_MOST_ROUNDS: Final = 4
_REASONS: Final = {
    "first": "validate: fails",
    "again": "validate: fails sometimes",
    "shuffled": "validate: depends on order or time zone",
    "suite": "validate: fails beside the whole suite",
}

Recorded = dict[str, Any]


class Prover:
    """Proves the cases of one target."""

    def __init__(self, request: Request, jest: Jest, model: Recorded, funnel: Funnel, suite: Suite) -> None:
        self._request = request
        self._jest = jest
        self._model = model
        self._funnel = funnel
        self._suite = suite
        self._templates = Templates([shipped_directory("templates") / "tests"])

    async def proven(self, cases: Sequence[Recorded]) -> tuple[Proof, list[Recorded]]:
        """Return the proof of a file in which every test holds, and the cases in it.

        :raises TaskError: `generation/nothing-holds`
        """
        kept = list(cases)
        for _ in range(_MOST_ROUNDS):
            if not kept:
                break
            form = emission.form_of(self._model, self._request.test_file)
            context = emission.parts(self._model, kept, self._request.test_file)
            text = self._templates.render(emission.TEMPLATE, context)
            proof = await self._jest.prove({self._request.test_file: text}, self._suite, form)
            self._check(proof)
            if proof.stage is None:
                return proof, kept
            kept = self._without(kept, self._bad(proof))
        raise TaskError("generation/nothing-holds", f"no case of `{self._request.target}` passes: {self._funnel}")

    def _check(self, proof: Proof) -> None:
        """:raises TaskError: when no case is to blame."""
        if proof.stage == "unseen":
            message = f"the project's Jest does not look for tests at `{self._request.test_file}`"
            raise TaskError(
                "generation/nothing-holds", message, hint="see `testMatch`, `testRegex` and `roots` of Jest"
            )
        if proof.stage == "module":
            message = f"`{self._request.test_file}` is an ES module to Jest, in which no copy of a module can be loaded"
            raise TaskError("generation/not-covered", message, hint="what acts when it is loaded is not covered there")
        if proof.breaks:
            message = f"after the tests of `{self._request.target}`, `{cause_in(proof.breaks[0])}` fails"
            raise TaskError("generation/nothing-holds", message)

    def _bad(self, proof: Proof) -> dict[str, str]:
        """Return the names of tests that fail, with the reason."""
        reason = _REASONS[proof.stage or ""]
        names = dict.fromkeys(proof.failed, reason)
        text = proof.texts[self._request.test_file]
        for message in proof.broken:
            lines = blame.lines_in(message, self._request.test_file.rpartition("/")[2])
            found = blame.tests_at(text, lines)
            why = "validate: does not compile" if re.search(r"\bTS\d+\b", message) else reason
            names |= dict.fromkeys(found, why) if found else {cause_in(message): reason}
        return names

    def _without(self, cases: Sequence[Recorded], bad: Mapping[str, str]) -> list[Recorded]:
        """Leave out the cases of failing tests. A test made of several cases goes as a whole.

        :raises TaskError: when the failure is of no test of ours.
        """
        kept = []
        for name, members in emission.members(self._model, cases, self._request.test_file):
            reason = bad.get(name)
            if reason is None:
                kept += members
            else:
                self._funnel.drop(reason, len(members))
        if len(kept) == len(cases):
            reason = next(iter(bad))
            raise TaskError("generation/nothing-holds", f"the tests of `{self._request.target}` cannot run: {reason}")
        return [case for case in cases if any(case is one for one in kept)]
