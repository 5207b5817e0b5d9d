from __future__ import annotations

import pytest

from orchestrator.edits.programs import invoked, is_check, is_image_build, is_install, is_test
from orchestrator.edits.script import Command, Script


@pytest.mark.parametrize(
    "text",
    [
        "npm test",
        "npm run test:unit -- --ci",
        "pnpm --filter web test",
        "yarn workspace web test",
        "npx jest --ci",
        "uv run pytest -q",
        "python -m pytest",
        "coverage run -m pytest",
        "./gradlew test",
        "go test ./...",
        "xvfb-run -a npm run e2e",
        "CI=1 sudo -E vendor/bin/phpunit",
        "npm run test:ci",
        "yarn ci:test",
        "npm run test:cache",
        "npm run coverage:html",
    ],
)
def test_what_runs_tests_is_known_by_the_name_of_what_runs(text: str) -> None:
    assert is_test(command(text))
    assert is_check(command(text))


@pytest.mark.parametrize(
    "text",
    [
        "test -f dist",
        "npm install jest",
        "npx playwright install --with-deps",
        "yarn test:updateSnapshot",
        "jest --clearCache",
        "npm run install:test-browsers",
        "coverage report",
        "npm",
        "go mod download",
        "echo npm test",
    ],
)
def test_what_only_names_tests_runs_none(text: str) -> None:
    assert not is_test(command(text))


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        ("npm run lint", True),
        ("npx tsc --noEmit", True),
        ("make check", True),
        ("black --check .", True),
        ("yarn npm audit", True),
        ("cargo clippy", True),
        ("npm run build", True),
        ("npm run lint:ci", True),
        ("npm run verify:report", True),
        ("npm run format:check", True),
        ("npm run lint:format", False),
        ("npm run check:write", False),
        ("npm run lint:fix", False),
        ("yarn run biome check --fix", False),
        ("npm ci", False),
        ("docker stop db", False),
        ("git diff --exit-code", False),
    ],
)
def test_a_check_looks_and_changes_nothing(text: str, checks: bool) -> None:
    assert is_check(command(text)) is checks


@pytest.mark.parametrize(
    ("text", "installs"),
    [
        ("npm ci", True),
        ("yarn", True),
        ("pnpm i --frozen-lockfile", True),
        ("python -m pip install -e .", True),
        ("uv sync", True),
        ("docker install", False),
        ("npm test", False),
    ],
)
def test_what_fetches_dependencies_is_known(text: str, installs: bool) -> None:
    assert is_install(command(text)) is installs


@pytest.mark.parametrize(
    "text", ["docker build .", "docker buildx build .", "podman build .", "docker compose build api"]
)
def test_what_builds_an_image_is_known(text: str) -> None:
    assert is_image_build(command(text))
    assert not is_image_build(command(text.replace("build", "pull")))


def test_what_is_run_comes_with_its_arguments() -> None:
    assert invoked(command("sudo npx --yes eslint --fix .")) == ["eslint", "--fix", "."]
    assert invoked(command("pnpm -C web run lint")) == ["lint"]
    assert invoked(command("npm")) == []


def command(text: str) -> Command:
    (first,) = Script(text).commands
    return first
