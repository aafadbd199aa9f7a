"""Both clocks of an impediment by hand, in business hours: periods, weekends, holidays, daylight saving, pauses."""

from datetime import date, time
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from impediments.actions import change_impediment, pause, reopen, resolve, resume, set_level, set_limit
from impediments.clocks import Standing, ages, standing, used
from impediments.models import Impediment
from tests.cast import Cast
from tests.impediments.clocks_cast import at, in_berlin, logged

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _berlin(cast: Cast) -> None:
    in_berlin(cast)


def age(one: Impediment, when: str) -> float:
    return ages([one], at(when))[one.pk].hours


def clock(one: Impediment, when: str) -> Standing:
    return standing([one], at(when))[one.pk]


def closed(one: Impediment, when: str) -> None:
    resolve(actor=None, impediment=one, resolution="Bought", root_cause="process", at=at(when))


# Age


def test_over_a_weekend_and_a_holiday(cast: Cast) -> None:
    cast.calendar.holidays.create(on=date(2025, 5, 1), name="Labour Day")
    # Wednesday 30 April 15:00: 2 h; Thursday is the holiday; Friday 8 h; Monday until 12:00: 3 h.
    one = logged(cast, "2025-04-30 15:00")
    assert age(one, "2025-05-05 12:00") == 13
    found = ages([one], at("2025-05-05 12:00"))[one.pk]
    assert (found.seconds, found.days) == (46_800, 13 / 8)
    # Before it was there it had no age.
    assert age(one, "2025-04-30 14:00") == 0


def test_over_the_nights_in_which_clocks_are_changed(cast: Cast) -> None:
    cast.calendar.weekdays, cast.calendar.day_starts, cast.calendar.day_ends = list(range(1, 8)), time(0), time(6)
    cast.calendar.save()
    # The night to 30 March has 5 of its 6 hours, that to 26 October has 7.
    spring, autumn = logged(cast, "2025-03-29 12:00"), logged(cast, "2025-10-25 12:00")
    assert (age(spring, "2025-03-30 12:00"), age(autumn, "2025-10-26 12:00")) == (5, 7)
    # Its limit of 8 hours: 5 that night and 3 of the next; 7, and 1.
    assert clock(spring, "2025-03-30 12:00").breach_at == at("2025-03-31 03:00")
    assert clock(autumn, "2025-10-26 12:00").breach_at == at("2025-10-27 01:00")


def test_two_periods(cast: Cast) -> None:
    one = logged(cast, "2025-05-05 10:00")
    closed(one, "2025-05-05 14:00")
    assert age(one, "2025-05-07 12:00") == 4
    reopen(actor=None, impediment=one, at=at("2025-05-07 16:00"))
    # Monday 10–14: 4 h. Wednesday 16–17 and Thursday 9–11: 3 h.
    assert age(one, "2025-05-08 11:00") == 7
    assert [(row.from_at, row.to_at) for row in one.periods.all()] == [
        (at("2025-05-05 10:00"), at("2025-05-05 14:00")),
        (at("2025-05-07 16:00"), None),
    ]
    # The clock of its level began anew: 3 of 8.
    assert clock(one, "2025-05-08 11:00").used_hours == 3
    # As it was in between: resolved, so no clock ran.
    assert standing([one], at("2025-05-06 12:00")) == {}
    assert age(one, "2025-05-06 12:00") == 4


def test_the_age_begins_before_the_clock(cast: Cast) -> None:
    # In the way since Friday 9:00, logged on Monday 12:00: 8 + 3 h old; the team's clock begins now.
    one = logged(cast, "2025-05-12 12:00", since="2025-05-09 09:00")
    assert age(one, "2025-05-12 12:00") == 11
    found = clock(one, "2025-05-12 12:00")
    assert (found.level, found.used_hours, found.limit_hours) == (1, 0, 8)
    # Monday 12–17 is 5, Tuesday until 12:00 the other 3.
    assert found.breach_at == at("2025-05-13 12:00")
    assert one.spells.get().breach_at == at("2025-05-13 12:00")


# The level's clock


def test_a_pause_stops_the_clock_and_never_the_age(cast: Cast) -> None:
    one = logged(cast, "2025-05-05 09:00")
    pause(actor=cast.member, impediment=one, reason="Tender is out", at=at("2025-05-05 12:00"))
    found = clock(one, "2025-05-06 12:00")
    assert (found.used_hours, found.is_paused, found.reason, found.breach_at) == (3, True, "Tender is out", None)
    assert one.spells.get().breach_at is None
    assert age(one, "2025-05-06 12:00") == 11
    resume(actor=cast.member, impediment=one, at=at("2025-05-06 15:00"))
    # 3 hours before it; 5 are left: Tuesday 15–17, Wednesday 9–12.
    assert one.spells.get().breach_at == at("2025-05-07 12:00")
    found = clock(one, "2025-05-07 10:00")
    assert (found.used_hours, found.left_seconds, found.is_paused) == (6, 7200, False)
    # Past the limit, it says when that was.
    assert clock(one, "2025-05-09 10:00").breach_at == at("2025-05-07 12:00")
    assert clock(one, "2025-05-09 10:00").is_over


def test_a_pause_until_a_day_ends_when_that_day_begins_whenever_the_job_runs(cast: Cast) -> None:
    one = logged(cast, "2025-05-05 09:00")
    until = date(2025, 5, 8)
    pause(actor=cast.member, impediment=one, reason="Answer due", until_on=until, at=at("2025-05-05 12:00"))
    # Thursday 9:00 on: 3 + 2 hours, though nobody has ended the pause yet.
    found = clock(one, "2025-05-08 11:00")
    assert (found.used_hours, found.is_paused, found.breach_at) == (5, False, at("2025-05-08 14:00"))
    assert clock(one, "2025-05-08 08:59").is_paused


def test_each_level_begins_a_new_clock(cast: Cast) -> None:
    one = logged(cast, "2025-05-05 09:00")
    set_level(actor=cast.member, impediment=one, level=3, reason="The board asked", at=at("2025-05-05 13:00"))
    found = clock(one, "2025-05-05 15:00")
    assert (found.level, found.used_hours, found.limit_hours) == (3, 2, 40)
    set_level(actor=cast.member, impediment=one, level=4, reason="Higher", at=at("2025-05-06 09:00"))
    found = clock(one, "2025-05-07 17:00")
    # Nobody is above the executives: no limit, no breach.
    assert (found.used_hours, found.limit_hours, found.breach_at, found.is_over) == (16, None, None, False)
    # As it was.
    assert clock(one, "2025-05-05 12:00").level == 1
    # 4 hours at the team's level, 4 on Monday at the board's (9:00 on Tuesday it went on).
    hours = [seconds / 3600 for seconds in used(list(one.spells.all()), at("2025-05-07 17:00")).values()]
    assert hours == [4, 4, 16]


def test_another_team_another_category_another_limit(cast: Cast) -> None:
    set_limit(actor=cast.pmo, level=1, category="legal", hours=Decimal(16))
    one = logged(cast, "2025-05-05 09:00")
    assert one.spells.get().breach_at == at("2025-05-05 17:00")
    change_impediment(actor=cast.member, impediment=one, category="legal", at=at("2025-05-05 10:00"))
    assert one.spells.get().breach_at == at("2025-05-06 17:00")
    # A limit that is changed holds for the clocks that run.
    set_limit(actor=cast.pmo, level=1, category="legal", hours=Decimal(12))
    assert one.spells.get().limit_hours == 12
    assert one.spells.get().breach_at == at("2025-05-06 13:00")
    # Heron works in UTC: 9–17 there is 11–19 in Berlin in summer. Monday 9:00 is 7:00 there.
    change_impediment(actor=cast.coach, impediment=one, team=cast.heron, at=at("2025-05-05 10:00"))
    assert one.spells.get().breach_at == at("2025-05-06 15:00")


def test_the_same_number_of_queries_for_one_and_three(cast: Cast) -> None:
    three = [logged(cast, f"2025-05-0{day} 09:00", team=team) for day, team in ((5, cast.falcon), (6, cast.falcon))]
    three.append(logged(cast, "2025-05-07 09:00"))
    pause(actor=None, impediment=three[1], reason="Waits", at=at("2025-05-07 09:00"))

    def queries(some: list[Impediment]) -> list[int]:
        counted = []
        for read in (ages, standing):
            with CaptureQueriesContext(connection) as captured:
                assert len(read(some, at("2025-05-08 09:00"))) == len(some)
            counted.append(len(captured))
        return counted

    assert queries(three[:1]) == queries(three) == [3, 4]
