"""Business time: the real time that passes within a calendar's working hours, in a zone.

A working day lasts from `starts` to `ends` on the zone's wall clock. Elapsed time is counted, not wall clock: a night
in which clocks are put back is an hour longer. A time of day that comes twice begins work at the first and ends it at
the second; one that is skipped counts as much later as the clocks are put forward.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
# No clock runs out later; nothing is counted before or after.
FIRST_YEAR, LAST_YEAR = 1900, 2200
FAR = datetime(LAST_YEAR, 1, 1, tzinfo=UTC)


class Hours(NamedTuple):
    """When a team works: ISO weekdays (Monday is 1), from `starts` to `ends` on the zone's clock, but on holidays."""

    weekdays: frozenset[int]
    starts: time
    ends: time
    holidays: frozenset[date]
    zone: ZoneInfo


class _Table(NamedTuple):
    """Working times in µs since 1970, one after the other; `before[i]` is how much work lies before the i-th."""

    begin: Ints
    end: Ints
    before: Ints


def micros(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - EPOCH) // MICRO


def instant(at: int) -> datetime:
    """The instant of a number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=int(at))


def _days(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))


@lru_cache(maxsize=2048)
def _year(zone: ZoneInfo, starts: time, ends: time, year: int) -> tuple[Ints, Ints]:
    """Begin and end of every day's hours in a year, whether it is a working day or not."""
    begin = [micros(datetime.combine(day, starts, tzinfo=zone)) for day in _days(year)]
    ends_twice = [
        max(micros(datetime.combine(day, ends.replace(fold=fold), tzinfo=zone)) for fold in (0, 1))
        for day in _days(year)
    ]
    return np.array(begin, dtype=np.int64), np.array(ends_twice, dtype=np.int64)


@lru_cache(maxsize=512)
def _table(hours: Hours, first: int, last: int) -> _Table:
    """The working times of whole years, both included."""
    years = [_year(hours.zone, hours.starts, hours.ends, year) for year in range(first, last + 1)]
    begin, end = (np.concatenate(column) for column in zip(*years, strict=True))
    monday_is_0 = date(first, 1, 1).weekday()
    iso = (np.arange(len(begin)) + monday_is_0) % 7 + 1
    works = np.isin(iso, sorted(hours.weekdays))
    origin = date(first, 1, 1).toordinal()
    off = np.array([day.toordinal() - origin for day in hours.holidays], dtype=np.int64)
    works[off[(off >= 0) & (off < len(works))]] = False
    begin, end = begin[works], end[works]
    # A zone that skips a whole day (Samoa did) has it at the same instants as the next: it counts once.
    upto = np.maximum.accumulate(end)
    begin[1:] = np.maximum(begin[1:], upto[:-1])
    end = np.maximum(end, begin)
    lengths = end - begin
    return _Table(begin, end, np.cumsum(lengths) - lengths)


def _worked(table: _Table, at: Ints) -> Ints:
    """How much work lies before each instant, since the table's beginning."""
    if not len(table.begin):
        return np.zeros(len(at), dtype=np.int64)
    place = np.maximum(np.searchsorted(table.begin, at, side="right") - 1, 0)
    inside = np.clip(np.minimum(at, table.end[place]) - table.begin[place], 0, None)
    worked: Ints = table.before[place] + inside
    return worked


def _bounded(year: int) -> int:
    return min(max(year, FIRST_YEAR), LAST_YEAR)


@dataclass(frozen=True, slots=True)
class Clock:
    """The business time of one calendar in one zone. All instants are aware; lengths are seconds."""

    hours: Hours

    @property
    def zone(self) -> ZoneInfo:
        return self.hours.zone

    @property
    def day_seconds(self) -> float:
        """The length of a business day: its end − its start, by the wall clock."""
        return self.hours_per_day * 3600

    @property
    def hours_per_day(self) -> float:
        day = date(2000, 1, 1)
        length = datetime.combine(day, self.hours.ends) - datetime.combine(day, self.hours.starts)
        return length / timedelta(hours=1)

    def works_on(self, day: date) -> bool:
        """Whether it is a working day."""
        return day.isoweekday() in self.hours.weekdays and day not in self.hours.holidays

    def start_of(self, day: date) -> datetime:
        """When the working hours of a day begin (or would begin, where nobody works on it)."""
        return datetime.combine(day, self.hours.starts, tzinfo=self.hours.zone).astimezone(UTC)

    def day_of(self, at: datetime) -> date:
        """The local day of an instant."""
        return at.astimezone(self.hours.zone).date()

    def seconds(self, first: datetime, last: datetime) -> float:
        """Business time from `first` to `last`; 0 where that is no time."""
        if last <= first:
            return 0.0
        return float(seconds_many(self, np.array([micros(first)]), np.array([micros(last)]))[0])

    def after(self, at: datetime, seconds: float) -> datetime:
        """The first instant at or after `at` by which so much business time has passed; FAR at the latest."""
        if seconds <= 0:
            return at
        wanted = round(seconds * SECOND)
        year, years = _bounded(at.year - 1), 3
        while True:
            last = _bounded(year + years)
            table = _table(self.hours, year, last)
            target = int(_worked(table, np.array([micros(at)]))[0]) + wanted
            place = int(np.searchsorted(table.before + (table.end - table.begin), target))
            if place < len(table.begin):
                return instant(int(table.begin[place]) + target - int(table.before[place]))
            if last == LAST_YEAR:
                return FAR
            years *= 2


def seconds_many(clock: Clock, firsts: Ints, lasts: Ints) -> npt.NDArray[np.float64]:
    """Business seconds from each of `firsts` to its neighbour in `lasts` (µs since 1970); 0 where that is no time."""
    if not len(firsts):
        return np.zeros(0)
    low, high = (instant(int(at)).year for at in (min(firsts.min(), lasts.min()), max(firsts.max(), lasts.max())))
    table = _table(clock.hours, _bounded(low - 1), _bounded(high + 1))
    passed = _worked(table, lasts) - _worked(table, firsts)
    seconds: npt.NDArray[np.float64] = np.maximum(passed, 0) / SECOND
    return seconds


def clock(weekdays: Iterable[int], starts: time, ends: time, holidays: Iterable[date], zone: ZoneInfo) -> Clock:
    """A clock of these hours."""
    return Clock(Hours(frozenset(weekdays), starts, ends, frozenset(holidays), zone))
