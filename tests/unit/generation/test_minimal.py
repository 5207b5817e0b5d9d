from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.generation.minimal import Candidate, fewest

CANDIDATES = st.lists(st.builds(Candidate, st.frozensets(st.sampled_from("abcdef")), st.integers(1, 9)), max_size=8)


def test_a_case_that_proves_all_makes_the_others_needless() -> None:
    made = [Candidate(frozenset("a"), 1), Candidate(frozenset("ab"), 9), Candidate(frozenset("b"), 1)]
    assert fewest(made) == [1]


def test_of_two_that_prove_the_same_the_shorter_stays() -> None:
    assert fewest([Candidate(frozenset("a"), 9), Candidate(frozenset("a"), 1)]) == [1]


def test_what_later_choices_made_needless_goes_again() -> None:
    made = [Candidate(frozenset(some), 1) for some in ("abcd", "abe", "cdf")]
    assert fewest(made) == [1, 2]


@given(CANDIDATES)
def test_nothing_that_was_proven_is_lost_and_no_case_is_needless(candidates: list[Candidate]) -> None:
    kept = fewest(candidates)
    everything = frozenset().union(*(one.proves for one in candidates))
    assert frozenset().union(*(candidates[index].proves for index in kept)) == everything
    for left_out in kept:
        assert frozenset().union(*(candidates[index].proves for index in kept if index != left_out)) != everything
