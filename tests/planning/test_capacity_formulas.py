"""What a team can take on, by hand: part-time, holidays, absences over a weekend, thresholds."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from planning.formulas.capacity import (
    Seats,
    Week,
    day_numbers,
    first_capacity,
    measured_capacity,
    normal_days,
    person_days,
    tone,
)

# Two weeks from Monday 5 January 2026 each, to their Fridays.
SPANS = [(date(2026, 1, 5), date(2026, 1, 16)), (date(2026, 1, 19), date(2026, 1, 30))]


def ints(*values: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(values, dtype=np.int64)


def seats(share: list[int], away: Sequence[tuple[int, date, date]] = (), team: Sequence[int] = ()) -> Seats:
    """People of one team (or of `team`), and who is away from when to when."""
    return Seats(
        team=ints(*(team or [0] * len(share))),
        share=ints(*share),
        who=ints(*(who for who, _, _ in away)),
        first=day_numbers([first for _, first, _ in away]),
        last=day_numbers([last for _, _, last in away]),
    )


def test_working_days_leave_out_weekends_and_holidays() -> None:
    week = Week(holidays=(date(2026, 1, 6), date(2026, 1, 10)))
    found = person_days([week], SPANS, seats([100, 50]))
    # Ten weekdays each; the 6th is a Tuesday, the 10th a Saturday.
    assert found.working.tolist() == [[9, 10]]
    # One and a half people: 13.5 and 15 person-days.
    assert found.there.tolist() == [[1350, 1500]]


def test_an_absence_over_a_weekend_takes_working_days_only() -> None:
    # Friday 9 to Monday 12 January: two working days, of somebody at half time one person-day.
    found = person_days([Week()], SPANS, seats([50], [(0, date(2026, 1, 9), date(2026, 1, 12))]))
    assert found.off.tolist() == [[100, 0]]


def test_an_absence_is_shared_by_the_iterations_it_touches() -> None:
    # Thursday 15 to Wednesday 21 January: Thursday and Friday of the first, three days of the second iteration.
    found = person_days([Week()], SPANS, seats([100], [(0, date(2026, 1, 15), date(2026, 1, 21))]))
    assert found.off.tolist() == [[200, 300]]


def test_a_day_off_counts_once() -> None:
    away = [(0, date(2026, 1, 5), date(2026, 1, 7)), (0, date(2026, 1, 6), date(2026, 1, 8))]
    # Monday to Thursday, of which the Tuesday is a holiday: three days.
    assert person_days([Week(holidays=(date(2026, 1, 6),))], SPANS, seats([100], away)).off.tolist() == [[300, 0]]


def test_absences_outside_the_increment_take_nothing() -> None:
    away = [(0, date(2025, 12, 1), date(2026, 1, 4)), (0, date(2026, 1, 31), date(2026, 3, 1))]
    assert person_days([Week()], SPANS, seats([100], away)).off.tolist() == [[0, 0]]


def test_teams_have_their_own_calendars_and_people() -> None:
    away = [(1, date(2026, 1, 8), date(2026, 1, 9))]
    found = person_days([Week(), Week(weekdays=(1, 2, 3, 4))], SPANS, seats([100, 80], away, team=[0, 1]))
    assert found.working.tolist() == [[10, 10], [8, 8]]
    # The Friday is no working day of the second team: one day of 80 %.
    assert found.off.tolist() == [[0, 0], [80, 0]]


def test_nobody_and_no_iteration() -> None:
    assert person_days([Week()], SPANS, seats([])).there.tolist() == [[0, 0]]
    assert person_days([Week()], [], seats([100])).working.shape == (1, 0)


@pytest.mark.parametrize(
    ("share", "working", "off", "points"),
    [
        (100, 10, 0, "8.0"),  # a full-time person in two whole weeks
        (550, 10, 0, "44.0"),  # 5.5 × 8
        (550, 9, 300, "36.6"),  # 5.5 × 8 × 9 ÷ 10 = 39.6, less 3
        (50, 10, 250, "1.5"),  # half time: 4, less 5 days of half time
        (100, 10, 1000, "0.0"),  # away all the time: 8 less 10 is nothing, not less than nothing
        (100, 5, 0, "4.0"),  # one week
    ],
)
def test_first_increment(share: int, working: int, off: int, points: str) -> None:
    assert first_capacity(share, working, off) == Decimal(points)


def test_by_velocity() -> None:
    assert normal_days(14, [1, 2, 3, 4, 5]) == 10
    assert normal_days(21, [1, 2, 3, 4]) == 12
    # 33 × 9 ÷ 10 = 29.7; of 49.5 person-days 3 are off: × 46.5 ÷ 49.5 = 27.9.
    assert measured_capacity(Fraction(33), 9, Fraction(10), 4950, 300) == Decimal("27.9")
    # Without people nobody is off.
    assert measured_capacity(Fraction(33), 9, Fraction(10), 0, 0) == Decimal("29.7")


@pytest.mark.parametrize(
    ("load", "capacity", "expected"),
    [
        ("89.9", "100", ""),
        ("90", "100", "amber"),
        ("100", "100", "amber"),
        ("100.1", "100", "red"),
        ("0", "0", ""),
        ("0.1", "0", "red"),
    ],
)
def test_red_above_all_of_it_amber_from_nine_tenths(load: str, capacity: str, expected: str) -> None:
    assert tone(Decimal(load), Decimal(capacity)) == expected
