from __future__ import annotations

import pytest

from orchestrator.generation.ownership import mark, owner_of

TARGET = "export const one = 1;\n"
FILE = mark("it('is one');\n", TARGET, "//")


@pytest.mark.parametrize(
    ("text", "target", "owner"),
    [
        (None, TARGET, "nobody"),
        ("it('is mine');\n", TARGET, "person"),
        ("", TARGET, "person"),
        (FILE, TARGET, "current"),
        (FILE, TARGET + "export const two = 2;\n", "stale"),
        (FILE.replace("version 1", "version 0"), TARGET, "stale"),
        (FILE + "// mine\n", TARGET, "edited"),
        (FILE + "// mine\n", "changed", "edited"),
        (FILE.replace("\n", "\r\n"), TARGET.replace("\n", "\r\n"), "current"),
    ],
)
def test_a_file_is_ours_until_somebody_changes_it(text: str | None, target: str, owner: str) -> None:
    assert owner_of(text, target) == owner


def test_the_marker_is_one_comment_before_the_tests() -> None:
    first, rest = FILE.split("\n", 1)
    assert first.startswith("// orchestrate: generated, version 1, target ")
    assert rest == "it('is one');\n"
