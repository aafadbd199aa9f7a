"""The chance of a key result: against every outcome counted, a normal curve, and what must never happen."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import product

import pytest

from okrs.formulas.chance import TRIALS, Inputs, Work, all_land, run, week_of, weekly_changes

MONDAY = date(2026, 1, 5)
CASES = [
    # Four changes, two weeks: 16 outcomes. 4 or more of (0, 1, 2, 3) twice: (1,3) (2,2) (2,3) (3,1) (3,2) (3,3).
    (Inputs(10, 14, (0, 1, 2, 3), least=14), Fraction(6, 16)),
    # The same downwards: 10 − 4 is reached by the same outcomes.
    (Inputs(10, 14, (0, -1, -2, -3), most=6), Fraction(6, 16)),
    # A work of lift 2 that lands half of the time: with it the weeks must bring 2 or more, which 13 of 16 do
    # (all but (0,0), (0,1), (1,0)): (6 + 13) / 32.
    (Inputs(10, 14, (0, 1, 2, 3), (Work("a", 2, 0.5),), least=14), Fraction(19, 32)),
    # A band: the sum of two changes is 2 or 3: (0,2) (1,1) (2,0) and (0,3) (1,2) (2,1) (3,0).
    (Inputs(10, 14, (0, 1, 2, 3), least=12, most=13), Fraction(7, 16)),
    # No day left: there already.
    (Inputs(10, 0, (0, 1, 2, 3), least=10), Fraction(1)),
    (Inputs(10, 0, (0, 1, 2, 3), least=11), Fraction(0)),
]


def counted(inputs: Inputs) -> float:
    """The chance by counting every way the weeks, the part of a week and the works can come out."""
    weeks, rest = divmod(inputs.days, 7)
    trends = list(product(inputs.changes, repeat=weeks + (rest > 0)))
    total = 0.0
    for landed in product((False, True), repeat=len(inputs.works)):
        pairs = list(zip(inputs.works, landed, strict=True))
        weight = math.prod(work.chance if did else 1 - work.chance for work, did in pairs)
        lift = sum(work.lift for work, did in pairs if did)
        total += weight * sum(_hit(inputs, lift, trend, rest) for trend in trends) / len(trends)
    return total


def _hit(inputs: Inputs, lift: float, trend: Sequence[float], rest: int) -> bool:
    moved = sum(trend[:-1]) + trend[-1] * rest / 7 if rest else sum(trend)
    end = inputs.value + lift + moved
    low = -math.inf if inputs.least is None else inputs.least
    high = math.inf if inputs.most is None else inputs.most
    return low - 1e-9 <= end <= high + 1e-9


def near(share: float, exact: float) -> bool:
    """Within four standard errors of 10,000 trials."""
    return abs(share - exact) <= 4 * math.sqrt(exact * (1 - exact) / TRIALS)


@pytest.mark.parametrize(("inputs", "chance"), CASES)
def test_small_cases_by_hand(inputs: Inputs, chance: Fraction) -> None:
    assert counted(inputs) == pytest.approx(float(chance))
    assert near(run(inputs).share, float(chance))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("days", [10, 21, 25])
def test_every_outcome_counted(seed: int, days: int) -> None:
    works = (Work("a", 1.5, 0.3), Work("b", 2.5, 0.8), Work("c", -1, 0.5))
    inputs = Inputs(20, days, (-1, 0.5, 0.5, 2, 3), works, least=25, seed=seed)
    assert near(run(inputs).share, counted(inputs))


def test_a_long_way_is_a_normal_curve() -> None:
    # 40 weeks of −1, 0, 1, 2, 3 (mean 1, variance 2): mean 40, deviation √80 = 8.94. One lift of 10 with 0.5 on top.
    inputs = Inputs(0, 280, (-1, 0, 1, 2, 3), (Work("a", 10, 0.5),), least=50)
    deviation = math.sqrt(80)

    def above(edge: float) -> float:
        # Half a step of continuity: the sums are whole numbers.
        return 0.5 * math.erfc((edge - 0.5 - 40) / deviation / math.sqrt(2))

    found = run(inputs)
    assert found.share == pytest.approx((above(50) + above(40)) / 2, abs=0.02)
    assert found.expected == pytest.approx(45, abs=0.5)
    # The 5th percentile: of the half without the lift 10 %: 40 − 1.2816 × 8.94 = 28.5 (and a little of the other half).
    assert found.low == pytest.approx(29, abs=1.5)
    assert found.high == pytest.approx(61, abs=1.5)
    assert found.error == pytest.approx(math.sqrt(found.share * (1 - found.share) / 10_000))


def test_the_same_inputs_give_the_same_bytes() -> None:
    inputs = Inputs(3, 45, (0.1, 0.2, 0.7, -0.1), (Work("a", 1, 0.4),), least=5, seed=7)
    assert repr(run(inputs)) == repr(run(replace(inputs)))
    assert repr(run(inputs)) != repr(run(replace(inputs, seed=8)))
    turned = replace(inputs, changes=inputs.changes[::-1])
    assert run(turned).share == pytest.approx(run(inputs).share, abs=0.02)


def test_more_lift_or_a_likelier_landing_never_lowers_it() -> None:
    inputs = Inputs(0, 49, (-1, 0, 0.5, 1, 1.5), (Work("a", 1, 0.2), Work("b", 2, 0.6)), least=6, seed=3)
    by_lift = [run(replace(inputs, works=(Work("a", lift / 4, 0.2), inputs.works[1]))).share for lift in range(-8, 24)]
    by_chance = [run(replace(inputs, works=(inputs.works[0], Work("b", 2, p / 20)))).share for p in range(21)]
    assert by_lift == sorted(by_lift)
    assert by_chance == sorted(by_chance)
    assert by_lift[0] < by_lift[-1]
    assert by_chance[0] < by_chance[-1]
    alone = run(replace(inputs, works=())).share
    assert alone <= run(replace(inputs, works=inputs.works[:1])).share <= run(inputs).share


def test_a_target_reached_but_for_the_last_digit_is_reached() -> None:
    # 0.1 three times is 0.30000000000000004, 0.3 less than that: reached from both sides.
    assert run(Inputs(0, 21, (0.1,) * 4, least=0.3)).share == 1
    assert run(Inputs(0.3, 21, (-0.1,) * 4, most=0)).share == 1
    assert run(Inputs(0, 21, (0.1,) * 4, least=0.3001)).share == 0


def test_without_changes_there_is_nothing_to_draw_from() -> None:
    with pytest.raises(ValueError, match="no weekly change"):
        run(Inputs(0, 21, ()))


def days(*weeks: int, weekday: int = 4) -> list[date]:
    return [MONDAY + timedelta(weeks=week, days=weekday) for week in weeks]


def test_weekly_changes_from_sunday_to_sunday() -> None:
    # Fridays of five weeks; the two in the first week: the later one counts.
    found = weekly_changes([MONDAY, *days(0, 1, 2, 3, 4)], [9, 10, 12, 11, 11, 15], (), date(2026, 2, 8))
    assert found == ((2, -1, 0, 4), 0)


def test_the_running_week_is_not_compared_with_whole_ones() -> None:
    # Week 4 ends on Sunday, 8 February: until Saturday its change is not known.
    assert weekly_changes(days(0, 1, 2, 3, 4), [0, 1, 2, 3, 9], (), date(2026, 2, 7)) == ((1, 1, 1), 0)
    assert weekly_changes(days(0, 1, 2, 3, 4), [0, 1, 2, 3, 9], (), date(2026, 2, 8)) == ((1, 1, 1, 6), 0)


def test_a_change_over_several_weeks_is_spread_evenly() -> None:
    assert weekly_changes(days(0, 3, 4), [10, 16, 15], (), date(2026, 3, 1)) == ((2, 2, 2, -1), 0)


def test_weeks_in_which_linked_work_landed_are_left_out() -> None:
    values = [10, 11, 19, 20, 21]
    landed = days(2, weekday=6)  # Sunday of week 2: its change of 8 holds the lift
    assert weekly_changes(days(0, 1, 2, 3, 4), values, landed, date(2026, 2, 8)) == ((1, 1, 1), 1)
    # It landed somewhere in a stretch of three weeks: none of them tells the trend.
    assert weekly_changes(days(0, 3, 4), [10, 16, 17], days(1), date(2026, 2, 8)) == ((1,), 3)
    # In the week of the first check-in it is in the value already.
    assert weekly_changes(days(0, 1), [10, 11], days(0), date(2026, 2, 8)) == ((1,), 0)


def test_weeks_begin_on_monday() -> None:
    assert week_of(MONDAY) == week_of(date(2026, 1, 11)) == week_of(date(2026, 1, 12)) - 1


def test_all_land_is_never_above_the_least_likely() -> None:
    assert all_land([0.5, 0.4]) == pytest.approx(0.2)
    assert all_land([0.7]) == 0.7
    assert all_land([1.0, 0.3, 0.9]) <= 0.3
