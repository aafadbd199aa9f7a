"""Working days of a team, on day numbers (days since 1970-01-01)."""

from collections.abc import Collection
from datetime import date

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ORDINAL = date(1970, 1, 1).toordinal()


def number(on: date) -> int:
    """Days since 1970-01-01."""
    return on.toordinal() - ORDINAL


def day(at: int) -> date:
    """The date of a day number."""
    return date.fromordinal(at + ORDINAL)


def working(days: Ints, weekdays: Collection[int], holidays: Collection[date]) -> Flags:
    """Which days are worked: those whose ISO weekday (Monday is 1) is in `weekdays` and that are no holidays."""
    off = np.array(sorted(number(one) for one in holidays), dtype=np.int64)
    # Day 0 was a Thursday.
    weekday = (days + 3) % 7 + 1
    return np.isin(weekday, sorted(weekdays)) & ~np.isin(days, off)


def next_working(days: Ints, weekdays: Collection[int], holidays: Collection[date]) -> Ints:
    """Each day itself if it is worked, else the next one that is; at most ten weeks on."""
    if not len(days):
        return days
    every = np.arange(days.min(), days.max() + 71)
    worked = every[working(every, weekdays, holidays)]
    # A calendar without a working day for ten weeks leaves the day beyond every sample.
    places = np.searchsorted(worked, days)
    beyond = np.append(worked, every[-1] + 1)
    found: Ints = beyond[places]
    return found
