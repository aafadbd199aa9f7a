"""Usual times, levels left in time, causes that come back, the few that cost most: computed by hand."""

import pytest

from impediments.formulas.analysis import Share, alike, commonest, left_in_time, shares, usual, vital


def test_median_and_85th_percentile_are_nearest_rank() -> None:
    found = usual([4.0, 20.0, 6.0])
    # The 50th of 4, 6, 20 is 6; the 85th is the third.
    assert (found.n, found.median, found.p85, found.most) == (3, 6, 20, 20)
    assert (usual([]).n, usual([]).median) == (0, None)


def test_a_limit_that_is_reached_is_not_kept() -> None:
    found = left_in_time([1, 1, 1, 2, 4], [7.9, 8.0, 30.0, 5.0, 100.0], [8.0, 8.0, 8.0, 24.0, None])
    # Level 1: only the 7.9 of 8 hours; level 4 has no limit.
    assert {level: (left.n, left.in_time, left.free) for level, left in found.items()} == {
        1: (3, 1, 0),
        2: (1, 1, 0),
        4: (0, 0, 1),
    }
    assert found[1].share == pytest.approx(1 / 3)
    assert found[4].share is None
    assert (found[1].used.median, found[1].used.p85) == (8.0, 30.0)


def test_what_says_the_same_in_other_words_is_one_group() -> None:
    texts = ["Legal review", "Vendor", "Waiting for a legal review", "legal review (LEG-3)", "Access"]
    assert alike(texts) == [[0, 2, 3], [1], [4]]
    assert alike([]) == []


def test_the_commonest_is_the_first_of_the_alphabet_among_equals() -> None:
    assert commonest(["b", "a", "b", "a", "c"]) == "a"
    assert commonest([]) == ""


def test_shares_add_up_from_the_largest() -> None:
    found = shares({"a": 10, "b": 60, "c": 30, "d": 0})
    assert found == [Share("b", 60, 0.6, 0.6), Share("c", 30, 0.3, 0.9), Share("a", 10, 0.1, 1.0)]
    # 60 % is below 80 %, 90 % is not.
    assert vital(found) == 2
    assert shares({}) == []
    assert vital([]) == 0
