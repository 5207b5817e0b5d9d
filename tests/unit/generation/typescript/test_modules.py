"""Which modules a directory stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import TaskError
from orchestrator.generation.typescript.modules import sources_in, untested_in
from orchestrator.workspace import Workspace

TEST_FILE = "src/__tests__/src.test.ts"


def project(root: Path, *paths: str) -> Workspace:
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("export const app = fastify();" if "app" in path else "export {};")
    return Workspace(root)


def test_a_directory_stands_for_its_modules_that_have_no_test(tmp_path: Path) -> None:
    tested = (
        "src/a.ts",
        "src/__tests__/a.test.ts",
        "src/b.ts",
        "src/b.spec.ts",
        "src/c/d.ts",
        "src/c/__tests__/d.generated.test.ts",
    )
    files = project(tmp_path, *tested, "src/e.ts", "src/c/f.js", "src/types.d.ts", "src/notes.md", TEST_FILE)
    assert untested_in("src/", TEST_FILE, files) == ("src/c/f.js", "src/e.ts")


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (("src/a.ts", "src/a.test.ts"), "the directory `src` has tests for all of its modules"),
        (("src/notes.md",), "the directory `src` has no modules"),
        (
            tuple(f"src/m{number}.ts" for number in range(31)),
            "`src` has 31 modules without tests; at most 30 fit into one file",
        ),
    ],
)
def test_a_directory_without_work_or_with_too_much_is_refused(
    tmp_path: Path, paths: tuple[str, ...], message: str
) -> None:
    with pytest.raises(TaskError) as refused:
        untested_in("src", TEST_FILE, project(tmp_path, *paths))
    assert refused.value.message == message


def test_a_flow_is_made_from_what_is_beside_the_server_and_not_from_tests(tmp_path: Path) -> None:
    files = project(
        tmp_path, "src/app.ts", "src/routes/a.ts", "src/test/env.ts", "tests/e2e/app.spec.ts", "scripts/app.js"
    )
    assert sources_in(files) == ("src/app.ts", "src/routes/a.ts")
