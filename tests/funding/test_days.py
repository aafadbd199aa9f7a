"""How a team's day is split: by hand, and against plain loops."""

from random import Random

import numpy as np
import pytest

from funding.formulas.days import NONE, UNIT, Split, rates, split, workdays


def table(found: Split) -> dict[tuple[int, int, int], tuple[float, int]]:
    team, day, initiative, share, amount = found
    rows = zip(team.tolist(), day.tolist(), initiative.tolist(), share.tolist(), amount.tolist(), strict=True)
    return {(t, d, i): (s, a) for t, d, i, s, a in rows}


def test_a_day_is_split_equally_over_items() -> None:
    # Day 0: two items of initiative 7, one of 9, one of none, at 1,000: 500, 250, 250. Day 1: nothing: all to none.
    # Day 2 is free.
    items = np.array([[2, 0, 2], [1, 0, 0], [1, 0, 0]])
    works, rate = np.array([[True, True, False]]), np.full((1, 3), 1000 * UNIT)
    found = table(split(np.zeros(3, dtype=int), np.array([7, 9, NONE]), items, works, rate))
    assert found == {
        (0, 0, 7): (0.5, 500 * UNIT),
        (0, 0, 9): (0.25, 250 * UNIT),
        (0, 0, NONE): (0.25, 250 * UNIT),
        (0, 1, NONE): (1.0, 1000 * UNIT),
    }


def test_thirds_lose_nothing() -> None:
    # 1,000 in three parts: 333.3333 each leaves 0.0001; it goes to the one that is counted last.
    found = split(np.zeros(3, dtype=int), np.array([1, 2, 3]), np.ones((3, 1), dtype=int), np.array([[True]]),
                  np.full((1, 1), 1000 * UNIT))  # fmt: skip
    assert sorted(found.amount.tolist()) == [3_333_333, 3_333_333, 3_333_334]


@pytest.mark.parametrize("seed", range(25))
def test_shares_and_amounts_against_plain_loops(seed: int) -> None:
    dice = Random(seed)
    teams, days = dice.randrange(1, 4), dice.randrange(1, 6)
    pairs = [(t, i) for t in range(teams) for i in (NONE, 1, 2, 5) if dice.random() < 0.7] or [(0, 1)]
    items = np.array([[dice.randrange(4) for _ in range(days)] for _ in pairs])
    works = np.array([[dice.random() < 0.8 for _ in range(days)] for _ in range(teams)])
    rate = np.array([[dice.randrange(10**8) for _ in range(days)] for _ in range(teams)])
    found = table(split(np.array([t for t, _ in pairs]), np.array([i for _, i in pairs]), items, works, rate))
    for t in range(teams):
        for d in range(days):
            here = {i: int(items[k, d]) for k, (team, i) in enumerate(pairs) if team == t and items[k, d]}
            total = sum(here.values())
            got = {i: one for (team, day, i), one in found.items() if (team, day) == (t, d)}
            if not works[t, d]:
                assert not got
                continue
            assert set(got) == (set(here) or {NONE})
            assert sum(amount for _, amount in got.values()) == rate[t, d]
            for i, (share, amount) in got.items():
                exact = here.get(i, 1) / (total or 1)
                assert share == pytest.approx(exact)
                assert abs(amount - rate[t, d] * exact) < 1.01


def test_rates_hold_from_their_day_on() -> None:
    # 5 from day 10, 7 from day 12; before the first, the first.
    assert rates(np.array([10, 12]), np.array([5, 7]), np.array([8, 10, 11, 12, 40])).tolist() == [5, 5, 5, 7, 7]


def test_workdays() -> None:
    # Day 0 is Thursday, 1 January 1970; the 5th day is the Tuesday after, which is free.
    found = workdays(np.arange(7), np.array([1, 2, 3, 4, 5]), np.array([5]))
    assert found.tolist() == [True, True, False, False, True, False, True]
