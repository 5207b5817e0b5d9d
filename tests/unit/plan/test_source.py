from orchestrator.errors import Location
from orchestrator.plan.source import Source

TEXT = """\
phase_1:
  name: One
  depends_on: [phase_0, phase_2]
  description:
"""


def test_values_and_keys_have_places() -> None:
    source = Source("plan.yaml", TEXT)
    assert source.locate(("phase_1", "name")) == Location("plan.yaml", 2, 9)
    assert source.locate(("phase_1", "name"), key=True) == Location("plan.yaml", 2, 3)
    assert source.locate(("phase_1", "depends_on", 1)) == Location("plan.yaml", 3, 25)


def test_what_is_not_there_has_the_place_of_what_should_hold_it() -> None:
    assert Source("plan.yaml", TEXT).locate(("phase_1", "groups", "group_a")) == Location("plan.yaml", 1, 1)


def test_all_that_is_wrong_with_the_text_is_told_at_once() -> None:
    source = Source("plan.yaml", "a: 1\na: !!int 2\nb: !c 3\n")
    assert sorted(problem.code for problem in source.problems) == ["plan/duplicate-key", "plan/tag", "plan/tag"]


def test_an_alias_is_the_value_of_its_anchor() -> None:
    assert Source("plan.yaml", "a: &a [1, {b: c}]\nd: *a\n").data == {"a": [1, {"b": "c"}], "d": [1, {"b": "c"}]}


def test_many_small_aliases_are_no_bomb() -> None:
    text = "a: &a [x, y]\nb: [" + ", ".join(["*a"] * 1000) + "]\n"
    assert len(Source("plan.yaml", text).data["b"]) == 1000


def test_sixty_four_levels_are_allowed() -> None:
    Source("plan.yaml", "[" * 64 + "]" * 64)
