"""Local days of many instants at once: a zone's changes of offset as a table, looked up by binary search."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
# The day number of 1970-01-01 among Python's ordinals.
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
# No zone has changed its offset twice within a week since 1970.
STEP = timedelta(days=7)
FIRST, LAST = EPOCH - STEP, datetime(2101, 1, 1, tzinfo=UTC)


class Offsets(NamedTuple):
    """From the instant `since[i]` (µs) on the zone is `ahead[i]` µs ahead of UTC; `day[i]` is the day just before.

    A clock that is put back over midnight (Newfoundland did that until 2011) would make the day before return: such
    an hour belongs to the day that had begun. So days never go back, and every instant is in one day.
    """

    since: Ints
    ahead: Ints
    day: Ints


def micros(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - EPOCH) // timedelta(microseconds=1)


def instant(at: int) -> datetime:
    """The instant of a number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


def day_number(on: date) -> int:
    """Days since 1970-01-01."""
    return on.toordinal() - EPOCH_ORDINAL


def day_date(number: int) -> date:
    return date.fromordinal(int(number) + EPOCH_ORDINAL)


def _ahead(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The second in (low, high] at which the zone's offset becomes that of `high`."""
    after = _ahead(high, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _ahead(middle, zone) == after:
            high = middle
        else:
            low = middle
    return high


@lru_cache(maxsize=128)
def offsets(zone: ZoneInfo) -> Offsets:
    """All offsets of `zone` from 1970 to 2100."""
    found = [(FIRST, _ahead(FIRST, zone))]
    at = FIRST
    while at < LAST:
        ahead = _ahead(at + STEP, zone)
        if ahead != found[-1][1]:
            found.append((_change(at, at + STEP, zone), ahead))
        at += STEP
    since, ahead_of = zip(*found, strict=True)
    starts = np.array([micros(one) for one in since], dtype=np.int64)
    shifts = np.array([one // timedelta(microseconds=1) for one in ahead_of], dtype=np.int64)
    before = np.floor_divide(starts - 1 + np.concatenate([shifts[:1], shifts[:-1]]), DAY)
    return Offsets(starts, shifts, before)


def local_days(at: Ints, zone: ZoneInfo) -> Ints:
    """The day numbers, in `zone`, of instants in µs between 1970 and 2100."""
    table = offsets(zone)
    place = np.maximum(np.searchsorted(table.since, at, side="right") - 1, 0)
    days: Ints = np.floor_divide(at + table.ahead[place], DAY)
    return np.maximum(days, table.day[place])


def local_day(at: datetime, zone: ZoneInfo) -> int:
    """The day number of one instant in `zone`."""
    return day_number(at.astimezone(zone).date())


def day_start(number: int, zone: ZoneInfo) -> int:
    """The instant (µs) at which the day of that number begins in `zone`: the first one that `local_days` puts in it."""
    return micros(datetime.combine(day_date(number), time(0), tzinfo=zone))
