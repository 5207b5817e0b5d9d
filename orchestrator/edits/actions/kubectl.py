"""What `kubectl` commands in scripts say about Deployments, word by word, so that single words can be replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from orchestrator.edits.actions.deploy_scripts import TIMEOUT
from orchestrator.edits.actions.rollout import spoken
from orchestrator.edits.script import Command, Script, Word
from orchestrator.edits.workflow import Step

_KIND: Final = re.compile(r"(deployments?(\.apps)?|deploy)")
_WHERE: Final = re.compile(r"(-n|--namespace|--context|--kube-context|--kubeconfig)(=.+)?")


class Deployment(NamedTuple):
    """One mention of a Deployment in a script: `start` to `end` is what `deployment/name` would replace."""

    name: str
    command: Command
    start: int
    end: int

    @property
    def verb(self) -> str:
        """What is done to it, such as `set image` or `rollout status`."""
        return " ".join(spoken(self.command).split(" ")[1:3])


def deployments(script: Script) -> Iterator[Deployment]:
    """Yield the Deployments that the `kubectl` commands of a script name."""
    for command in script.commands:
        if command.program == "kubectl":
            words = command.words
            for at, word in enumerate(words):
                if (found := _mention(word, words[at + 1] if at + 1 < len(words) else None)) is not None:
                    name, end = found
                    yield Deployment(name, command, word.start, end)


def flags(command: Command) -> str:
    """Return the options that say where a command goes, as they stand, with a blank before each."""
    kept = []
    words = [word.text for word in command.words]
    for at, word in enumerate(words):
        found = _WHERE.fullmatch(word)
        if found:
            kept.append(f" {word}" if found[2] else f" {word} {_quoted(words[at + 1])}" if at + 1 < len(words) else "")
    return "".join(kept)


def undo(step: Step) -> Iterator[str]:
    """Yield the commands that take a step's rollouts back, and wait for it."""
    changed = [each for each in deployments(step.script) if each.verb == "set image"] if step.script else []
    for each in changed:
        yield f"kubectl{flags(each.command)} rollout undo deployment/{each.name}"
    for each in changed:
        yield f"kubectl{flags(each.command)} rollout status deployment/{each.name} --timeout={TIMEOUT}"


def is_waiting(step: Step, name: str) -> bool:
    """Say whether a step waits until a Deployment is rolled out; one that takes back does not count."""
    mentions = list(deployments(step.script)) if step.script else []
    verbs = [each.verb for each in mentions if each.name == name]
    return "rollout status" in verbs and "rollout undo" not in verbs


def _mention(word: Word, behind: Word | None) -> tuple[str, int] | None:
    kind, slash, name = word.text.partition("/")
    if not _KIND.fullmatch(kind):
        return None
    if slash:
        return name, word.end
    is_name = behind is not None and not behind.text.startswith("-") and "=" not in behind.text
    return (behind.text, behind.end) if behind is not None and is_name else None


def _quoted(text: str) -> str:
    return f'"{text}"' if re.search(r"[\s$]", text) else text
