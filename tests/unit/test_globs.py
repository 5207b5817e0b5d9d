from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator import globs

FILES = [
    "a.ts",
    "b!.ts",
    "src/a.ts",
    "src/a.test.ts",
    "src/deep/er/b.ts",
    "src/[id].ts",
    ".github/workflows/ci.yml",
    "node_modules/x/index.ts",
    "services/one/main.py",
    "services/two/main.py",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("src/a.ts", ["src/a.ts"]),
        ("src", []),
        ("src/*", ["src/[id].ts", "src/a.test.ts", "src/a.ts"]),
        ("*.ts", ["a.ts", "b!.ts"]),
        ("?.ts", ["a.ts"]),
        ("**/a.ts", ["a.ts", "src/a.ts"]),
        ("src/**", ["src/[id].ts", "src/a.test.ts", "src/a.ts", "src/deep/er/b.ts"]),
        ("src/**/b.ts", ["src/deep/er/b.ts"]),
        ("src/**.ts", ["src/[id].ts", "src/a.test.ts", "src/a.ts"]),
        ("[!b]*.ts", ["a.ts"]),
        ("b[!].ts", []),
        ("b[x!].ts", ["b!.ts"]),
        ("b[^!].ts", ["b!.ts"]),
        ("src/[[]id].ts", ["src/[id].ts"]),
        ("**/*.yml", []),
        (".github/**/*.yml", [".github/workflows/ci.yml"]),
        ("**/index.ts", []),
        ("node_modules/**/index.ts", ["node_modules/x/index.ts"]),
        ("services/*/main.py", ["services/one/main.py", "services/two/main.py"]),
        ("missing", []),
    ],
)
def test_a_pattern_finds_on_disk_what_it_matches_by_name(root: Path, pattern: str, found: list[str]) -> None:
    assert globs.match_files(root, pattern) == found
    assert [path for path in sorted(FILES) if globs.matches(pattern, path)] == found


def test_links_to_directories_are_not_entered_so_that_a_circle_ends(root: Path) -> None:
    for name in ("src/up", "src/deep/up", "src/deep/er/up"):
        (root / name).symlink_to(root)
    assert globs.match_files(root, "src/**/a.ts") == ["src/a.ts"]
    assert globs.match_files(root, "src/*/*.ts") == []


def test_a_link_to_a_file_is_a_file(root: Path) -> None:
    (root / "src/link.ts").symlink_to(root / "a.ts")
    (root / "src/broken.ts").symlink_to(root / "nothing")
    assert "src/link.ts" in globs.match_files(root, "src/*.ts")
    assert "src/broken.ts" not in globs.match_files(root, "src/*.ts")


@pytest.mark.parametrize(
    ("pattern", "path", "stood_for"),
    [
        ("src/*.service.ts", "src/trust.service.ts", ("trust",)),
        ("**/*.py", "main.py", (None, "main")),
        ("**/*.py", "a/b/main.py", ("a/b", "main")),
        ("src/**", "src/a/b", ("a/b",)),
    ],
)
def test_each_star_is_a_group(pattern: str, path: str, stood_for: tuple[str | None, ...]) -> None:
    match = globs.compile_pattern(pattern).match(path)
    assert match is not None
    assert match.groups() == stood_for


@pytest.mark.parametrize(
    ("pattern", "base"), [("a/b/*.ts", "a/b"), ("a/*/c/d", "a"), ("**/x", "."), ("a/b", "a"), ("file", ".")]
)
def test_the_base_is_the_deepest_directory_that_is_named(pattern: str, base: str) -> None:
    assert globs.base_of(pattern) == base


def test_only_what_has_wildcards_is_a_pattern() -> None:
    assert [globs.is_pattern(text) for text in ("a/b", "a*", "a?", "[ab]")] == [False, True, True, True]
