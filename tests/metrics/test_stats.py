"""Percentiles by nearest rank and process behaviour, by hand and by their definitions."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.formulas import stats


def ints(*values: int) -> "np.typing.NDArray[np.int64]":
    return np.array(values, dtype=np.int64)


def test_the_examples_of_the_definitions() -> None:
    assert stats.percentile(ints(*range(1, 11)), 85) == 9
    assert stats.percentile(ints(20, 4, 6), 50) == 6
    assert stats.median(ints(1, 2, 3, 4)) == 2
    assert stats.percentile(ints(7), 1) == stats.percentile(ints(7), 99) == 7
    assert stats.median(ints()) is None


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 99))
def test_the_smallest_value_with_at_least_p_per_cent_at_or_below_it(values: list[int], p: int) -> None:
    found = stats.percentile(ints(*values), p)
    assert found in values
    assert 100 * sum(value <= found for value in values) >= p * len(values)
    smaller = [value for value in values if value < found]
    if smaller:
        assert 100 * sum(value <= max(smaller) for value in values) < p * len(values)


@pytest.mark.parametrize("p", [0, 100, -5])
def test_other_percentiles_are_refused(p: int) -> None:
    with pytest.raises(ValueError, match="1 to 99"):
        stats.percentile(ints(1, 2), p)


def test_natural_limits() -> None:
    # Mean 5; moving ranges 2, 2, 2, 2, 2, 2, 2: 5 ± 2.66 × 2.
    found = stats.behaviour([4, 6, 4, 6, 4, 6, 4, 6])
    assert (found.centre, found.lower, found.upper) == pytest.approx((5, 0, 10.32))
    assert found.signals == ()
    wide = stats.behaviour([104, 106] * 4)
    assert (wide.lower, wide.upper) == pytest.approx((99.68, 110.32))


def test_fewer_than_eight_points_are_too_little() -> None:
    found = stats.behaviour([1, 2, 3, 4, 5, 6, 7])
    assert (found.centre, found.reason) == (None, "too little data: 7 of 8 points")


def rules(values: list[float]) -> list[tuple[tuple[int, ...], str]]:
    return [(signal.places, signal.rule) for signal in stats.behaviour(values, baseline=8).signals]


def test_a_point_outside_a_limit_is_a_signal() -> None:
    assert rules([4, 6, 4, 6, 4, 6, 4, 6, 10.4]) == [((8,), "outside a natural limit")]
    assert rules([4, 6, 4, 6, 4, 6, 4, 6, 10.3]) == []


def test_eight_in_a_row_on_one_side_are_a_signal() -> None:
    base = [4.0, 6, 4, 6, 4, 6, 6, 4]
    assert rules([*base, *[5.1] * 7]) == []
    assert rules([*base, *[5.1] * 8]) == [(tuple(range(8, 16)), "8 in a row on one side of the centre")]
    assert rules([*base, *[5.1] * 4, 5.0, *[5.1] * 4]) == []


def test_three_of_four_near_a_limit_are_a_signal() -> None:
    # Half way to the upper limit is 5 + 2.66.
    base = [4.0, 6, 4, 6, 4, 6, 4, 6]
    assert ((8, 9, 11), "3 of 4 nearer a limit than the centre") in rules([*base, 7.7, 7.7, 4, 7.7])
    assert rules([*base, 7.7, 7.7, 4, 7.6]) == []
    assert rules([*base, 7.7, 7.7, 2.2, 4]) == []


def test_a_process_that_never_varies_has_no_signal() -> None:
    assert stats.behaviour([3] * 12).signals == ()
