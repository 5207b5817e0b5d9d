import pytest

from orchestrator.engine.claims import PathLocks, covers, normalise
from orchestrator.handler import Claims


@pytest.mark.parametrize(
    ("claimed", "path", "inside"),
    [
        (["src"], "src/a.ts", True),
        (["src/"], "src", True),
        (["."], "anything/at/all", True),
        (["src"], "srcs/a.ts", False),
        (["src/a.ts"], "src", False),
        (["src"], "src/../package.json", False),
        (["src"], "lib/../src/a.ts", True),
        ([], "a", False),
    ],
)
def test_a_claimed_directory_covers_all_below_it_and_nothing_else(claimed: list[str], path: str, inside: bool) -> None:
    assert covers(claimed, path) is inside


def test_claims_are_spelled_in_one_way_and_writing_includes_reading() -> None:
    assert normalise(Claims(("./a", "b/", "c/../d"), ("b", "b/.", "."))) == Claims(("a", "d"), ("b", ""))


def test_what_is_released_leaves_nothing_behind() -> None:
    locks = PathLocks()
    one, other = Claims(("a/b",), ("c/d/e",)), Claims(("a",), ("c/x",))
    locks.acquire(one)
    locks.acquire(other)
    assert locks.conflict(Claims(writes=("c",))) == "c"
    assert locks.release(one) == ["a/b", "a", "", "c/d/e", "c/d", "c"]
    assert locks.conflict(Claims(writes=("c/d",))) is None
    assert locks.conflict(Claims(writes=("",))) == ""
    locks.release(other)
    assert locks.conflict(Claims(writes=("",))) is None
    assert vars(locks) == {"_at": {}, "_below": {}}
