"""What teams can take on in an iteration, and how much of it is taken: pure arithmetic, exact to the tenth."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from metrics.formulas.forecast.calendar import number, working

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Tone = Literal["", "amber", "red"]
Span = tuple[date, date]

# Of a developer or tester who works full time in an iteration of two weeks; a day off takes one.
POINTS, DAYS = 8, 10
TENTH = Decimal("0.1")
AMBER = Decimal("0.9")


@dataclass(frozen=True, slots=True)
class Week:
    """When a team works: ISO weekdays (Monday is 1) but for the holidays."""

    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    holidays: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Seats:
    """People as columns: `team` is each one's place among the weeks, `share` their per cent of a full week.

    Absences: `who` is the place among the people, `first` and `last` the day numbers, both included.
    """

    team: Ints
    share: Ints
    who: Ints
    first: Ints
    last: Ints


@dataclass(frozen=True, slots=True)
class PersonDays:
    """By (team, iteration): working days, and person-days there are and are off in hundredths (per cent × days)."""

    working: Ints
    there: Ints
    off: Ints


def day_numbers(days: Sequence[date]) -> Ints:
    """Days since 1970-01-01."""
    return np.array([number(on) for on in days], dtype=np.int64)


def person_days(weeks: Sequence[Week], spans: Sequence[Span], seats: Seats) -> PersonDays:
    """The working days of each team (of `weeks`) in each iteration (of `spans`), and its people's.

    A day off counts once however many absences cover it, and only where the team works.
    """
    if not spans:
        none = np.zeros((len(weeks), 0), dtype=np.int64)
        return PersonDays(none, none, none)
    first, last = (day_numbers([span[side] for span in spans]) for side in (0, 1))
    days = np.arange(first.min(), last.max() + 1)
    inside = ((days >= first[:, None]) & (days <= last[:, None])).astype(np.int64)
    worked = np.array([working(days, week.weekdays, week.holidays) for week in weeks]).reshape(len(weeks), len(days))
    away = _away(seats, days) & worked[seats.team]
    off = np.zeros((len(weeks), len(spans)), dtype=np.int64)
    np.add.at(off, seats.team, seats.share[:, None] * (away.astype(np.int64) @ inside.T))
    shares = np.zeros(len(weeks), dtype=np.int64)
    np.add.at(shares, seats.team, seats.share)
    counts = worked.astype(np.int64) @ inside.T
    return PersonDays(counts, shares[:, None] * counts, off)


def _away(seats: Seats, days: Ints) -> Flags:
    """Who (rows) is away on which of the days: what begins less what has ended, summed up."""
    edges = np.zeros((len(seats.share), len(days) + 1), dtype=np.int64)
    begins = np.clip(seats.first - days[0], 0, len(days))
    ends = np.clip(seats.last + 1 - days[0], 0, len(days))
    np.add.at(edges, (seats.who, begins), 1)
    np.add.at(edges, (seats.who, ends), -1)
    found: Flags = edges.cumsum(axis=1)[:, :-1] > 0
    return found


def tenth(value: Fraction) -> Decimal:
    """An amount as it is shown and compared: to the tenth, as sizes are, a half rounded up."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(TENTH, ROUND_HALF_UP)


def first_capacity(share: int, working_days: int, off: int) -> Decimal:
    """Points of a team in its first increment: 8 × full-time people × working days ÷ 10 − person-days off.

    `share` is the sum of its people's per cent, `off` hundredths of person-days. Never below 0.
    """
    found = Fraction(POINTS * share * working_days, 100 * DAYS) - Fraction(off, 100)
    return tenth(max(found, Fraction(0)))


def normal_days(iteration_days: int, weekdays: Collection[int]) -> Fraction:
    """The working days of an ordinary iteration of so many calendar days: without holidays."""
    return Fraction(iteration_days * len(weekdays), 7)


def measured_capacity(velocity: Fraction, working_days: int, normal: Fraction, there: int, off: int) -> Decimal:
    """What a team can take on by what it has finished: velocity × working days ÷ normal × (1 − off ÷ person-days).

    `there` and `off` are hundredths of person-days; without people nobody is off.
    """
    present = 1 - Fraction(off, there) if there else Fraction(1)
    return tenth(velocity * working_days / normal * present)


def tone(load: Decimal, capacity: Decimal) -> Tone:
    """Red above 100 %, amber from 90 %; nothing fits into nothing."""
    if load > capacity:
        return "red"
    return "amber" if load and load >= AMBER * capacity else ""
