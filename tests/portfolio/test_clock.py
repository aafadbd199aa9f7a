"""Business time by hand, in hours: nights, weekends, holidays, daylight saving; and back from hours to an instant."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from portfolio.clocks import clocks
from portfolio.formulas.clock import FAR, Clock, clock, micros, seconds_many
from tests.cast import Cast

BERLIN = ZoneInfo("Europe/Berlin")
# The first of May 2025 is a Thursday.
OFFICE = clock([1, 2, 3, 4, 5], time(9), time(17), [date(2025, 5, 1)], BERLIN)
NIGHTS = clock(range(1, 8), time(0), time(6), [], BERLIN)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def hours(first: str, last: str, by: Clock = OFFICE) -> float:
    return by.seconds(at(first), at(last)) / 3600


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        # Within a day; only what lies between 9 and 17; over a night: 16–17 and 9–10.
        ("2025-05-06 10:00", "2025-05-06 11:30", 1.5),
        ("2025-05-06 07:00", "2025-05-06 20:00", 8),
        ("2025-05-06 16:00", "2025-05-07 10:00", 2),
        # Friday 16:00 to Monday 10:00: an hour each.
        ("2025-05-09 16:00", "2025-05-12 10:00", 2),
        # Within the weekend: nothing.
        ("2025-05-10 08:00", "2025-05-11 20:00", 0),
        # Wednesday 16:00, Thursday is the holiday, Friday 10:00.
        ("2025-04-30 16:00", "2025-05-02 10:00", 2),
        # Backwards is no time.
        ("2025-05-07 10:00", "2025-05-06 10:00", 0),
        # Two whole weeks less the holiday: 9 × 8.
        ("2025-04-28 00:00", "2025-05-12 00:00", 72),
    ],
)
def test_hours_between(first: str, last: str, expected: float) -> None:
    assert hours(first, last) == expected


def test_clocks_are_put_forward_and_back() -> None:
    # On 30 March 2025 the hour from 2 to 3 is left out, on 26 October it comes twice: the night of 0–6 has 5 and 7.
    assert hours("2025-03-29 12:00", "2025-03-30 12:00", NIGHTS) == 5
    assert hours("2025-10-25 12:00", "2025-10-26 12:00", NIGHTS) == 7
    # Office hours do not hold them: Friday 16:00 to Monday 10:00 over either is 2.
    assert hours("2025-03-28 16:00", "2025-03-31 10:00") == 2
    assert hours("2025-10-24 16:00", "2025-10-27 10:00") == 2
    # Elapsed time, not wall clock: from 1:00 to 4:00 that night.
    assert hours("2025-03-30 01:00", "2025-03-30 04:00", NIGHTS) == 2
    # It ends at the second 2:30 of the night in which there are two: 0:00–2:30 and the hour again.
    late = clock(range(1, 8), time(0), time(2, 30), [], BERLIN)
    assert hours("2025-10-26 00:00", "2025-10-26 12:00", late) == 3.5


def test_a_day_that_a_zone_skips_does_not_count_twice() -> None:
    # Samoa went from 29 December 2011 to the 31st: two days of 8 hours.
    samoa = ZoneInfo("Pacific/Apia")
    daily = clock(range(1, 8), time(9), time(17), [], samoa)
    first, last = datetime(2011, 12, 29, tzinfo=samoa), datetime(2012, 1, 1, tzinfo=samoa)
    assert daily.seconds(first, last) == 16 * 3600


@pytest.mark.parametrize(
    ("begin", "count", "expected"),
    [
        ("2025-05-06 10:00", 0, "2025-05-06 10:00"),
        ("2025-05-06 10:00", 2, "2025-05-06 12:00"),
        # To the very end of the day, not the morning after.
        ("2025-05-06 10:00", 7, "2025-05-06 17:00"),
        ("2025-05-06 10:00", 7.5, "2025-05-07 09:30"),
        ("2025-05-09 16:00", 2, "2025-05-12 10:00"),
        ("2025-04-30 16:00", 2, "2025-05-02 10:00"),
        # From Saturday: five days of 8.
        ("2025-05-10 12:00", 40, "2025-05-16 17:00"),
        # 2,000 hours are 250 working days: 50 weeks from Monday 5 January 2026 (its holidays are not in the calendar).
        ("2026-01-05 09:00", 2000, "2026-12-18 17:00"),
    ],
)
def test_when_so_many_hours_have_passed(begin: str, count: float, expected: str) -> None:
    assert OFFICE.after(at(begin), count * 3600) == at(expected)


def test_what_never_comes_is_far() -> None:
    weekly = clock([1], time(9), time(10), [], BERLIN)
    assert weekly.after(at("2025-05-06 10:00"), 99_999 * 3600) == FAR


def test_the_length_and_the_start_of_a_day() -> None:
    assert (OFFICE.day_seconds, OFFICE.hours_per_day) == (28_800, 8)
    assert OFFICE.start_of(date(2025, 7, 1)) == datetime(2025, 7, 1, 7, tzinfo=UTC)
    assert [OFFICE.works_on(date(2025, 5, day)) for day in (1, 2, 3)] == [False, True, False]


def _naive(by: Clock, first: datetime, last: datetime) -> int:
    """Minute by minute: how many begin within the hours, on the wall clock."""
    count, one = 0, first
    while one < last:
        local = one.astimezone(BERLIN)
        count += by.works_on(local.date()) and by.hours.starts <= local.time() < by.hours.ends
        one += timedelta(minutes=1)
    return count


@given(st.integers(0, 60 * 24 * 365), st.integers(0, 60 * 24 * 5), st.sampled_from([OFFICE, NIGHTS]))
def test_as_counted_minute_by_minute(begin: int, length: int, by: Clock) -> None:
    first = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=begin)
    last = first + timedelta(minutes=length)
    assert by.seconds(first, last) == 60 * _naive(by, first, last)


@given(st.integers(0, 60 * 24 * 365), st.integers(1, 60 * 60), st.sampled_from([OFFICE, NIGHTS]))
def test_back_and_forth(begin: int, minutes: int, by: Clock) -> None:
    first = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=begin)
    reached = by.after(first, minutes * 60)
    assert by.seconds(first, reached) == minutes * 60
    # The first such instant: a microsecond before, it is less.
    assert by.seconds(first, reached - timedelta(microseconds=1)) < minutes * 60


def test_many_at_once() -> None:
    firsts = np.array([micros(at("2025-05-09 16:00")), micros(at("2025-05-12 10:00"))])
    lasts = np.array([micros(at("2025-05-12 10:00")), micros(at("2025-05-09 16:00"))])
    assert seconds_many(OFFICE, firsts, lasts).tolist() == [7200, 0]
    assert seconds_many(OFFICE, firsts[:0], lasts[:0]).tolist() == []


def test_clocks_of_teams_in_two_queries(cast: Cast) -> None:
    cast.calendar.holidays.create(on=date(2025, 5, 1))
    cast.falcon.timezone = "Europe/Berlin"
    cast.falcon.save()
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert clocks([cast.falcon])[cast.falcon.pk] == clock(
            [1, 2, 3, 4, 5], time(9), time(17), [date(2025, 5, 1)], BERLIN
        )
    with CaptureQueriesContext(connection) as three:
        found = clocks([cast.falcon, cast.heron.pk, cast.kite])
    assert len(one) == len(three) == 2
    # The same hours elsewhere.
    assert found[cast.heron.pk].zone == ZoneInfo("UTC")
    assert clocks([]) == {}
