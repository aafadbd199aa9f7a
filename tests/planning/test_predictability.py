"""Predictability and stability, by hand."""

import pytest

from planning.formulas.predictability import Promise, of_train, predictability
from planning.formulas.stability import moves


def test_actual_of_all_over_planned_of_the_committed() -> None:
    """Committed 8 and 5 became 8 and 3; uncommitted 4 became 2: (8 + 3 + 2) ÷ (8 + 5) = 13 ÷ 13."""
    found = predictability([Promise(True, 8, 8), Promise(True, 5, 3), Promise(False, 4, 2)])
    assert (found.planned, found.actual, found.share) == (13, 13, 1.0)
    assert found.word == "within 80 to 100 %"


@pytest.mark.parametrize(
    ("actual", "word"),
    # Of 10 planned: 7 is below the band, 8 its lower end, 10 its upper, 11 above.
    [
        (7, "below 80 to 100 %"),
        (8, "within 80 to 100 %"),
        (10, "within 80 to 100 %"),
        (11, "committed too little"),
    ],
)
def test_the_band(actual: int, word: str) -> None:
    assert predictability([Promise(True, 10, 0), Promise(False, 2, actual)]).word == word


def test_a_train_is_sum_over_sum() -> None:
    """10 of 10 and 1 of 5: 11 ÷ 15 = 73 %; the mean of 100 % and 20 % would be 60 %."""
    found = of_train({1: [Promise(True, 10, 10)], 2: [Promise(True, 5, 1)]})
    assert found.share == pytest.approx(11 / 15)


@pytest.mark.parametrize(
    ("promises", "reason"),
    [
        ([], "no objective was committed"),
        ([Promise(False, 5, 5)], "no objective was committed"),
        ([Promise(True, None, 5)], "1 objective without a planned value"),
        ([Promise(True, 5, None), Promise(False, 3, None)], "2 objectives without an actual value"),
    ],
)
def test_not_available_with_the_reason(promises: list[Promise], reason: str) -> None:
    found = predictability(promises)
    assert (found.share, found.reason) == (None, reason)


def test_stability() -> None:
    """Five committed: 1 stays, 2 to another row, 3 to none, 4 is gone, 5 stays: 2 of 5 = 40 %."""
    then = {1: (1, 1), 2: (1, 2), 3: (2, 1), 4: (2, 2), 5: (3, 1), 6: (None, None), 7: (1, None)}
    now = {1: (1, 1), 2: (2, 2), 3: (2, None), 5: (3, 1), 6: (1, 1), 7: (2, None), 8: (1, 3)}
    found = moves(then, now)
    assert (set(found.moved), set(found.removed), set(found.added)) == ({2, 3}, {4}, {6, 8})
    assert (found.untouched, found.stability) == (2, 0.4)


def test_nothing_committed_has_no_stability() -> None:
    assert moves({1: (1, None)}, {1: (1, 1)}).stability is None
