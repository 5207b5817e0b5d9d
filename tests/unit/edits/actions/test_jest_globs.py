from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestrator.edits.actions.jest_globs import base_of, directories_of, is_covered, is_kept


@pytest.mark.parametrize(  # what Jest 30 says, too
    ("globs", "kept", "dropped"),
    [
        (["src/**/*.ts"], ["src/a.ts", "src/.x/y/b.ts"], ["src/a.tsx", "lib/a.ts"]),
        (["src/**", "!src/db/**", "src/db/keep.ts"], ["src/a", "src/db/keep.ts"], ["src/db/b.ts"]),
        (["!src/db/**", "src/**"], ["src/db/b.ts"], []),
        (["!src/db/**"], ["src/a.ts", "other"], ["src/db/b.ts"]),
        (["**/*.(t|j)s"], ["a.js", "x/b.ts"], ["a.jsx"]),
        (["src/**/!(*.d).ts"], ["src/a.ts"], ["src/a.d.ts"]),
        (["<rootDir>/src/*.{js,jsx}", "!<rootDir>/src/b.js"], ["src/a.jsx"], ["src/b.js", "src/x/a.js"]),
        ([], [], ["src/a.ts"]),
    ],
)
def test_globs_count_in_their_order(globs: Sequence[str], kept: Sequence[str], dropped: Sequence[str]) -> None:
    assert [path for path in (*kept, *dropped) if is_kept(path, globs)] == list(kept)


@pytest.mark.parametrize(
    ("glob", "wider"),
    [
        ("src/**/*.ts", "./src/**/*.ts"),
        ("src/**/*.ts", "<rootDir>/src/**/*.{ts,tsx}"),
        ("src/**/*.{js,ts}", "src/**/*.(t|j)s"),
        ("src/routes/*.ts", "**/*.ts"),
        ("src/routes/**", "src/**"),
        ("src/a.ts", "src/*"),
        ("src/[ab].ts", "<rootDir>/src/[ab].ts"),
    ],
)
def test_a_wider_glob_covers_another(glob: str, wider: str) -> None:
    assert is_covered(glob, wider)


@pytest.mark.parametrize(
    ("glob", "wider"),
    [
        ("src/**/*.ts", "src/*.ts"),
        ("src/**/*.ts", "src/services/**/*.ts"),
        ("src/**/*.{ts,tsx}", "src/**/*.ts"),
        ("src/**", "src/**/*.ts"),
        ("src/[ab].ts", "src/*.ts"),  # too rich to tell
        ("src/{1..500}.ts", "src/{1..400}.ts"),
    ],
)
def test_what_may_match_more_is_not_covered(glob: str, wider: str) -> None:
    assert not is_covered(glob, wider)


@pytest.mark.parametrize(
    ("glob", "directories"),
    [
        ("!src/routes/**", ["src/routes"]),
        ("!src/{routes,plugins}/**/*.ts", ["src/routes", "src/plugins"]),
        ("!**/generated/**/*", ["**/generated"]),
        ("!src/routes/*", ["src/routes"]),
        ("!src/**/*.d.ts", None),
        ("!src/server.ts", None),
        ("!src/**/index.ts", None),
        ("!src/*/x/**", None),
    ],
)
def test_a_glob_may_mean_whole_directories(glob: str, directories: Sequence[str] | None) -> None:
    assert directories_of(glob) == directories


def test_the_base_of_a_glob_is_where_all_its_files_are() -> None:
    assert [base_of(glob) for glob in ("src/db/*.ts", "**/*.ts", "!./src/{a,b}/**", "a.ts")] == [
        "src/db",
        "",
        "src",
        "",
    ]
