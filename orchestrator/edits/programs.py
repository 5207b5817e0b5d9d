"""What well-known programs are for: which commands test, which check, which build images.

A command says so by its program or, where a package manager or make runs it, by the name of what they run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from orchestrator.edits.script import Command

_TESTS: Final = frozenset({
    "test", "tests", "jest", "vitest", "mocha", "ava", "tap", "jasmine", "karma", "cypress", "playwright", "pytest",
    "py.test", "unittest", "nose", "tox", "nox", "rspec", "phpunit", "pest", "ctest", "gotestsum", "e2e", "spec",
    "specs", "unit", "integration", "coverage",
})  # fmt: skip
_CHECKS: Final = frozenset({
    "lint", "eslint", "tslint", "stylelint", "biome", "oxlint", "standard", "xo", "tsc", "typecheck", "types",
    "check", "checks", "validate", "verify", "audit", "vet", "mypy", "pyright", "ruff", "flake8", "pylint", "black",
    "isort", "bandit", "semgrep", "safety", "clippy", "rubocop", "brakeman", "phpstan", "psalm", "golangci-lint",
    "staticcheck", "govulncheck", "shellcheck", "hadolint", "actionlint", "yamllint", "markdownlint", "tflint",
    "tfsec", "checkov", "snyk", "trivy", "grype", "prettier", "build", "compile", "knip", "depcheck",
})  # fmt: skip
_CHANGING: Final = frozenset({"fix", "update", "watch", "write"})
_FORMATTING: Final = frozenset({"format", "fmt"})
_LOOKING: Final = frozenset({"check", "checks", "verify", "validate"})
_FETCHING: Final = frozenset({"install", "download"})
_INSTALLING: Final = frozenset({
    "install", "ci", "i", "add", "download", "mod", "sync", "restore", "fetch", "login", "auth", "monitor", "cache",
    "init", "report", "show-report", "xml", "html", "combine", "erase",
})  # fmt: skip
_ASIDE: Final = frozenset({
    "--fix", "--write", "-w", "-u", "--update", "--updateSnapshot", "--version", "--help", "--clearCache", "--init",
})  # fmt: skip
_VALUED: Final = frozenset({"--filter", "-F", "--prefix", "-C", "--workspace", "-w", "--cwd", "--dir", "-f"})
_BUILDS: Final = (("build",), ("buildx", "build"), ("image", "build"), ("buildx", "bake"), ("compose", "build"))
_MANAGERS: Final = frozenset({
    "npm", "yarn", "pnpm", "bun", "pip", "pip3", "python", "python3", "uv", "poetry", "pipenv", "pdm", "bundle",
    "composer",
})  # fmt: skip
_RUNNERS: Final = (  # what stands before the name of what is run; the longest come first
    ("npm", "run"), ("npm", "exec"), ("npm", "run-script"), ("yarn", "run"), ("yarn", "exec"), ("yarn", "dlx"),
    ("yarn", "workspace"), ("pnpm", "run"), ("pnpm", "exec"), ("pnpm", "dlx"), ("bun", "run"), ("bun", "x"),
    ("deno", "task"), ("poetry", "run"), ("uv", "run"), ("pipenv", "run"), ("pdm", "run"), ("hatch", "run"),
    ("rye", "run"), ("bundle", "exec"), ("python", "-m"), ("python3", "-m"), ("coverage", "run", "-m"),
    ("turbo", "run"), ("nx", "run"), ("mise", "run"),
    ("npx",), ("bunx",), ("uvx",), ("npm",), ("yarn",), ("pnpm",), ("bun",), ("make",), ("just",), ("task",), ("sudo",),
    ("time",), ("xvfb-run",), ("env",), ("cross-env",), ("turbo",), ("nx",), ("go",), ("cargo",), ("dotnet",), ("mix",),
    ("gradlew",), ("gradle",), ("mvn",), ("mvnw",), ("rake",), ("rails",), ("deno",), ("lerna", "run"), ("lerna",),
)  # fmt: skip


def is_test(command: Command) -> bool:
    """Say whether a command runs tests."""
    return bool(_words(command) & _TESTS) and not _is_aside(command)


def is_check(command: Command) -> bool:
    """Say whether a command fails when something is wrong with the project, and does nothing else."""
    return bool(_words(command) & (_TESTS | _CHECKS)) and not _is_aside(command)


def is_install(command: Command) -> bool:
    """Say whether a command fetches what the project depends on."""
    said = {*invoked(command)[:2]} or {"install"} if command.program in _MANAGERS else set()
    return bool(said & {"install", "ci", "clean-install", "i", "sync"})


def is_image_build(command: Command) -> bool:
    """Say whether a command builds the image of a container."""
    return any(command.begins(program, *words) for program in ("docker", "podman", "nerdctl") for words in _BUILDS)


def invoked(command: Command) -> Sequence[str]:
    """Return what is run in the end, with its arguments: `test:unit` for `npm run test:unit`."""
    words: Sequence[str] = [command.program, *(word.text for word in command.words[1:])]
    while len(rest := _without_runner(words)) < len(words):
        words = rest
    return words


def _without_runner(words: Sequence[str]) -> Sequence[str]:
    plain = [*words[:1], *_without_options(words[1:])]
    for runner in _RUNNERS:
        for said in (words, plain):
            if tuple(said[: len(runner)]) == runner:
                return _without_options(said[len(runner) + (runner[-1] == "workspace") :])
    return words


def _without_options(words: Sequence[str]) -> Sequence[str]:
    """Leave out what comes before a name: options, variables, directories to work in."""
    at = 0
    while at < len(words) and (words[at].startswith(("-", "+")) or "=" in words[at]):
        at += 1 + (words[at] in _VALUED)
    return words[at:]


def _words(command: Command) -> set[str]:
    """Return the words of the name of what is run; none for the shell's own `test`."""
    name = "".join(invoked(command)[:1]).rpartition("/")[2]
    return {name, *re.split(r"[:._-]|(?=[A-Z])", name)} if command.program != "test" else set()


def _is_aside(command: Command) -> bool:
    """Say whether a program does something else for once: installs itself, tells its version, mends what it finds."""
    name, *arguments = invoked(command)
    named = {word.lower() for word in _words(command)}
    is_formatting = bool(named & _FORMATTING) and not named & _LOOKING
    # Only the first word of a script's name says that it fetches: `test:ci` and `verify:report` are checks.
    is_fetching = re.split(r"[:._-]", name)[0] in _FETCHING or set(arguments[:1]) & _INSTALLING
    return bool(named & _CHANGING or is_formatting or is_fetching or set(arguments) & _ASIDE)
